//! Keys that are about a subject go.

use greenroom_model::{NamespaceKind, SubjectKeys};

use crate::kv::{KeyValue, PLACE_BYTES, ReadError, SCAN_LIMIT_MAX, WriteError};

/// Removals that are under way at once.
const UNDER_WAY: usize = 64;

/// Removes what a namespace holds of a subject; how many keys that were. Over a backend and not what is declared of it, since vectors
/// are removed too. Records of a log are those that were appended to such a key.
///
/// # Errors
/// When the backend refuses; then it may be done in part, and can be done again.
pub fn forget_keys(
    kv: &dyn KeyValue,
    namespace: &str,
    kind: NamespaceKind,
    keys: &SubjectKeys,
    subject: &str,
) -> Result<u64, WriteError> {
    let prefix = keys.of(subject);
    if !keys.more() && kind != NamespaceKind::Log {
        return match kv.get(namespace, &prefix) {
            Ok(Some(_)) => Ok(u64::from(kv.delete(namespace, &prefix).wait()?.existed)),
            // No key is as long as that.
            Ok(None) | Err(ReadError::TooLarge { .. }) => Ok(0),
            Err(error) => Err(error.into()),
        };
    }
    let its = |key: &str| keys.more() || key.len() == prefix.len() + PLACE_BYTES;
    let (mut removed, mut after) = (0, None::<String>);
    loop {
        let page = match kv.scan(namespace, &prefix, after.as_deref(), SCAN_LIMIT_MAX) {
            Ok(page) => page,
            Err(ReadError::TooLarge { .. }) => return Ok(removed),
            Err(error) => return Err(error.into()),
        };
        let found: Vec<&str> = page.entries.iter().map(|entry| entry.key.as_str()).filter(|key| its(key)).collect();
        for some in found.chunks(UNDER_WAY) {
            let pending: Vec<_> = some.iter().map(|key| kv.delete(namespace, key)).collect();
            for removal in pending {
                removed += u64::from(removal.wait()?.existed);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(removed),
        }
    }
}
