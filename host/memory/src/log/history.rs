//! Every subject's past, in memory: serving reads one for each request, so a reader takes a shared pointer under a
//! short lock and the writer copies what a reader still holds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use greenroom_model::History;
use parking_lot::RwLock;

use super::event::StoredEvent;

/// An event as history keeps it.
#[derive(Clone, Copy)]
pub(super) struct Past {
    pub(super) cursor: u64,
    pub(super) row: u32,
    pub(super) time_ms: i64,
    pub(super) kind: u8,
    pub(super) value: f32,
}

/// What a batch changes, by subject.
#[derive(Default)]
pub(super) struct News {
    subjects: HashMap<u32, Changes>,
}

#[derive(Default)]
struct Changes {
    added: Vec<Past>,
    removed: HashSet<u64>,
}

impl News {
    pub(super) fn add(&mut self, stored: &StoredEvent) {
        let event = &stored.event;
        if let Some(subject) = event.subject {
            let (cursor, row, time_ms) = (stored.cursor, event.row, event.event_time_ms);
            self.push(subject, Past { cursor, row, time_ms, kind: event.kind as u8, value: event.value });
        }
    }

    pub(super) fn push(&mut self, subject: u32, past: Past) {
        self.subjects.entry(subject).or_default().added.push(past);
    }

    pub(super) fn remove(&mut self, subject: u32, cursor: u64) {
        self.subjects.entry(subject).or_default().removed.insert(cursor);
    }
}

/// A subject's events by (event time, cursor), with their cursors beside them.
#[derive(Clone, Default)]
struct Timeline {
    history: Arc<History>,
    cursors: Vec<u64>,
}

impl Timeline {
    fn change(&mut self, changes: &Changes) {
        let in_order = {
            let last = self.history.times.last().copied().zip(self.cursors.last().copied());
            let added = changes.added.iter().map(|past| (past.time_ms, past.cursor));
            changes.removed.is_empty() && last.into_iter().chain(added).is_sorted()
        };
        let history = Arc::make_mut(&mut self.history);
        if in_order {
            for past in &changes.added {
                push(history, &mut self.cursors, *past);
            }
            return;
        }
        let columns = history.rows.iter().zip(&history.times).zip(history.kinds.iter().zip(&history.values));
        let mut all: Vec<Past> = columns
            .zip(&self.cursors)
            .map(|(((row, time_ms), (kind, value)), cursor)| Past {
                cursor: *cursor,
                row: *row,
                time_ms: *time_ms,
                kind: *kind,
                value: *value,
            })
            .chain(changes.added.iter().copied())
            .filter(|past| !changes.removed.contains(&past.cursor))
            .collect();
        all.sort_by_key(|past| (past.time_ms, past.cursor));
        *history = History::default();
        self.cursors.clear();
        for past in all {
            push(history, &mut self.cursors, past);
        }
    }
}

fn push(history: &mut History, cursors: &mut Vec<u64>, past: Past) {
    history.rows.push(past.row);
    history.times.push(past.time_ms);
    history.kinds.push(past.kind);
    history.values.push(past.value);
    cursors.push(past.cursor);
}

/// Every subject's timeline. The store's writer alone changes them.
#[derive(Default)]
pub(super) struct Histories {
    subjects: RwLock<HashMap<u32, Timeline>>,
}

impl Histories {
    /// Takes the lock once a subject, so that a large import does not hold up who reads.
    pub(super) fn publish(&self, news: News) {
        for (subject, changes) in news.subjects {
            self.subjects.write().entry(subject).or_default().change(&changes);
        }
    }

    /// Forgets a subject's.
    pub(super) fn forget(&self, subject: u32) {
        self.subjects.write().remove(&subject);
    }

    pub(super) fn of(&self, subject: u32, until_ms: Option<i64>, max: usize) -> Arc<History> {
        let Some(history) = self.subjects.read().get(&subject).map(|timeline| Arc::clone(&timeline.history)) else {
            return Arc::default();
        };
        let end = until_ms.map_or(history.len(), |until| history.times.partition_point(|time| *time <= until));
        let start = end.saturating_sub(max);
        if start == 0 && end == history.len() {
            return history;
        }
        Arc::new(History {
            rows: part(&history.rows, start, end),
            times: part(&history.times, start, end),
            kinds: part(&history.kinds, start, end),
            values: part(&history.values, start, end),
        })
    }
}

fn part<T: Clone>(column: &[T], start: usize, end: usize) -> Vec<T> {
    column.get(start..end).unwrap_or_default().to_vec()
}
