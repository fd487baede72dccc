//! What was changed of keys and values, in the order of their revisions: for whoever keeps something that follows from them.

use std::fmt;
use std::ops::Bound;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::embedded::REVISION;
use crate::engine::{Held, NUMBERS, Recent, Snapshot, Unavailable};
use crate::store::IDENTITY;

/// Changes that are kept: who is further behind reads everything anew.
const KEPT: u64 = 1 << 18;

/// Revision to (namespace, key, whether it is there since).
pub(crate) const CHANGES: Recent<(&str, &str, bool)> = Recent::new(12, "kv_changes", KEPT);

/// Changes of one page.
pub const CHANGES_MAX: usize = 1_000;

/// A place among a store's changes: after the write of a revision. As text `REVISION-STORE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The revision.
    pub revision: u64,
    /// Which store's: a restored one is another, since other writes come after.
    pub store: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.revision, self.store)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

/// The text is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no cursor: expected a revision, a hyphen and 16 digits, such as 12-00f0a1b2c3d4e5f6")]
pub struct NoCursor(String);

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let read = || {
            let (revision, store) = text.split_once('-').filter(|(_, store)| store.len() == 16)?;
            Some(Self { revision: revision.parse().ok()?, store: u64::from_str_radix(store, 16).ok()? })
        };
        read().ok_or_else(|| NoCursor(text.to_owned()))
    }
}

impl TryFrom<String> for Cursor {
    type Error = NoCursor;

    fn try_from(text: String) -> Result<Self, NoCursor> {
        text.parse()
    }
}

/// Some of what was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// In the order of their revisions.
    pub changes: Vec<Changed>,
    /// Pass it to go on.
    pub cursor: Cursor,
    /// Whether there is more already.
    pub more: bool,
}

/// A key that was written or removed. What is there now is to be read: it may have changed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The write's revision: its id.
    pub revision: u64,
    /// Where.
    pub namespace: String,
    /// Which key.
    pub key: String,
    /// Whether it was removed.
    pub removed: bool,
}

/// Why changes can't be told from a cursor on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// What came next is no longer kept.
    #[error(
        "changes after {after} are no longer kept, only those from {begins} on: read all keys anew, then follow from the \
         revision that the store had before"
    )]
    Lost {
        /// The cursor.
        after: u64,
        /// The first that is kept.
        begins: u64,
    },
    /// The cursor is another store's, or of before this one was restored.
    #[error(
        "cursor {after} is another store's, or of before this one was restored: read all keys anew, then follow from \
         {now}, the cursor that the store had before"
    )]
    Foreign {
        /// The cursor.
        after: Cursor,
        /// This store's.
        now: Cursor,
    },
    /// The store could not be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Where a store's changes are.
pub(crate) fn cursor(snapshot: &Snapshot<'_>) -> Result<Cursor, redb::Error> {
    let revision = snapshot.number(&NUMBERS, REVISION)?;
    Ok(Cursor { revision, store: snapshot.number(&NUMBERS, IDENTITY)? })
}

/// Looks at no more than `limit` changes after a cursor, or from the first that is kept. `now` is where the store is.
pub(crate) fn changes(
    snapshot: &Snapshot<'_>,
    after: Option<Cursor>,
    limit: usize,
    now: Cursor,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Result<Changes, FeedError>, redb::Error> {
    if let Some(after) = after.filter(|after| after.store != now.store || after.revision > now.revision) {
        return Ok(Err(FeedError::Foreign { after, now }));
    }
    let table = CHANGES.table();
    if let Some(after) = after.map(|after| after.revision).filter(|after| *after < now.revision) {
        let first = snapshot.rows(table, Bound::Unbounded)?.next().transpose()?;
        let begins = first.map_or(now.revision + 1, |(revision, _)| revision.value());
        if after + 1 < begins {
            return Ok(Err(FeedError::Lost { after, begins }));
        }
    }
    let mut revision = after.map_or(0, |after| after.revision);
    let mut changes = Vec::new();
    for entry in snapshot.rows(table, Bound::Excluded(revision))?.take(limit.clamp(1, CHANGES_MAX)) {
        let (at, change): (Held<u64>, Held<(&str, &str, bool)>) = entry?;
        let (namespace, key, there) = change.value();
        revision = at.value();
        if wanted(namespace) {
            let (namespace, key) = (namespace.to_owned(), key.to_owned());
            changes.push(Changed { revision, namespace, key, removed: !there });
        }
    }
    Ok(Ok(Changes { changes, cursor: Cursor { revision, ..now }, more: revision < now.revision }))
}
