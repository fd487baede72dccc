//! What can be read: the file as it was last written, and the rows since then.

use std::any::Any;
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use redb::{AccessGuard, Database, Range, ReadOnlyTable, ReadTransaction, ReadableDatabase, Value};

use super::memtable::{Cell, Cursor, Memtable};
use super::table::{Table, TableKey, TableValue};

/// The file, and rows that are not in it yet.
pub(crate) struct View {
    file: Arc<File>,
    /// The last batch that is in the file.
    settled: u64,
    /// The newest first.
    memtables: Vec<Arc<Memtable>>,
}

/// The file as it was at one moment, with its tables once they were opened.
pub(crate) struct File {
    transaction: ReadTransaction,
    tables: Box<[OnceLock<Box<dyn Any + Send + Sync>>]>,
}

impl File {
    pub(crate) fn now(database: &Database, tables: usize) -> Result<Self, redb::Error> {
        let tables = (0..tables).map(|_| OnceLock::new()).collect();
        Ok(Self { transaction: database.begin_read()?, tables })
    }

    fn table<K: TableKey, V: TableValue>(&self, table: &Table<K, V>) -> Result<&ReadOnlyTable<K, V>, redb::Error> {
        let wrong = || redb::Error::Corrupted(format!("no table {}", table.number()));
        let place = self.tables.get(usize::from(table.number())).ok_or_else(wrong)?;
        let opened = match place.get() {
            Some(opened) => opened,
            None => {
                let opened = self.transaction.open_table(table.definition())?;
                place.get_or_init(|| Box::new(opened))
            }
        };
        opened.downcast_ref().ok_or_else(wrong)
    }
}

impl View {
    pub(crate) fn new(file: Arc<File>, settled: u64, memtables: Vec<Arc<Memtable>>) -> Self {
        Self { file, settled, memtables }
    }

    /// The memtable that is written to.
    pub(crate) fn active(&self) -> &Memtable {
        #[expect(clippy::indexing_slicing, reason = "a view is made with one")]
        &self.memtables[0]
    }

    pub(crate) fn memtables(&self) -> &[Arc<Memtable>] {
        &self.memtables
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    pub(crate) fn settled(&self) -> u64 {
        self.settled
    }

    /// As it was after a batch.
    pub(crate) fn at(&self, batch: u64) -> Snapshot<'_> {
        Snapshot { view: self, at: batch.max(self.settled) }
    }
}

/// All tables as they were after a batch.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'v> {
    view: &'v View,
    at: u64,
}

/// A key or a value, where it was found.
pub(crate) enum Held<T: Value + 'static> {
    File(AccessGuard<'static, T>),
    Memory(Arc<[u8]>),
}

impl<T: Value> Held<T> {
    pub(crate) fn value(&self) -> T::SelfType<'_> {
        match self {
            Self::File(guard) => guard.value(),
            Self::Memory(bytes) => T::from_bytes(bytes),
        }
    }
}

impl<'v> Snapshot<'v> {
    pub(crate) fn get<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        key: K::SelfType<'_>,
    ) -> Result<Option<Held<V>>, redb::Error> {
        {
            let bytes = K::as_bytes(&key);
            for memtable in self.view.memtables.iter().filter(|memtable| !memtable.is_empty()) {
                if let Some(cell) = memtable.get(table.number(), K::compare, bytes.as_ref(), self.at) {
                    return Ok(cell.map(Held::Memory));
                }
            }
        }
        Ok(self.view.file.table(table)?.get(key)?.map(Held::File))
    }

    /// A number of a table of numbers; 0 where there is none.
    pub(crate) fn number(&self, table: &Table<&'static str, u64>, name: &str) -> Result<u64, redb::Error> {
        Ok(self.get(table, name)?.map_or(0, |number| number.value()))
    }

    /// A table's rows from a key on, in their order.
    pub(crate) fn rows<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        from: Bound<K::SelfType<'_>>,
    ) -> Result<Rows<'v, K, V>, redb::Error> {
        let memory = {
            let bytes = match &from {
                Bound::Included(key) => Bound::Included(K::as_bytes(key)),
                Bound::Excluded(key) => Bound::Excluded(K::as_bytes(key)),
                Bound::Unbounded => Bound::Unbounded,
            };
            let from = bytes.as_ref().map(AsRef::as_ref);
            let view = self.view;
            view.memtables
                .iter()
                .map(|memtable| memtable.from(table.number(), K::compare, from, self.at))
                .filter(|cursor| cursor.row().is_some())
                .collect()
        };
        let mut file = self.view.file.table(table)?.range::<K::SelfType<'_>>((from, Bound::Unbounded))?;
        let next = file.next().transpose()?;
        Ok(Rows { memory, file, next })
    }
}

/// A key and its value.
type Found<K, V> = (Held<K>, Held<V>);

/// Rows of a table. A row of a newer memtable stands for those of the same key in older ones and in the file.
pub(crate) struct Rows<'v, K: TableKey, V: TableValue> {
    memory: Vec<Cursor<'v>>,
    file: Range<'static, K, V>,
    /// The file's next.
    next: Option<(AccessGuard<'static, K>, AccessGuard<'static, V>)>,
}

impl<K: TableKey, V: TableValue> Rows<'_, K, V> {
    fn take(&mut self) -> Result<Option<Found<K, V>>, redb::Error> {
        loop {
            let mut first: Option<(&Arc<[u8]>, &Cell)> = None;
            for row in self.memory.iter().filter_map(Cursor::row) {
                if first.is_none_or(|(key, _)| K::compare(row.0, key).is_lt()) {
                    first = Some(row);
                }
            }
            let Some((key, cell)) = first else { return self.next_of_file() };
            let order = self.next.as_ref().map(|(at, _)| K::order(&at.value(), &K::from_bytes(key)));
            if order.is_some_and(std::cmp::Ordering::is_lt) {
                return self.next_of_file();
            }
            let (key, cell) = (Arc::clone(key), cell.clone());
            for cursor in self.memory.iter_mut().filter(|cursor| cursor.row().is_some_and(|(at, _)| *at == key)) {
                cursor.next();
            }
            if order.is_some_and(std::cmp::Ordering::is_eq) {
                self.next_of_file()?;
            }
            if let Some(value) = cell {
                return Ok(Some((Held::Memory(key), Held::Memory(value))));
            }
        }
    }

    fn next_of_file(&mut self) -> Result<Option<Found<K, V>>, redb::Error> {
        let Some((key, value)) = self.next.take() else { return Ok(None) };
        self.next = self.file.next().transpose()?;
        Ok(Some((Held::File(key), Held::File(value))))
    }
}

impl<K: TableKey, V: TableValue> Iterator for Rows<'_, K, V> {
    type Item = Result<Found<K, V>, redb::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take().transpose()
    }
}
