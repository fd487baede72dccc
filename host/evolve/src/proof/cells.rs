//! What arms had, subject by subject, and what one had more than another.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Failure;

/// What an arm had for one subject, in one block of the protocol, with one seed. Larger is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The subject.
    pub user: u32,
    /// Of its later events, 0 where the protocol has one block.
    pub block: u16,
    /// One of those that were declared.
    pub seed: u64,
    /// The metric.
    pub value: f64,
}

impl Cell {
    fn key(&self) -> (u32, u16, u64) {
        (self.user, self.block, self.seed)
    }
}

/// An arm with all that it had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// In any order.
    pub cells: Vec<Cell>,
}

/// Why an arm can't be judged.
#[derive(Debug, Clone, PartialEq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unusable {
    /// It has nothing.
    #[error("it has no values")]
    Empty,
    /// A value is no number.
    #[error("subject {user} has {value} in block {block} with seed {seed}, expected a finite number")]
    Undefined {
        /// Whose.
        user: u32,
        /// Where.
        block: u16,
        /// With which seed.
        seed: u64,
        /// As a text, since it is none.
        value: String,
    },
    /// A subject has two values for the same.
    #[error("subject {user} has two values in block {block} with seed {seed}")]
    Repeated {
        /// Whose.
        user: u32,
        /// Where.
        block: u16,
        /// With which seed.
        seed: u64,
    },
    /// Not all seeds that were declared, and no others: whoever chooses among seeds chooses luck.
    #[error("it has values with seeds {found:?}, and {expected:?} were declared")]
    Seeds {
        /// Those that it has.
        found: Vec<u64>,
        /// Those that were declared.
        expected: Vec<u64>,
    },
    /// Not the subjects, blocks and seeds of the baseline: whoever leaves some out chooses what counts.
    #[error(
        "it has {found} values and the baseline {expected}, of which {shared} are for the same subject, block and seed"
    )]
    Unpaired {
        /// How many it has.
        found: usize,
        /// How many the baseline has.
        expected: usize,
        /// How many are for the same.
        shared: usize,
    },
    /// It does not keep to a constraint there: that it did where it was searched is no promise.
    #[error("`{constraint}` is {value} here, expected {expected}")]
    Beyond {
        /// Which.
        constraint: String,
        /// What it has.
        value: String,
        /// What it has to keep to.
        expected: String,
    },
    /// It has failed, or failed where the baseline did not: what it has says nothing of how it would serve.
    #[error("{why}")]
    Failed {
        /// What class of failure.
        failure: Failure,
        /// For a person.
        why: String,
    },
}

/// The cells of an arm in order, once it is known that they can be used.
pub(super) struct Cells(Vec<Cell>);

impl Cells {
    pub(super) fn of(arm: &Arm, seeds: &[u64]) -> Result<Self, Unusable> {
        let mut cells = arm.cells.clone();
        cells.sort_unstable_by_key(Cell::key);
        if cells.is_empty() {
            return Err(Unusable::Empty);
        }
        if let Some(Cell { user, block, seed, value }) = cells.iter().copied().find(|cell| !cell.value.is_finite()) {
            return Err(Unusable::Undefined { user, block, seed, value: value.to_string() });
        }
        let twice = cells.windows(2).find(|pair| pair.first().map(Cell::key) == pair.last().map(Cell::key));
        if let Some(Cell { user, block, seed, .. }) = twice.and_then(|pair| pair.first()).copied() {
            return Err(Unusable::Repeated { user, block, seed });
        }
        let ascending = |mut seeds: Vec<u64>| {
            seeds.sort_unstable();
            seeds.dedup();
            seeds
        };
        let found = ascending(cells.iter().map(|cell| cell.seed).collect());
        let expected = ascending(seeds.to_vec());
        if found == expected { Ok(Self(cells)) } else { Err(Unusable::Seeds { found, expected }) }
    }

    /// The mean over subjects of the mean over their blocks and seeds.
    pub(super) fn mean(&self) -> f64 {
        let zero = self.0.iter().map(|cell| (cell.user, cell.value));
        mean(&by_user(zero))
    }

    pub(super) fn users(&self) -> usize {
        self.0.chunk_by(|a, b| a.user == b.user).count()
    }

    /// What this has more than a baseline: one value a subject, the mean over its blocks and seeds, by subject.
    pub(super) fn more_than(&self, baseline: &Self) -> Result<Vec<f64>, Unusable> {
        let same = self.0.len() == baseline.0.len();
        let pairs = || self.0.iter().zip(&baseline.0);
        if !same || pairs().any(|(mine, its)| mine.key() != its.key()) {
            let its = |cell: &&Cell| baseline.0.binary_search_by_key(&cell.key(), Cell::key).is_ok();
            let (found, expected) = (self.0.len(), baseline.0.len());
            return Err(Unusable::Unpaired { found, expected, shared: self.0.iter().filter(its).count() });
        }
        Ok(by_user(pairs().map(|(mine, its)| (mine.user, mine.value - its.value))))
    }
}

/// The mean of each subject's values, which come one subject after the other.
fn by_user(values: impl Iterator<Item = (u32, f64)>) -> Vec<f64> {
    let (mut means, mut of, mut sum, mut count) = (Vec::new(), None, 0.0, 0.0);
    for (user, value) in values {
        if of.is_some_and(|of| of != user) {
            means.push(sum / count);
            (sum, count) = (0.0, 0.0);
        }
        of = Some(user);
        sum += value;
        count += 1.0;
    }
    means.extend(of.map(|_| sum / count));
    means
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
