//! How events become a train and a test part.

use std::collections::HashSet;
use std::sync::Arc;

use crate::events::{Columns, Events, Order};

use super::order::sorted;
use super::{Asked, POSITIVE_MIN, Split};

/// Subjects with fewer positives are not judged.
pub(super) const POSITIVES_MIN: usize = 5;

/// Why there is nothing to judge.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProtocolError {
    /// The protocol keeps the latest events back, and nobody knows which they are.
    #[error(
        "protocol {protocol} keeps each subject's latest positives back, and these events have no timestamps: add a timestamp \
         column, or say that the file is in order (--ordered)"
    )]
    OrderUnknown {
        /// Which.
        protocol: &'static str,
    },
    /// No row reaches the threshold.
    #[error(
        "no {part} row is a positive: ratings reach {highest}, and a positive has {POSITIVE_MIN} or more; leave the rating \
         column out when every row is a positive"
    )]
    NoPositives {
        /// Of which part.
        part: &'static str,
        /// The highest rating.
        highest: f32,
    },
    /// No subject has enough positives.
    #[error(
        "no subject has {POSITIVES_MIN} positives, which protocol {protocol} needs: the most that one has is {most}"
    )]
    TooFew {
        /// Which.
        protocol: &'static str,
        /// The most positives that a subject has.
        most: usize,
    },
}

/// Protocol P1: a rating of 4 or more is a positive, and every row where there are no ratings. Subjects with at least 5
/// positives are kept. A subject's positives are ordered by time, then item; the last `max(1, floor(n / 5))` of `n` are
/// test, the rest train. Both parts hold positives alone, ordered by subject, time, item, and the split knows only
/// subjects and items that occur in them. Without times, the order of rows takes the place of times.
///
/// # Errors
/// When the order is unknown or nobody has enough positives.
pub fn p1(events: &Events) -> Result<Split, ProtocolError> {
    let Positives { columns, rows, notes } = Positives::of(events, "p1", |row| row.subject)?;
    let (mut train, mut test) = (Vec::new(), Vec::new());
    let mut most = 0;
    for subject in rows.chunk_by(|a, b| columns.users.get(*a) == columns.users.get(*b)) {
        most = most.max(subject.len());
        if subject.len() >= POSITIVES_MIN {
            let kept_back = (subject.len() / 5).max(1);
            let (early, late) = subject.split_at(subject.len() - kept_back);
            train.extend_from_slice(early);
            test.extend_from_slice(late);
        }
    }
    if test.is_empty() {
        return Err(ProtocolError::TooFew { protocol: "p1", most });
    }
    Ok(Split::over_used_ids(events, columns.take(&train), columns.take(&test), notes).with_note_of_repeats())
}

/// The positives of events, in an order.
pub(super) struct Positives {
    /// All events; their times are the numbers of their rows where the file is in order.
    pub(super) columns: Columns,
    /// The positives among them.
    pub(super) rows: Vec<usize>,
    pub(super) notes: Vec<String>,
}

/// Where a row stands among those of all subjects, and in time.
pub(super) struct Place {
    /// By subject, time, item.
    pub(super) subject: (u32, i64, u32),
    /// By time, subject, item.
    pub(super) time: (i64, u32, u32),
}

impl Positives {
    /// The positives, in the order of what `by` picks.
    pub(super) fn of<K: Ord>(
        events: &Events,
        protocol: &'static str,
        by: impl Fn(Place) -> K,
    ) -> Result<Self, ProtocolError> {
        if events.order == Order::Unknown {
            return Err(ProtocolError::OrderUnknown { protocol });
        }
        let mut notes = Vec::new();
        let columns = with_row_times(with_telling_ratings(&events.columns, "events", &mut notes), events.order);
        let (_, user_ranks) = sorted(&events.users);
        let (_, item_ranks) = sorted(&events.items);
        let rank = |ranks: &[u32], number: Option<&u32>| {
            number.and_then(|n| ranks.get(*n as usize)).copied().unwrap_or(u32::MAX)
        };
        let mut rows: Vec<usize> = positives(&columns).collect();
        if rows.is_empty() {
            return Err(ProtocolError::NoPositives { part: "events", highest: highest(&columns) });
        }
        rows.sort_by_key(|row| {
            let (user, item) = (rank(&user_ranks, columns.users.get(*row)), rank(&item_ranks, columns.items.get(*row)));
            let time = columns.time(*row).unwrap_or_default();
            by(Place { subject: (user, time, item), time: (time, user, item) })
        });
        Ok(Self { columns, rows, notes })
    }
}

