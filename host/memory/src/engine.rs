//! The open file and its writer, which all parts of a store share.

use std::sync::Arc;

use redb::{Database, ReadTransaction, ReadableDatabase, TableDefinition};

use crate::writer::{Unavailable, Writer};

/// Numbers of the whole store, by name.
pub(crate) const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");

/// The open file and its writer.
pub(crate) struct Engine {
    // Ends first, so that the file is closed when the engine is gone.
    writer: Writer,
    database: Arc<Database>,
}

impl Engine {
    pub(crate) fn new(writer: Writer, database: Arc<Database>) -> Self {
        Self { writer, database }
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Reads what was committed last.
    pub(crate) fn read<T>(
        &self,
        what: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, Unavailable> {
        let read = || what(&self.database.begin_read()?);
        read().map_err(Unavailable::reading)
    }
}
