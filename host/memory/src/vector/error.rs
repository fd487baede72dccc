//! Why something about vectors fails: each says what was found and what was expected.

use greenroom_model::DIMENSION_MAX;

use super::metric::LENGTH_MAX;
use crate::change::Excess;
use crate::feed::FeedError;
use crate::kv::{ReadError, WriteError};

/// Why something about vectors failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VectorError {
    /// A namespace's vectors have no such dimension.
    #[error("namespace {namespace:?} is to hold vectors of {found} numbers; expected 1 to {DIMENSION_MAX}")]
    Space {
        /// The namespace.
        namespace: String,
        /// Its dimension.
        found: usize,
    },
    /// The vector has more or fewer numbers than its namespace's.
    #[error("the vector has {found} numbers, expected {expected}")]
    Dimension {
        /// How many it has.
        found: usize,
        /// How many it is to have.
        expected: usize,
    },
    /// A number is infinite or none.
    #[error("number {place} of the vector is {found}, expected a finite one")]
    NotFinite {
        /// Which, from 0 on.
        place: usize,
        /// What it is.
        found: f32,
    },
    /// The vector is so long that distances from it are infinite.
    #[error("the vector is {found:e} long, expected at most {LENGTH_MAX:e}")]
    TooLong {
        /// Its Euclidean length.
        found: f64,
    },
    /// All numbers are 0, so that it has no direction.
    #[error("all numbers of the vector are 0, expected one that is not: the cosine of an angle asks for a direction")]
    Zero,
    /// Something is more than is taken.
    #[error("{what}: {found}, at most {max} are taken")]
    TooLarge {
        /// What, with its unit.
        what: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// Nothing was asked for.
    #[error("0 of the nearest were asked for, expected at least 1")]
    None,
    /// The row holds something else.
    #[error("the row of {key:?} in namespace {namespace:?} holds no vector; put it again")]
    Damaged {
        /// The namespace.
        namespace: String,
        /// The key.
        key: String,
    },
    /// The backend refused a read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The backend refused a write; [`WriteError::Quota`] when the namespace is full.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The backend could not tell what has changed.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl From<Excess> for VectorError {
    fn from((what, found, max): Excess) -> Self {
        Self::TooLarge { what, found, max }
    }
}
