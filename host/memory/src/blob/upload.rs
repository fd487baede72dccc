//! A content on its way in.

use std::collections::VecDeque;
use std::sync::Arc;

use greenroom_model::Digest;
use sha2::{Digest as _, Sha256};

use super::layout::{CHUNK_BYTES, Header, Manifest, Stage, UploadId, manifest_key};
use super::sweep::stays;
use super::{BlobError, BlobInfo, Found, found, random, remove, unlist};
use crate::engine::Pending;
use crate::kv::{Change, KeyValue, Write, WriteError, Written};

/// Chunks that are under way at once: with the one that fills, about 1 MiB of an upload is in memory.
const UNDER_WAY: usize = 3;

/// Chunks live so much longer than their manifest at most, so that whoever has read it can read them, in milliseconds.
const LONGER_MS: u64 = 60_000;

/// Chunks that are removed when an upload is dropped; what is beyond is left to a sweep.
const DROPPED_CHUNKS_MAX: u32 = 256;

/// A content on its way in. It is there once [`finish`](Self::finish) has answered; dropped before, it leaves nothing but what a
/// refusal of the backend or more than 64 MiB leave, until [`sweep`](super::Blobs::sweep).
pub struct Upload {
    kv: Arc<dyn KeyValue>,
    namespace: String,
    id: UploadId,
    began_ms: i64,
    ttl_ms: Option<u64>,
    hash: Sha256,
    bytes: u64,
    filling: Vec<u8>,
    /// Chunks that were sent.
    sent: u32,
    under_way: VecDeque<Pending<Written, WriteError>>,
    /// Nothing is to be removed.
    over: bool,
}

/// Whether it may have been written all the same: then what it tells of has to stay, until a sweep finds that it was not.
fn unknown(error: &WriteError) -> bool {
    matches!(error, WriteError::Unavailable(error) if !error.is_full())
}

/// How much longer than a blob of so many milliseconds its chunks live.
fn longer(life_ms: u64) -> u64 {
    LONGER_MS.min(life_ms / 8)
}

impl Upload {
    pub(super) fn begin(kv: Arc<dyn KeyValue>, namespace: &str, ttl_ms: Option<u64>) -> Result<Self, BlobError> {
        let (id, began_ms) = (random()?, kv.now_ms());
        let mut upload = Self {
            kv,
            namespace: namespace.to_owned(),
            id,
            began_ms,
            ttl_ms,
            hash: Sha256::new(),
            bytes: 0,
            filling: Vec::new(),
            sent: 0,
            under_way: VecDeque::new(),
            over: false,
        };
        let header = Header { began_ms, stage: Stage::Open }.encode();
        // Without a header nothing of it is there, or nobody knows.
        upload.put(id.header(), header).wait().inspect_err(|error| upload.over = !unknown(error))?;
        Ok(upload)
    }

