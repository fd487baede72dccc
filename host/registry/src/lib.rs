//! Components in OCI registries, and the keys that vouch for them.
//!
//! A component is kept as the CNCF's layout for WebAssembly artifacts has it: a manifest, a config that says what the component
//! exports and imports, and the component as the one layer. Signatures refer to the manifest (OCI 1.1, `subject`), so that
//! signing changes no digest that somebody has pinned. The same bytes make the same manifest, wherever and whenever they are
//! pushed.
//!
//! Nothing that comes from a registry is believed: sizes are bounded before anything is read, and bytes are handed on once they
//! hash to the digest by which they were asked for.
//!
//! The protocol is spoken over `ureq`, which the command has already, and not by `oci-client`, which brings an asynchronous HTTP
//! stack of more than a hundred crates and reads bodies of any size. The documents are few, and those of `oci-spec` keep
//! annotations in hash maps, whose order, and so the digest of a manifest, is another one each time.

mod document;
mod error;
mod key;
mod layout;
mod pull;
mod push;
mod reference;
mod remote;
mod store;

pub use document::{MANIFEST_TYPE, SIGNATURE_TYPE, WASM_TYPE};
pub use error::RegistryError;
pub use key::{PrivateKey, PrivateKeyError};
pub use pull::{Pulled, Wanted, pull};
pub use push::{Description, Pushed, push};
pub use reference::{At, Place, Reference};
pub use remote::Credentials;

/// How a registry is reached.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Who asks; none: anybody.
    pub credentials: Option<Credentials>,
    /// Whether the registry may be spoken to without TLS. One on this machine always is.
    pub plain_http: bool,
}

fn open(reference: &Reference, access: &Access) -> Result<Box<dyn store::Store>, RegistryError> {
    Ok(match &reference.place {
        Place::Layout(dir) => Box::new(layout::Layout::new(dir)),
        Place::Remote { host, repository } => Box::new(remote::Remote::new(host, repository, access)),
    })
}
