//! Contents of any size under their digests, in chunks over any backend of keys and values. A content is there once, whoever
//! uploads it and how often.
//!
//! All of it blocks until the backend has answered.

mod layout;
mod sweep;
mod upload;

use std::sync::Arc;

use greenroom_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::engine::Unavailable;
use crate::kv::{Change, Entry, KeyValue, ReadError, SCAN_LIMIT_MAX, Write, WriteError};
use layout::{Listed, MANIFESTS, Manifest, UploadId, manifest_digest, manifest_key};
pub use sweep::Swept;
pub use upload::Upload;

/// Bytes of one read.
pub const BLOB_READ_BYTES_MAX: usize = 1 << 20;

/// Writes that are under way at once when rows are removed.
const REMOVALS: usize = 64;

/// What has come of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobInfo {
    /// The content's SHA-256.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: u64,
    /// Whether it was there already.
    pub existed: bool,
}

/// A blob that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// The content's SHA-256.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: u64,
    /// When it is gone, in milliseconds since 1970; none for never.
    pub expires_ms: Option<i64>,
}

/// Some of a namespace's blobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlobPage {
    /// In the order of their digests; may be fewer than were asked for while there are more.
    pub blobs: Vec<Blob>,
    /// Pass it as `after` to go on; absent at the end.
    pub next: Option<Digest>,
}

/// Why something about a blob failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob, or no longer.
    #[error("there is no blob {digest} in namespace {namespace:?}")]
    NotFound {
        /// Where.
        namespace: String,
        /// Which.
        digest: Digest,
    },
    /// What is there is not what was uploaded.
    #[error("blob {digest} in namespace {namespace:?} is damaged: {what}; delete it and upload it again")]
    Damaged {
        /// Where.
        namespace: String,
        /// Which.
        digest: Digest,
        /// What is wrong.
        what: String,
    },
    /// The upload went on for so long that it was taken for one that nobody goes on with, or that it has expired.
    #[error("the upload was removed before it was finished: it took too long; upload the content again")]
    Swept,
    /// The upload has failed before.
    #[error("the upload has failed before, and what it had written is removed; upload the content again")]
    Failed,
    /// The backend refused a read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The backend refused a write; [`WriteError::Quota`] when the namespace is full.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Blobs of all namespaces of a backend. A clone shares it.
#[derive(Clone)]
pub struct Blobs {
    kv: Arc<dyn KeyValue>,
}

/// A manifest with its place.
#[derive(Clone, Copy)]
struct Found {
    manifest: Manifest,
    revision: u64,
    expires_ms: Option<i64>,
}

impl Blobs {
    /// Over a backend; over [`Namespaces::rows_of`](crate::Namespaces::rows_of) where there are declared ones.
    #[must_use]
    pub fn new(kv: Arc<dyn KeyValue>) -> Self {
        Self { kv }
    }

    /// Begins an upload, of a blob that is gone `ttl_ms` after that, or earlier where its namespace says so; none for never. Where
    /// the namespace keeps rows for a time, its blobs are gone up to a minute, or an eighth of the time, earlier.
    ///
    /// # Errors
    /// When the backend refuses the upload's first row.
    pub fn create(&self, namespace: &str, ttl_ms: Option<u64>) -> Result<Upload, BlobError> {
        Upload::begin(Arc::clone(&self.kv), namespace, ttl_ms)
    }

    /// Up to `bytes_max` bytes from `offset` on: fewer only at the end, and none beyond it.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], also when it is removed meanwhile; [`ReadError::TooLarge`] for more than [`BLOB_READ_BYTES_MAX`]
    /// at once; [`BlobError::Damaged`].
    pub fn read(&self, namespace: &str, digest: &Digest, offset: u64, bytes_max: usize) -> Result<Vec<u8>, BlobError> {
        if bytes_max > BLOB_READ_BYTES_MAX {
            let (what, max) = ("bytes of one read of a blob", BLOB_READ_BYTES_MAX);
            return Err(ReadError::TooLarge { what, found: bytes_max, max }.into());
        }
        loop {
            let found = self.found(namespace, digest)?.ok_or_else(|| not_found(namespace, digest))?;
            match self.range(namespace, &found.manifest, offset, bytes_max)? {
                Ok(bytes) => return Ok(bytes),
                // Another upload may have taken the place of this one, or it was removed.
                Err(what) => match self.found(namespace, digest)? {
                    Some(now) if now.revision == found.revision => {
                        if !sweep::stays(&*self.kv, namespace, now.manifest.upload)? {
                            return Err(not_found(namespace, digest));
                        }
                        return Err(BlobError::Damaged { namespace: namespace.to_owned(), digest: *digest, what });
                    }
                    Some(_) => {}
                    None => return Err(not_found(namespace, digest)),
                },
            }
        }
    }

