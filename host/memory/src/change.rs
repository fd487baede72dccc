//! Which writes are taken and what they come to: one judgement for every backend.

use crate::kv::{
    Change, KEY_BYTES_MAX, NAMESPACE_BYTES_MAX, ReadError, Space, VALUE_BYTES_MAX, Write, WriteError, Written,
};

/// What is too large: (what, found, max).
pub(crate) type Excess = (&'static str, usize, usize);

pub(crate) fn within(what: &'static str, found: usize, max: usize) -> Result<(), Excess> {
    if found > max { Err((what, found, max)) } else { Ok(()) }
}

pub(crate) fn check_key(namespace: &str, key: &str) -> Result<(), Excess> {
    within("bytes of a namespace's name", namespace.len(), NAMESPACE_BYTES_MAX)?;
    within("bytes of a key", key.len(), KEY_BYTES_MAX)
}

pub(crate) fn check_write(namespace: &str, write: &Write) -> Result<(), Excess> {
    check_key(namespace, &write.key)?;
    within("bytes of a value", write.change.value().map_or(0, Vec::len), VALUE_BYTES_MAX)
}

impl From<Excess> for ReadError {
    fn from((what, found, max): Excess) -> Self {
        Self::TooLarge { what, found, max }
    }
}

impl From<Excess> for WriteError {
    fn from((what, found, max): Excess) -> Self {
        Self::TooLarge { what, found, max }
    }
}

impl Change {
    /// What is there from now on; none when it is removed.
    pub(crate) fn value(&self) -> Option<&Vec<u8>> {
        match self {
            Self::Put { value } | Self::Swap { value, .. } => Some(value),
            Self::Delete => None,
        }
    }
}

/// What is there before a write.
pub(crate) struct Before {
    /// The revision of the key and the bytes of its value; none when there is no such key.
    pub(crate) key: Option<(u64, usize)>,
    /// The store's last revision.
    pub(crate) revision: u64,
    /// What the namespace holds.
    pub(crate) space: Space,
}

/// What a write answers, and what the namespace holds after it; none when it changes nothing.
pub(crate) fn judge(namespace: &str, write: &Write, before: &Before) -> Result<(Written, Option<Space>), WriteError> {
    let existed = before.key.is_some();
    match &write.change {
        Change::Swap { expected, .. } => {
            let found = before.key.map(|(revision, _)| revision);
            if found != *expected {
                return Err(WriteError::Conflict { found });
            }
        }
        Change::Delete if !existed => return Ok((Written { revision: before.revision, existed }, None)),
        Change::Put { .. } | Change::Delete => {}
    }
    let size = |value_bytes: usize| (write.key.len() + value_bytes) as u64;
    let new = write.change.value();
    let bytes_before = before.key.map_or(0, |(_, value_bytes)| size(value_bytes));
    let bytes_after = new.map_or(0, |value| size(value.len()));
    let bytes = before.space.bytes.saturating_sub(bytes_before).saturating_add(bytes_after);
    if let Some(max) = write.bytes_max
        && bytes_after > bytes_before
        && bytes > max
    {
        return Err(WriteError::Quota { namespace: namespace.to_owned(), max });
    }
    let entries = before.space.entries.saturating_sub(u64::from(existed)) + u64::from(new.is_some());
    Ok((Written { revision: before.revision + 1, existed }, Some(Space { entries, bytes })))
}
