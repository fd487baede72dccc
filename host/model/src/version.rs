//! Versions and generations.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// A number that only grows with each activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation(pub u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Learned state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The layout of `bytes`.
    pub schema: String,
    /// The state.
    pub bytes: Vec<u8>,
}

impl State {
    /// Its content address.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_parts([self.schema.as_bytes(), &self.bytes])
    }
}

/// A version of an agent: code, parameters, learned state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Of the component's bytes.
    pub component: Digest,
    /// Of the parameters, defaults filled in.
    pub params: Digest,
    /// Of the learned state.
    pub state: Option<Digest>,
}

impl Version {
    /// Its identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let none = [0; 32];
        Digest::of_parts([
            self.component.bytes().as_slice(),
            self.params.bytes().as_slice(),
            self.state.as_ref().map_or(none.as_slice(), |d| d.bytes().as_slice()),
        ])
    }
}
