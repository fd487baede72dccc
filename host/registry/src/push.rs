//! Components to a registry.

use greenroom_model::{Digest, Signatures};

use crate::document::Made;
use crate::reference::At;
use crate::{Access, Reference, RegistryError, open};

/// What is said of a component beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// What it is called.
    pub name: String,
    /// The contract that it is built against.
    pub contract: String,
    /// What it was made from, in the words of whoever pushes it; may be empty.
    pub source: String,
    /// The interfaces that it exports.
    pub exports: Vec<String>,
    /// And those that it imports.
    pub imports: Vec<String>,
}

/// A component that a registry has now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// By which it can be asked for.
    pub manifest: Digest,
    /// Of its bytes.
    pub component: Digest,
    /// Of the manifest of its signatures, if there are any.
    pub signatures: Option<Digest>,
}

/// Brings a component to a registry, its signatures before its name: whoever finds it by name finds them.
///
/// # Errors
/// When the reference is a digest, and when the registry does not take it.
pub fn push(
    reference: &Reference,
    access: &Access,
    component: &[u8],
    says: &Description,
    signatures: &Signatures,
) -> Result<Pushed, RegistryError> {
    let At::Tag(tag) = &reference.at else {
        let why = "a component is pushed under a tag, and its digest follows from what it is".to_owned();
        return Err(RegistryError::Reference { written: reference.to_string(), why });
    };
    let unwritable = |e: serde_json::Error| RegistryError::wrong(&reference.to_string(), e.to_string());
    let store = open(reference, access)?;
    let made = Made::component(component, says).map_err(unwritable)?;
    let mut pushed = Pushed { manifest: made.descriptor.digest, component: Digest::of(component), signatures: None };
    made.blobs.iter().try_for_each(|blob| store.put_blob(blob))?;
    if !signatures.is_empty() {
        let signed = Made::signatures(signatures, &made.descriptor).map_err(unwritable)?;
        signed.blobs.iter().try_for_each(|blob| store.put_blob(blob))?;
        store.put_manifest(&signed, None)?;
        pushed.signatures = Some(signed.descriptor.digest);
    }
    store.put_manifest(&made, Some(tag))?;
    Ok(pushed)
}
