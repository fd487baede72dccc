//! What was written and removed lately, in the order of the stream: changes are told from it. It is fed with the mirror.
//!
//! It *begins* at a sequence from which on it holds every message that was not written over since. The feed brings all that is
//! written while it goes on. What it brings of before has gaps: where keys were written over, and where the server has dropped
//! removals, which nobody can tell apart. So what came before is held from the first message on that was so young when the feed
//! began that no removal after it can be gone.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::REMOVAL_STAYS;
use crate::feed::{CHANGES_MAX, Changed, Changes, Cursor, FeedError};

/// Changes that are held, as many as a file keeps.
const HELD: usize = 1 << 18;

/// Names of namespaces that are shared among changes.
const NAMES: usize = 1024;

/// How old a message may be for no removal after it to be gone. The other half is for clocks of servers that differ, and for reading
/// all keys.
const YOUNG_MS: i64 = REMOVAL_STAYS.as_millis().cast_signed() as i64 / 2;

/// The stream as it was when a feed of all of it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Which one, see [`Cursor::store`].
    pub(super) store: u64,
    /// Its last sequence.
    pub(super) last: u64,
    /// When it was made, by the server's clock.
    pub(super) created_ms: i64,
    /// What that clock said.
    pub(super) now_ms: i64,
}

/// One change.
#[derive(Debug, Clone)]
pub(super) struct Told {
    revision: u64,
    namespace: Arc<str>,
    key: Arc<str>,
    removed: bool,
}

/// Some changes, and where they end.
#[derive(Debug)]
pub(super) struct Found {
    told: Vec<Told>,
    cursor: Cursor,
    more: bool,
}