    /// Takes the next bytes, of whatever length. Blocks while the backend is behind.
    ///
    /// # Errors
    /// When the backend refuses a chunk, [`WriteError::Quota`] among others. Then the upload is over and its chunks are removed.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        if self.over {
            return Err(BlobError::Failed);
        }
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(CHUNK_BYTES.saturating_sub(self.filling.len())));
            if self.filling.capacity() == 0 && !rest.is_empty() {
                self.filling.reserve_exact(CHUNK_BYTES);
            }
            self.filling.extend_from_slice(part);
            bytes = rest;
            if self.filling.len() >= CHUNK_BYTES {
                self.send().inspect_err(|_| self.abandon())?;
            }
        }
        Ok(())
    }

    /// Ends the content: once this answers, it is there and durable. Where it was there already, what was uploaded is removed
    /// again, unless it lives longer than what is there: then it takes its place.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`BlobError::Swept`] when it took longer than it may live.
    pub fn finish(mut self) -> Result<BlobInfo, BlobError> {
        if self.over {
            return Err(BlobError::Failed);
        }
        if !self.filling.is_empty() {
            self.send()?;
        }
        self.settle(0)?;
        let digest = Digest::from(<[u8; 32]>::from(self.hash.clone().finalize()));
        let existed = self.list(&digest)?;
        Ok(BlobInfo { digest, bytes: self.bytes, existed })
    }

    /// Makes the blob known; whether it was before.
    fn list(&mut self, digest: &Digest) -> Result<bool, BlobError> {
        let expires_ms = self.until()?;
        let (kv, namespace) = (Arc::clone(&self.kv), self.namespace.clone());
        loop {
            // What was removed a moment ago is no blob and still has a revision.
            let entry = kv.get(&namespace, &manifest_key(digest))?;
            let expected = entry.as_ref().map(|entry| entry.revision);
            let there = found(&namespace, digest, entry)?;
            let lives_on = |there: &Found| match (there.expires_ms, expires_ms) {
                (None, _) => true,
                (Some(there), Some(here)) => there >= here,
                (Some(_), None) => false,
            };
            if let Some(there) = there.as_ref().filter(|there| lives_on(there))
                && stays(&*kv, &namespace, there.manifest.upload)?
            {
                // What can't be removed now is by a sweep: the content is there.
                self.over = remove(&*kv, &namespace, self.id, u64::from(self.sent)).is_ok();
                return Ok(true);
            }
            let change = Change::Swap { expected, value: Manifest::new(self.bytes, self.id).encode() };
            let ttl_ms = expires_ms.map(|at| at.saturating_sub(kv.now_ms()).max(1).cast_unsigned());
            let written =
                match kv.write(&namespace, Write { ttl_ms, ..Write::new(manifest_key(digest), change) }).wait() {
                    Err(WriteError::Conflict { .. }) => continue,
                    Err(error) => {
                        self.over = unknown(&error);
                        return Err(error.into());
                    }
                    Ok(written) => written,
                };
            // From now on a sweep finds it, unless one was first.
            match stays(&*kv, &namespace, self.id) {
                Ok(true) => {}
                Ok(false) => {
                    self.over = unlist(&*kv, &namespace, digest, written.revision).is_err();
                    return Err(BlobError::Swept);
                }
                Err(error) => {
                    // It is listed.
                    self.over = true;
                    return Err(error);
                }
            }
            self.over = true;
            if let Some(there) = there {
                // It is not read any more; what can't be removed now is by a sweep.
                let _ = remove(&*kv, &namespace, there.manifest.upload, there.manifest.chunks());
            }
            return Ok(there.is_some());
        }
    }

    /// When the blob is to be gone: before its header, which was written first and so is the first to go.
    fn until(&self) -> Result<Option<i64>, BlobError> {
        let header = self.kv.get(&self.namespace, &self.id.header())?;
        let header = header.filter(|entry| Header::decode(&entry.value).stage != Stage::Doomed);
        let Some(header) = header else { return Err(BlobError::Swept) };
        let asked = self.ttl_ms.map(|ttl| self.began_ms.saturating_add_unsigned(ttl));
        let kept = header.expires_ms.map(|at| {
            let life = at.saturating_sub(self.began_ms).max(0).cast_unsigned();
            at.saturating_sub_unsigned(longer(life))
        });
        // With a time that was asked for, what is kept is that and what comes on top of it.
        let until = match (asked, header.expires_ms) {
            (Some(asked), Some(at)) if at >= asked.saturating_add_unsigned(longer(self.ttl_ms.unwrap_or(0))) => {
                Some(asked)
            }
            _ => asked.into_iter().chain(kept).min(),
        };
        match until {
            Some(at) if at <= self.kv.now_ms() => Err(BlobError::Swept),
            until => Ok(until),
        }
    }

    fn put(&self, key: String, value: Vec<u8>) -> Pending<Written, WriteError> {
        let ttl_ms = self.ttl_ms.map(|ttl| ttl.saturating_add(longer(ttl)));
        self.kv.write(&self.namespace, Write { ttl_ms, ..Write::new(key, Change::Put { value }) })
    }

    /// Sends the chunk that has filled.
    fn send(&mut self) -> Result<(), BlobError> {
        self.settle(UNDER_WAY - 1)?;
        let (number, chunk) = (self.sent, std::mem::take(&mut self.filling));
        let Some(next) = number.checked_add(1) else {
            let (found, max) = (usize::MAX, CHUNK_BYTES.saturating_mul(u32::MAX as usize));
            return Err(WriteError::TooLarge { what: "bytes of a blob", found, max }.into());
        };
        self.sent = next;
        self.under_way.push_back(self.put(self.id.chunk(number), chunk));
        Ok(())
    }

    /// Waits until no more than so many chunks are under way.
    fn settle(&mut self, most: usize) -> Result<(), BlobError> {
        while self.under_way.len() > most
            && let Some(write) = self.under_way.pop_front()
        {
            write.wait()?;
        }
        Ok(())
    }

    /// Removes what was written, as far as that goes quickly.
    fn abandon(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        self.filling = Vec::new();
        // What is still under way would come after its removal.
        for write in std::mem::take(&mut self.under_way) {
            let _ = write.wait();
        }
        let removed = if self.sent <= DROPPED_CHUNKS_MAX {
            remove(&*self.kv, &self.namespace, self.id, u64::from(self.sent))
        } else {
            let some = (0..DROPPED_CHUNKS_MAX).map(|number| self.id.chunk(number));
            super::remove_keys(&*self.kv, &self.namespace, some)
        };
        if let Err(error) = removed {
            tracing::warn!(namespace = self.namespace, %error, "an upload that was not finished is left to a sweep");
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.abandon();
    }
}
