//! Entries that were read lately, in front of the file: what is here is what was committed last.
//!
//! A hit takes no lock of the store. That no entry outlives its write is up to the thread that commits: before a commit it
//! takes the keys of its writes away and closes their stripes, and opens them again after it. What is read from the file meanwhile,
//! or since before that, is not kept: whoever keeps an entry shows when it began to read.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::{Cache as Entries, DefaultLifecycle};

use crate::kv::Entry;

/// Keys whose writes shut each other's reads out for the time of a commit: one in so many.
const STRIPES: usize = 1_024;

/// Bytes that an entry takes beside its own.
const BESIDE: u64 = 160;

/// Entries of so many bytes on average are what the cache makes room for at first.
const USUAL: u64 = 512;

/// The bounded cache.
pub(crate) struct Cache {
    entries: Entries<Key, Known, Bytes, BuildHasherDefault<Itself>>,
    hashers: [RandomState; 2],
    stripes: Box<[Mutex<Stripe>]>,
    /// Counts writes, each before its commit.
    begun: AtomicU64,
}

/// A namespace and a key, by two hashes with keys that nobody outside knows: 128 bits are as good as the names, and take no
/// memory elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key(u64, u64);

impl Key {
    /// Its stripe.
    fn place(self) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "a place among few")]
        let place = self.1 as usize % STRIPES;
        place
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, into: &mut H) {
        into.write_u64(self.0);
    }
}

/// Of a [`Key`]: it is a hash.
#[derive(Debug, Clone, Copy, Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[derive(Clone)]
struct Bytes;

/// What is known of a key.
#[derive(Debug, Clone)]
struct Known {
    /// The entry, or that there is none.
    entry: Option<Entry>,
    /// The revision of the store at which that was so, and since then.
    revision: u64,
}

impl Weighter<Key, Known> for Bytes {
    fn weight(&self, _: &Key, known: &Known) -> u64 {
        known.entry.as_ref().map_or(0, |entry| entry.value.len()) as u64 + BESIDE
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Stripe {
    /// Writes whose commit has begun and not ended.
    writing: u32,
    /// Writes that began.
    begun: u64,
}

/// A key that is being read from the file, since when; since none while a write of its stripe is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading(Key, Option<u64>);

/// A write of a key that is under way.
#[derive(Debug)]
pub(crate) struct Writing(usize);

impl Cache {
    /// Of so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        Self {
            entries: Entries::with(items, bytes, Bytes, BuildHasherDefault::default(), DefaultLifecycle::default()),
            hashers: [RandomState::new(), RandomState::new()],
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            begun: AtomicU64::new(0),
        }
    }

    /// What is known of a key: the entry, or that there is none.
    pub(crate) fn get(&self, namespace: &str, key: &str) -> Option<Option<Entry>> {
        Some(self.entries.get(&self.key(namespace, key))?.entry)
    }

