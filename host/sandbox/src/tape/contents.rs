//! What was asked of blobs and vectors, and how it is answered again.

use std::sync::Arc;

use greenroom_model::Digest;
use parking_lot::Mutex;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Answers, Question, Replayed};
use crate::capabilities::{Later, MemoryError};
use crate::contents::{
    Contents, MemoryBlob, MemoryBlobs, MemoryFilter, MemoryNeighbor, MemoryUpload, MemoryVector, MemoryVectors,
    PutMemoryVector,
};

/// What is asked of blobs and vectors. Of a content that is on its way only how long it is so far: its digest is in the answer.
#[derive(Serialize)]
pub(crate) enum AskedContents<'a> {
    Upload(&'a str, Option<u64>),
    UploadWrite(&'a str, u64),
    UploadFinish(&'a str, u64),
    Blob(&'a str, Digest),
    ReadBlob(&'a str, Digest, u64, u32),
    DeleteBlob(&'a str, Digest),
    Blobs(&'a str, Option<Digest>, u32),
    PutVectors(&'a str, &'a [PutMemoryVector], Option<u64>),
    Vector(&'a str, &'a str),
    DeleteVector(&'a str, &'a str),
    Nearest(&'a str, &'a [f32], u32, &'a MemoryFilter),
    Vectors(&'a str, &'a str, Option<&'a str>, u32),
}

/// An upload that is answered as another one was, if it brings the same content.
struct Upload {
    answers: Arc<Answers>,
    namespace: String,
    so_far: Mutex<(u64, Sha256)>,
}

impl MemoryUpload for Upload {
    fn write(&self, bytes: Vec<u8>) -> Later<()> {
        let mut so_far = self.so_far.lock();
        so_far.0 += bytes.len() as u64;
        so_far.1.update(&bytes);
        self.answers.later(&Question::Contents(&AskedContents::UploadWrite(&self.namespace, so_far.0)))
    }

    fn finish(&self) -> Later<MemoryBlob> {
        let so_far = self.so_far.lock();
        let asked = AskedContents::UploadFinish(&self.namespace, so_far.0);
        let answer: Result<MemoryBlob, MemoryError> = self.answers.fallible(&Question::Contents(&asked));
        let digest = Digest::from(<[u8; 32]>::from(so_far.1.clone().finalize()));
        let same = answer.as_ref().map_or(true, |blob| blob.digest == digest);
        Box::pin(std::future::ready(if same { answer } else { self.answers.unlike() }))
    }
}

impl Contents for Replayed {
    fn upload(&self, namespace: &str, ttl_ms: Option<u64>) -> Later<Box<dyn MemoryUpload>> {
        let begun: Result<(), MemoryError> =
            self.0.fallible(&Question::Contents(&AskedContents::Upload(namespace, ttl_ms)));
        let (answers, namespace) = (Arc::clone(&self.0), namespace.to_owned());
        let upload = begun.map(|()| Box::new(Upload { answers, namespace, so_far: Mutex::default() }) as Box<_>);
        Box::pin(std::future::ready(upload))
    }

    fn blob(&self, namespace: &str, digest: Digest) -> Later<Option<u64>> {
        self.0.later(&Question::Contents(&AskedContents::Blob(namespace, digest)))
    }

    fn read_blob(&self, namespace: &str, digest: Digest, offset: u64, length: u32) -> Later<Vec<u8>> {
        self.0.later(&Question::Contents(&AskedContents::ReadBlob(namespace, digest, offset, length)))
    }

    fn delete_blob(&self, namespace: &str, digest: Digest) -> Later<bool> {
        self.0.later(&Question::Contents(&AskedContents::DeleteBlob(namespace, digest)))
    }

    fn blobs(&self, namespace: &str, after: Option<Digest>, limit: u32) -> Later<MemoryBlobs> {
        self.0.later(&Question::Contents(&AskedContents::Blobs(namespace, after, limit)))
    }

    fn put_vectors(
        &self,
        namespace: &str,
        vectors: Vec<PutMemoryVector>,
        ttl_ms: Option<u64>,
    ) -> Later<Vec<Result<u64, MemoryError>>> {
        self.0.later(&Question::Contents(&AskedContents::PutVectors(namespace, &vectors, ttl_ms)))
    }

    fn vector(&self, namespace: &str, key: &str) -> Later<Option<MemoryVector>> {
        self.0.later(&Question::Contents(&AskedContents::Vector(namespace, key)))
    }

    fn delete_vector(&self, namespace: &str, key: &str) -> Later<bool> {
        self.0.later(&Question::Contents(&AskedContents::DeleteVector(namespace, key)))
    }

    fn nearest(&self, namespace: &str, to: Vec<f32>, count: u32, filter: MemoryFilter) -> Later<Vec<MemoryNeighbor>> {
        self.0.later(&Question::Contents(&AskedContents::Nearest(namespace, &to, count, &filter)))
    }

    fn vectors(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Later<MemoryVectors> {
        self.0.later(&Question::Contents(&AskedContents::Vectors(namespace, prefix, after, limit)))
    }
}