/// Two files as they are: the positives of `test` are judged, every item of both files is a candidate, and all rows of `train`
/// may be learnt from.
///
/// # Errors
/// When no row of `test` is a positive.
pub fn pair(train: &Events, test: &Events) -> Result<Split, ProtocolError> {
    let mut notes = Vec::new();
    let train_columns = with_row_times(with_telling_ratings(&train.columns, "train", &mut notes), train.order);
    let test_columns = with_telling_ratings(&test.columns, "test", &mut notes);
    let kept: Vec<usize> = positives(&test_columns).collect();
    if kept.is_empty() {
        return Err(ProtocolError::NoPositives { part: "test", highest: highest(&test_columns) });
    }
    if kept.len() < test_columns.len() {
        let below = test_columns.len() - kept.len();
        notes.push(format!("{below} test rows are rated below {POSITIVE_MIN} and are not judged"));
    }
    let (users, user_numbers) = sorted(&[train.users.as_slice(), &test.users].concat());
    let (items, item_numbers) = sorted(&[train.items.as_slice(), &test.items].concat());
    let mut train_part = train_columns;
    renumber(&mut train_part.users, &user_numbers);
    renumber(&mut train_part.items, &item_numbers);
    let mut test_part = test_columns.take(&kept);
    renumber(&mut test_part.users, user_numbers.get(train.users.len()..).unwrap_or_default());
    renumber(&mut test_part.items, item_numbers.get(train.items.len()..).unwrap_or_default());
    let split = Split { users, items, train: train_part, test: test_part, notes, asked: Asked::AtOnce };
    Ok(split.with_note_of_repeats())
}

/// Where the rows of a file are in order, its row numbers are times from here on: parts of it would lose their order.
fn with_row_times(mut columns: Columns, order: Order) -> Columns {
    if order == Order::Rows {
        columns.times = Some((0_i64..).take(columns.len()).collect());
    }
    columns
}

impl Split {
    pub(super) fn over_used_ids(events: &Events, mut train: Columns, mut test: Columns, notes: Vec<String>) -> Self {
        let used = |count: usize, parts: [&[u32]; 2]| {
            let mut used = vec![false; count];
            for number in parts.into_iter().flatten() {
                if let Some(used) = used.get_mut(*number as usize) {
                    *used = true;
                }
            }
            used
        };
        let renumbered = |ids: &[Arc<str>], used: Vec<bool>| {
            let kept: Vec<_> = ids.iter().zip(&used).filter(|(_, used)| **used).map(|(id, _)| id.clone()).collect();
            let (names, ranks) = sorted(&kept);
            let mut ranks = ranks.into_iter();
            let numbers: Vec<u32> =
                used.into_iter().map(|used| if used { ranks.next().unwrap_or_default() } else { u32::MAX }).collect();
            (names, numbers)
        };
        let (users, numbers) =
            renumbered(&events.users, used(events.users.len(), [train.users.as_slice(), &test.users]));
        renumber(&mut train.users, &numbers);
        renumber(&mut test.users, &numbers);
        let (items, numbers) =
            renumbered(&events.items, used(events.items.len(), [train.items.as_slice(), &test.items]));
        renumber(&mut train.items, &numbers);
        renumber(&mut test.items, &numbers);
        Self { users, items, train, test, notes, asked: Asked::AtOnce }
    }

    /// What a subject has in train is not answered to it, so that the same in test can't be hit by anyone.
    pub(super) fn with_note_of_repeats(mut self) -> Self {
        let pairs = |part: &Columns| part.users.iter().copied().zip(part.items.iter().copied()).collect::<Vec<_>>();
        let trained: HashSet<(u32, u32)> = pairs(&self.train).into_iter().collect();
        let repeats = pairs(&self.test).into_iter().filter(|pair| trained.contains(pair)).count();
        if repeats > 0 {
            self.notes.push(format!(
                "{repeats} test rows repeat a subject and item of train, which no arm can hit: items in a subject's train \
                 part are not answered to it"
            ));
        }
        self
    }
}

fn renumber(numbers: &mut [u32], new: &[u32]) {
    for number in numbers {
        *number = new.get(*number as usize).copied().unwrap_or(u32::MAX);
    }
}

fn positives(columns: &Columns) -> impl Iterator<Item = usize> {
    (0..columns.len()).filter(|row| columns.rating(*row).is_none_or(|rating| rating >= POSITIVE_MIN))
}

fn highest(columns: &Columns) -> f32 {
    columns.ratings.iter().flatten().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// A rating that is the same in every row, and below the threshold, tells nothing: logs of clicks are written so.
fn with_telling_ratings(columns: &Columns, part: &str, notes: &mut Vec<String>) -> Columns {
    let mut columns = columns.clone();
    if let Some((first, rest)) = columns.ratings.as_ref().and_then(|ratings| ratings.split_first())
        && *first > 0.0
        && *first < POSITIVE_MIN
        && rest.iter().all(|rating| rating == first)
    {
        notes.push(format!("every rating in {part} is {first}, so that every row counts as a positive"));
        columns.ratings = None;
    }
    columns
}
