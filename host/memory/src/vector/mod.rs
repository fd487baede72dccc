//! Vectors under keys, with labels and a payload, and which of them are nearest to another: rows over any backend of keys and
//! values, and an index of them in memory.
//!
//! Up to some thousands of entries, or where a filter leaves no more, each is looked at and the answer is exact. Beyond, a graph
//! finds nearly all of the nearest. What was written is found from then on, and what was removed, replaced or has
//! expired is not, whatever the index knows: each answer is read from its row.
//!
//! An entry takes in memory 4 bytes a number, 132 bytes in the graph, about 140 bytes beside its key and 8 bytes a label; those
//! that were removed or replaced as much again at most. As its quota bounds what rows a namespace has, it bounds its index.
//!
//! All of it blocks until the backend has answered.

mod error;
mod filter;
mod follow;
mod graph;
mod index;
mod metric;
mod row;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use greenroom_model::{DIMENSION_MAX, VectorSpace};
use parking_lot::{Mutex, RwLock};

use crate::change::within;
use crate::kv::{Change, KeyValue, ReadError, Write, Written};
pub use error::VectorError;
pub use filter::Filter;
use follow::{Followed, Source};
pub use index::Indexed;
use metric::Geometry;
pub use metric::LENGTH_MAX;
use row::Row;
pub use row::{LABEL_BYTES_MAX, LABELS_MAX, PAYLOAD_BYTES_MAX};

/// Answers of one question.
pub const NEAREST_MAX: usize = 1000;

/// Bytes of the payloads of one answer.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Rows of answers that are read at once: each may have 80 KiB.
const ROWS_READ: usize = 64;

/// Writes of [`Vectors::put_many`] that are under way at once.
const UNDER_WAY: usize = 256;

/// Points that the graph learns along with a question, and with each write.
const LEARNT_BY_READ: usize = 64;
const LEARNT_BY_WRITE: usize = 2;

/// Times that a question is asked anew because an answer was written meanwhile.
const TRIES: usize = 4;

/// What is to be put.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PutVector {
    /// Its key.
    pub key: String,
    /// As many finite numbers as the namespace's dimension.
    pub vector: Vec<f32>,
    /// Up to [`LABELS_MAX`] of up to [`LABEL_BYTES_MAX`] bytes.
    pub labels: Vec<String>,
    /// Up to [`PAYLOAD_BYTES_MAX`] bytes.
    pub payload: Vec<u8>,
    /// It is gone so many milliseconds later; none for never.
    pub ttl_ms: Option<u64>,
    /// Whether it is refused where there is one of its key, with [`WriteError::Conflict`](crate::WriteError::Conflict).
    pub new: bool,
}

/// What is there.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorEntry {
    /// Its key.
    pub key: String,
    /// The numbers, as they were put.
    pub vector: Vec<f32>,
    /// In byte order, each once.
    pub labels: Vec<String>,
    /// Whatever goes with it.
    pub payload: Vec<u8>,
    /// When it was written.
    pub revision: u64,
}

/// Some of a namespace's entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VectorPage {
    /// In byte order of their keys; may be fewer than were asked for while there are more.
    pub entries: Vec<VectorEntry>,
    /// Pass it as `after` to go on; absent at the end.
    pub next: Option<String>,
}

/// One of the nearest.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// Its key.
    pub key: String,
    /// How far it is, by the namespace's [`Metric`].
    pub distance: f32,
    /// In byte order.
    pub labels: Vec<String>,
    /// Whatever goes with it.
    pub payload: Vec<u8>,
    /// When it was written.
    pub revision: u64,
}

/// Indexes of a backend's namespaces, for all that ask of the same rows. Each is there as long as one of them is. Those of an
/// [`Overlay`](crate::Overlay), which tells what is written below it and not what is written to it, are shared by all that write to it.
#[derive(Clone, Default)]
pub struct Indexes(Arc<Mutex<Known>>);

type Known = BTreeMap<(String, VectorSpace), Weak<Space>>;

impl Indexes {
    fn space(&self, namespace: &str, space: VectorSpace) -> Arc<Space> {
        let mut indexes = self.0.lock();
        indexes.retain(|_, space| space.strong_count() > 0);
        let known = indexes.entry((namespace.to_owned(), space)).or_default();
        known.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Space { space, index: RwLock::new(None) });
            *known = Arc::downgrade(&new);
            new
        })
    }
}

/// Vectors of namespaces of a backend. A clone shares it, and its indexes.
#[derive(Clone)]
pub struct Vectors(Arc<Inner>);

struct Inner {
    kv: Arc<dyn KeyValue>,
    spaces: BTreeMap<String, Arc<Space>>,
}

struct Space {
    space: VectorSpace,
    /// None until the first question.
    index: RwLock<Option<Followed>>,
}

