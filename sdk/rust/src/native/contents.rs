//! Blobs and vectors, of this thread. Nothing expires, and vectors are compared by cosine: there is no graph file.
#![expect(missing_docs, reason = "as in the WIT")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::WORLD;
use super::memory::open;
use crate::bindings::shared::types::Error;
use crate::bindings::shared::{blob, vector};

type Stored = BTreeMap<String, BTreeMap<String, vector::Entry>>;

thread_local! {
    static VECTORS: RefCell<Stored> = RefCell::default();
}

fn digest_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A namespace of blobs.
pub struct Blobs(super::memory::Namespace);

impl Blobs {
    pub fn open(name: &str) -> Result<Self, Error> {
        open(name).map(Self).map_err(super::kinds::told)
    }

    pub fn upload(&self, _ttl_ms: Option<u64>) -> Result<Upload, Error> {
        let namespace = self.0.name().to_owned();
        Ok(Upload { namespace, content: RefCell::new(Some(Vec::new())) })
    }

    pub fn put(&self, content: &[u8], ttl_ms: Option<u64>) -> Result<blob::Info, Error> {
        let upload = self.upload(ttl_ms)?;
        upload.write(content)?;
        upload.finish()
    }

    fn content(&self, digest: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.get(digest).map_err(super::kinds::told)?.map(|entry| entry.value))
    }

    pub fn stat(&self, digest: &str) -> Result<Option<u64>, Error> {
        Ok(self.content(digest)?.map(|content| content.len() as u64))
    }

    pub fn read(&self, digest: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
        let content = self.content(digest)?.ok_or_else(|| Error::NotFound(format!("no blob {digest}")))?;
        let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        let end = begin.saturating_add(length as usize).min(content.len());
        Ok(content.get(begin..end).unwrap_or_default().to_vec())
    }

    pub fn delete(&self, digest: &str) -> Result<bool, Error> {
        self.0.delete(digest).map_err(super::kinds::told)
    }

    pub fn scan(&self, after: Option<&str>, limit: u32) -> Result<blob::Page, Error> {
        let page = self.0.scan("", after, limit).map_err(super::kinds::told)?;
        let info = |entry: crate::bindings::memory::KeyedEntry| blob::Info {
            digest: entry.key,
            bytes: entry.value.len() as u64,
            existed: true,
        };
        Ok(blob::Page { blobs: page.entries.into_iter().map(info).collect(), next: page.next })
    }
}

/// A content on its way.
pub struct Upload {
    namespace: String,
    content: RefCell<Option<Vec<u8>>>,
}

impl Upload {
    fn over() -> Error {
        Error::Invalid("the upload is over".to_owned())
    }

    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.content.borrow_mut().as_mut().ok_or_else(Self::over)?.extend_from_slice(bytes);
        Ok(())
    }

    pub fn finish(&self) -> Result<blob::Info, Error> {
        let content = self.content.borrow_mut().take().ok_or_else(Self::over)?;
        let digest = digest_of(&content);
        let namespace = open(&self.namespace).map_err(super::kinds::told)?;
        let existed = namespace.get(&digest).map_err(super::kinds::told)?.is_some();
        namespace.put(&digest, &content).map_err(super::kinds::told)?;
        Ok(blob::Info { digest, bytes: content.len() as u64, existed })
    }
}

/// A namespace of vectors.
pub struct Vectors(super::memory::Namespace);

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|number| number * number).sum::<f32>().sqrt()
}

fn far(one: &[f32], other: &[f32]) -> f32 {
    let dot: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
    1.0 - dot / (length(one) * length(other))
}

fn checked(vector: &[f32]) -> Result<(), Error> {
    if vector.is_empty() || vector.iter().any(|number| !number.is_finite()) || length(vector) == 0.0 {
        return Err(Error::Invalid("expected finite numbers that are not all 0".to_owned()));
    }
    Ok(())
}

impl Vectors {
    pub fn open(name: &str) -> Result<Self, Error> {
        open(name).map(Self).map_err(super::kinds::told)
    }

    fn with<T>(&self, what: impl FnOnce(&mut BTreeMap<String, vector::Entry>) -> T) -> T {
        VECTORS.with_borrow_mut(|all| what(all.entry(self.0.name().to_owned()).or_default()))
    }

    pub fn put(&self, item: &vector::Item, _ttl_ms: Option<u64>) -> Result<u64, Error> {
        checked(&item.vector)?;
        let revision = WORLD.with_borrow_mut(|world| {
            world.revision += 1;
            world.revision
        });
        self.with(|all| {
            let vector::Item { key, vector, mut labels, payload } = item.clone();
            labels.sort_unstable();
            labels.dedup();
            all.insert(key.clone(), vector::Entry { key, vector, labels, payload, revision });
        });
        Ok(revision)
    }

    pub fn put_many(&self, items: &[vector::Item], ttl_ms: Option<u64>) -> Vec<Result<u64, Error>> {
        items.iter().map(|item| self.put(item, ttl_ms)).collect()
    }

    pub fn get(&self, key: &str) -> Result<Option<vector::Entry>, Error> {
        Ok(self.with(|all| all.get(key).cloned()))
    }

    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        Ok(self.with(|all| all.remove(key).is_some()))
    }

    pub fn nearest(&self, to: &[f32], count: u32, filter: &vector::Filter) -> Result<Vec<vector::Neighbor>, Error> {
        checked(to)?;
        let passes = |entry: &&vector::Entry| {
            let has = |label: &String| entry.labels.contains(label);
            entry.key.starts_with(&filter.prefix)
                && filter.all_of.iter().all(has)
                && (filter.any_of.is_empty() || filter.any_of.iter().any(has))
                && !filter.none_of.iter().any(has)
        };
        let mut near: Vec<vector::Neighbor> = self.with(|all| {
            let neighbor = |entry: &vector::Entry| vector::Neighbor {
                key: entry.key.clone(),
                distance: far(to, &entry.vector),
                labels: entry.labels.clone(),
                payload: entry.payload.clone(),
                revision: entry.revision,
            };
            all.values().filter(passes).map(neighbor).collect()
        });
        near.sort_by(|a, b| a.distance.total_cmp(&b.distance).then_with(|| a.key.cmp(&b.key)));
        near.truncate(count as usize);
        Ok(near)
    }

    pub fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<vector::Page, Error> {
        let follows = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let mut entries: Vec<vector::Entry> = self.with(|all| {
            let some = all.values().filter(|entry| follows(&entry.key));
            some.take(limit as usize + 1).cloned().collect()
        });
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = entries.last().filter(|_| more).map(|entry| entry.key.clone());
        Ok(vector::Page { entries, next })
    }
}
