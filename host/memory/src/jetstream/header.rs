//! What stands beside a value: the headers of its message.

use std::time::Duration;

use async_nats::HeaderMap;

/// When the value expires, in milliseconds since 1970.
const EXPIRES: &str = "Greenroom-Expires";

/// The message is a removal: of its key, or of the record whose key ends in this.
pub(super) const REMOVES: &str = "Greenroom-Removes";

/// What [`REMOVES`] says of a key.
pub(super) const A_KEY: &str = "key";

/// The write's own number, by which the server knows that it was sent before.
const ID: &str = "Nats-Msg-Id";

/// The sequence of the message that is there; 0 for none.
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// The stream, so that nobody else's is written.
const STREAM: &str = "Nats-Expected-Stream";

/// When the server drops the message, in whole seconds from when it came.
const STAYS: &str = "Nats-TTL";

/// The server drops what has expired so much later, so that no clock that goes behind sees it gone too early.
const STAYS_LONGER_S: u64 = 5;

/// What lives longer than that is left to the readers' clocks: the server's arithmetic ends at 292 years.
const STAYS_MAX_S: u64 = 10 * 365 * 24 * 60 * 60;

/// Keeps room for a removal.
const ROOM: &str = "Greenroom-Room";

/// Bytes by which the headers of a removal can be longer than those of a write: what it removes, how long it stays, and digits of
/// the sequence and of the number.
const REMOVAL_BYTES: usize = 112;

/// Those of a write.
pub(super) fn of_write(stream: &str, id: &str, expected: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(STREAM, stream);
    headers.insert(ID, id);
    headers.insert(EXPECTED, expected.to_string().as_str());
    headers
}

/// Makes the message of a short value as large as its removal will be: a full stream takes only what is smaller than what it
/// replaces, and would keep what can't be removed.
pub(super) fn pad(headers: &mut HeaderMap, value_bytes: usize) {
    let missing = REMOVAL_BYTES.saturating_sub(value_bytes);
    if missing > 0 {
        headers.insert(ROOM, "-".repeat(missing).as_str());
    }
}

/// Has it expire.
pub(super) fn expire(headers: &mut HeaderMap, ttl_ms: u64, expires_ms: i64) {
    headers.insert(EXPIRES, expires_ms.to_string().as_str());
    let stays = ttl_ms.div_ceil(1000).saturating_add(STAYS_LONGER_S);
    if stays <= STAYS_MAX_S {
        headers.insert(STAYS, format!("{stays}s").as_str());
    }
}

/// Makes it a removal, which stays for a while.
pub(super) fn remove(headers: &mut HeaderMap, what: &str, stays: Duration) {
    headers.insert(REMOVES, what);
    headers.insert(STAYS, format!("{}s", stays.as_secs()).as_str());
}

/// When the value expires.
pub(super) fn expires_ms(headers: &HeaderMap) -> Option<i64> {
    headers.get(EXPIRES)?.as_str().parse().ok()
}

/// Whether it is this write.
pub(super) fn is(headers: &HeaderMap, id: &str) -> bool {
    headers.get(ID).is_some_and(|found| found.as_str() == id)
}
