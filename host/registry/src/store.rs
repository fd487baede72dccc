//! What a registry can do, whatever it is.

use greenroom_model::Digest;

use crate::RegistryError;
use crate::document::{Descriptor, Made};
use crate::reference::At;

/// Bytes of a manifest or an index: what the specification has registries take at least.
pub(crate) const DOCUMENT_MAX: u64 = 4 << 20;

/// A registry. What it hands out is bounded, and not verified: whoever asked does that.
pub(crate) trait Store {
    /// What messages call it.
    fn called(&self) -> String;

    /// The bytes of a manifest; none when it has no such one.
    fn manifest(&self, at: &At) -> Result<Option<Vec<u8>>, RegistryError>;

    /// The bytes of a blob, of which no more than `size` are read.
    fn blob(&self, digest: &Digest, size: u64) -> Result<Vec<u8>, RegistryError>;

    /// Takes a blob, unless it has it.
    fn put_blob(&self, bytes: &[u8]) -> Result<(), RegistryError>;

    /// Takes a manifest whose blobs it has, under a name if there is one.
    fn put_manifest(&self, made: &Made, tag: Option<&str>) -> Result<(), RegistryError>;

    /// The manifests that refer to another one.
    fn referrers(&self, of: &Digest) -> Result<Vec<Descriptor>, RegistryError>;
}
