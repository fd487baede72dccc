//! From bytes to a document.

use serde_json::Value;

/// The JSON document in a body.
///
/// # Errors
/// When there is none, in words for the caller.
pub fn json(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty, expected a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))
}
