//! The knowledge base: what was tried, why, on what, and what came of it.
//!
//! Records are only ever added. A record is kept under the digest of its bytes, so that one that was changed afterwards is
//! found out: it is reported ([`Knowledge::damaged`]) and not used. All of them are read when the base is opened; a record
//! has some kilobytes, and what is asked of them changes more often than they do.
//!
//! Values on other data can't be compared. So [`Knowledge::priors`] has none from elsewhere, and what else is found on
//! other data is marked.

mod query;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_memory::KeyValue;
use greenroom_model::Digest;

pub use query::{Ancestor, Found};
pub use record::{Change, Estimate, Judgement, Prior, Record, point_digest, space_digest};

use crate::records::{Queued, RecordError, Records, canonical};

/// No graph can declare a name with an `@`.
const SPACE: &str = "@knowledge";

/// Where records are, before their digests.
const PREFIX: &str = "record/";

/// A record that is not what it was when it was added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} in {SPACE} is not used: {what}")]
pub struct Damaged {
    /// Where it is.
    pub key: String,
    /// What was found.
    pub what: String,
}

/// All records of a store.
pub struct Knowledge {
    records: Records,
    known: BTreeMap<Digest, Record>,
    /// By the digest of a record without what depends on the clock: which one is there.
    alike: BTreeMap<Digest, Digest>,
    damaged: Vec<Damaged>,
}

impl Knowledge {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the store can't be read. Records that are damaged are none.
    pub fn open(kv: Arc<dyn KeyValue>) -> Result<Self, RecordError> {
        Self::as_of(kv, u64::MAX)
    }

    /// Reads what was known at a [revision](KeyValue::revision) of the store: records are never changed, so whoever goes on
    /// with something later knows again what it began with.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn as_of(kv: Arc<dyn KeyValue>, revision: u64) -> Result<Self, RecordError> {
        let records = Records::new(kv, SPACE);
        let (mut known, mut damaged, mut alike) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        for (key, bytes, written) in records.scan(PREFIX)? {
            if written > revision {
                continue;
            }
            let digest = Digest::of(&bytes);
            let read: Result<Record, String> = if key.strip_prefix(PREFIX) == Some(digest.hex().as_str()) {
                records.read(&key, &bytes).map_err(|error| error.to_string())
            } else {
                Err(format!("its content has digest {digest}, so it was changed"))
            };
            match read {
                Ok(record) => {
                    alike.insert(record.timeless_digest()?, digest);
                    known.insert(digest, record);
                }
                Err(what) => damaged.push(Damaged { key, what }),
            }
        }
        Ok(Self { records, known, alike, damaged })
    }

    /// Adds a record, and returns its digest. Then it is durable. One that is there already, or differs from one that is there
    /// in nothing but times, is not added: that something was looked at again is nothing new.
    ///
    /// # Errors
    /// When it can't be written, or what is under its digest is not what it was.
    pub fn add(&mut self, record: Record) -> Result<Digest, RecordError> {
        let (digest, added) = self.queue(record)?;
        added.map(|added| self.added(added)).transpose()?;
        Ok(digest)
    }

    /// Adds several records, and returns how many of them are new. They wait for the disk together.
    ///
    /// # Errors
    /// As [`add`](Self::add), of the first that can't be added; those before it are there.
    pub fn add_all(&mut self, records: Vec<Record>) -> Result<usize, RecordError> {
        let queued = records.into_iter().map(|record| self.queue(record)).collect::<Result<Vec<_>, _>>();
        let added: Vec<Added> = queued?.into_iter().filter_map(|(_, added)| added).collect();
        let count = added.len();
        added.into_iter().try_for_each(|added| self.added(added))?;
        Ok(count)
    }

    /// The digest of a record, and what is on its way to the store if it is new.
    fn queue(&mut self, record: Record) -> Result<(Digest, Option<Added>), RecordError> {
        let timeless = record.timeless_digest()?;
        if let Some(there) = self.alike.get(&timeless) {
            return Ok((*there, None));
        }
        let bytes = canonical(&record).map_err(|error| unreadable("a new record", error.to_string()))?;
        let digest = Digest::of(&bytes);
        let key = format!("{PREFIX}{}", digest.hex());
        let queued = self.records.queue_bytes(&key, None, &bytes);
        // Of two that are alike in one batch the first is added, too.
        self.alike.insert(timeless, digest);
        Ok((digest, Some(Added { digest, timeless, key, bytes, record, queued })))
    }

    /// Waits until a record is durable.
    fn added(&mut self, added: Added) -> Result<(), RecordError> {
        let Added { digest, timeless, key, bytes, record, queued } = added;
        let done = match queued.wait() {
            Err(RecordError::Conflict { .. }) if self.records.bytes(&key)?.is_some_and(|there| there == bytes) => {
                Ok(())
            }
            Err(RecordError::Conflict { .. }) => Err(unreadable(&key, "it was changed".to_owned())),
            done => done.map(drop),
        };
        match done {
            Ok(()) => drop(self.known.insert(digest, record)),
            Err(_) => drop(self.alike.remove(&timeless)),
        }
        done
    }

    /// A record.
    #[must_use]
    pub fn record(&self, digest: &Digest) -> Option<&Record> {
        self.known.get(digest)
    }

    /// All records, the oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<(&Digest, &Record)> {
        let mut all: Vec<(&Digest, &Record)> = self.known.iter().collect();
        all.sort_by_key(|(digest, record)| (record.time_ms, **digest));
        all
    }

    /// Records that are not what they were when they were added.
    #[must_use]
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }
}

/// A record on its way to the store.
struct Added {
    digest: Digest,
    timeless: Digest,
    key: String,
    bytes: Vec<u8>,
    record: Record,
    queued: Queued,
}

fn unreadable(key: &str, why: String) -> RecordError {
    RecordError::Unreadable { namespace: SPACE, key: key.to_owned(), why }
}
