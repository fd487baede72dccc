//! Items: which rows there are, and which of them are no longer offered. A row is never reused, so taking an item out
//! of the offer is a mark and not a removal.

use std::ops::{Bound, Deref};
use std::sync::Arc;

use parking_lot::RwLock;

use crate::engine::{Pending, Rows, Table, Unavailable, WhenFull};
use crate::ids::Numbering;

/// Rows that are not offered.
pub(crate) const DELISTED: Table<u32, ()> = Table::new(5, "delisted");

/// Why rows were not delisted or relisted; then none was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatalogError {
    /// Rows beyond the catalog.
    #[error("no rows {}: the catalog has {len}", crate::ids::several(rows))]
    UnknownRows {
        /// Which.
        rows: Vec<u32>,
        /// How many rows there are.
        len: u32,
    },
    /// The store could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The [`Numbering`] of items, to which it derefs, and which of them are delisted.
pub struct Catalog {
    numbering: Numbering,
    delisted: Arc<RwLock<Arc<[u32]>>>,
}

impl Deref for Catalog {
    type Target = Numbering;

    fn deref(&self) -> &Numbering {
        &self.numbering
    }
}

impl Catalog {
    pub(crate) fn load(numbering: Numbering) -> Result<Self, Unavailable> {
        let delisted = numbering.engine().read(|snapshot| listed(snapshot.rows(&DELISTED, Bound::Unbounded)?))?;
        Ok(Self { numbering, delisted: Arc::new(RwLock::new(delisted)) })
    }

    /// Marks rows as not offered; those that are stay so. Durable once answered. Blocks while the queue of writes is full.
    pub fn delist(&self, rows: &[u32]) -> Pending<(), CatalogError> {
        self.mark(rows, true)
    }

    /// Offers rows again; those that are offered stay so. Durable once answered. Blocks while the queue of writes is full.
    pub fn relist(&self, rows: &[u32]) -> Pending<(), CatalogError> {
        self.mark(rows, false)
    }

    /// Rows that are not offered, ascending.
    #[must_use]
    pub fn delisted(&self) -> Arc<[u32]> {
        Arc::clone(&self.delisted.read())
    }

    fn mark(&self, rows: &[u32], delist: bool) -> Pending<(), CatalogError> {
        let len = self.len();
        let unknown: Vec<u32> = rows.iter().copied().filter(|row| *row >= len).collect();
        if !unknown.is_empty() {
            return Pending::ready(Err(CatalogError::UnknownRows { rows: unknown, len }));
        }
        let rows = rows.to_vec();
        let published = Arc::clone(&self.delisted);
        self.engine().writer().submit(
            WhenFull::Wait,
            rows.len() * 16,
            move |transaction| {
                for row in rows {
                    if delist {
                        transaction.insert(&DELISTED, row, ());
                    } else {
                        transaction.remove(&DELISTED, row);
                    }
                }
                Ok(Ok(((), listed(transaction.rows(&DELISTED, Bound::Unbounded)?)?)))
            },
            move |now| *published.write() = now,
        )
    }
}

fn listed(rows: Rows<'_, u32, ()>) -> Result<Arc<[u32]>, redb::Error> {
    rows.map(|entry| Ok(entry?.0.value())).collect()
}
