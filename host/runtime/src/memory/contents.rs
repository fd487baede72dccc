//! Blobs and vectors as guests reach them. All of it blocks on the store, and so is done aside.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use greenroom_memory::{BlobError, Blobs, Filter, PutVector, Upload, VectorEntry, VectorError, Vectors};
use greenroom_model::Digest;
use greenroom_sandbox::{
    Contents, Later, MemoryBlob, MemoryBlobs, MemoryError, MemoryFilter, MemoryNeighbor, MemoryUpload, MemoryVector,
    MemoryVectors, PutMemoryVector,
};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::{Layer, following, reading, writing};

/// Threads that work aside at once, for all agents: what a guest no longer waits for goes on to its end.
const ASIDE_MAX: usize = 16;

static ASIDE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(ASIDE_MAX)));

fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, MemoryError> + Send + 'static) -> Later<T> {
    Box::pin(async move {
        let failed = |what: &str| MemoryError::Unavailable(format!("the memory layer's work aside {what}"));
        let room = Arc::clone(&ASIDE).acquire_owned().await.map_err(|_| failed("has ended"))?;
        let work = move || {
            let _room = room;
            work()
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(failed("failed")))
    })
}

fn of_blob(error: BlobError) -> MemoryError {
    match error {
        BlobError::NotFound { .. } => MemoryError::NotFound(error.to_string()),
        BlobError::Damaged { .. } | BlobError::Failed => MemoryError::Invalid(error.to_string()),
        BlobError::Swept => MemoryError::Unavailable(error.to_string()),
        BlobError::Read(error) => reading(error),
        BlobError::Write(error) => writing(error),
    }
}

fn of_vector(error: VectorError) -> MemoryError {
    match error {
        VectorError::TooLarge { .. } => MemoryError::TooLarge(error.to_string()),
        VectorError::Read(error) => reading(error),
        VectorError::Write(error) => writing(error),
        VectorError::Feed(error) => following(error),
        VectorError::Space { .. }
        | VectorError::Dimension { .. }
        | VectorError::NotFinite { .. }
        | VectorError::TooLong { .. }
        | VectorError::Zero
        | VectorError::None
        | VectorError::Damaged { .. } => MemoryError::Invalid(error.to_string()),
    }
}

fn vector_of(entry: VectorEntry) -> MemoryVector {
    let VectorEntry { key, vector, labels, payload, revision } = entry;
    MemoryVector { key, vector, labels, payload, revision }
}

/// None once it is over.
struct OpenUpload(Arc<Mutex<Option<Upload>>>);

/// One whose work failed is over.
fn held(upload: &Mutex<Option<Upload>>) -> MutexGuard<'_, Option<Upload>> {
    upload.lock().unwrap_or_else(PoisonError::into_inner)
}

fn over() -> MemoryError {
    MemoryError::Invalid("the upload is over".to_owned())
}

impl MemoryUpload for OpenUpload {
    fn write(&self, bytes: Vec<u8>) -> Later<()> {
        let upload = Arc::clone(&self.0);
        aside(move || held(&upload).as_mut().ok_or_else(over)?.write(&bytes).map_err(of_blob))
    }

    fn finish(&self) -> Later<MemoryBlob> {
        let upload = Arc::clone(&self.0);
        aside(move || {
            let upload = held(&upload).take().ok_or_else(over)?;
            let info = upload.finish().map_err(of_blob)?;
            Ok(MemoryBlob { digest: info.digest, bytes: info.bytes, existed: info.existed })
        })
    }
}

impl Drop for OpenUpload {
    /// What was not finished is removed, which blocks.
    fn drop(&mut self) {
        let upload = Arc::clone(&self.0);
        match Handle::try_current() {
            Ok(handle) => drop(handle.spawn_blocking(move || drop(held(&upload).take()))),
            Err(_) => drop(held(&upload).take()),
        }
    }
}

impl Layer {
    fn with_blobs<T: Send + 'static>(
        &self,
        namespace: &str,
        work: impl FnOnce(&Blobs, &str) -> Result<T, BlobError> + Send + 'static,
    ) -> Later<T> {
        let (blobs, namespace) = (self.blobs.clone(), namespace.to_owned());
        aside(move || work(&blobs, &namespace).map_err(of_blob))
    }

    fn with_vectors<T: Send + 'static>(
        &self,
        namespace: &str,
        work: impl FnOnce(&Vectors, &str) -> Result<T, VectorError> + Send + 'static,
    ) -> Later<T> {
        let (vectors, namespace) = (self.vectors.clone(), namespace.to_owned());
        aside(move || vectors.and_then(|vectors| work(&vectors, &namespace)).map_err(of_vector))
    }
}

