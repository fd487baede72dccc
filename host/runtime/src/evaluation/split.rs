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
}
