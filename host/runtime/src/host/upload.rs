//! Components that are brought before the graph that names them is proposed.

use greenroom_model::Digest;
use thiserror::Error;

use super::Host;

/// Bytes of all components in the data folder. What no plan is made of is swept in time; until then, this is the end.
const COMPONENTS_BYTES_MAX: u64 = 16 << 30;

/// Why a component was not kept.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum KeepError {
    #[error(
        "the components in the data folder have {bytes} bytes already, of {COMPONENTS_BYTES_MAX} that they may have"
    )]
    Full { bytes: u64 },
    #[error("the component could not be kept in the data folder: {0}")]
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
            let kept: u64 = components.all()?.iter().map(|(_, size, _)| size).sum();
            if kept.saturating_add(bytes.len() as u64) > COMPONENTS_BYTES_MAX {
                return Err(KeepError::Full { bytes: kept });
            }
        }
        Ok(components.put(bytes)?)
    }

    /// Whether a component is in the data folder; if so, it stays there as if it were kept now.
    #[must_use]
    pub fn has_component(&self, digest: &Digest) -> bool {
        self.inner.components.renew(digest)
    }
}
