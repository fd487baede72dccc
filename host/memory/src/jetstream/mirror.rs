//! What keys there are, in order: the server has no ordered scans and no sums for each namespace. The mirror holds each key with
//! the sequence of its message, the bytes of its value and its expiry, and is fed with the stream's changes.
//!
//! It is *exact* when it holds what the stream held at the sequence that it has [seen](State::seen) last. The feed leaves out what
//! was written again before it could be sent; until it has caught up, some of those keys are missing.
//!
//! What the feed brought last is held beside it, in the order in which it came.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::recent::{Found, Recent, Start};
use crate::change::Known;
use crate::feed::{Cursor, FeedError};
use crate::kv::{PAGE_BYTES_MAX, Space};

/// Writes of this host that may wait for the feed to bring them. Where it brings none for so long, its sums are of no use.
const ACKNOWLEDGED_MAX: usize = 8192;

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meta {
    /// Of its message.
    pub(super) sequence: u64,
    /// Of its value.
    pub(super) bytes: usize,
    /// In milliseconds since 1970.
    pub(super) expires_ms: Option<i64>,
}

impl Meta {
    pub(super) fn known(self) -> Known {
        Known { revision: self.sequence, bytes: self.bytes, number: None, expires_ms: self.expires_ms }
    }
}

#[derive(Debug, Default)]
struct Held {
    keys: BTreeMap<String, Meta>,
    space: Space,
}

/// A write of this host that is acknowledged and was not yet seen in the feed.
struct Acknowledged {
    namespace: String,
    key: String,
    meta: Option<Meta>,
    grows: i64,
}

/// What the feed brings: a key, and what it is from then on.
#[derive(Debug)]
pub(super) struct Now {
    pub(super) namespace: String,
    pub(super) key: String,
    /// None for a removal.
    pub(super) meta: Option<Meta>,
    /// When, by the server's clock, in milliseconds since 1970.
    pub(super) time_ms: i64,
}

/// The keys of a page, and whether there are more.
pub(super) type Plan = (Vec<(String, Meta)>, bool);

/// See the module.
#[derive(Default)]
pub(super) struct State {
    spaces: HashMap<String, Held>,
    expiries: BTreeSet<(i64, String, String)>,
    recent: Recent,
    /// Which stream is followed; none until the feed begins.
    store: Option<u64>,
    /// The sequence that the feed has come to.
    seen: u64,
    exact: bool,
    /// Whether its sums are of use.
    loaded: bool,
    /// Whether it was exact since it was emptied.
    whole: bool,
    /// How often it was emptied.
    generation: u64,
    /// Bytes by which writes of this host that are under way may make a namespace grow.
    under_way: HashMap<String, i64>,
    acknowledged: BTreeMap<u64, Acknowledged>,
}

impl State {
    /// The sequence that the feed has come to.
    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// Which stream is followed; none until the feed begins.
    pub(super) fn store(&self) -> Option<u64> {
        self.store
    }

    /// Whether it has held all that there was since it was emptied.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether it holds what the stream held at a sequence at least as high as this.
    pub(super) fn is_at(&self, sequence: u64) -> bool {
        self.exact && self.seen >= sequence
    }

    /// Whether its sums hold all but what came in the last moments.
    pub(super) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// How often it was emptied: a feed that began before is of no use any more.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Forgets all, to be fed with all of a stream.
    pub(super) fn begin(&mut self, start: &Start) {
        self.reset();
        self.store = Some(start.store);
        self.recent.begin(start);
    }

    /// Forgets all, until a feed begins.
    pub(super) fn reset(&mut self) {
        for Acknowledged { namespace, grows, .. } in std::mem::take(&mut self.acknowledged).into_values() {
            self.no_longer(&namespace, grows);
        }
        self.generation += 1;
        self.spaces.clear();
        self.expiries.clear();
        self.recent = Recent::default();
        (self.store, self.seen) = (None, 0);
        (self.exact, self.loaded, self.whole) = (false, false, false);
    }

    /// Takes a change from the feed; `pending` is how many more there were when it was sent.
    pub(super) fn fed(&mut self, sequence: u64, pending: u64, brought: Option<Now>) {
        if let Some(Now { namespace, key, meta, time_ms }) = brought {
            self.set(&namespace, &key, meta);
            self.recent.add(sequence, time_ms, &namespace, &key, meta.is_none());
        }
        self.come(sequence, pending == 0 || (self.exact && sequence <= self.seen + 1));
    }

    /// There is nothing beyond what was seen, up to this sequence.
    pub(super) fn complete(&mut self, sequence: u64) {
        self.come(sequence, true);
    }

    fn come(&mut self, sequence: u64, exact: bool) {
        (self.seen, self.exact) = (self.seen.max(sequence), exact);
        (self.loaded, self.whole) = (self.loaded | exact, self.whole | exact);
        while self.acknowledged.first_key_value().is_some_and(|(at, _)| *at <= sequence) {
            self.drop_acknowledged();
        }
    }

