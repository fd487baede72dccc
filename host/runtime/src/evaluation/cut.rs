//! A cut of a train part, for learning in two steps without looking ahead.

use std::sync::Arc;

use crate::events::Columns;

use super::{POSITIVE_MIN, Split};

/// A train part in two.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// What each subject did before its cut.
    pub early: Columns,
    /// What it did from there on: whatever its rating, so that nothing in `early` is later than what it is to foretell.
    pub next: Columns,
}

/// Cuts the train part of a split: of each subject with at least `positives_min` positives (and 2), the last
/// `max(1, floor(fraction * n))` positives and all rows from the first of them on are `next`; everything else is `early`.
/// Rows keep their order. Without times, a hash of subject and item stands for the time.
#[must_use]
pub fn cut(split: &Split, fraction: f64, positives_min: usize) -> Cut {
    let train = &split.train;
    let key = |row: usize| -> (i64, u32) {
        let item = train.items.get(row).copied().unwrap_or(u32::MAX);
        (train.time(row).unwrap_or_else(|| drawn(split, row)), item)
    };
    let mut rows: Vec<usize> = (0..train.len()).collect();
    rows.sort_by_key(|row| (train.users.get(*row).copied(), key(*row), *row));
    let mut is_next = vec![false; train.len()];
    for subject in rows.chunk_by(|a, b| train.users.get(*a) == train.users.get(*b)) {
        let positives: Vec<usize> = (0..subject.len())
            .filter(|at| {
                let rating = subject.get(*at).and_then(|row| train.rating(*row));
                rating.is_none_or(|rating| rating >= POSITIVE_MIN)
            })
            .collect();
        if positives.len() < positives_min.max(2) {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let kept_back = ((positives.len() as f64 * fraction.clamp(0.0, 1.0)) as usize).clamp(1, positives.len() - 1);
        let from = positives.get(positives.len() - kept_back).copied().unwrap_or(subject.len());
        for row in subject.iter().skip(from) {
            if let Some(next) = is_next.get_mut(*row) {
                *next = true;
            }
        }
    }
    let part = |next: bool| {
        let rows: Vec<usize> = is_next.iter().enumerate().filter(|(_, n)| **n == next).map(|(row, _)| row).collect();
        train.take(&rows)
    };
    Cut { early: part(false), next: part(true) }
}

/// A number that depends on the two ids of a row alone (FNV-1a, then mixed).
fn drawn(split: &Split, row: usize) -> i64 {
    let id = |ids: &[Arc<str>], number: Option<&u32>| number.and_then(|n| ids.get(*n as usize)).cloned();
    let user = id(&split.users, split.train.users.get(row)).unwrap_or_default();
    let item = id(&split.items, split.train.items.get(row)).unwrap_or_default();
    let hash = user
        .bytes()
        .chain([0])
        .chain(item.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    greenroom_experiment::mixed(hash).cast_signed()
}