    /// The blob, if it is there.
    ///
    /// # Errors
    /// When the backend can't be read; [`BlobError::Damaged`].
    pub fn stat(&self, namespace: &str, digest: &Digest) -> Result<Option<Blob>, BlobError> {
        let found = self.found(namespace, digest)?;
        let blob = |found: Found| Blob { digest: *digest, bytes: found.manifest.bytes, expires_ms: found.expires_ms };
        Ok(found.map(blob))
    }

    /// Removes a blob; whether it was there. From then on it is not read; its room is given back before this answers.
    ///
    /// # Errors
    /// When the backend refuses. Once it is not read any more, [`sweep`](Self::sweep) removes what may be left.
    pub fn delete(&self, namespace: &str, digest: &Digest) -> Result<bool, BlobError> {
        loop {
            let Some(entry) = self.kv.get(namespace, &manifest_key(digest))? else { return Ok(false) };
            let listed = Manifest::decode(&entry.value);
            if listed == Listed::Removed {
                return Ok(false);
            }
            match self.unlist(namespace, digest, entry.revision) {
                Err(BlobError::Write(WriteError::Conflict { .. })) => continue,
                unlisted => unlisted?,
            }
            if let Listed::Blob(manifest) = listed {
                remove(&*self.kv, namespace, manifest.upload, manifest.chunks())?;
            }
            return Ok(true);
        }
    }

    /// A namespace's blobs in the order of their digests, after one of them.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] for a limit over [`SCAN_LIMIT_MAX`]; when the backend can't be read.
    pub fn list(&self, namespace: &str, after: Option<&Digest>, limit: usize) -> Result<BlobPage, BlobError> {
        let after = after.map(manifest_key);
        let page = self.kv.scan(namespace, MANIFESTS, after.as_deref(), limit)?;
        let blob = |entry: &crate::KeyedEntry| match Manifest::decode(&entry.value) {
            Listed::Blob(Manifest { bytes, .. }) => {
                Some(Blob { digest: manifest_digest(&entry.key)?, bytes, expires_ms: entry.expires_ms })
            }
            Listed::Removed | Listed::Unreadable => None,
        };
        let next = page.next.as_deref().and_then(manifest_digest);
        Ok(BlobPage { blobs: page.entries.iter().filter_map(blob).collect(), next })
    }

    /// The blob that a row's key is of, as [changes](KeyValue::changes) tell it; none for rows that are no blob by themselves. It is
    /// told of as written when it has just been removed, too.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Digest> {
        manifest_digest(key)
    }

    /// Reads all of a blob and compares its digest; how many bytes it has.
    ///
    /// # Errors
    /// [`BlobError::Damaged`] when it is another content; else as [`read`](Self::read).
    pub fn verify(&self, namespace: &str, digest: &Digest) -> Result<u64, BlobError> {
        let (mut hash, mut offset) = (Sha256::new(), 0);
        loop {
            let bytes = self.read(namespace, digest, offset, BLOB_READ_BYTES_MAX)?;
            if bytes.is_empty() {
                break;
            }
            hash.update(&bytes);
            offset += bytes.len() as u64;
        }
        let found = Digest::from(<[u8; 32]>::from(hash.finalize()));
        if found == *digest {
            return Ok(offset);
        }
        let what = format!("its bytes have the digest {found}");
        Err(BlobError::Damaged { namespace: namespace.to_owned(), digest: *digest, what })
    }

    fn found(&self, namespace: &str, digest: &Digest) -> Result<Option<Found>, BlobError> {
        found(namespace, digest, self.kv.get(namespace, &manifest_key(digest))?)
    }

    /// The bytes, or what is wrong with them.
    fn range(
        &self,
        namespace: &str,
        manifest: &Manifest,
        offset: u64,
        bytes_max: usize,
    ) -> Result<Result<Vec<u8>, String>, ReadError> {
        let end = manifest.bytes.min(offset.saturating_add(bytes_max as u64));
        if offset >= end {
            return Ok(Ok(Vec::new()));
        }
        let chunk_bytes = u64::from(manifest.chunk_bytes);
        let numbers = offset / chunk_bytes..=(end - 1) / chunk_bytes;
        let Ok(first) = u32::try_from(*numbers.start()) else {
            return Ok(Err(format!("its manifest says that it has {} bytes", manifest.bytes)));
        };
        let keys: Vec<String> = (first..).zip(numbers.clone()).map(|(place, _)| manifest.upload.chunk(place)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let chunks = self.kv.get_many(namespace, &keys)?;
        let mut bytes = Vec::with_capacity(usize::try_from(end - offset).unwrap_or_default());
        for (number, chunk) in numbers.zip(chunks) {
            let Some(chunk) = chunk else { return Ok(Err(format!("chunk {number} is not there"))) };
            let (expected, found) = (manifest.bytes_of(number), chunk.value.len() as u64);
            let begins = number * chunk_bytes;
            let (from, to) = (offset.saturating_sub(begins), expected.min(end - begins));
            let range = usize::try_from(from).ok().zip(usize::try_from(to).ok()).filter(|_| expected == found);
            match range.and_then(|(from, to)| chunk.value.get(from..to)) {
                Some(part) => bytes.extend_from_slice(part),
                None => return Ok(Err(format!("chunk {number} has {found} bytes, expected {expected}"))),
            }
        }
        Ok(Ok(bytes))
    }

    fn unlist(&self, namespace: &str, digest: &Digest, revision: u64) -> Result<(), BlobError> {
        unlist(&*self.kv, namespace, digest, revision)
    }
}