impl Found {
    /// Those of them that are wanted.
    pub(super) fn wanted(self, wanted: &dyn Fn(&str) -> bool) -> Changes {
        let Self { told, cursor, more } = self;
        let told = told.into_iter().filter(|told| wanted(&told.namespace));
        let changed = |Told { revision, namespace, key, removed }| Changed {
            revision,
            namespace: str::to_owned(&namespace),
            key: str::to_owned(&key),
            removed,
        };
        Changes { changes: told.map(changed).collect(), cursor, more }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Recent {
    told: VecDeque<Told>,
    names: BTreeSet<Arc<str>>,
    begins: u64,
    /// Messages of this time or later are young, in milliseconds since 1970.
    young_ms: i64,
}

impl Recent {
    /// Forgets all.
    pub(super) fn begin(&mut self, start: &Start) {
        self.told.clear();
        self.names.clear();
        self.young_ms = start.now_ms.saturating_sub(YOUNG_MS);
        self.begins = if start.created_ms >= self.young_ms { 1 } else { start.last.saturating_add(1) };
    }

    /// Takes in what the feed has brought.
    pub(super) fn add(&mut self, revision: u64, time_ms: i64, namespace: &str, key: &str, removed: bool) {
        if time_ms >= self.young_ms {
            self.begins = self.begins.min(revision);
        }
        if revision < self.begins {
            return;
        }
        if self.told.len() >= HELD
            && let Some(Told { revision, .. }) = self.told.pop_front()
        {
            self.begins = revision + 1;
        }
        let namespace = self.name(namespace);
        self.told.push_back(Told { revision, namespace, key: key.into(), removed });
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() >= NAMES {
            self.names.clear();
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }

    /// Those after a cursor, by the rules of [`KeyValue::changes`](crate::KeyValue::changes); `now` is where the feed is.
    pub(super) fn changes(&self, after: Option<Cursor>, limit: usize, now: Cursor) -> Result<Found, FeedError> {
        if let Some(after) = after.filter(|after| after.store != now.store || after.revision > now.revision) {
            return Err(FeedError::Foreign { after, now });
        }
        let after = after.map_or(self.begins.saturating_sub(1), |after| after.revision);
        if after < now.revision && after + 1 < self.begins {
            return Err(FeedError::Lost { after, begins: self.begins });
        }
        let from = self.told.partition_point(|told| told.revision <= after);
        let told: Vec<Told> = self.told.range(from..).take(limit.clamp(1, CHANGES_MAX)).cloned().collect();
        let more = from + told.len() < self.told.len();
        let revision = told.last().filter(|_| more).map_or(now.revision, |last| last.revision);
        Ok(Found { told, cursor: Cursor { revision, ..now }, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;
    const OLD: i64 = NOW - REMOVAL_STAYS.as_millis() as i64;

    fn recent(created_ms: i64, last: u64) -> Recent {
        let mut recent = Recent::default();
        recent.begin(&Start { store: 7, last, created_ms, now_ms: NOW });
        recent
    }

    fn at(revision: u64) -> Cursor {
        Cursor { revision, store: 7 }
    }

    #[track_caller]
    fn check(recent: &Recent, after: Option<u64>, now: u64, expected: Result<&[u64], u64>) {
        let found = recent.changes(after.map(at), 100, at(now));
        let found = match &found {
            Ok(found) => Ok(found.told.iter().map(|told| told.revision).collect::<Vec<_>>()),
            Err(FeedError::Lost { begins, .. }) => Err(*begins),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, expected.map(<[u64]>::to_vec));
    }

    #[test]
    fn of_a_young_stream_all_is_told_whatever_was_written_over() {
        let mut recent = recent(NOW - 1_000, 9);
        [3, 5, 9, 12].into_iter().for_each(|revision| recent.add(revision, NOW, "n", "k", false));
        check(&recent, None, 12, Ok(&[3, 5, 9, 12]));
        check(&recent, Some(0), 12, Ok(&[3, 5, 9, 12]));
        check(&recent, Some(4), 12, Ok(&[5, 9, 12]));
        check(&recent, Some(12), 12, Ok(&[]));
    }

    #[test]
    fn where_removals_may_be_gone_nothing_is_told_but_that() {
        let mut recent = recent(OLD, 9);
        recent.add(3, OLD + 1, "n", "a", false);
        check(&recent, Some(3), 9, Err(10));
        recent.add(7, NOW - YOUNG_MS, "n", "b", false);
        // Between 3 and 7 something may have been removed and forgotten.
        check(&recent, Some(3), 9, Err(7));
        check(&recent, Some(5), 9, Err(7));
        check(&recent, Some(6), 9, Ok(&[7]));
        recent.add(9, NOW, "n", "c", true);
        check(&recent, None, 9, Ok(&[7, 9]));
        check(&recent, Some(7), 9, Ok(&[9]));
    }

    #[test]
    fn who_has_heard_all_of_an_old_stream_goes_on_and_nobody_else() {
        let mut recent = recent(OLD, 9);
        recent.add(3, OLD + 1, "n", "a", false);
        check(&recent, Some(9), 9, Ok(&[]));
        check(&recent, None, 9, Ok(&[]));
        check(&recent, Some(8), 9, Err(10));
        // What was written first since was written over before the feed came to it.
        recent.add(11, NOW, "n", "a", false);
        check(&recent, Some(9), 11, Ok(&[11]));
        check(&recent, None, 11, Ok(&[11]));
        check(&recent, Some(8), 11, Err(10));
    }

    #[test]
    fn so_many_are_held_and_no_more() {
        let mut recent = recent(NOW, 0);
        (1..=HELD as u64 + 3).for_each(|revision| recent.add(revision, NOW, "n", "k", false));
        let now = HELD as u64 + 3;
        check(&recent, Some(now - 2), now, Ok(&[now - 1, now]));
        check(&recent, Some(2), now, Err(4));
        assert!(recent.changes(Some(at(3)), 1, at(now)).unwrap().more);
        assert!(recent.told.len() == HELD && recent.told.capacity() == HELD);
    }

    #[test]
    fn another_stores_cursor_and_one_ahead_are_foreign() {
        let recent = recent(NOW, 9);
        for after in [Cursor { store: 8, ..at(3) }, at(10)] {
            let told = recent.changes(Some(after), 100, at(9)).unwrap_err();
            assert!(matches!(told, FeedError::Foreign { now, .. } if now == at(9)), "{told}");
        }
    }

    #[test]
    fn pages_follow_each_other_and_hold_what_is_wanted() {
        let mut recent = recent(NOW, 0);
        for revision in 1..=10 {
            recent.add(revision, NOW, if revision % 2 == 0 { "even" } else { "odd" }, &revision.to_string(), false);
        }
        let (mut after, mut pages) = (None, Vec::new());
        loop {
            let found = recent.changes(after, 4, at(12)).unwrap().wanted(&|name| name == "even");
            pages.push((found.changes.iter().map(|change| change.revision).collect::<Vec<_>>(), found.cursor.revision));
            after = Some(found.cursor);
            if !found.more {
                break;
            }
        }
        assert_eq!(pages, [(vec![2, 4], 4), (vec![6, 8], 8), (vec![10], 12)]);
    }
}
