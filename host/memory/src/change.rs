//! Which writes are taken and what they come to: one judgement for every backend.

use std::borrow::Cow;

use greenroom_model::NamespaceKind;

use crate::kv::{
    Change, Entry, KEY_BYTES_MAX, NAMESPACE_BYTES_MAX, PLACE_BYTES, ReadError, Space, VALUE_BYTES_MAX, Write,
    WriteError, Written, log_key, number,
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
    if let Change::Append { .. } = write.change {
        within("bytes of the key that is appended to", write.key.len(), KEY_BYTES_MAX - PLACE_BYTES)?;
    }
    within("bytes of a value", write.change.value().map_or(0, <[u8]>::len), VALUE_BYTES_MAX)
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
    /// The value that it brings.
    fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Put { value } | Self::Swap { value, .. } | Self::Append { value } => Some(value),
            Self::Add { .. } | Self::Delete => None,
        }
    }

    /// Bytes of that.
    pub(crate) fn bytes(&self) -> usize {
        self.value().map_or(size_of::<i64>(), <[u8]>::len)
    }
}

/// What stands at a key, expired or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'b> {
    pub(crate) revision: u64,
    pub(crate) value: &'b [u8],
    pub(crate) expires_ms: Option<i64>,
}

impl Standing<'_> {
    pub(crate) fn known(&self) -> Known {
        let Self { revision, value, expires_ms } = *self;
        Known { revision, bytes: value.len(), number: number(value), expires_ms }
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry { value: self.value.to_owned(), revision: self.revision, expires_ms: self.expires_ms }
    }
}

/// What judging needs to know of what stands at a key, expired or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) revision: u64,
    /// Of its value.
    pub(crate) bytes: usize,
    /// What its value is as a number; only adding asks for it.
    pub(crate) number: Option<i64>,
    pub(crate) expires_ms: Option<i64>,
}

impl Known {
    pub(crate) fn is_there(&self, now_ms: i64) -> bool {
        self.expires_ms.is_none_or(|at| at > now_ms)
    }
}

/// What is there before a write.
pub(crate) struct Before {
    /// What stands at the key.
    pub(crate) key: Option<Known>,
    /// The store's last revision.
    pub(crate) revision: u64,
    /// What the namespace holds.
    pub(crate) space: Space,
    /// The time.
    pub(crate) now_ms: i64,
    /// The time of the last append.
    pub(crate) appended_ms: i64,
}

/// What a write comes to.
pub(crate) struct After<'w> {
    /// The key that changes.
    pub(crate) key: Cow<'w, str>,
    /// What stands there from now on; none where it is removed.
    pub(crate) value: Option<Cow<'w, [u8]>>,
    /// When that is gone.
    pub(crate) expires_ms: Option<i64>,
    /// What the namespace holds.
    pub(crate) space: Space,
}

/// What a write answers, and what it comes to; none when it changes nothing.
pub(crate) fn judge<'w>(
    namespace: &str,
    write: &'w Write,
    before: &Before,
) -> Result<(Written, Option<After<'w>>), WriteError> {
    let there = before.key.filter(|key| key.is_there(before.now_ms));
    let mut written = Written { revision: before.revision + 1, existed: there.is_some(), number: 0 };
    let mut key = Cow::Borrowed(write.key.as_str());
    let value = match &write.change {
        Change::Put { value } => Some(Cow::Borrowed(value.as_slice())),
        Change::Swap { expected, value } => {
            let found = there.map(|key| key.revision);
            if found != *expected {
                return Err(WriteError::Conflict { found });
            }
            Some(Cow::Borrowed(value.as_slice()))
        }
        Change::Add { by } => {
            let found = there.map_or(Some(0), |key| key.number).ok_or_else(|| WriteError::Kind {
                namespace: namespace.to_owned(),
                holds: NamespaceKind::Kv,
                asked: "add",
            })?;
            written.number = found.checked_add(*by).ok_or(WriteError::Overflow { found, by: *by })?;
            Some(Cow::Owned(written.number.to_le_bytes().to_vec()))
        }
        Change::Append { value } => {
            written.number = before.now_ms.max(before.appended_ms);
            key = Cow::Owned(log_key(&write.key, written.number, written.revision));
            Some(Cow::Borrowed(value.as_slice()))
        }
        Change::Delete if there.is_none() => return Ok((Written { revision: before.revision, ..written }, None)),
        Change::Delete => None,
    };
    // What has expired takes its bytes until it is removed.
    let stands = before.key.filter(|_| !matches!(write.change, Change::Append { .. }));
    let size = |bytes: usize| (key.len() + bytes) as u64;
    let bytes_before = stands.map_or(0, |key| size(key.bytes));
    let bytes_after = value.as_deref().map_or(0, |value| size(value.len()));
    let bytes = before.space.bytes.saturating_sub(bytes_before).saturating_add(bytes_after);
    if let Some(max) = write.bytes_max
        && bytes_after > bytes_before
        && bytes > max
    {
        return Err(WriteError::Quota { namespace: namespace.to_owned(), max });
    }
    let entries = before.space.entries.saturating_sub(u64::from(stands.is_some())) + u64::from(value.is_some());
    let ttl_ms = write.ttl_ms.filter(|_| value.is_some());
    let expires_ms = ttl_ms.map(|ttl| before.now_ms.saturating_add_unsigned(ttl));
    Ok((written, Some(After { key, value, expires_ms, space: Space { entries, bytes } })))
}