impl Vectors {
    /// Over a backend that tells its changes, not a [pinned](KeyValue::pinned) one; over
    /// [`Namespaces::rows_of`](crate::Namespaces::rows_of) where there are declared ones. What others write costs a read of what was
    /// changed. `indexes` are those of this backend, and of no [`Overlay`](crate::Overlay) of it, which has its own.
    ///
    /// # Errors
    /// [`VectorError::Space`] for a dimension that is 0 or over [`DIMENSION_MAX`].
    pub fn new(
        kv: Arc<dyn KeyValue>,
        indexes: &Indexes,
        spaces: impl IntoIterator<Item = (String, VectorSpace)>,
    ) -> Result<Self, VectorError> {
        let spaces = spaces.into_iter().map(|(namespace, space)| {
            let found = space.dimension;
            if found == 0 || found > DIMENSION_MAX {
                return Err(VectorError::Space { namespace, found });
            }
            let shared = indexes.space(&namespace, space);
            Ok((namespace, shared))
        });
        Ok(Self(Arc::new(Inner { kv, spaces: spaces.collect::<Result<_, _>>()? })))
    }

    /// Writes an entry, whatever was there. It is found once this answers.
    ///
    /// # Errors
    /// [`VectorError`] says what is wrong with it; [`VectorError::Write`] when the backend refuses.
    pub fn put(&self, namespace: &str, put: &PutVector) -> Result<Written, VectorError> {
        let space = self.0.space(namespace)?;
        let write = space.row(put)?;
        let written = self.0.kv.write(namespace, write).wait()?;
        self.0.touched(namespace, space, &[&put.key]);
        Ok(written)
    }

    /// Writes many, some at a time, of which each is answered for itself, in their order.
    ///
    /// # Errors
    /// When there is no such namespace.
    pub fn put_many(
        &self,
        namespace: &str,
        puts: &[PutVector],
    ) -> Result<Vec<Result<Written, VectorError>>, VectorError> {
        let space = self.0.space(namespace)?;
        let mut answers = Vec::with_capacity(puts.len());
        for some in puts.chunks(UNDER_WAY) {
            let send = |put| Ok(self.0.kv.write(namespace, space.row(put)?));
            let pending: Vec<Result<_, VectorError>> = some.iter().map(send).collect();
            let begins = answers.len();
            answers.extend(pending.into_iter().map(|write| Ok(write?.wait()?)));
            let now = answers.get(begins..).unwrap_or_default();
            let written: Vec<&str> =
                some.iter().zip(now).filter(|(_, answer)| answer.is_ok()).map(|(put, _)| put.key.as_str()).collect();
            self.0.touched(namespace, space, &written);
        }
        Ok(answers)
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`VectorError::Damaged`] when its row holds something else, [`VectorError::Read`] when the backend refuses.
    pub fn get(&self, namespace: &str, key: &str) -> Result<Option<VectorEntry>, VectorError> {
        self.0.space(namespace)?;
        let Some(entry) = self.0.kv.get(namespace, key)? else { return Ok(None) };
        let damaged = || VectorError::Damaged { namespace: namespace.to_owned(), key: key.to_owned() };
        entry_of(key.to_owned(), entry.revision, &entry.value).map(Some).ok_or_else(damaged)
    }

    /// Entries whose keys begin with a prefix, in byte order, after a key. Rows that hold something else are left out.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] for a limit over [`SCAN_LIMIT_MAX`](crate::SCAN_LIMIT_MAX); when the backend refuses.
    pub fn scan(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<VectorPage, VectorError> {
        self.0.space(namespace)?;
        let page = self.0.kv.scan(namespace, prefix, after, limit)?;
        let entries = page.entries.into_iter().filter_map(|row| entry_of(row.key, row.revision, &row.value));
        Ok(VectorPage { entries: entries.collect(), next: page.next })
    }

    /// Removes an entry; whether it was there. It is not found once this answers.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn delete(&self, namespace: &str, key: &str) -> Result<bool, VectorError> {
        let space = self.0.space(namespace)?;
        let written = self.0.kv.delete(namespace, key).wait()?;
        if written.existed {
            self.0.touched(namespace, space, &[key]);
        }
        Ok(written.existed)
    }

    /// The nearest `count` (1 to [`NEAREST_MAX`]) to a vector that pass the filter, by their distance and then by key; their payloads
    /// have [`ANSWER_BYTES_MAX`] together at the most. The first
    /// question reads all rows of the namespace. Fewer come only when there are no more, or when answers are written again and
    /// again while it looks.
    ///
    /// # Errors
    /// [`VectorError`] says what is wrong with the question; [`VectorError::Read`] when the backend refuses.
    pub fn nearest(
        &self,
        namespace: &str,
        vector: &[f32],
        count: usize,
        filter: &Filter,
    ) -> Result<Vec<Near>, VectorError> {
        let space = self.0.space(namespace)?;
        let length = space.space.check(vector)?;
        within("nearest of one question", count, NEAREST_MAX)?;
        filter.check()?;
        if count == 0 {
            return Err(VectorError::None);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let now_ms = self.0.kv.now_ms();
            let find = |followed: &Followed| followed.index.nearest(vector, length, count, filter, now_ms);
            let (found, behind) = self.0.current(namespace, space, |now| (find(now), now.index.behind()))?;
            // Who comes while others read leaves it to the next.
            if behind > 0
                && let Some(mut index) = space.index.try_write()
                && let Some(followed) = index.as_mut()
            {
                followed.index.learn(LEARNT_BY_READ);
            }
            let near = self.0.read(namespace, &found)?;
            if near.len() == found.len() || tries >= TRIES {
                return Ok(near);
            }
        }
    }

