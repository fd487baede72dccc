//! What each subject did, taken from events in columns.

use std::sync::Arc;

use greenroom_model::{EventKind, Feedback, History, NONE};

use crate::evaluation::POSITIVE_MIN;
use crate::events::Columns;

/// Histories by subject.
#[derive(Debug, Clone)]
pub struct Past(Vec<Arc<History>>);

impl Past {
    /// The histories of `subjects` subjects: each oldest first, of one time by ascending item. Events without times
    /// are of time 0.
    #[must_use]
    pub fn of(columns: &Columns, subjects: usize) -> Self {
        let mut rows: Vec<usize> = (0..columns.len()).collect();
        rows.sort_by_key(|row| (columns.users.get(*row), columns.time(*row), columns.items.get(*row)));
        let mut all = vec![History::default(); subjects];
        for row in rows {
            let event = Happened::at(columns, row);
            if let Some(history) = all.get_mut(event.subject as usize) {
                history.rows.push(event.item);
                history.times.push(event.time_ms);
                history.kinds.push(event.kind as u8);
                history.values.push(event.value);
            }
        }
        Self(all.into_iter().map(Arc::new).collect())
    }

    /// The history of a subject; empty for one that is not here.
    #[must_use]
    pub fn history(&self, subject: u32) -> Arc<History> {
        self.0.get(subject as usize).cloned().unwrap_or_default()
    }
}

/// One event of the columns.
struct Happened {
    subject: u32,
    item: u32,
    kind: EventKind,
    value: f32,
    time_ms: i64,
}

impl Happened {
    fn at(columns: &Columns, row: usize) -> Self {
        let (kind, value) = match columns.rating(row) {
            Some(rating) => (EventKind::Rating, rating),
            None => (EventKind::Other, 1.0),
        };
        Self {
            subject: columns.users.get(row).copied().unwrap_or(NONE),
            item: columns.items.get(row).copied().unwrap_or(NONE),
            kind,
            value,
            time_ms: columns.time(row).unwrap_or(0),
        }
    }

    fn positive(&self) -> bool {
        match self.kind {
            EventKind::Rating => self.value >= POSITIVE_MIN,
            kind => kind.positive(self.value),
        }
    }
}

/// Events as organic feedback, in batches: in the order of their times, or of their rows where they have none. Cursors
/// begin at `cursor`.
pub(crate) fn organic(columns: &Columns, mut cursor: u64, batch_rows: usize) -> Vec<Feedback> {
    let mut rows: Vec<usize> = (0..columns.len()).collect();
    if columns.times.is_some() {
        rows.sort_by_key(|row| {
            (columns.time(*row), columns.users.get(*row).copied(), columns.items.get(*row).copied())
        });
    }
    let mut batches = Vec::new();
    for chunk in rows.chunks(batch_rows.max(1)) {
        let mut batch = Feedback::default();
        for row in chunk {
            let event = Happened::at(columns, *row);
            let reward = f32::from(u8::from(event.positive()));
            batch.events.push(cursor);
            batch.cursors.push(cursor);
            cursor += 1;
            batch.requests.push(NONE);
            batch.subjects.push(event.subject);
            batch.rows.push(event.item);
            batch.kinds.push(event.kind as u8);
            batch.values.push(event.value);
            batch.event_times.push(event.time_ms);
            batch.receive_times.push(event.time_ms);
            batch.statuses.push(1);
            batch.inner_rewards.push(reward);
            batch.outer_rewards.push(reward);
        }
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        Columns {
            users: vec![1, 0, 1, 1],
            items: vec![5, 6, 4, 7],
            ratings: Some(vec![4.0, 3.0, 5.0, 4.5]),
            times: Some(vec![20, 10, 20, 5]),
        }
    }

    #[test]
    fn a_history_is_oldest_first_and_of_one_time_by_item() {
        let past = Past::of(&columns(), 2);
        assert_eq!(past.history(1).rows, [7, 4, 5]);
        assert_eq!(past.history(1).times, [5, 20, 20]);
        assert_eq!(past.history(0).values, [3.0]);
        assert!(past.history(9).is_empty());
    }

    #[test]
    fn without_times_a_history_is_by_item_and_feedback_by_row() {
        let untimed = Columns { times: None, ..columns() };
        let past = Past::of(&untimed, 2);
        assert_eq!((past.history(1).rows.as_slice(), past.history(1).times.as_slice()), (&[4, 5, 7][..], &[0; 3][..]));
        assert_eq!(organic(&untimed, 0, 9)[0].rows, [5, 6, 4, 7]);
    }

    #[test]
    fn organic_feedback_is_in_the_order_of_time_and_knows_what_is_positive() {
        let batches = organic(&columns(), 7, 3);
        assert_eq!(batches.len(), 2);
        assert_eq!(batches[0].rows, [7, 6, 4]);
        assert_eq!(batches[0].outer_rewards, [1.0, 0.0, 1.0]);
        assert_eq!(batches[0].cursors, [7, 8, 9]);
        assert_eq!(batches[1].rows, [5]);
        assert_eq!(batches[1].cursors, [10]);
    }
}
