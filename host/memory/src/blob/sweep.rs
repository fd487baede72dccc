//! Removes what uploads have left that nobody goes on with: of a host that was killed, or where the backend refused a removal.
//!
//! A sweep claims an upload's header, looks for a manifest, and dooms the upload if there is none. Who finishes an upload lists its
//! manifest and then opens the header if it is claimed. So one of the two is first, and the other sees it.

use std::collections::BTreeMap;

use greenroom_model::Digest;

use super::layout::{HEADERS, Header, Listed, MANIFESTS, Manifest, Stage, UploadId, manifest_digest};
use super::{BlobError, Blobs, REMOVALS, SMALL_ROWS, remove_keys, unlist};
use crate::kv::{Change, KeyValue, KeyedEntry, Write, WriteError};

/// What a sweep has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads.
    pub uploads: u64,
    /// Their chunks.
    pub chunks: u64,
}

/// Uploads with the digests under which they are listed, and the manifests' revisions.
type Live = BTreeMap<UploadId, (Digest, u64)>;

impl Blobs {
    /// Removes all of uploads that began more than so many milliseconds ago and are no blobs. Choose more than an upload
    /// takes: one that still goes on fails with [`BlobError::Swept`].
    ///
    /// # Errors
    /// When the backend refuses; what is left is removed by the next one.
    pub fn sweep(&self, namespace: &str, older_than_ms: u64) -> Result<Swept, BlobError> {
        let before = self.kv.now_ms().saturating_sub_unsigned(older_than_ms);
        let live = self.live(namespace)?;
        let (mut claimed, mut doomed) = (Vec::new(), Vec::new());
        self.each(namespace, HEADERS, |entry| {
            let Some(id) = UploadId::of_header(&entry.key) else { return Ok(()) };
            let header = Header::decode(&entry.value);
            match header.stage {
                Stage::Doomed => doomed.push(id),
                Stage::Open | Stage::Claimed if header.began_ms > before => {}
                Stage::Open if live.contains_key(&id) => {}
                Stage::Open | Stage::Claimed => {
                    claimed.extend(step(&*self.kv, namespace, entry, Stage::Claimed)?);
                }
            }
            Ok(())
        })?;
        if !claimed.is_empty() {
            // Who was listed meanwhile, or is from now on, stays.
            let live = self.live(namespace)?;
            for entry in claimed {
                let Some(id) = UploadId::of_header(&entry.key) else { continue };
                let next = if live.contains_key(&id) { Stage::Open } else { Stage::Doomed };
                let stepped = step(&*self.kv, namespace, &entry, next)?;
                doomed.extend(stepped.filter(|_| next == Stage::Doomed).map(|_| id));
            }
        }
        let mut swept = Swept::default();
        if doomed.is_empty() {
            return Ok(swept);
        }
        // Whoever listed one and was killed before it saw that it was too late.
        let live = self.live(namespace)?;
        for id in doomed {
            if let Some((digest, revision)) = live.get(&id) {
                match unlist(&*self.kv, namespace, digest, *revision) {
                    Err(BlobError::Write(WriteError::Conflict { .. })) => {}
                    unlisted => unlisted?,
                }
            }
            swept.chunks += self.remove_all(namespace, id)?;
            swept.uploads += 1;
        }
        Ok(swept)
    }

    fn live(&self, namespace: &str) -> Result<Live, BlobError> {
        let mut live = Live::new();
        self.each(namespace, MANIFESTS, |entry| {
            if let (Listed::Blob(manifest), Some(digest)) =
                (Manifest::decode(&entry.value), manifest_digest(&entry.key))
            {
                live.insert(manifest.upload, (digest, entry.revision));
            }
            Ok(())
        })?;
        Ok(live)
    }

    fn each(
        &self,
        namespace: &str,
        prefix: &str,
        mut what: impl FnMut(&KeyedEntry) -> Result<(), BlobError>,
    ) -> Result<(), BlobError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.kv.scan(namespace, prefix, after.as_deref(), SMALL_ROWS)?;
            for entry in &page.entries {
                what(entry)?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn remove_all(&self, namespace: &str, id: UploadId) -> Result<u64, BlobError> {
        let (prefix, mut removed) = (id.chunks(), 0);
        loop {
            let page = self.kv.scan(namespace, &prefix, None, REMOVALS)?;
            if page.entries.is_empty() {
                self.kv.delete(namespace, &id.header()).wait()?;
                return Ok(removed);
            }
            removed += page.entries.len() as u64;
            remove_keys(&*self.kv, namespace, page.entries.into_iter().map(|entry| entry.key))?;
        }
    }
}

/// Whether an upload that is listed stays: opens its header where a sweep has claimed it.
pub(super) fn stays(kv: &dyn KeyValue, namespace: &str, id: UploadId) -> Result<bool, BlobError> {
    loop {
        let key = id.header();
        let Some(entry) = kv.get(namespace, &key)? else { return Ok(false) };
        match Header::decode(&entry.value).stage {
            Stage::Open => return Ok(true),
            Stage::Doomed => return Ok(false),
            Stage::Claimed => {
                let crate::Entry { value, revision, expires_ms } = entry;
                if step(kv, namespace, &KeyedEntry { key, value, revision, expires_ms }, Stage::Open)?.is_some() {
                    return Ok(true);
                }
            }
        }
    }
}

/// Brings a header to another stage, if nobody else has meanwhile; it lives as long as before.
fn step(kv: &dyn KeyValue, namespace: &str, entry: &KeyedEntry, stage: Stage) -> Result<Option<KeyedEntry>, BlobError> {
    let value = Header::decode(&entry.value).at(stage).encode();
    let ttl_ms = entry.expires_ms.map(|at| at.saturating_sub(kv.now_ms()).max(1).cast_unsigned());
    let change = Change::Swap { expected: Some(entry.revision), value: value.clone() };
    match kv.write(namespace, Write { ttl_ms, ..Write::new(entry.key.clone(), change) }).wait() {
        Ok(written) => Ok(Some(KeyedEntry { value, revision: written.revision, ..entry.clone() })),
        Err(WriteError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