    fn drop_acknowledged(&mut self) {
        if let Some((_, Acknowledged { namespace, grows, .. })) = self.acknowledged.pop_first() {
            self.no_longer(&namespace, grows);
        }
    }

    fn set(&mut self, namespace: &str, key: &str, meta: Option<Meta>) {
        let held = match (self.spaces.get_mut(namespace), meta) {
            (Some(held), _) => held,
            (None, None) => return,
            (None, Some(_)) => self.spaces.entry(namespace.to_owned()).or_default(),
        };
        let before = match meta {
            Some(meta) => held.keys.insert(key.to_owned(), meta),
            None => held.keys.remove(key),
        };
        let bytes = |meta: Meta| (key.len() + meta.bytes) as u64;
        held.space.entries = held.space.entries + u64::from(meta.is_some()) - u64::from(before.is_some());
        held.space.bytes = held.space.bytes + meta.map_or(0, bytes) - before.map_or(0, bytes);
        if held.keys.is_empty() {
            self.spaces.remove(namespace);
        }
        if let Some(at) = before.and_then(|meta| meta.expires_ms) {
            self.expiries.remove(&(at, namespace.to_owned(), key.to_owned()));
        }
        if let Some(at) = meta.and_then(|meta| meta.expires_ms) {
            self.expiries.insert((at, namespace.to_owned(), key.to_owned()));
        }
    }

    /// Removes what has expired. The server does the same later.
    pub(super) fn expire(&mut self, now_ms: i64) {
        while let Some((at, namespace, key)) = self.expiries.pop_first() {
            if at > now_ms {
                self.expiries.insert((at, namespace, key));
                return;
            }
            self.set(&namespace, &key, None);
        }
    }

    /// Removes a key that the stream turned out not to have, if it is still the one of this sequence.
    pub(super) fn forget(&mut self, namespace: &str, key: &str, sequence: u64) {
        if self.meta(namespace, key).is_some_and(|meta| meta.sequence == sequence) {
            self.set(namespace, key, None);
        }
    }

    fn meta(&self, namespace: &str, key: &str) -> Option<Meta> {
        self.spaces.get(namespace)?.keys.get(key).copied()
    }

    /// What a key seems to be at, with what this host has written.
    pub(super) fn guess(&self, namespace: &str, key: &str) -> Option<Meta> {
        let written = self.acknowledged.values().rev().find(|one| one.key == key && one.namespace == namespace);
        written.map_or_else(|| self.meta(namespace, key), |written| written.meta)
    }

    /// What a namespace holds, as far as was seen.
    pub(super) fn space(&self, namespace: &str) -> Space {
        self.spaces.get(namespace).map(|held| held.space).unwrap_or_default()
    }

    /// The same with what this host has under way.
    pub(super) fn space_with_own(&self, namespace: &str) -> Space {
        let Space { entries, bytes } = self.space(namespace);
        let grows = self.under_way.get(namespace).copied().unwrap_or_default();
        Space { entries, bytes: bytes.saturating_add_signed(grows) }
    }

    fn no_longer(&mut self, namespace: &str, grows: i64) {
        if let Some(sum) = self.under_way.get_mut(namespace) {
            *sum -= grows;
            if *sum == 0 {
                self.under_way.remove(namespace);
            }
        }
    }

    /// Changes after a cursor, by the rules of [`KeyValue::changes`](crate::KeyValue::changes).
    pub(super) fn changes(&self, after: Option<Cursor>, limit: usize) -> Result<Found, FeedError> {
        let now = Cursor { revision: self.seen, store: self.store.unwrap_or_default() };
        self.recent.changes(after, limit, now)
    }

    /// A page of keys, by the rules of [`KeyValue::scan`](crate::KeyValue::scan).
    pub(super) fn page(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Plan {
        let mut page = Vec::new();
        let Some(held) = self.spaces.get(namespace) else { return (page, false) };
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut bytes = 0;
        for (key, meta) in held.keys.range::<str, _>((start, Bound::Unbounded)) {
            if !key.starts_with(prefix) {
                break;
            }
            if page.len() >= limit.max(1) || bytes >= PAGE_BYTES_MAX {
                return (page, true);
            }
            bytes += key.len() + meta.bytes;
            page.push((key.clone(), *meta));
        }
        (page, false)
    }
}

/// The mirror, with news of its changes.
pub(super) struct Mirror {
    state: Mutex<State>,
    moved: watch::Sender<()>,
}

/// Bytes by which a write may make a namespace grow, counted until it is known what became of it.
pub(super) struct Reserved<'m> {
    mirror: &'m Mirror,
    namespace: &'m str,
    grows: i64,
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), moved: watch::Sender::new(()) }
    }

    /// Looks at it.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock())
    }

    /// Changes it and tells those who wait.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state.lock());
        self.moved.send_replace(());
        done
    }

    /// Told of changes from now on.
    pub(super) fn moved(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// Counts what a write that was judged under the same lock may add.
    pub(super) fn reserve<'m>(&'m self, state: &mut State, namespace: &'m str, grows: i64) -> Reserved<'m> {
        *state.under_way.entry(namespace.to_owned()).or_default() += grows;
        Reserved { mirror: self, namespace, grows }
    }
}

