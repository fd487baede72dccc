//! Who vouches for a component: ed25519 signatures (RFC 8032) of its digest.
//!
//! What is signed is the digest that everything else goes by, not the file, so that whoever knows a component by its digest
//! can check who vouches for it. Making signatures takes secrets and randomness, and is elsewhere.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::VerifyingKey;

use crate::Digest;

/// Before the digest, so that nothing that a key signs elsewhere is a signature here. It has no end in the digest's bytes:
/// its length is fixed.
const DOMAIN: &[u8] = b"greenroom component signature v1\0";
/// What a key begins with where it is written.
const SCHEME: &str = "ed25519:";
/// What a private key begins with where it is written: known here so that one in the wrong place is told as what it is.
const PRIVATE: &str = "ed25519-private:";
/// Signatures of one component. A file has no more.
const SIGNATURES_MAX: usize = 64;

/// What a key signs when it vouches for a component.
#[must_use]
pub fn signed_message(component: &Digest) -> Vec<u8> {
    [DOMAIN, component.bytes()].concat()
}

/// A key that signatures are checked with. Written `ed25519:` and 44 characters of base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// Why a text is no public key. Of what is written, nothing is repeated: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// It begins with something else.
    Scheme,
    /// It is the other half.
    Private,
    /// What follows is no base64 of 32 bytes.
    Encoding,
    /// 32 bytes that no private key belongs to, or one that anybody could have.
    Weak,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "it does not begin with `ed25519:`",
            Self::Private => "it is a private key, which is for whoever signs alone",
            Self::Encoding => "`ed25519:` is not followed by 44 characters of base64",
            Self::Weak => "no private key belongs to it",
        })
    }
}

impl std::error::Error for KeyError {}

impl PublicKey {
    /// From its 32 bytes.
    ///
    /// # Errors
    /// When nothing can be signed so that it is valid under it, or anything is.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(bytes)),
            _ => Err(KeyError::Weak),
        }
    }

    /// Whether a signature of a component is its own.
    #[must_use]
    pub fn signed(&self, component: &Digest, signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(&signed_message(component), &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", BASE64.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE) {
            return Err(KeyError::Private);
        }
        let encoded = text.strip_prefix(SCHEME).ok_or(KeyError::Scheme)?;
        Self::from_bytes(bytes_of(encoded).ok_or(KeyError::Encoding)?)
    }
}

fn bytes_of<const N: usize>(encoded: &str) -> Option<[u8; N]> {
    BASE64.decode(encoded).ok()?.try_into().ok()
}

/// What a key made of a component's digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Whose it is said to be.
    pub key: PublicKey,
    /// As RFC 8032 has them.
    pub bytes: [u8; 64],
}

/// Signatures of one component: a text with a line each, the key and what it signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signatures(Vec<Signature>);

/// A text that has no signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignaturesError {
    /// It has no line.
    Empty,
    /// A line, from 1, is none.
    Line(usize),
    /// It has more of them than any component needs.
    Many,
}

impl fmt::Display for SignaturesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it has no signature"),
            Self::Line(line) => {
                write!(f, "line {line} is no signature: expected a public key, a space and 88 characters of base64")
            }
            Self::Many => write!(f, "it has more than {SIGNATURES_MAX} signatures"),
        }
    }
}

impl std::error::Error for SignaturesError {}

impl Signatures {
    /// The most bytes that a text of them has.
    pub const BYTES_MAX: usize = 16 << 10;

    /// Adds one, in place of an earlier one of the same key.
    pub fn add(&mut self, signature: Signature) {
        self.0.retain(|other| other.key != signature.key);
        self.0.push(signature);
    }

    /// Adds those of another text, which are the newer ones.
    pub fn merge(&mut self, others: &Self) {
        others.0.iter().for_each(|signature| self.add(*signature));
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &Signature> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|one| writeln!(f, "{} {}", one.key, BASE64.encode(one.bytes)))
    }
}

impl FromStr for Signatures {
    type Err = SignaturesError;

    fn from_str(text: &str) -> Result<Self, SignaturesError> {
        let mut signatures = Self::default();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let read = || {
                let (key, bytes) = line.trim().split_once(' ')?;
                Some(Signature { key: key.parse().ok()?, bytes: bytes_of(bytes.trim())? })
            };
            signatures.add(read().ok_or(SignaturesError::Line(place + 1))?);
            if signatures.0.len() > SIGNATURES_MAX {
                return Err(SignaturesError::Many);
            }
        }
        if signatures.is_empty() { Err(SignaturesError::Empty) } else { Ok(signatures) }
    }
}

/// Why nobody who is trusted vouches for a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsigned {
    /// These signed it, and none of them is trusted.
    Others(Vec<PublicKey>),
    /// A signature under this key, which is trusted, is of something else.
    Changed(PublicKey),
}

