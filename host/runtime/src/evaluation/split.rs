//! Events in two parts: what may be learnt from and what is kept back.

use std::sync::Arc;

use crate::events::Columns;

/// A train and a test part over the same ids. Ids are sorted (see [`compare_ids`](super::compare_ids)), so that the smaller
/// number is the smaller id.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Ids of subjects, by number.
    pub users: Vec<Arc<str>>,
    /// Ids of items, by number: all of them are candidates.
    pub items: Vec<Arc<str>>,
    /// What may be learnt from; the items in a subject's part are not answered to it. Without times its order is unknown.
    pub train: Columns,
    /// What is kept back. Every row is a positive.
    pub test: Columns,
    /// What a person should know of how the parts came to be.
    pub notes: Vec<String>,
    /// What is asked.
    pub asked: Asked,
}

/// What is asked of whom is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Asked {
    /// Each subject once, with what it has in train: all of its test part is to be foretold.
    #[default]
    AtOnce,
    /// Each subject before each row of its test part, with all that it did before, as long as that is so many rows at least:
    /// the one row is to be foretold.
    RowByRow {
        /// The fewest rows that are known of whom is asked about.
        known_min: usize,
    },
}

/// A split of several on which the same arms are judged, with subjects and items of the same numbers in all.
#[derive(Debug, Clone)]
pub struct Block {
    /// What it is called in messages.
    pub name: String,
    /// What is learned and what is judged.
    pub split: Arc<Split>,
}

/// What is judged together: one split, or the blocks of a protocol that has several.
#[derive(Debug, Clone)]
pub struct Exam {
    /// The protocol, as in reports.
    pub protocol: String,
    /// One or more.
    pub blocks: Vec<Block>,
}

impl Exam {
    /// Of one split.
    #[must_use]
    pub fn of(protocol: &str, split: Split) -> Self {
        Self {
            protocol: protocol.to_owned(),
            blocks: vec![Block { name: protocol.to_owned(), split: Arc::new(split) }],
        }
    }
}
