//! Blobs and vectors as operators see them.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom_memory::{
    BLOB_READ_BYTES_MAX, BlobError, Filter, Namespaces, PutVector, VectorEntry, VectorError, Vectors,
};
use greenroom_model::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Keeper, MemoryRefused, told};

/// Bytes of a file that are handed on at once.
const PIECE: usize = 256 << 10;

impl From<BlobError> for MemoryRefused {
    fn from(error: BlobError) -> Self {
        let code = match error {
            BlobError::NotFound { .. } => "not_found",
            BlobError::Damaged { .. } | BlobError::Failed => "invalid",
            BlobError::Swept => "unavailable",
            BlobError::Read(error) => return error.into(),
            BlobError::Write(error) => return error.into(),
        };
        Self::new(code, error)
    }
}

impl From<VectorError> for MemoryRefused {
    fn from(error: VectorError) -> Self {
        let code = match error {
            VectorError::TooLarge { .. } => "too_large",
            VectorError::Read(error) => return error.into(),
            VectorError::Write(error) => return error.into(),
            VectorError::Feed(error) => return error.into(),
            _ => "invalid",
        };
        Self::new(code, error)
    }
}

/// A vector as it is put.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    vector: Vec<f32>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    payload: String,
}

/// Which are the nearest to a vector, or to that of a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nearest {
    namespace: String,
    vector: Option<Vec<f32>>,
    key: Option<String>,
    count: Option<usize>,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    all_of: Vec<String>,
    #[serde(default)]
    any_of: Vec<String>,
    #[serde(default)]
    none_of: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FoundVector {
    key: String,
    revision: u64,
    vector: Vec<f32>,
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// As text where it is UTF-8.
fn payload(bytes: Vec<u8>) -> (Option<String>, Option<String>) {
    match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    }
}

impl FoundVector {
    fn new(entry: VectorEntry) -> Self {
        let VectorEntry { key, vector, labels, payload: bytes, revision } = entry;
        let (text, base64) = payload(bytes);
        Self { key, revision, vector, labels, text, base64 }
    }
}

fn digest(text: &str) -> Result<Digest, MemoryRefused> {
    text.parse().map_err(|error: greenroom_model::DigestError| MemoryRefused::new("invalid", error))
}