fn not_found(namespace: &str, digest: &Digest) -> BlobError {
    BlobError::NotFound { namespace: namespace.to_owned(), digest: *digest }
}

/// What stands at a manifest's key.
fn found(namespace: &str, digest: &Digest, entry: Option<Entry>) -> Result<Option<Found>, BlobError> {
    let Some(entry) = entry else { return Ok(None) };
    match Manifest::decode(&entry.value) {
        Listed::Blob(manifest) => Ok(Some(Found { manifest, revision: entry.revision, expires_ms: entry.expires_ms })),
        Listed::Removed => Ok(None),
        Listed::Unreadable => {
            let what = "its manifest can't be read".to_owned();
            Err(BlobError::Damaged { namespace: namespace.to_owned(), digest: *digest, what })
        }
    }
}

/// Takes a manifest away if it is still the one of a revision. A removal asks for no revision, so a mark that goes by itself
/// is swapped in.
fn unlist(kv: &dyn KeyValue, namespace: &str, digest: &Digest, revision: u64) -> Result<(), BlobError> {
    let change = Change::Swap { expected: Some(revision), value: Vec::new() };
    kv.write(namespace, Write { ttl_ms: Some(1), ..Write::new(manifest_key(digest), change) }).wait()?;
    Ok(())
}

/// Removes an upload's chunks and then its header, which says until then that there may be some.
fn remove(kv: &dyn KeyValue, namespace: &str, upload: UploadId, chunks: u64) -> Result<(), WriteError> {
    let chunks = usize::try_from(chunks).unwrap_or(usize::MAX);
    remove_keys(kv, namespace, (0..=u32::MAX).take(chunks).map(|number| upload.chunk(number)))?;
    kv.delete(namespace, &upload.header()).wait()?;
    Ok(())
}

fn remove_keys(kv: &dyn KeyValue, namespace: &str, mut keys: impl Iterator<Item = String>) -> Result<(), WriteError> {
    loop {
        let pending: Vec<_> = keys.by_ref().take(REMOVALS).map(|key| kv.delete(namespace, &key)).collect();
        if pending.is_empty() {
            return Ok(());
        }
        for removal in pending {
            removal.wait()?;
        }
    }
}

fn random() -> Result<UploadId, BlobError> {
    let mut bits = [0; 16];
    match getrandom::fill(&mut bits) {
        Ok(()) => Ok(UploadId(u128::from_le_bytes(bits))),
        Err(error) => {
            let source = redb::Error::Io(std::io::Error::other(error));
            Err(ReadError::Unavailable(Unavailable::reading(source)).into())
        }
    }
}

/// The largest limit of a scan, for loops over all rows of a kind that are small.
const SMALL_ROWS: usize = SCAN_LIMIT_MAX;
