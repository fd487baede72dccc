//! What counts as a positive event, in one place, so that what is learned and what is decided on are the same thing.

use crate::History;

/// Whether an event speaks for its item. A rating does from 4 on; a click, a like and a purchase do; what has no kind
/// does when its value is above 0; a view, a dislike and a dismissal do not.
#[must_use]
pub fn is_positive(kind: u8, value: f32) -> bool {
    match kind {
        1 => value >= 4.0,
        3 | 4 | 6 => true,
        2 | 5 | 7 => false,
        _ => value > 0.0,
    }
}

impl History {
    /// The rows that the subject liked with the time at which it last did, oldest first, each row once.
    #[must_use]
    pub fn positives(&self) -> Vec<(u32, i64)> {
        let events = self.rows.iter().zip(&self.times).zip(&self.kinds).zip(&self.values);
        let liked = events.filter(|&(((_, _), &kind), &value)| is_positive(kind, value));
        let mut all: Vec<(u32, i64)> = liked.map(|(((&row, &time), _), _)| (row, time)).collect();
        // Row and place in one number, so that the last of each run is where its row was liked last.
        let mut keys: Vec<u64> =
            (0..).zip(&all).map(|(place, event): (u64, _)| u64::from(event.0) << 32 | place).collect();
        keys.sort_unstable();
        let mut latest = vec![false; all.len()];
        for of_one in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            let place = of_one.last().and_then(|key| usize::try_from(key & u64::from(u32::MAX)).ok());
            if let Some(latest) = place.and_then(|place| latest.get_mut(place)) {
                *latest = true;
            }
        }
        let mut latest = latest.into_iter();
        all.retain(|_| latest.next() == Some(true));
        all
    }

    /// The rows that the subject liked, oldest first, each with a weight: 1 for the latest, and half as much for every
    /// `half_life` events further back; 1 for all of them when `half_life` is 0, or when all are of one time: then
    /// nobody knows their order.
    #[must_use]
    pub fn weighted(&self, half_life: f64) -> Vec<(u32, f32)> {
        let positives = self.positives();
        let ordered = positives.first().map(|first| first.1) != positives.last().map(|last| last.1);
        let fading = if half_life > 0.0 && ordered { 0.5_f64.powf(1.0 / half_life) } else { 1.0 };
        let mut weight = 1.0;
        let mut liked: Vec<(u32, f32)> = positives.into_iter().map(|(row, _)| (row, 0.0)).collect();
        for event in liked.iter_mut().rev() {
            #[expect(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
            {
                event.1 = weight as f32;
            }
            weight *= fading;
        }
        liked
    }
}

/// A subject that liked a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Positive {
    /// The subject's number, or [`NONE`] for an anonymous one.
    pub subject: u32,
    /// When it last did, in milliseconds.
    pub time: i64,
    /// The row.
    pub row: u32,
}

/// How often each row was liked: the most popular first, ties by ascending row.
#[must_use]
pub fn by_popularity(positives: &[Positive]) -> Vec<(u32, u32)> {
    let mut rows: Vec<u32> = positives.iter().map(|p| p.row).collect();
    rows.sort_unstable();
    let mut counts: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match counts.last_mut() {
            Some((last, count)) if *last == row => *count += 1,
            _ => counts.push((row, 1)),
        }
    }
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Interactions, NONE, native};

    #[test]
    fn a_history_keeps_each_liked_row_once_at_its_latest_time() {
        let mut seen = native::observe(10, &[(7, 1), (3, 2), (7, 3), (9, 4)]).history;
        assert_eq!(seen.positives(), [(3, 2), (7, 3), (9, 4)]);
        seen.kinds = vec![1, 1, 1, 5];
        seen.values = vec![5.0, 3.5, 4.0, 1.0];
        assert_eq!(seen.positives(), [(7, 3)]);
    }

    #[test]
    fn weights_halve_every_half_life() {
        let seen = native::observe(10, &[(1, 1), (2, 2), (3, 3)]).history;
        assert_eq!(seen.weighted(0.0), [(1, 1.0), (2, 1.0), (3, 1.0)]);
        let weights: Vec<f32> = seen.weighted(2.0).iter().map(|x| x.1).collect();
        assert!((weights[0] - 0.5).abs() < 1e-6 && (weights[1] - 0.5_f32.sqrt()).abs() < 1e-6, "{weights:?}");
        assert_eq!(weights[2], 1.0);
    }

    #[test]
    fn events_of_one_time_weigh_the_same() {
        let seen = native::observe(10, &[(1, 5), (2, 5), (3, 5)]).history;
        assert_eq!(seen.weighted(2.0), [(1, 1.0), (2, 1.0), (3, 1.0)]);
    }

    #[test]
    fn a_row_liked_twice_counts_once_for_a_subject_and_twice_for_strangers() {
        let mut all = Interactions::default();
        all.learn(&native::organic(&[(1, 10, 5), (1, 10, 9), (NONE, 10, 6), (NONE, 10, 6)])).unwrap();
        assert_eq!(by_popularity(&all.positives()), [(10, 3)]);
        assert_eq!(all.positives()[0].time, 9);
    }
}