    /// What the namespace's index holds; reads all rows if nothing was asked yet.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn indexed(&self, namespace: &str) -> Result<Indexed, VectorError> {
        let space = self.0.space(namespace)?;
        self.0.current(namespace, space, |followed| followed.index.indexed())
    }

    /// Reads all rows and has the graph learn what it is worth to: the questions that follow are fast. Without it, the graph learns
    /// along with questions and writes, and answers are exact until then, and slower.
    ///
    /// # Errors
    /// When the backend refuses.
    pub fn warm(&self, namespace: &str) -> Result<(), VectorError> {
        let space = self.0.space(namespace)?;
        while self.0.current(namespace, space, |followed| followed.index.behind())? > 0 {
            if let Some(followed) = space.index.write().as_mut() {
                followed.index.learn(LEARNT_BY_READ);
            }
        }
        Ok(())
    }
}

fn entry_of(key: String, revision: u64, row: &[u8]) -> Option<VectorEntry> {
    let Row { vector, labels, payload } = row::decode(row)?;
    Some(VectorEntry { key, vector, labels, payload, revision })
}

impl Space {
    fn row(&self, put: &PutVector) -> Result<Write, VectorError> {
        self.space.check(&put.vector)?;
        let value = row::encode(&put.vector, &put.labels, &put.payload)?;
        let change = if put.new { Change::Swap { expected: None, value } } else { Change::Put { value } };
        Ok(Write { ttl_ms: put.ttl_ms, ..Write::new(put.key.clone(), change) })
    }
}

impl Inner {
    fn space(&self, namespace: &str) -> Result<&Space, VectorError> {
        let unknown = || ReadError::NotFound { namespace: namespace.to_owned() };
        Ok(&**self.spaces.get(namespace).ok_or_else(unknown)?)
    }

    fn source<'s>(&'s self, namespace: &'s str) -> Source<'s> {
        Source { kv: &*self.kv, namespace }
    }

    /// What an index is asked, once it has taken in all that was written until now.
    fn current<T>(&self, namespace: &str, space: &Space, what: impl Fn(&Followed) -> T) -> Result<T, VectorError> {
        let now = self.kv.cursor()?;
        if let Some(followed) = space.index.read().as_ref().filter(|followed| followed.is_at(now)) {
            return Ok(what(followed));
        }
        let mut index = space.index.write();
        let source = self.source(namespace);
        match index.as_mut() {
            Some(followed) => followed.catch_up(source)?,
            None => *index = Some(Followed::new(source, space.space)?),
        }
        let index = parking_lot::RwLockWriteGuard::downgrade(index);
        index.as_ref().map(what).ok_or_else(|| ReadError::NotFound { namespace: namespace.to_owned() }.into())
    }

    /// Takes in what was written here, if there is an index.
    fn touched(&self, namespace: &str, space: &Space, keys: &[&str]) {
        let mut index = space.index.write();
        let Some(followed) = index.as_mut() else { return };
        if let Err(error) = followed.read(self.source(namespace), keys) {
            // It is written all the same.
            tracing::warn!(namespace, %error, "what was written could not be read back: the next question reads all rows");
            *index = None;
            return;
        }
        if followed.index.behind() > 0 {
            followed.index.learn(LEARNT_BY_WRITE * keys.len());
        }
    }

    /// Those of them whose rows are still what was found.
    fn read(&self, namespace: &str, found: &[index::Found]) -> Result<Vec<Near>, VectorError> {
        let (mut near, mut bytes) = (Vec::with_capacity(found.len()), 0);
        for some in found.chunks(ROWS_READ) {
            let keys: Vec<&str> = some.iter().map(|found| &*found.key).collect();
            for (found, entry) in some.iter().zip(self.kv.get_many(namespace, &keys)?) {
                let entry = entry.filter(|entry| entry.revision == found.revision);
                if let Some(Row { labels, payload, .. }) = entry.and_then(|entry| row::decode(&entry.value)) {
                    bytes += payload.len();
                    within("bytes of the payloads of the nearest: ask for fewer", bytes, ANSWER_BYTES_MAX)?;
                    let (key, distance, revision) = (found.key.to_string(), found.distance, found.revision);
                    near.push(Near { key, distance, labels, payload, revision });
                }
            }
        }
        Ok(near)
    }
}
