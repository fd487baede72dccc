//! Components from a registry, verified.

use greenroom_model::{Digest, Signatures};
use serde::de::DeserializeOwned;

use crate::document::{Annotations, Descriptor, Manifest};
use crate::reference::At;
use crate::store::{DOCUMENT_MAX, Store};
use crate::{Access, Reference, RegistryError, open};

/// Manifests of signatures that are looked at for one component.
const SIGNED_MAX: usize = 32;

/// What is expected of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Of its bytes; none: any.
    pub component: Option<Digest>,
    /// The most bytes that it may have.
    pub bytes_max: u64,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { component: None, bytes_max: Self::BYTES_MAX }
    }
}

impl Wanted {
    /// The most bytes that a component may have when nobody says otherwise.
    pub const BYTES_MAX: u64 = 100_000_000;
}

/// A component that is what its digests say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Of its bytes.
    pub component: Digest,
    /// Of its manifest: what a reference can pin.
    pub manifest: Digest,
    /// What whoever pushed it says of it.
    pub annotations: Annotations,
    /// Who says to have signed it. Whether that is so, and whom to trust, is for the caller.
    pub signatures: Signatures,
}

/// Gets a component. Nothing is written anywhere.
///
/// # Errors
/// When there is none, it is too large, or anything of it is not what its digest says.
pub fn pull(reference: &Reference, access: &Access, wanted: &Wanted) -> Result<Pulled, RegistryError> {
    let store = open(reference, access)?;
    let place = reference.to_string();
    let wrong = |what: String| RegistryError::wrong(&place, what);
    let bytes = store.manifest(&reference.at)?.ok_or_else(|| RegistryError::Absent {
        place: store.called(),
        what: match &reference.at {
            At::Tag(tag) => format!("component with the tag `{tag}`"),
            At::Digest(digest) => format!("manifest {digest}"),
        },
    })?;
    let found = Digest::of(&bytes);
    if let At::Digest(pinned) = &reference.at
        && *pinned != found
    {
        return Err(wrong(format!("its manifest is {found}, expected {pinned}")));
    }
    let manifest: Manifest = document(&bytes).map_err(&wrong)?;
    let layer = manifest.component().map_err(&wrong)?;
    if let Some(pinned) = wanted.component.filter(|pinned| *pinned != layer.digest) {
        return Err(wrong(format!("its component is {}, expected {pinned}", layer.digest)));
    }
    let component = verified(&*store, layer, wanted.bytes_max).map_err(|e| e.of(&place, "component"))?;
    Ok(Pulled {
        bytes: component,
        component: layer.digest,
        manifest: found,
        signatures: signatures(&*store, &found)?,
        annotations: manifest.annotations,
    })
}

/// Those of all manifests that are about this one. One that is no signature is nobody's fault here: anybody may refer to
/// anything.
fn signatures(store: &dyn Store, of: &Digest) -> Result<Signatures, RegistryError> {
    let mut all = Signatures::default();
    let referring = store.referrers(of)?;
    for referrer in referring.iter().filter(|referrer| referrer.is_signature()).take(SIGNED_MAX) {
        let Ok(Some(bytes)) = store.manifest(&At::Digest(referrer.digest)) else { continue };
        let manifest = document::<Manifest>(&bytes).ok().filter(|_| Digest::of(&bytes) == referrer.digest);
        let Some(manifest) = manifest else { continue };
        let Some(layer) = manifest.signatures(of) else { continue };
        let Ok(text) = verified(store, layer, Signatures::BYTES_MAX as u64) else { continue };
        if let Some(read) = String::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
            all.merge(&read);
        }
    }
    Ok(all)
}

/// Why a blob is not handed on.
enum Unverified {
    Store(RegistryError),
    TooLarge { size: u64, max: u64 },
    Size { expected: u64, found: u64 },
    Digest { expected: Digest, found: Digest },
}

impl Unverified {
    fn of(self, place: &str, what: &str) -> RegistryError {
        let why = match self {
            Self::Store(error) => return error,
            Self::TooLarge { size, max } => format!("its {what} has {size} bytes, of at most {max}"),
            Self::Size { expected, found } => {
                format!("its {what} has {found} bytes, where its manifest says {expected}")
            }
            Self::Digest { expected, found } => format!("its {what} is {found}, where its manifest says {expected}"),
        };
        RegistryError::wrong(place, why)
    }
}

/// The bytes that a descriptor is of.
fn verified(store: &dyn Store, descriptor: &Descriptor, max: u64) -> Result<Vec<u8>, Unverified> {
    let Descriptor { digest, size, .. } = descriptor;
    if *size > max {
        return Err(Unverified::TooLarge { size: *size, max });
    }
    // One more than there should be: what is longer than it says is not taken for what it begins with.
    let bytes = store.blob(digest, size + 1).map_err(Unverified::Store)?;
    let found = bytes.len() as u64;
    if found != *size {
        return Err(Unverified::Size { expected: *size, found });
    }
    let found = Digest::of(&bytes);
    if found == *digest { Ok(bytes) } else { Err(Unverified::Digest { expected: *digest, found }) }
}

/// Reads a document.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.len() as u64 > DOCUMENT_MAX {
        return Err(format!("its manifest has more than {DOCUMENT_MAX} bytes"));
    }
    serde_json::from_slice(bytes).map_err(|e| format!("its manifest cannot be read: {e}"))
}
