//! Tables of the store: how their rows are named, ordered, and written into the file.

use std::cmp::Ordering;
use std::ops::Bound;

use redb::{Database, Key, ReadableTable as _, ReadableTableMetadata as _, TableDefinition, Value, WriteTransaction};

use super::begin;
use super::view::Snapshot;

/// Rows of one commit of a copy.
const COPIED_ROWS: usize = 20_000;

/// A row as bytes: its key, and its value or none where it was removed.
pub(crate) type Bytes<'r> = (&'r [u8], Option<&'r [u8]>);

/// How keys of a table are ordered.
pub(crate) type Compare = fn(&[u8], &[u8]) -> Ordering;

/// What a key may be. It orders itself.
pub(crate) trait TableKey: Key + Send + Sync + 'static {
    /// As [`Key::compare`] has it.
    fn order<'k>(one: &Self::SelfType<'k>, two: &Self::SelfType<'k>) -> Ordering;
}

impl<T: Key + Send + Sync + 'static> TableKey for T
where
    for<'k> T::SelfType<'k>: Ord,
{
    fn order<'k>(one: &Self::SelfType<'k>, two: &Self::SelfType<'k>) -> Ordering {
        one.cmp(two)
    }
}

/// What a value may be.
pub(crate) trait TableValue: Value + Send + Sync + 'static {}

impl<T: Value + Send + Sync + 'static> TableValue for T {}

/// A table.
pub(crate) struct Table<K: TableKey, V: TableValue> {
    number: u8,
    name: &'static str,
    sums: bool,
    definition: TableDefinition<'static, K, V>,
}

impl<K: TableKey, V: TableValue> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: TableKey, V: TableValue> Copy for Table<K, V> {}

impl<K: TableKey, V: TableValue> Table<K, V> {
    /// `number` is its place among the store's tables, in the log of writes too: it never changes, nor is it used again.
    pub(crate) const fn new(number: u8, name: &'static str) -> Self {
        Self { number, name, sums: false, definition: TableDefinition::new(name) }
    }

    /// Of a few rows that nearly every write changes.
    pub(crate) const fn of_sums(number: u8, name: &'static str) -> Self {
        Self { sums: true, ..Self::new(number, name) }
    }

    pub(crate) fn is_of_sums(&self) -> bool {
        self.sums
    }

    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn definition(&self) -> TableDefinition<'static, K, V> {
        self.definition
    }
}

/// A table of whatever keys and values.
pub(crate) trait AnyTable: Sync {
    fn number(&self) -> u8;

    fn compare(&self) -> Compare;

    /// Makes it in the file, if it is not there.
    fn make(&self, transaction: &WriteTransaction) -> Result<(), redb::Error>;

    /// How many rows the file has of it.
    fn len(&self, transaction: &WriteTransaction) -> Result<u64, redb::Error>;

    /// Writes all rows into another file. How many they are.
    fn copy(&self, snapshot: &Snapshot<'_>, to: &Database) -> Result<u64, redb::Error>;

    /// Writes rows, in their order, into the file.
    fn write(
        &self,
        transaction: &WriteTransaction,
        rows: &mut dyn Iterator<Item = Bytes<'_>>,
    ) -> Result<(), redb::Error>;
}

impl<K: TableKey, V: TableValue> AnyTable for Table<K, V> {
    fn number(&self) -> u8 {
        self.number
    }

    fn compare(&self) -> Compare {
        K::compare
    }

    fn make(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        transaction.open_table(self.definition)?;
        Ok(())
    }

    fn len(&self, transaction: &WriteTransaction) -> Result<u64, redb::Error> {
        Ok(transaction.open_table(self.definition)?.len()?)
    }

    fn copy(&self, snapshot: &Snapshot<'_>, to: &Database) -> Result<u64, redb::Error> {
        let mut rows = snapshot.rows(self, Bound::Unbounded)?.peekable();
        let mut count = 0;
        loop {
            let transaction = begin(to, false)?;
            let mut table = transaction.open_table(self.definition)?;
            for row in rows.by_ref().take(COPIED_ROWS) {
                let (key, value) = row?;
                table.insert(key.value(), value.value())?;
                count += 1;
            }
            drop(table);
            transaction.commit()?;
            if rows.peek().is_none() {
                return Ok(count);
            }
        }
    }

    fn write(
        &self,
        transaction: &WriteTransaction,
        rows: &mut dyn Iterator<Item = Bytes<'_>>,
    ) -> Result<(), redb::Error> {
        let mut table = transaction.open_table(self.definition)?;
        for (key, value) in rows {
            let key = K::from_bytes(key);
            match value {
                Some(value) => table.insert(key, V::from_bytes(value))?,
                None => table.remove(key)?,
            };
        }
        Ok(())
    }
}

/// A table by numbers that grow, of which the last so many are kept in the file.
pub(crate) struct Recent<V: TableValue> {
    table: Table<u64, V>,
    kept: u64,
}

impl<V: TableValue> Recent<V> {
    pub(crate) const fn new(number: u8, name: &'static str, kept: u64) -> Self {
        Self { table: Table::new(number, name), kept }
    }

    pub(crate) const fn table(&self) -> &Table<u64, V> {
        &self.table
    }
}

impl<V: TableValue> AnyTable for Recent<V> {
    fn number(&self) -> u8 {
        self.table.number
    }

    fn compare(&self) -> Compare {
        self.table.compare()
    }

    fn make(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        self.table.make(transaction)
    }

    fn len(&self, transaction: &WriteTransaction) -> Result<u64, redb::Error> {
        self.table.len(transaction)
    }

    fn copy(&self, snapshot: &Snapshot<'_>, to: &Database) -> Result<u64, redb::Error> {
        self.table.copy(snapshot, to)
    }

    fn write(
        &self,
        transaction: &WriteTransaction,
        rows: &mut dyn Iterator<Item = Bytes<'_>>,
    ) -> Result<(), redb::Error> {
        self.table.write(transaction, rows)?;
        let mut table = transaction.open_table(self.table.definition)?;
        let last = table.last()?.map_or(0, |(number, _)| number.value());
        table.retain_in(..=last.saturating_sub(self.kept), |_, _| false)?;
        Ok(())
    }
}