impl Reserved<'_> {
    /// The write is stored at this sequence.
    pub(super) fn acknowledged(mut self, sequence: u64, key: &str, meta: Option<Meta>) {
        let mut state = self.mirror.state.lock();
        if state.seen < sequence {
            let grows = std::mem::take(&mut self.grows);
            let (namespace, key) = (self.namespace.to_owned(), key.to_owned());
            state.acknowledged.insert(sequence, Acknowledged { namespace, key, meta, grows });
            if state.acknowledged.len() > ACKNOWLEDGED_MAX {
                state.drop_acknowledged();
                state.loaded = false;
            }
        }
        drop(state);
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.grows != 0 {
            self.mirror.state.lock().no_longer(self.namespace, self.grows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brought(key: &str, meta: Option<Meta>) -> Option<Now> {
        Some(Now { namespace: "n".to_owned(), key: key.to_owned(), meta, time_ms: 0 })
    }

    fn put(key: &str, sequence: u64, bytes: usize, expires_ms: Option<i64>) -> Option<Now> {
        brought(key, Some(Meta { sequence, bytes, expires_ms }))
    }

    fn keys(state: &State) -> Vec<String> {
        state.page("n", "", None, 100).0.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn it_is_exact_while_nothing_was_left_out_and_again_when_it_has_caught_up() {
        let mut state = State::default();
        state.fed(1, 3, put("a", 1, 1, None));
        assert!(!state.is_at(1) && !state.is_loaded());
        state.fed(4, 0, put("b", 4, 1, None));
        assert!(state.is_at(4) && !state.is_at(5));
        state.fed(5, 7, put("a", 5, 1, None));
        assert!(state.is_at(5), "nothing was left out");
        state.fed(7, 2, put("c", 7, 1, None));
        assert!(!state.is_at(7) && state.is_loaded());
        state.complete(9);
        assert!(state.is_at(9));
    }

    #[test]
    fn sums_follow_what_is_put_removed_and_expired() {
        let mut state = State::default();
        state.fed(1, 0, put("a", 1, 3, None));
        state.fed(2, 0, put("bb", 2, 4, Some(10)));
        state.fed(3, 0, put("a", 3, 1, Some(20)));
        assert_eq!(state.space("n"), Space { entries: 2, bytes: 8 });
        state.expire(10);
        assert_eq!((keys(&state), state.space("n")), (vec!["a".to_owned()], Space { entries: 1, bytes: 2 }));
        state.fed(4, 0, put("a", 4, 1, None));
        state.expire(1_000);
        assert_eq!(keys(&state), ["a"]);
        state.fed(5, 0, brought("a", None));
        assert_eq!(state.space("n"), Space::default());
        assert!(state.spaces.is_empty() && state.expiries.is_empty());
    }

    #[test]
    fn without_a_feed_its_sums_are_soon_taken_for_old_and_not_for_ever_held() {
        let mirror = Mirror::new();
        mirror.change(|state| state.complete(0));
        for sequence in 1..=ACKNOWLEDGED_MAX as u64 {
            mirror.look(|state| mirror.reserve(state, "n", 1)).acknowledged(sequence, "a", None);
        }
        assert!(mirror.look(|state| state.is_loaded()));
        mirror.look(|state| mirror.reserve(state, "n", 1)).acknowledged(u64::MAX, "a", None);
        assert!(mirror.look(|state| !state.is_loaded() && state.acknowledged.len() == ACKNOWLEDGED_MAX));
        mirror.change(|state| state.complete(u64::MAX));
        assert!(mirror.look(|state| state.is_loaded() && state.under_way.is_empty()));
    }

    #[test]
    fn what_this_host_has_under_way_counts_once_until_the_feed_brings_it() {
        let mirror = Mirror::new();
        let bytes = || mirror.look(|state| state.space_with_own("n").bytes);
        let meta = Meta { sequence: 1, bytes: 4, expires_ms: None };
        let stored = mirror.look(|state| mirror.reserve(state, "n", 5));
        let refused = mirror.look(|state| mirror.reserve(state, "n", 7));
        assert_eq!(bytes(), 12);
        drop(refused);
        assert_eq!(bytes(), 5);
        stored.acknowledged(1, "a", Some(meta));
        assert_eq!((bytes(), mirror.look(|state| state.guess("n", "a"))), (5, Some(meta)));
        mirror.change(|state| state.fed(1, 0, put("a", 1, 4, None)));
        assert_eq!((bytes(), mirror.look(|state| state.guess("n", "a"))), (5, Some(meta)));
        let late = mirror.look(|state| mirror.reserve(state, "n", 3));
        mirror.change(|state| state.fed(2, 0, put("b", 2, 2, None)));
        late.acknowledged(2, "b", None);
        assert_eq!(bytes(), 8);
        assert!(mirror.look(|state| state.under_way.is_empty() && state.acknowledged.is_empty()));
    }
}
