//! skeleton
use crate::{Pending, Unavailable};
use std::{cmp::Ordering, sync::Arc};
/// An id that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("id {place}: {reason}")]
pub struct IdMistake {
    /// Its place in the list.
    pub place: usize,
    /// r
    pub reason: &'static str,
}
/// Why ids were not assigned; then none was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AssignError {
    /// m
    #[error("ids")]
    Invalid(Vec<IdMistake>),
    /// f
    #[error("full")]
    Full,
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
/// External ids and their dense numbers.
pub struct Numbering {}
impl Numbering {
    /// Numbers of ids, in their order; new ids get the next numbers in the order given. Durable once answered.
    pub fn assign(&self, ids: &[&str]) -> Pending<Vec<u32>, AssignError> {
        let _ = ids;
        todo!()
    }
    /// n
    #[must_use]
    pub fn row(&self, id: &str) -> Option<u32> {
        let _ = id;
        todo!()
    }
    /// i
    #[must_use]
    pub fn id(&self, row: u32) -> Option<Arc<str>> {
        let _ = row;
        todo!()
    }
    /// l
    #[must_use]
    pub fn len(&self) -> u32 {
        todo!()
    }
    /// e
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
/// Decimal integers compare as numbers and stand before all else; others compare bytewise.
#[must_use]
pub fn id_order(a: &str, b: &str) -> Ordering {
    let _ = (a, b);
    todo!()
}
