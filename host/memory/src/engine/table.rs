//! Tables of the store: how their rows are named, ordered, and written into the file.

use std::cmp::Ordering;

use redb::{Key, TableDefinition, Value, WriteTransaction};

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
