//! What each subject did, taken from events in columns.

use std::sync::Arc;

use greenroom_model::{EventKind, Feedback, History, NONE};

use crate::evaluation::POSITIVE_MIN;
use crate::events::{Columns, Order};

/// Histories by subject.
#[derive(Debug, Clone)]
pub struct Past(Vec<Arc<History>>);

impl Past {
    /// The histories of `subjects` subjects: each oldest first, of one time by ascending item. Where the order is
    /// unknown, all times are 0 and rows stand by item.
    #[must_use]
    pub fn of(columns: &Columns, subjects: usize, order: Order) -> Self {
        let mut rows: Vec<usize> = (0..columns.len()).collect();
        let key = |row: &usize| {
            let user = columns.users.get(*row).copied().unwrap_or(NONE);
            let item = columns.items.get(*row).copied().unwrap_or(NONE);
            match order {
                Order::Times => (user, columns.time(*row).unwrap_or(0), item),
                Order::Rows => (user, i64::try_from(*row).unwrap_or(i64::MAX), 0),
                Order::Unknown => (user, 0, item),
            }
        };
        rows.sort_by_key(key);
        let mut all = vec![History::default(); subjects];
        for row in rows {
            let event = Happened::at(columns, row, order);
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
    fn at(columns: &Columns, row: usize, order: Order) -> Self {
        let (kind, value) = match columns.rating(row) {
            Some(rating) => (EventKind::Rating, rating),
            None => (EventKind::Other, 1.0),
        };
        let time_ms = match order {
            Order::Times => columns.time(row).unwrap_or(0),
            Order::Rows => i64::try_from(row).unwrap_or(i64::MAX),
            Order::Unknown => 0,
        };
        Self {
            subject: columns.users.get(row).copied().unwrap_or(NONE),
            item: columns.items.get(row).copied().unwrap_or(NONE),
            kind,
            value,
            time_ms,
        }
    }

    fn positive(&self) -> bool {
        match self.kind {
            EventKind::Rating => self.value >= POSITIVE_MIN,
            kind => kind.positive(self.value),
        }
    }
}

/// Events as organic feedback, in the order of their times, in batches. Cursors begin at `cursor`.
pub(crate) fn organic(columns: &Columns, order: Order, mut cursor: u64, batch_rows: usize) -> Vec<Feedback> {
    let mut rows: Vec<usize> = (0..columns.len()).collect();
    if order == Order::Times {
        rows.sort_by_key(|row| {
            (columns.time(*row), columns.users.get(*row).copied(), columns.items.get(*row).copied())
        });
    }
    let mut batches = Vec::new();
    for chunk in rows.chunks(batch_rows.max(1)) {
        let mut batch = Feedback::default();
        for row in chunk {
            let event = Happened::at(columns, *row, order);
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
        let past = Past::of(&columns(), 2, Order::Times);
        assert_eq!(past.history(1).rows, [7, 4, 5]);
        assert_eq!(past.history(1).times, [5, 20, 20]);
        assert_eq!(past.history(0).values, [3.0]);
        assert!(past.history(9).is_empty());
    }

    #[test]
    fn organic_feedback_is_in_the_order_of_time_and_knows_what_is_positive() {
        let batches = organic(&columns(), Order::Times, 7, 3);
        assert_eq!(batches.len(), 2);
        assert_eq!(batches[0].rows, [7, 6, 4]);
        assert_eq!(batches[0].outer_rewards, [1.0, 0.0, 1.0]);
        assert_eq!(batches[0].cursors, [7, 8, 9]);
        assert_eq!(batches[1].rows, [5]);
        assert_eq!(batches[1].cursors, [10]);
    }
}