impl fmt::Display for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Others(keys) => {
                let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                write!(f, "it is signed by {}, which is not trusted", keys.join(", "))
            }
            Self::Changed(key) => write!(f, "the signature by {key} is not of this component: one of them was changed"),
        }
    }
}

impl std::error::Error for Unsigned {}

/// The first of the trusted keys that a component is signed by. One valid signature is enough.
///
/// # Errors
/// When there is none.
pub fn verify(component: &Digest, signatures: &Signatures, trusted: &[PublicKey]) -> Result<PublicKey, Unsigned> {
    let by_trusted: Vec<&Signature> = signatures.iter().filter(|one| trusted.contains(&one.key)).collect();
    let valid = by_trusted.iter().find(|one| one.key.signed(component, &one.bytes));
    match (valid, by_trusted.first()) {
        (Some(valid), _) => Ok(valid.key),
        (None, Some(one)) => Err(Unsigned::Changed(one.key)),
        (None, None) => Err(Unsigned::Others(signatures.iter().map(|one| one.key).collect())),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn key(seed: u8) -> (SigningKey, PublicKey) {
        let private = SigningKey::from_bytes(&[seed; 32]);
        (private.clone(), PublicKey::from_bytes(private.verifying_key().to_bytes()).unwrap())
    }

    fn signed(seed: u8, component: &Digest) -> Signature {
        let (private, key) = key(seed);
        Signature { key, bytes: private.sign(&signed_message(component)).to_bytes() }
    }

    fn all(of: impl IntoIterator<Item = Signature>) -> Signatures {
        let mut signatures = Signatures::default();
        of.into_iter().for_each(|one| signatures.add(one));
        signatures
    }

    #[test]
    fn one_valid_signature_by_a_trusted_key_is_enough() {
        let component = Digest::of(b"component");
        let signatures = all([signed(1, &component), signed(2, &component)]);
        let (one, two, three) = (key(1).1, key(2).1, key(3).1);
        assert_eq!(verify(&component, &signatures, &[three, two]), Ok(two));
        assert_eq!(verify(&component, &signatures, &[three]), Err(Unsigned::Others(vec![one, two])));
        assert_eq!(verify(&component, &signatures, &[]), Err(Unsigned::Others(vec![one, two])));
    }

    #[test]
    fn a_signature_of_something_else_is_none() {
        let (component, other) = (Digest::of(b"component"), Digest::of(b"other"));
        let found = verify(&component, &all([signed(1, &other)]), &[key(1).1]);
        assert_eq!(found, Err(Unsigned::Changed(key(1).1)));
        // The digest alone, as another protocol might sign it.
        let (private, public) = key(1);
        let bare = Signature { key: public, bytes: private.sign(component.bytes()).to_bytes() };
        assert_eq!(verify(&component, &all([bare]), &[public]), Err(Unsigned::Changed(public)));
        // Somebody else's, under the name of who is trusted.
        let forged = Signature { key: public, ..signed(2, &component) };
        assert_eq!(verify(&component, &all([forged]), &[public]), Err(Unsigned::Changed(public)));
    }

    #[test]
    fn signatures_survive_text_and_each_key_has_one() {
        let component = Digest::of(b"component");
        let signatures = all([signed(1, &component), signed(2, &component), signed(1, &component)]);
        assert_eq!(signatures.iter().count(), 2);
        assert_eq!(signatures.to_string().parse(), Ok(signatures.clone()));
        assert!(signatures.to_string().len() < Signatures::BYTES_MAX);
        assert_eq!("\n".parse::<Signatures>(), Err(SignaturesError::Empty));
        assert_eq!(format!("{signatures}nonsense\n").parse::<Signatures>(), Err(SignaturesError::Line(3)));
    }

    #[test]
    fn a_file_of_the_most_signatures_is_read_and_one_more_is_not() {
        let component = Digest::of(b"component");
        let most = all((1..=64).map(|seed| signed(seed, &component)));
        assert!(most.to_string().len() <= Signatures::BYTES_MAX);
        assert!(most.to_string().parse::<Signatures>().is_ok());
        let more = all((1..=65).map(|seed| signed(seed, &component)));
        assert_eq!(more.to_string().parse::<Signatures>(), Err(SignaturesError::Many));
    }

    #[track_caller]
    fn refused(text: &str, expected: KeyError) {
        assert_eq!(text.parse::<PublicKey>(), Err(expected));
    }

    #[test]
    fn keys_that_cannot_be_are_told_apart() {
        let written = key(1).1.to_string();
        assert_eq!(written.parse(), Ok(key(1).1));
        refused(written.strip_prefix("ed25519:").unwrap(), KeyError::Scheme);
        refused(&written.replace("ed25519:", "ed25519-private:"), KeyError::Private);
        refused(&written[..written.len() - 4], KeyError::Encoding);
        refused(&format!("ed25519:{}", BASE64.encode([0; 32])), KeyError::Weak);
    }
}
