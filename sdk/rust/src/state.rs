//! Learned state as bytes.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Fault, State};

/// A snapshot of `state` as MessagePack. The same state gives the same bytes, so keep hash maps out of it. Put long
/// columns in `serde_bytes` or in bytes of your own: a list is encoded value by value.
///
/// # Errors
/// `Internal` when `state` cannot be encoded.
pub fn encode<T: Serialize>(schema: &str, state: &T) -> Result<State, Fault> {
    let bytes = rmp_serde::to_vec_named(state).map_err(|e| Fault::internal(format!("state not encoded: {e}")))?;
    Ok(State { schema: schema.to_owned(), bytes })
}

/// The state in a snapshot of [`encode`].
///
/// # Errors
/// `InvalidState` when the bytes are no such state.
pub fn decode<T: DeserializeOwned>(snapshot: &State) -> Result<T, Fault> {
    rmp_serde::from_slice(&snapshot.bytes)
        .map_err(|e| Fault::invalid_state(format!("not a state of schema \"{}\": {e}", snapshot.schema)))
}
