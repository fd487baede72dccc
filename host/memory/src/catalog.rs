//! Items: which rows there are, and which of them are no longer offered. A row is never reused, so taking an item out
//! of the offer is a mark and not a removal.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::RwLock;
use redb::{ReadableTable, TableDefinition};

use crate::ids::Numbering;
use crate::writer::{Pending, Unavailable, WhenFull};

/// Rows that are not offered.
pub(crate) const DELISTED: TableDefinition<u32, ()> = TableDefinition::new("delisted");

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
        let delisted: Arc<[u32]> = numbering.engine().read(|transaction| {
            let table = transaction.open_table(DELISTED)?;
            table.iter()?.map(|entry| Ok(entry?.0.value())).collect::<Result<_, redb::Error>>()
        })?;
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
        let delisted = Arc::clone(&self.delisted);
        self.engine().writer().submit(
            WhenFull::Wait,
            rows.len() * 16,
            move |transaction| {
                let mut table = transaction.open_table(DELISTED)?;
                for row in rows {
                    if delist {
                        table.insert(row, ())?;
                    } else {
                        table.remove(row)?;
                    }
                }
                let now: Arc<[u32]> =
                    table.iter()?.map(|entry| Ok(entry?.0.value())).collect::<Result<_, redb::Error>>()?;
                Ok(Ok(((), now)))
            },
            move |now| *delisted.write() = now,
        )
    }
}
