//! The engine under the store, without anything of ours.

use std::path::Path;
use std::time::Instant;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::Numbers;
use crate::subject::{key, value};

const TABLE: TableDefinition<&str, &[u8]> = TableDefinition::new("raw");
const BATCH: u64 = 10_000;

pub(crate) struct Raw(Database);

impl Raw {
    pub(crate) fn new(path: &Path) -> Self {
        Self(Database::builder().set_cache_size(256 << 20).create(path).unwrap())
    }

    pub(crate) fn fill(&self, size: u64) {
        for from in (0..size).step_by(BATCH as usize) {
            let transaction = self.0.begin_write().unwrap();
            let mut table = transaction.open_table(TABLE).unwrap();
            for number in from..size.min(from + BATCH) {
                table.insert(key(number).as_str(), value(number).as_slice()).unwrap();
            }
            drop(table);
            transaction.commit().unwrap();
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let table = self.0.begin_read().unwrap().open_table(TABLE).unwrap();
        table.get(key).unwrap().map(|found| found.value().to_vec())
    }

    pub(crate) fn count(&self) -> u64 {
        let table = self.0.begin_read().unwrap().open_table(TABLE).unwrap();
        let copied = |entry: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &[u8]>), _>| {
            let (key, value) = entry.unwrap();
            std::hint::black_box((key.value().to_owned(), value.value().to_vec()));
        };
        table.iter().unwrap().map(copied).count() as u64
    }

    /// Commits a second, of one write each.
    pub(crate) fn commits(&self, count: usize, size: u64, seed: u64) -> f64 {
        let keys = Numbers(seed).keys(count, size);
        let began = Instant::now();
        keys.iter().for_each(|key| self.put(key));
        count as f64 / began.elapsed().as_secs_f64()
    }

    /// A commit of one write.
    pub(crate) fn put(&self, key: &str) {
        let transaction = self.0.begin_write().unwrap();
        transaction.open_table(TABLE).unwrap().insert(key, value(2).as_slice()).unwrap();
        transaction.commit().unwrap();
    }
}
