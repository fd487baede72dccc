//! Removes what uploads have left that nobody goes on with: of a host that was killed, or where the backend refused a removal.

use std::collections::BTreeSet;

use super::layout::{HEADERS, Header, Listed, MANIFESTS, Manifest, UploadId};
use super::{BlobError, Blobs, REMOVALS, SMALL_ROWS, remove_keys};
use crate::kv::{Change, KeyedEntry, Write, WriteError};

/// What a sweep has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads.
    pub uploads: u64,
    /// Their chunks.
    pub chunks: u64,
}

impl Blobs {
    /// Removes all of uploads that began more than so many milliseconds ago and are no blobs. Choose more than an upload
    /// takes: one that still goes on fails with [`BlobError::Swept`].
    ///
    /// # Errors
    /// When the backend refuses; what is left is removed by the next one.
    pub fn sweep(&self, namespace: &str, older_than_ms: u64) -> Result<Swept, BlobError> {
        let before = self.kv.now_ms().saturating_sub_unsigned(older_than_ms);
        let live = self.live(namespace)?;
        let mut claimed = Vec::new();
        self.each(namespace, HEADERS, |entry| {
            let Some(id) = UploadId::of_header(&entry.key) else { return Ok(()) };
            let header = Header::decode(&entry.value).unwrap_or(Header { began_ms: i64::MIN, claimed: true });
            if header.began_ms > before || (live.contains(&id) && !header.claimed) {
                return Ok(());
            }
            let value = Header { claimed: true, ..header }.encode();
            match self.swap(namespace, entry, value) {
                Ok(revision) => claimed.push((id, header, revision)),
                Err(BlobError::Write(WriteError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        let mut swept = Swept::default();
        if claimed.is_empty() {
            return Ok(swept);
        }
        // Some may have been finished before they were claimed; from then on none is.
        let live = self.live(namespace)?;
        for (id, header, revision) in claimed {
            if live.contains(&id) {
                self.give_back(namespace, id, header, revision)?;
            } else {
                swept.chunks += self.remove_all(namespace, id)?;
                swept.uploads += 1;
            }
        }
        Ok(swept)
    }

    /// Uploads that are blobs.
    fn live(&self, namespace: &str) -> Result<BTreeSet<UploadId>, BlobError> {
        let mut live = BTreeSet::new();
        self.each(namespace, MANIFESTS, |entry| {
            if let Listed::Blob(manifest) = Manifest::decode(&entry.value) {
                live.insert(manifest.upload);
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

    /// Writes a header that lives as long as the one before.
    fn swap(&self, namespace: &str, entry: &KeyedEntry, value: Vec<u8>) -> Result<u64, BlobError> {
        let ttl_ms = entry.expires_ms.map(|at| at.saturating_sub(self.kv.now_ms()).max(1).cast_unsigned());
        let change = Change::Swap { expected: Some(entry.revision), value };
        let write = Write { ttl_ms, ..Write::new(entry.key.clone(), change) };
        Ok(self.kv.write(namespace, write).wait()?.revision)
    }

    fn give_back(&self, namespace: &str, id: UploadId, header: Header, revision: u64) -> Result<(), BlobError> {
        let key = id.header();
        let Some(entry) = self.kv.get(namespace, &key)?.filter(|entry| entry.revision == revision) else {
            return Ok(());
        };
        let (value, expires_ms) = (entry.value, entry.expires_ms);
        let value_back = Header { claimed: false, ..header }.encode();
        match self.swap(namespace, &KeyedEntry { key, value, revision, expires_ms }, value_back) {
            // Its blob was removed meanwhile.
            Err(BlobError::Write(WriteError::Conflict { .. })) => Ok(()),
            given => given.map(drop),
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
            let keys: Vec<String> = page.entries.into_iter().map(|entry| entry.key).collect();
            remove_keys(&*self.kv, namespace, &keys)?;
            removed += keys.len() as u64;
        }
    }
}