impl Contents for Layer {
    fn upload(&self, namespace: &str, ttl_ms: Option<u64>) -> Later<Box<dyn MemoryUpload>> {
        self.with_blobs(namespace, move |blobs, namespace| {
            let upload = blobs.create(namespace, ttl_ms)?;
            Ok(Box::new(OpenUpload(Arc::new(Mutex::new(Some(upload))))) as Box<_>)
        })
    }

    fn blob(&self, namespace: &str, digest: Digest) -> Later<Option<u64>> {
        self.with_blobs(namespace, move |blobs, namespace| Ok(blobs.stat(namespace, &digest)?.map(|blob| blob.bytes)))
    }

    fn read_blob(&self, namespace: &str, digest: Digest, offset: u64, length: u32) -> Later<Vec<u8>> {
        self.with_blobs(namespace, move |blobs, namespace| blobs.read(namespace, &digest, offset, length as usize))
    }

    fn delete_blob(&self, namespace: &str, digest: Digest) -> Later<bool> {
        self.with_blobs(namespace, move |blobs, namespace| blobs.delete(namespace, &digest))
    }

    fn blobs(&self, namespace: &str, after: Option<Digest>, limit: u32) -> Later<MemoryBlobs> {
        self.with_blobs(namespace, move |blobs, namespace| {
            let page = blobs.list(namespace, after.as_ref(), limit as usize)?;
            let each = page.blobs.into_iter();
            let blobs = each.map(|blob| MemoryBlob { digest: blob.digest, bytes: blob.bytes, existed: true });
            Ok(MemoryBlobs { blobs: blobs.collect(), next: page.next })
        })
    }

    fn put_vectors(
        &self,
        namespace: &str,
        vectors: Vec<PutMemoryVector>,
        ttl_ms: Option<u64>,
    ) -> Later<Vec<Result<u64, MemoryError>>> {
        let puts: Vec<PutVector> = vectors
            .into_iter()
            .map(|PutMemoryVector { vector, new }| {
                let MemoryVector { key, vector, labels, payload, revision: _ } = vector;
                PutVector { key, vector, labels, payload, ttl_ms, new }
            })
            .collect();
        self.with_vectors(namespace, move |vectors, namespace| {
            let answers = vectors.put_many(namespace, &puts)?.into_iter();
            Ok(answers.map(|answer| answer.map(|written| written.revision).map_err(of_vector)).collect())
        })
    }

    fn vector(&self, namespace: &str, key: &str) -> Later<Option<MemoryVector>> {
        let key = key.to_owned();
        self.with_vectors(namespace, move |vectors, namespace| Ok(vectors.get(namespace, &key)?.map(vector_of)))
    }

    fn delete_vector(&self, namespace: &str, key: &str) -> Later<bool> {
        let key = key.to_owned();
        self.with_vectors(namespace, move |vectors, namespace| vectors.delete(namespace, &key))
    }

    fn nearest(&self, namespace: &str, to: Vec<f32>, count: u32, filter: MemoryFilter) -> Later<Vec<MemoryNeighbor>> {
        let MemoryFilter { prefix, all_of, any_of, none_of } = filter;
        let filter = Filter { prefix, all_of, any_of, none_of };
        self.with_vectors(namespace, move |vectors, namespace| {
            let near = vectors.nearest(namespace, &to, count as usize, &filter)?.into_iter();
            let neighbor = |near: greenroom_memory::Near| MemoryNeighbor {
                key: near.key,
                distance: near.distance,
                labels: near.labels,
                payload: near.payload,
                revision: near.revision,
            };
            Ok(near.map(neighbor).collect())
        })
    }

    fn vectors(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Later<MemoryVectors> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.with_vectors(namespace, move |vectors, namespace| {
            let page = vectors.scan(namespace, &prefix, after.as_deref(), limit as usize)?;
            Ok(MemoryVectors { vectors: page.entries.into_iter().map(vector_of).collect(), next: page.next })
        })
    }
}
