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

use crate::records::{RecordError, Records, canonical};

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
    damaged: Vec<Damaged>,
}

impl Knowledge {
    /// Reads all of it.
    ///
    /// # Errors
    /// When the store can't be read. Records that are damaged are none.
    pub fn open(kv: Arc<dyn KeyValue>) -> Result<Self, RecordError> {
        let records = Records::new(kv, SPACE);
        let (mut known, mut damaged) = (BTreeMap::new(), Vec::new());
        for (key, bytes, _) in records.scan(PREFIX)? {
            let digest = Digest::of(&bytes);
            let read = if key.strip_prefix(PREFIX) == Some(digest.hex().as_str()) {
                records.read(&key, &bytes).map_err(|error| error.to_string())
            } else {
                Err(format!("its content has digest {digest}, so it was changed"))
            };
            match read {
                Ok(record) => drop(known.insert(digest, record)),
                Err(what) => damaged.push(Damaged { key, what }),
            }
        }
        Ok(Self { records, known, damaged })
    }

    /// Adds a record, and returns its digest. Then it is durable. One that is there already is not added twice.
    ///
    /// # Errors
    /// When it can't be written, or what is under its digest is not what it was.
    pub fn add(&mut self, record: Record) -> Result<Digest, RecordError> {
        let unreadable =
            |key: &str, why: String| RecordError::Unreadable { namespace: SPACE, key: key.to_owned(), why };
        let bytes = canonical(&record).map_err(|error| unreadable("a new record", error.to_string()))?;
        let digest = Digest::of(&bytes);
        let key = format!("{PREFIX}{}", digest.hex());
        match self.records.queue_bytes(&key, None, &bytes).wait() {
            Ok(_) => (),
            Err(RecordError::Conflict { .. }) if self.records.bytes(&key)?.is_some_and(|there| there == bytes) => (),
            Err(RecordError::Conflict { .. }) => return Err(unreadable(&key, "it was changed".to_owned())),
            Err(error) => return Err(error),
        }
        self.known.insert(digest, record);
        Ok(digest)
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
