//! What was changed of keys and values, in the order of their revisions: for whoever keeps something that follows from them.

use std::ops::Bound;

use crate::engine::{Held, Recent, Snapshot, Unavailable};

/// Changes that are kept: who is further behind reads everything anew.
const KEPT: u64 = 1 << 18;

/// Revision to (namespace, key, whether it is there since).
pub(crate) const CHANGES: Recent<(&str, &str, bool)> = Recent::new(12, "kv_changes", KEPT);

/// Changes of one page.
pub const CHANGES_MAX: usize = 1_000;

/// A key that was written or removed. What is there now is to be read: it may have changed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The write's revision: its id, and the cursor to go on after it.
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
    /// The store has not come so far: the cursor is another store's, or of after the moment that it was restored to.
    #[error(
        "cursor {after} is beyond this store's last revision, {last}: it is another store's, or this one was restored"
    )]
    Beyond {
        /// The cursor.
        after: u64,
        /// The store's last revision.
        last: u64,
    },
    /// The store could not be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// At most `limit` changes after a cursor, or from the first that is kept; `last` is the store's revision.
pub(crate) fn changes(
    snapshot: &Snapshot<'_>,
    after: Option<u64>,
    limit: usize,
    last: u64,
) -> Result<Result<Vec<Changed>, FeedError>, redb::Error> {
    let cursor = after.unwrap_or(0);
    if cursor > last {
        return Ok(Err(FeedError::Beyond { after: cursor, last }));
    }
    let table = CHANGES.table();
    if let Some(after) = after.filter(|after| *after < last) {
        let first = snapshot.rows(table, Bound::Unbounded)?.next().transpose()?;
        let begins = first.map_or(last + 1, |(revision, _)| revision.value());
        if after + 1 < begins {
            return Ok(Err(FeedError::Lost { after, begins }));
        }
    }
    let found: Result<Vec<Changed>, redb::Error> = snapshot
        .rows(table, Bound::Excluded(cursor))?
        .take(limit.clamp(1, CHANGES_MAX))
        .map(|entry| {
            let (revision, change): (Held<u64>, Held<(&str, &str, bool)>) = entry?;
            let (namespace, key, there) = change.value();
            let (namespace, key) = (namespace.to_owned(), key.to_owned());
            Ok(Changed { revision: revision.value(), namespace, key, removed: !there })
        })
        .collect();
    Ok(Ok(found?))
}
