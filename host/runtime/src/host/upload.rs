//! Components and states that are brought before the graph that names them is proposed.

use std::sync::Arc;

use greenroom_model::{Digest, State};
use thiserror::Error;

use super::Host;
use crate::state_file::{StateFileError, unsealed};

/// Bytes of all components in the data folder, and of all states. What no plan is made of is swept in time; until then, this
/// is the end.
const BYTES_MAX: u64 = 16 << 30;

/// Why a component, or a state, was not kept.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum KeepError {
    #[error("the {what} in the data folder have {bytes} bytes already, of {BYTES_MAX} that they may have")]
    Full { what: &'static str, bytes: u64 },
    #[error("the state cannot be taken: {0}")]
    State(#[from] StateFileError),
    #[error("it could not be kept in the data folder: {0}")]
    Io(#[from] std::io::Error),
}

impl Host {
    /// Keeps a component, durably, for a proposal that names it by its digest. It is not looked into: the proposal has it
    /// admitted. What no plan is made of is thrown away after some time.
    ///
    /// # Errors
    /// See [`KeepError`].
    pub fn keep_component(&self, bytes: &[u8]) -> Result<Digest, KeepError> {
        let components = &self.inner.components;
        let digest = Digest::of(bytes);
        if !components.renew(&digest) {
            full("components", components.bytes()?, bytes)?;
        }
        components.put(&digest, bytes)?;
        Ok(digest)
    }

    /// Keeps the learned state that is in a file, durably, for a proposal that names it by its digest. Whether an agent takes it
    /// is seen when it is proposed.
    ///
    /// # Errors
    /// See [`KeepError`].
    pub fn keep_state(&self, file: &[u8]) -> Result<Digest, KeepError> {
        let (states, state) = (&self.inner.states, unsealed(file)?);
        let digest = state.digest();
        if !self.has_state(&digest) {
            full("states", states.all()?.iter().map(|(_, size, _)| size).sum(), file)?;
        }
        states.ensure(&digest, &state)?;
        Ok(digest)
    }

    /// Whether a state is in the data folder; if so, it stays there as if it were kept now.
    #[must_use]
    pub fn has_state(&self, digest: &Digest) -> bool {
        let there = self.inner.states.get(digest).is_some();
        if there {
            self.inner.states.renew(digest);
        }
        there
    }

    /// A learned state of the data folder.
    #[must_use]
    pub fn learned_state(&self, digest: &Digest) -> Option<Arc<State>> {
        self.inner.states.get(digest)
    }

    /// Whether a component is in the data folder; if so, it stays there as if it were kept now.
    #[must_use]
    pub fn has_component(&self, digest: &Digest) -> bool {
        self.inner.components.renew(digest)
    }
}

fn full(what: &'static str, kept: u64, new: &[u8]) -> Result<(), KeepError> {
    let room = kept.saturating_add(new.len() as u64) <= BYTES_MAX;
    if room { Ok(()) } else { Err(KeepError::Full { what, bytes: kept }) }
}
