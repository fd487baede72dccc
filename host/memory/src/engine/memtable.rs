//! Rows that are durable by the log of writes and not yet in the file. Each keeps the number of its batch, so that readers see
//! the batches that had ended when they began.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering as Memory};

use crossbeam_skiplist::SkipMap;
use crossbeam_skiplist::map::Entry;

use super::table::{Bytes, Compare};

/// Bytes that a row takes beside its own.
const BESIDE: usize = 128;

/// A value; none where the row was removed.
pub(crate) type Cell = Option<Arc<[u8]>>;

/// A row that was written.
pub(crate) struct Row {
    pub(crate) table: u8,
    pub(crate) compare: Compare,
    pub(crate) key: Arc<[u8]>,
    pub(crate) value: Cell,
}

/// Where a row stands: by table, then key, the newest batch first.
struct Place {
    table: u8,
    compare: Compare,
    key: Arc<[u8]>,
    batch: u64,
}

/// The same, borrowed; without a key it stands before all of its table.
struct Probe<'k> {
    table: u8,
    compare: Compare,
    key: Option<&'k [u8]>,
    batch: u64,
}

trait Placed {
    fn probe(&self) -> Probe<'_>;
}

impl Placed for Place {
    fn probe(&self) -> Probe<'_> {
        Probe { table: self.table, compare: self.compare, key: Some(&self.key), batch: self.batch }
    }
}

impl Placed for Probe<'_> {
    fn probe(&self) -> Probe<'_> {
        Probe { ..*self }
    }
}

impl Ord for dyn Placed + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, two) = (self.probe(), other.probe());
        one.table.cmp(&two.table).then_with(|| match (one.key, two.key) {
            (Some(key), Some(other)) => (one.compare)(key, other).then(two.batch.cmp(&one.batch)),
            (one, two) => one.is_some().cmp(&two.is_some()),
        })
    }
}

impl PartialOrd for dyn Placed + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for dyn Placed + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for dyn Placed + '_ {}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        (self as &dyn Placed).cmp(other)
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}

impl<'p> Borrow<dyn Placed + 'p> for Place {
    fn borrow(&self) -> &(dyn Placed + 'p) {
        self
    }
}

/// Marks of which a row sets one: eight to a row of a full memtable, so that of the rows that are not there seven in eight are
/// known by a look at one place.
const MARKS: usize = 1 << 20;

/// The rows. One thread writes, any number read.
pub(crate) struct Memtable {
    rows: SkipMap<Place, Cell>,
    marks: Box<[AtomicU64]>,
    hasher: RandomState,
    bytes: AtomicUsize,
    /// The last batch that has rows here.
    last: AtomicU64,
}

impl Default for Memtable {
    fn default() -> Self {
        Self {
            rows: SkipMap::new(),
            marks: (0..MARKS / 64).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            bytes: AtomicUsize::new(0),
            last: AtomicU64::new(0),
        }
    }
}

impl Memtable {
    /// Where a row's mark is, and which it is.
    fn mark(&self, table: u8, key: &[u8]) -> (&AtomicU64, u64) {
        #[expect(clippy::cast_possible_truncation, reason = "a place among few")]
        let place = self.hasher.hash_one((table, key)) as usize % MARKS;
        #[expect(clippy::indexing_slicing, reason = "a place is below the number of marks")]
        (&self.marks[place / 64], 1 << (place % 64))
    }

    pub(crate) fn put(&self, row: &Row, batch: u64) {
        let bytes = row.key.len() + row.value.as_ref().map_or(0, |value| value.len()) + BESIDE;
        self.bytes.fetch_add(bytes, Memory::Relaxed);
        let place = Place { table: row.table, compare: row.compare, key: Arc::clone(&row.key), batch };
        self.rows.insert(place, row.value.clone());
        let (marks, mark) = self.mark(row.table, &row.key);
        marks.fetch_or(mark, Memory::Release);
    }

    /// As if these had never been written in this batch.
    pub(crate) fn take_back(&self, rows: &[Row], batch: u64) {
        for Row { table, compare, key, .. } in rows {
            let probe = Probe { table: *table, compare: *compare, key: Some(key), batch };
            self.rows.remove(&probe as &dyn Placed);
        }
    }

    /// So far all rows are from batches up to this.
    pub(crate) fn ended(&self, batch: u64) {
        self.last.store(batch, Memory::Release);
    }

    pub(crate) fn last(&self) -> u64 {
        self.last.load(Memory::Acquire)
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Memory::Relaxed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What a row was after a batch; none when no batch up to that wrote it here.
    pub(crate) fn get(&self, table: u8, compare: Compare, key: &[u8], at: u64) -> Option<Cell> {
        let (marks, mark) = self.mark(table, key);
        if marks.load(Memory::Acquire) & mark == 0 {
            return None;
        }
        let probe = Probe { table, compare, key: Some(key), batch: at };
        let entry = self.rows.lower_bound(Bound::Included(&probe as &dyn Placed))?;
        (entry.key().table == table && *entry.key().key == *key).then(|| entry.value().clone())
    }

    /// A table's rows from a key on, as they were after a batch.
    pub(crate) fn from(&self, table: u8, compare: Compare, from: Bound<&[u8]>, at: u64) -> Cursor<'_> {
        let probe = |key, batch| Probe { table, compare, key, batch };
        let (probe, from) = match from {
            Bound::Included(key) => (probe(Some(key), u64::MAX), true),
            // After all that was ever written of it: no batch has the number 0.
            Bound::Excluded(key) => (probe(Some(key), 0), false),
            Bound::Unbounded => (probe(None, 0), true),
        };
        let probe = &probe as &dyn Placed;
        let entry = self.rows.lower_bound(if from { Bound::Included(probe) } else { Bound::Excluded(probe) });
        let mut cursor = Cursor { entry, table, at };
        cursor.settle();
        cursor
    }

