//! Keys that vouch for components: the half that signs.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer as _, SigningKey};
use greenroom_model::{Digest, PublicKey, Signature, signed_message};
use thiserror::Error;

/// What a private key begins with where it is written.
const SCHEME: &str = "ed25519-private:";
/// Bytes of a file with one. Whatever has more is something else.
const FILE_MAX: u64 = 1 << 10;

/// A key that signs. What it is cannot be printed by mistake.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

/// Why there is no key.
#[derive(Debug, Error)]
pub enum PrivateKeyError {
    /// The machine gives no randomness.
    #[error("there is no randomness to be had: {0}")]
    Random(getrandom::Error),
    /// A file is there already.
    #[error("there is a file there already: a key that was lost cannot be had again, so that nothing is overwritten")]
    Exists,
    /// The file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Others may read it.
    #[error("others than its owner may read it (mode {0:o}); `chmod 600` it, and make another key if somebody did")]
    Open(u32),
    /// It is the other half.
    #[error("it is a public key: expected the private one, which begins with `ed25519-private:`")]
    Public,
    /// It is something else.
    #[error(
        "it is no private key: expected `ed25519-private:` and 44 characters of base64, as `greenroom key new` writes it"
    )]
    Unreadable,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    /// A new one.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn new() -> Result<Self, PrivateKeyError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(PrivateKeyError::Random)?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }

    /// The half that everybody may know.
    ///
    /// # Errors
    /// When it is one that nothing can be checked with, which no key is that was drawn.
    pub fn public(&self) -> Result<PublicKey, PrivateKeyError> {
        PublicKey::from_bytes(self.0.verifying_key().to_bytes()).map_err(|_| PrivateKeyError::Unreadable)
    }

    /// Vouches for a component.
    ///
    /// # Errors
    /// As for [`PrivateKey::public`].
    pub fn sign(&self, component: &Digest) -> Result<Signature, PrivateKeyError> {
        Ok(Signature { key: self.public()?, bytes: self.0.sign(&signed_message(component)).to_bytes() })
    }

    /// Writes it to a file that is not there yet, for its owner alone.
    ///
    /// # Errors
    /// When there is one, or it cannot be written.
    pub fn create(&self, path: &Path) -> Result<(), PrivateKeyError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => PrivateKeyError::Exists,
            _ => error.into(),
        })?;
        writeln!(file, "{SCHEME}{}", BASE64.encode(self.0.as_bytes()))?;
        Ok(file.sync_all()?)
    }

    /// Reads it from a file that its owner alone may read.
    ///
    /// # Errors
    /// When it is no key, or others may read it.
    pub fn read(path: &Path) -> Result<Self, PrivateKeyError> {
        let file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(PrivateKeyError::Open(mode));
            }
        }
        if !metadata.is_file() || metadata.len() > FILE_MAX {
            return Err(PrivateKeyError::Unreadable);
        }
        io::read_to_string(io::Read::take(file, FILE_MAX))?.parse()
    }
}

impl FromStr for PrivateKey {
    type Err = PrivateKeyError;

    fn from_str(text: &str) -> Result<Self, PrivateKeyError> {
        let text = text.trim();
        if text.parse::<PublicKey>().is_ok() {
            return Err(PrivateKeyError::Public);
        }
        let encoded = text.strip_prefix(SCHEME).ok_or(PrivateKeyError::Unreadable)?;
        let bytes = BASE64.decode(encoded).map_err(|_| PrivateKeyError::Unreadable)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| PrivateKeyError::Unreadable)?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::{Signatures, verify};

    use super::*;

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        let (key, component) = (PrivateKey::new().unwrap(), Digest::of(b"component"));
        let mut signatures = Signatures::default();
        signatures.add(key.sign(&component).unwrap());
        let public = key.public().unwrap();
        assert_eq!(verify(&component, &signatures, &[public]), Ok(public));
        assert!(verify(&Digest::of(b"other"), &signatures, &[public]).is_err());
        assert_eq!(key.sign(&component).unwrap(), key.sign(&component).unwrap(), "the same is signed the same");
    }

    #[test]
    fn a_key_is_for_its_owner_alone_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = PrivateKey::new().unwrap();
        key.create(&path).unwrap();
        assert_eq!(PrivateKey::read(&path).unwrap().public().unwrap(), key.public().unwrap());
        assert!(matches!(PrivateKey::new().unwrap().create(&path), Err(PrivateKeyError::Exists)));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(PrivateKey::read(&path), Err(PrivateKeyError::Open(0o640))));
        }
    }

    #[test]
    fn what_is_no_private_key_is_told_as_what_it_is() {
        let public = PrivateKey::new().unwrap().public().unwrap().to_string();
        assert!(matches!(public.parse::<PrivateKey>(), Err(PrivateKeyError::Public)));
        assert!(matches!("".parse::<PrivateKey>(), Err(PrivateKeyError::Unreadable)));
        assert!(matches!("ed25519-private:AAAA".parse::<PrivateKey>(), Err(PrivateKeyError::Unreadable)));
        assert_eq!(format!("{:?}", PrivateKey::new().unwrap()), "PrivateKey");
    }
}
