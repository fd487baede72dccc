//! Blobs and vectors of the memory layer, as the sandbox sees them.

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use crate::capabilities::{Later, unoffered};

/// A blob that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryBlob {
    /// The content's SHA-256.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: u64,
    /// Whether it was there before it was uploaded.
    pub existed: bool,
}

/// Some of a namespace's blobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryBlobs {
    /// In the order of their digests.
    pub blobs: Vec<MemoryBlob>,
    /// To go on after; absent at the end.
    pub next: Option<Digest>,
}

/// A vector with what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryVector {
    /// Its key.
    pub key: String,
    /// The numbers.
    pub vector: Vec<f32>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whatever goes with it.
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
    /// When it was written; grows. Nothing for one that is to be put.
    pub revision: u64,
}

/// A vector that is to be put.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PutMemoryVector {
    /// All of it.
    pub vector: MemoryVector,
    /// Whether it is refused where there is one of its key.
    pub new: bool,
}

/// Some of a namespace's vectors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryVectors {
    /// In byte order of their keys.
    pub vectors: Vec<MemoryVector>,
    /// The key to go on after; absent at the end.
    pub next: Option<String>,
}

/// Which vectors may be answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MemoryFilter {
    /// What their keys begin with.
    pub prefix: String,
    /// They have all of these labels.
    pub all_of: Vec<String>,
    /// They have one of these, if there are any.
    pub any_of: Vec<String>,
    /// They have none of these.
    pub none_of: Vec<String>,
}

/// One of the nearest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoryNeighbor {
    /// Its key.
    pub key: String,
    /// How far it is, by the namespace's metric.
    pub distance: f32,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whatever goes with it.
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
    /// When it was written.
    pub revision: u64,
}

/// A content on its way. Dropped before it was finished, it leaves nothing.
pub trait MemoryUpload: Send + Sync {
    /// Takes the next bytes.
    fn write(&self, bytes: Vec<u8>) -> Later<()>;
    /// Ends the content: it is there and durable.
    fn finish(&self) -> Later<MemoryBlob>;
}

/// Blobs and vectors. Permissions are checked before; quotas are the layer's.
pub trait Contents: Send + Sync {
    /// Begins an upload, of a blob that is gone after so many milliseconds, if that is said.
    fn upload(&self, namespace: &str, ttl_ms: Option<u64>) -> Later<Box<dyn MemoryUpload>>;
    /// How many bytes a blob has, if it is there.
    fn blob(&self, namespace: &str, digest: Digest) -> Later<Option<u64>>;
    /// Up to `length` of its bytes from `offset` on.
    fn read_blob(&self, namespace: &str, digest: Digest, offset: u64, length: u32) -> Later<Vec<u8>>;
    /// Removes a blob. Whether it was there.
    fn delete_blob(&self, namespace: &str, digest: Digest) -> Later<bool>;
    /// What blobs there are, after one of them.
    fn blobs(&self, namespace: &str, after: Option<Digest>, limit: u32) -> Later<MemoryBlobs>;
    /// Writes vectors, of which each is answered for itself with its revision.
    fn put_vectors(
        &self,
        namespace: &str,
        vectors: Vec<PutMemoryVector>,
        ttl_ms: Option<u64>,
    ) -> Later<Vec<Result<u64, crate::MemoryError>>>;
    /// Reads a vector.
    fn vector(&self, namespace: &str, key: &str) -> Later<Option<MemoryVector>>;
    /// Removes a vector. Whether it was there.
    fn delete_vector(&self, namespace: &str, key: &str) -> Later<bool>;
    /// The nearest to a vector, at most `count`.
    fn nearest(&self, namespace: &str, to: Vec<f32>, count: u32, filter: MemoryFilter) -> Later<Vec<MemoryNeighbor>>;
    /// Reads vectors whose keys have a prefix, after a key, at most `limit`.
    fn vectors(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Later<MemoryVectors>;
}

/// A memory layer without any of them.
pub(crate) struct NoContents;

fn none<T: Send + 'static>() -> Later<T> {
    Box::pin(std::future::ready(unoffered()))
}

impl Contents for NoContents {
    fn upload(&self, _: &str, _: Option<u64>) -> Later<Box<dyn MemoryUpload>> {
        none()
    }
    fn blob(&self, _: &str, _: Digest) -> Later<Option<u64>> {
        none()
    }
    fn read_blob(&self, _: &str, _: Digest, _: u64, _: u32) -> Later<Vec<u8>> {
        none()
    }
    fn delete_blob(&self, _: &str, _: Digest) -> Later<bool> {
        none()
    }
    fn blobs(&self, _: &str, _: Option<Digest>, _: u32) -> Later<MemoryBlobs> {
        none()
    }
    fn put_vectors(
        &self,
        _: &str,
        _: Vec<PutMemoryVector>,
        _: Option<u64>,
    ) -> Later<Vec<Result<u64, crate::MemoryError>>> {
        none()
    }
    fn vector(&self, _: &str, _: &str) -> Later<Option<MemoryVector>> {
        none()
    }
    fn delete_vector(&self, _: &str, _: &str) -> Later<bool> {
        none()
    }
    fn nearest(&self, _: &str, _: Vec<f32>, _: u32, _: MemoryFilter) -> Later<Vec<MemoryNeighbor>> {
        none()
    }
    fn vectors(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Later<MemoryVectors> {
        none()
    }
}