    /// Hands a table's rows, as they are now, to `write`.
    pub(crate) fn all<T>(
        &self,
        table: u8,
        compare: Compare,
        write: impl FnOnce(&mut dyn Iterator<Item = Bytes<'_>>) -> T,
    ) -> T {
        let mut cursor = self.from(table, compare, Bound::Unbounded, u64::MAX);
        let mut rows = Vec::new();
        while let Some((key, value)) = cursor.row() {
            rows.push((Arc::clone(key), value.clone()));
            cursor.next();
        }
        write(&mut rows.iter().map(|(key, value)| (&**key, value.as_deref())))
    }
}

/// Stands at a row, or behind the last.
pub(crate) struct Cursor<'m> {
    entry: Option<Entry<'m, Place, Cell>>,
    table: u8,
    at: u64,
}

impl Cursor<'_> {
    /// The row where it stands.
    pub(crate) fn row(&self) -> Option<(&Arc<[u8]>, &Cell)> {
        self.entry.as_ref().map(|entry| (&entry.key().key, entry.value()))
    }

    /// Goes to the next key.
    pub(crate) fn next(&mut self) {
        let Some(key) = self.entry.as_ref().map(|entry| Arc::clone(&entry.key().key)) else { return };
        loop {
            self.step();
            if self.entry.as_ref().is_none_or(|entry| entry.key().table != self.table || entry.key().key != key) {
                break;
            }
        }
        self.settle();
    }

    /// Goes on to a row that can be seen.
    fn settle(&mut self) {
        while let Some(entry) = &self.entry {
            let place = entry.key();
            if place.table != self.table {
                self.entry = None;
            } else if place.batch > self.at {
                self.step();
            } else {
                break;
            }
        }
    }

    fn step(&mut self) {
        self.entry = self.entry.as_ref().and_then(Entry::next);
    }
}

#[cfg(test)]
mod tests {
    use redb::Key as _;

    use super::*;

    fn row(table: u8, key: u64, value: Option<&str>) -> Row {
        let value = value.map(|value| value.as_bytes().into());
        Row { table, compare: u64::compare, key: key.to_le_bytes().into(), value }
    }

    fn seen(memtable: &Memtable, from: Bound<u64>, at: u64) -> Vec<(u64, Option<String>)> {
        let from = from.map(u64::to_le_bytes);
        let mut cursor = memtable.from(1, u64::compare, from.as_ref().map(<[u8; 8]>::as_slice), at);
        let mut rows = Vec::new();
        while let Some((key, value)) = cursor.row() {
            let key = u64::from_le_bytes((**key).try_into().unwrap());
            rows.push((key, value.as_ref().map(|value| String::from_utf8(value.to_vec()).unwrap())));
            cursor.next();
        }
        rows
    }

    #[test]
    fn a_reader_sees_the_batches_that_had_ended_and_their_order_is_the_tables() {
        let memtable = Memtable::default();
        // 256 stands before 1 by its bytes.
        for (key, value, batch) in [(1, Some("a"), 1), (256, Some("b"), 1), (1, Some("c"), 2), (7, None, 3)] {
            memtable.put(&row(1, key, value), batch);
        }
        memtable.put(&row(0, 1, Some("another table")), 1);
        memtable.put(&row(2, 1, Some("another table")), 1);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(seen(&memtable, Bound::Unbounded, 0), []);
        assert_eq!(seen(&memtable, Bound::Unbounded, 1), [(1, text("a")), (256, text("b"))]);
        assert_eq!(seen(&memtable, Bound::Unbounded, 3), [(1, text("c")), (7, None), (256, text("b"))]);
        assert_eq!(seen(&memtable, Bound::Excluded(1), 2), [(256, text("b"))]);
        assert_eq!(seen(&memtable, Bound::Included(7), 9), [(7, None), (256, text("b"))]);
        let get = |key: u64, at| memtable.get(1, u64::compare, &key.to_le_bytes(), at).map(|cell| cell.is_some());
        assert_eq!([get(1, 1), get(7, 2), get(7, 3), get(9, 9)], [Some(true), None, Some(false), None]);
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let memtable = Memtable::default();
        memtable.put(&row(1, 1, Some("a")), 1);
        let rows = [row(1, 1, Some("b")), row(1, 1, Some("c")), row(1, 2, None)];
        rows.iter().for_each(|row| memtable.put(row, 2));
        memtable.take_back(&rows, 2);
        assert_eq!(seen(&memtable, Bound::Unbounded, 9), [(1, Some("a".to_owned()))]);
    }
}
