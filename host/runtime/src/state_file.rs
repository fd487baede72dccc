//! A learned state as a file of its own, which a graph file may give to an agent.
//!
//! ```text
//! seal      "greenroom state\n" and the state's digest, 32 bytes; may be absent
//! schema    its length, 4 bytes little-endian, and its text
//! state     all the rest
//! ```
//!
//! From the schema on it is a file of the folder `states`, which has the digest in its name. Only with a seal can it be told
//! from the file alone that it is whole: without one that is left to the agent.

use greenroom_model::{Digest, State};
use thiserror::Error;

const SEAL: &[u8; 16] = b"greenroom state\n";
const DIGEST_BYTES: usize = 32;
/// Bytes of a schema's name: more is none.
const SCHEMA_BYTES_MAX: usize = 4 << 10;

/// Why a file is no learned state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum StateFileError {
    #[error("it is empty, expected a learned state")]
    Empty,
    #[error("it ends after {0} bytes, within its head: it was not written to its end")]
    Cut(usize),
    #[error("it is no learned state: it begins with the length of a schema's name, and {0} is none")]
    Length(usize),
    #[error("it is no learned state: the name of its schema is no text")]
    Schema,
    #[error(
        "it is damaged, or was not written to its end: what is in it has the digest {found}, and its seal says {sealed}"
    )]
    Damaged { found: Digest, sealed: Digest },
}

/// The state in a file.
///
/// # Errors
/// See [`StateFileError`].
pub fn unsealed(file: &[u8]) -> Result<State, StateFileError> {
    if file.is_empty() {
        return Err(StateFileError::Empty);
    }
    let cut = StateFileError::Cut(file.len());
    let Some(rest) = file.strip_prefix(SEAL) else { return state(file) };
    let Some((sealed, rest)) = rest.split_first_chunk::<DIGEST_BYTES>() else { return Err(cut) };
    let (state, sealed) = (state(rest).map_err(|_| cut)?, Digest::from_bytes(*sealed));
    let found = state.digest();
    if found == sealed { Ok(state) } else { Err(StateFileError::Damaged { found, sealed }) }
}

/// A file with a state in it, and a seal.
#[must_use]
pub fn sealed(state: &State) -> Vec<u8> {
    let length = u32::try_from(state.schema.len()).unwrap_or(u32::MAX).to_le_bytes();
    let digest = state.digest();
    [SEAL, digest.bytes().as_slice(), &length, state.schema.as_bytes(), &state.bytes].concat()
}

/// As in the folder `states`.
pub(crate) fn state(file: &[u8]) -> Result<State, StateFileError> {
    let cut = || StateFileError::Cut(file.len());
    let (length, rest) = file.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > SCHEMA_BYTES_MAX {
        return Err(StateFileError::Length(length));
    }
    let (schema, bytes) = rest.split_at_checked(length).ok_or_else(cut)?;
    let schema = String::from_utf8(schema.to_vec()).map_err(|_| StateFileError::Schema)?;
    Ok(State { schema, bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> State {
        State { schema: "x/1".to_owned(), bytes: vec![1, 2, 3, 4] }
    }

    #[test]
    fn a_sealed_state_is_whole_or_refused() {
        let file = sealed(&some());
        assert_eq!(unsealed(&file), Ok(some()));
        for at in 0..file.len() {
            assert!(unsealed(&file[..at]).is_err(), "the first {at} bytes");
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(unsealed(&damaged).is_err(), "another byte at {at}");
        }
    }

    #[test]
    fn a_file_of_the_folder_of_states_is_taken_and_one_of_something_else_is_not() {
        let file = sealed(&some());
        assert_eq!(unsealed(&file[SEAL.len() + DIGEST_BYTES..]), Ok(some()));
        assert_eq!(unsealed(b""), Err(StateFileError::Empty));
        assert_eq!(unsealed(b"\x05\0\0\0abc"), Err(StateFileError::Cut(7)));
        assert!(matches!(unsealed(b"\0asm\x0d\0\x01\0"), Err(StateFileError::Length(_))));
        assert_eq!(unsealed(b"\x01\0\0\0\xff"), Err(StateFileError::Schema));
    }
}
