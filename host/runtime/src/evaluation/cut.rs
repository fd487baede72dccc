//! A cut of a train part, for learning in two steps without looking ahead.

use std::sync::Arc;

use crate::events::Columns;

use super::{Asked, POSITIVE_MIN, Split};

/// Subjects with fewer positives are not asked about by who searches.
const SEARCHED_MIN: usize = 4;
/// The fewest positives that are known of whom is asked about.
const KNOWN_MIN: usize = 2;

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

/// A split within the train part of another one, for who searches: of each subject with at least four positives, the positives
/// from the share `from` of them up to the share `to` are to be foretold, by what lies before them. Two or more are known.
/// Of other subjects everything is learned from. Subjects and items keep their numbers, and nothing of the test part is there.
#[must_use]
pub fn within(split: &Split, from: f64, to: f64) -> Split {
    let train = &split.train;
    let key = |row: usize| -> (i64, u32) {
        let item = train.items.get(row).copied().unwrap_or(u32::MAX);
        (train.time(row).unwrap_or_else(|| drawn(split, row)), item)
    };
    let mut rows: Vec<usize> = (0..train.len()).collect();
    rows.sort_by_key(|row| (train.users.get(*row).copied(), key(*row), *row));
    let (mut learned, mut asked) = (Vec::new(), Vec::new());
    for subject in rows.chunk_by(|a, b| train.users.get(*a) == train.users.get(*b)) {
        let positive = |row: &usize| train.rating(*row).is_none_or(|rating| rating >= POSITIVE_MIN);
        let positives: Vec<usize> = (0..subject.len()).filter(|at| subject.get(*at).is_some_and(positive)).collect();
        let count = positives.len();
        if count < SEARCHED_MIN {
            learned.extend_from_slice(subject);
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let at = |share: f64| (share.clamp(0.0, 1.0) * count as f64) as usize;
        let low = at(from).clamp(KNOWN_MIN, count - 1);
        let high = at(to).clamp(low + 1, count);
        let first = positives.get(low).copied().unwrap_or(subject.len());
        learned.extend(subject.iter().take(first));
        asked.extend(positives.iter().take(high).skip(low).filter_map(|at| subject.get(*at)));
    }
    // As they were: agents learn in the order of rows where there are no times.
    learned.sort_unstable();
    asked.sort_unstable();
    let (train, test) = (train.take(&learned), train.take(&asked));
    Split { train, test, notes: Vec::new(), asked: Asked::AtOnce, ..split.clone() }.with_note_of_repeats()
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