    /// The same of several keys as they were at one moment, if all of them are known.
    pub(crate) fn get_many(&self, namespace: &str, keys: &[&str]) -> Option<Vec<Option<Entry>>> {
        let begun = self.begun.load(Ordering::Acquire);
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(self.get(namespace, key)?);
        }
        // Between two of them a commit may have come.
        (keys.len() < 2 || self.begun.load(Ordering::Acquire) == begun).then_some(found)
    }

    /// The same of several keys as they were at a revision, if all of them are known and were the same then.
    pub(crate) fn get_many_until(&self, namespace: &str, keys: &[&str], revision: u64) -> Option<Vec<Option<Entry>>> {
        let known = keys.iter().map(|key| {
            let known = self.entries.get(&self.key(namespace, key))?;
            (known.revision <= revision).then_some(known.entry)
        });
        known.collect()
    }

    /// To be called before a key is read from the file that is to be kept.
    pub(crate) fn reading(&self, namespace: &str, key: &str) -> Reading {
        let key = self.key(namespace, key);
        let stripe = *self.stripe(key.place()).lock();
        Reading(key, (stripe.writing == 0).then_some(stripe.begun))
    }

    /// Keeps what was read at a revision of the store, unless it may have been written since.
    pub(crate) fn keep(&self, Reading(key, since): Reading, entry: &Option<Entry>, revision: u64) {
        let stripe = self.stripe(key.place()).lock();
        if stripe.writing == 0 && Some(stripe.begun) == since {
            let revision = entry.as_ref().map_or(revision, |entry| entry.revision);
            self.entries.insert(key, Known { entry: entry.clone(), revision });
        }
    }

    /// To be called by the thread that commits, before the commit that changes a key.
    pub(crate) fn begin(&self, namespace: &str, key: &str) -> Writing {
        let key = self.key(namespace, key);
        let mut stripe = self.stripe(key.place()).lock();
        stripe.writing += 1;
        stripe.begun += 1;
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.entries.remove(&key);
        Writing(key.place())
    }

    /// After that commit. Without it the stripe stays closed, which is right when nobody knows what became of the write.
    pub(crate) fn end(&self, Writing(place): Writing) {
        self.stripe(place).lock().writing -= 1;
    }

    fn key(&self, namespace: &str, key: &str) -> Key {
        let [one, two] = self.hashers.each_ref().map(|hasher| hasher.hash_one((namespace, key)));
        Key(one, two)
    }

    fn stripe(&self, place: usize) -> &Mutex<Stripe> {
        #[expect(clippy::indexing_slicing, reason = "a place is below the number of stripes")]
        &self.stripes[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(revision: u64) -> Option<Entry> {
        Some(Entry { value: revision.to_le_bytes().to_vec(), revision, expires_ms: None })
    }

    fn kept(cache: &Cache, key: &str, entry: &Option<Entry>) {
        cache.keep(cache.reading("a", key), entry, 10);
    }

    #[test]
    fn what_was_kept_is_found_and_so_is_that_there_is_none() {
        let cache = Cache::new(1 << 20);
        assert_eq!(cache.get("a", "k"), None);
        kept(&cache, "k", &entry(3));
        kept(&cache, "gone", &None);
        assert_eq!(cache.get("a", "k"), Some(entry(3)));
        assert_eq!(cache.get("a", "gone"), Some(None));
        assert_eq!(cache.get("b", "k"), None, "another namespace");
        assert_eq!(cache.get_many("a", &["k", "gone", "k"]), Some(vec![entry(3), None, entry(3)]));
        assert_eq!(cache.get_many("a", &["k", "other"]), None);
    }

    #[test]
    fn what_is_known_counts_from_the_revision_on_at_which_it_was_so() {
        let cache = Cache::new(1 << 20);
        kept(&cache, "k", &entry(3));
        kept(&cache, "gone", &None);
        assert_eq!(cache.get_many_until("a", &["k"], 2), None, "written later");
        assert_eq!(cache.get_many_until("a", &["k"], 3), Some(vec![entry(3)]));
        assert_eq!(cache.get_many_until("a", &["k", "gone"], 9), None, "it may have been there");
        assert_eq!(cache.get_many_until("a", &["k", "gone"], 10), Some(vec![entry(3), None]));
    }

    #[test]
    fn nothing_is_kept_that_was_read_before_a_write_or_in_it() {
        let cache = Cache::new(1 << 20);
        kept(&cache, "k", &entry(1));
        let before = cache.reading("a", "k");
        let writing = cache.begin("a", "k");
        assert_eq!(cache.get("a", "k"), None, "gone before the commit");
        cache.keep(before, &entry(1), 10);
        kept(&cache, "k", &entry(1));
        assert_eq!(cache.get("a", "k"), None);
        let within = cache.reading("a", "k");
        cache.end(writing);
        cache.keep(before, &entry(1), 10);
        cache.keep(within, &entry(1), 10);
        assert_eq!(cache.get("a", "k"), None);
        kept(&cache, "k", &entry(2));
        assert_eq!(cache.get("a", "k"), Some(entry(2)));
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let cache = Cache::new(64 << 10);
        let large = Some(Entry { value: vec![7; 1_000], revision: 1, expires_ms: None });
        for number in 0..1_000 {
            kept(&cache, &number.to_string(), &large);
        }
        assert!(cache.entries.weight() <= 64 << 10, "{}", cache.entries.weight());
        assert!(cache.entries.len() > 20, "{}", cache.entries.len());
        // Larger than all of it.
        kept(&cache, "larger", &Some(Entry { value: vec![7; 100 << 10], revision: 1, expires_ms: None }));
        assert!(cache.entries.weight() <= 64 << 10);
    }
}
