//! The shared memory layer: namespaces of keys and values, of blobs and of vectors, the catalog with its facts, and the log of decisions and
//! feedback, all in one file and a log of writes ahead of it, written by one thread.
//!
//! Every write answers with a [`Pending`]: `wait()` blocks until the write is durable, `.await` does not block. What was
//! acknowledged survives a kill. Reads see what was committed last.

mod backup;
mod blob;
mod cache;
mod catalog;
mod change;
mod check;
mod clock;
mod declared;
mod disk;
mod embedded;
mod engine;
mod expiry;
mod facts;
mod feed;
mod forget;
mod ids;
mod jetstream;
mod kv;
mod log;
mod namespaces;
mod overlay;
mod pinned;
mod store;
mod vector;

pub use backup::{BackedUp, BackupError, compact, restore};
pub use blob::{BLOB_READ_BYTES_MAX, Blob, BlobError, BlobInfo, BlobPage, Blobs, Swept, Upload};
pub use catalog::{Catalog, CatalogError};
pub use check::{Checked, check};
pub use clock::Clock;
pub use declared::{DeclareError, Misfit, check_declared, keep_declared};
pub use disk::no_room;
pub use engine::{Pending, Unavailable};
pub use facts::{Facts, FactsError, FactsUpdate, FieldKind, FieldUpdate, FieldValues, GatherError, Note};
pub use feed::{CHANGES_MAX, Changed, Changes, Cursor, FeedError, NoCursor};
pub use forget::forget_keys;
pub use ids::{AssignError, IdMistake, Numbering, id_fault, id_order, is_forgotten};
pub use jetstream::{JetStream, JetStreamError, JetStreamSettings};
pub use kv::{
    Change, Entry, KEY_BYTES_MAX, KeyValue, KeyedEntry, NAMESPACE_BYTES_MAX, PAGE_BYTES_MAX, PLACE_BYTES, Page,
    READ_KEYS_MAX, ReadError, SCAN_LIMIT_MAX, Space, VALUE_BYTES_MAX, Write, WriteError, Written, log_key, log_time_ms,
};
pub use log::{
    AppendError, Counts, DecidedFor, DecisionError, DecisionRecord, EncodedDecision, Event, EventMistake,
    ForgottenSubject, Join, Log, Outcome, StoredEvent,
};
pub use namespaces::{Declared, Namespaces};
pub use overlay::Overlay;
pub use store::{FILE, OpenError, Settings, Store};
pub use vector::{
    ANSWER_BYTES_MAX, Filter, Indexed, Indexes, LABEL_BYTES_MAX, LABELS_MAX, LENGTH_MAX, NEAREST_MAX, Near,
    PAYLOAD_BYTES_MAX, PutVector, VectorEntry, VectorError, VectorPage, Vectors,
};
