//! A batch of writes in the making.

use std::ops::Bound;
use std::sync::Arc;

use super::memtable::Row;
use super::table::{Table, TableKey, TableValue};
use super::view::{Held, Rows, Snapshot, View};

/// Reads as after the batch before, and what the batch has written itself. Nobody else sees that until the batch has ended.
pub(crate) struct Transaction<'v> {
    view: &'v View,
    batch: u64,
    own: Snapshot<'v>,
    rows: Vec<Row>,
    /// Rows of tables of sums, which nearly every job of a batch changes: they are written at its end, once.
    sums: Vec<Row>,
}

impl<'v> Transaction<'v> {
    pub(super) fn new(view: &'v View, batch: u64) -> Self {
        Self { view, batch, own: view.at(batch), rows: Vec::new(), sums: Vec::new() }
    }

    pub(crate) fn get<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        key: K::SelfType<'_>,
    ) -> Result<Option<Held<V>>, redb::Error> {
        if table.is_of_sums() {
            let bytes = K::as_bytes(&key);
            let known = self.sums.iter().find(|row| row.table == table.number() && *row.key == *bytes.as_ref());
            if let Some(row) = known {
                return Ok(row.value.clone().map(Held::Memory));
            }
        }
        self.own.get(table, key)
    }

    /// As [`Snapshot::number`].
    pub(crate) fn number(&self, table: &Table<&'static str, u64>, name: &str) -> Result<u64, redb::Error> {
        Ok(self.get(table, name)?.map_or(0, |number| number.value()))
    }

    /// As [`Snapshot::rows`]. Not of tables of sums.
    pub(crate) fn rows<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        from: Bound<K::SelfType<'_>>,
    ) -> Result<Rows<'v, K, V>, redb::Error> {
        debug_assert!(!table.is_of_sums(), "these are not in order before the batch ends");
        self.own.rows(table, from)
    }

    pub(crate) fn insert<K: TableKey, V: TableValue>(
        &mut self,
        table: &Table<K, V>,
        key: K::SelfType<'_>,
        value: V::SelfType<'_>,
    ) {
        self.put(table, key, Some(V::as_bytes(&value).as_ref().into()));
    }

    pub(crate) fn remove<K: TableKey, V: TableValue>(&mut self, table: &Table<K, V>, key: K::SelfType<'_>) {
        self.put(table, key, None);
    }

    fn put<K: TableKey, V: TableValue>(&mut self, table: &Table<K, V>, key: K::SelfType<'_>, value: Option<Arc<[u8]>>) {
        let bytes = K::as_bytes(&key);
        if table.is_of_sums() {
            let known = self.sums.iter_mut().find(|row| row.table == table.number() && *row.key == *bytes.as_ref());
            if let Some(row) = known {
                row.value = value;
                return;
            }
        }
        let row = Row { table: table.number(), compare: K::compare, key: bytes.as_ref().into(), value };
        if table.is_of_sums() {
            self.sums.push(row);
        } else {
            self.view.active().put(&row, self.batch);
            self.rows.push(row);
        }
    }

    /// Ends the batch: all that was written, in its order.
    pub(super) fn end(&mut self) -> &[Row] {
        for row in self.sums.drain(..) {
            self.view.active().put(&row, self.batch);
            self.rows.push(row);
        }
        &self.rows
    }

    /// As if nothing had been written.
    pub(super) fn abort(self) {
        self.view.active().take_back(&self.rows, self.batch);
    }
}