impl Keeper<'_> {
    fn spaces(&self) -> Namespaces {
        Namespaces::new(self.store.memory(), self.declared.clone())
    }

    fn vectors(&self) -> Result<Vectors, MemoryRefused> {
        Ok(self.spaces().vectors(self.store.indexes())?)
    }

    /// Some of a blob, from `offset` on.
    pub(super) fn blob(&self, namespace: &str, key: &str, offset: u64, length: usize) -> Result<Value, MemoryRefused> {
        let (blobs, digest) = (self.spaces().blobs(), digest(key)?);
        let none = || BlobError::NotFound { namespace: namespace.to_owned(), digest };
        let blob = blobs.stat(namespace, &digest)?.ok_or_else(none)?;
        let bytes = blobs.read(namespace, &digest, offset, length.min(BLOB_READ_BYTES_MAX))?;
        told(json!({
            "key": digest.to_string(),
            "bytes": blob.bytes,
            "expires_ms": blob.expires_ms,
            "offset": offset,
            "base64": STANDARD.encode(bytes),
        }))
    }

    pub(super) fn vector(&self, namespace: &str, key: &str) -> Result<Value, MemoryRefused> {
        let none = || MemoryRefused::new("not_found", format!("namespace {namespace:?} has no key {key:?}"));
        told(FoundVector::new(self.vectors()?.get(namespace, key)?.ok_or_else(none)?))
    }

    pub(super) fn put_vector(
        &self,
        namespace: &str,
        key: String,
        value: &[u8],
        ttl_ms: Option<u64>,
    ) -> Result<Value, MemoryRefused> {
        let Given { vector, labels, payload } = serde_json::from_slice(value).map_err(|error| {
            let expected =
                "expected JSON such as {\"vector\": [0.5, 1.0], \"labels\": [\"drama\"], \"payload\": \"text\"}";
            MemoryRefused::new("invalid", format!("the value is no vector: {error}; {expected}"))
        })?;
        let put = PutVector { key, vector, labels, payload: payload.into(), ttl_ms, new: false };
        let written = self.vectors()?.put(namespace, &put)?;
        told(json!({ "revision": written.revision }))
    }

    pub(super) fn delete_blob(&self, namespace: &str, key: &str) -> Result<bool, MemoryRefused> {
        Ok(self.spaces().blobs().delete(namespace, &digest(key)?)?)
    }

    pub(super) fn delete_vector(&self, namespace: &str, key: &str) -> Result<bool, MemoryRefused> {
        Ok(self.vectors()?.delete(namespace, key)?)
    }

    pub(super) fn blobs(&self, namespace: &str, after: Option<&str>, limit: usize) -> Result<Value, MemoryRefused> {
        let after = after.map(digest).transpose()?;
        let page = self.spaces().blobs().list(namespace, after.as_ref(), limit)?;
        let each = page.blobs.into_iter();
        let entries: Vec<Value> = each
            .map(|blob| json!({ "key": blob.digest.to_string(), "bytes": blob.bytes, "expires_ms": blob.expires_ms }))
            .collect();
        told(json!({ "entries": entries, "next": page.next.map(|digest| digest.to_string()) }))
    }

    pub(super) fn entries(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Value, MemoryRefused> {
        let page = self.vectors()?.scan(namespace, prefix, after, limit)?;
        let entries: Vec<FoundVector> = page.entries.into_iter().map(FoundVector::new).collect();
        told(json!({ "entries": entries, "next": page.next }))
    }

    pub(super) fn nearest(&self, asked: Nearest) -> Result<Value, MemoryRefused> {
        let (namespace, vectors) = (&asked.namespace, self.vectors()?);
        let to = match (asked.vector, &asked.key) {
            (Some(vector), None) => vector,
            (None, Some(key)) => {
                let none = || MemoryRefused::new("not_found", format!("namespace {namespace:?} has no key {key:?}"));
                vectors.get(namespace, key)?.ok_or_else(none)?.vector
            }
            _ => return Err(MemoryRefused::new("invalid", "say to what as `vector` or as the `key` of one")),
        };
        let Nearest { prefix, all_of, any_of, none_of, .. } = asked;
        let filter = Filter { prefix, all_of, any_of, none_of };
        let near = vectors.nearest(namespace, &to, asked.count.unwrap_or(10), &filter)?;
        let neighbor = |near: greenroom_memory::Near| {
            let (text, base64) = payload(near.payload);
            json!({
                "key": near.key,
                "distance": near.distance,
                "labels": near.labels,
                "revision": near.revision,
                "text": text,
                "base64": base64,
            })
        };
        told(json!({ "near": near.into_iter().map(neighbor).collect::<Vec<_>>() }))
    }

    /// Uploads a content, in pieces.
    ///
    /// # Errors
    /// [`MemoryRefused`], also where it can't be read to its end; then there is no such blob.
    pub fn upload(&self, namespace: &str, content: &mut dyn Read, ttl_ms: Option<u64>) -> Result<Value, MemoryRefused> {
        let mut upload = self.spaces().blobs().create(namespace, ttl_ms)?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = content.read(&mut piece);
            let read = read.map_err(|error| MemoryRefused::new("unavailable", format!("the content: {error}")))?;
            match piece.get(..read) {
                None | Some([]) => break,
                Some(bytes) => upload.write(bytes)?,
            }
        }
        let info = upload.finish()?;
        told(json!({ "key": info.digest.to_string(), "bytes": info.bytes, "existed": info.existed }))
    }
}
