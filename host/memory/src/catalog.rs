//! skeleton
use crate::{Numbering, Pending, Unavailable};
use std::{ops::Deref, sync::Arc};
/// Why rows were not delisted or relisted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatalogError {
    /// u
    #[error("no rows {rows:?}; the catalog has {len}")]
    UnknownRows {
        /// r
        rows: Vec<u32>,
        /// l
        len: u32,
    },
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
/// Items: a [`Numbering`] (to which it derefs) and which rows are delisted.
pub struct Catalog {
    numbering: Numbering,
}
impl Deref for Catalog {
    type Target = Numbering;
    fn deref(&self) -> &Numbering {
        &self.numbering
    }
}
impl Catalog {
    /// d
    pub fn delist(&self, rows: &[u32]) -> Pending<(), CatalogError> {
        let _ = rows;
        todo!()
    }
    /// r
    pub fn relist(&self, rows: &[u32]) -> Pending<(), CatalogError> {
        let _ = rows;
        todo!()
    }
    /// Ascending.
    #[must_use]
    pub fn delisted(&self) -> Arc<[u32]> {
        todo!()
    }
}
