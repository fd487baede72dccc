//! A small world for one agent: items with facts, and namespaces that begin empty.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::cases::Items;
use greenroom_model::{Column, Values};
use greenroom_sandbox::{Entry, KeyedEntry, Later, Memory, MemoryError, Page};

/// Items that there are.
pub const ROWS: u32 = 2_000;

const GENRES: [&str; 5] = ["Action", "Comedy", "Drama", "Horror", "Science-Fiction ü"];

type Space = BTreeMap<String, (Vec<u8>, u64)>;

/// Memory that lies in this process.
#[derive(Debug)]
pub struct World {
    spaces: Mutex<(BTreeMap<String, Space>, u64)>,
    rows: u32,
    numbers: BTreeMap<String, Vec<f32>>,
    /// The names of labels, and for each row the bits of those that it has.
    labels: BTreeMap<String, (Vec<String>, Vec<i64>)>,
}

/// Items with a year, which each tenth lacks, and genres.
impl Default for World {
    fn default() -> Self {
        let years = (0..ROWS).map(year).collect();
        let genres = (0..ROWS).map(|row| i64::from(row % 32)).collect();
        Self {
            spaces: Mutex::default(),
            rows: ROWS,
            numbers: BTreeMap::from([("year".to_owned(), years)]),
            labels: BTreeMap::from([("genres".to_owned(), (GENRES.map(ToOwned::to_owned).to_vec(), genres))]),
        }
    }
}

impl World {
    /// A world of these items, or the usual one.
    #[must_use]
    pub fn of(items: &Items) -> Self {
        if *items == Items::default() {
            return Self::default();
        }
        let longest = items.facts.values().map(Vec::len).chain(items.labels.values().map(Vec::len)).max().unwrap_or(0);
        let rows = items.rows.unwrap_or_else(|| u32::try_from(longest).unwrap_or(u32::MAX));
        let labels = items.labels.iter().map(|(field, rows)| {
            let mut names: Vec<String> = rows.iter().flatten().cloned().collect();
            names.sort();
            names.dedup();
            names.truncate(63);
            let bit = |name: &String| names.binary_search(name).map_or(0, |place| 1_i64 << place);
            let bits = rows.iter().map(|row| row.iter().map(bit).fold(0, |all, bit| all | bit)).collect();
            (field.clone(), (names, bits))
        });
        Self { spaces: Mutex::default(), rows, numbers: items.facts.clone(), labels: labels.collect() }
    }

    fn with<T>(&self, namespace: &str, of: impl FnOnce(&mut Space, &mut u64) -> T) -> T {
        let mut guard = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let (spaces, revision) = &mut *guard;
        of(spaces.entry(namespace.to_owned()).or_default(), revision)
    }

    fn swap(
        &self,
        namespace: &str,
        key: String,
        expected: Option<Option<u64>>,
        value: Vec<u8>,
    ) -> Result<u64, MemoryError> {
        self.with(namespace, |space, revision| {
            let found = space.get(&key).map(|(_, revision)| *revision);
            if expected.is_some_and(|expected| expected != found) {
                return Err(MemoryError::Conflict(found));
            }
            *revision += 1;
            space.insert(key, (value, *revision));
            Ok(*revision)
        })
    }
}

fn now<T: Send + 'static>(answer: Result<T, MemoryError>) -> Later<T> {
    Box::pin(std::future::ready(answer))
}

/// The year of a row; none for each tenth.
fn year(row: u32) -> f32 {
    if row % 10 == 9 { f32::NAN } else { f32::from(u16::try_from(1950 + row % 70).unwrap_or(0)) }
}

impl Memory for World {
    fn exists(&self, _namespace: &str) -> bool {
        true
    }

    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        let entry = |(value, revision): &(Vec<u8>, u64)| Entry { value: value.clone(), revision: *revision };
        Ok(self.with(namespace, |space, _| space.get(key).map(entry)))
    }

    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        keys.iter().map(|key| self.get(namespace, key)).collect()
    }

    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64> {
        now(self.swap(namespace, key, None, value))
    }

    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        now(self.swap(namespace, key, Some(expected), value))
    }

    fn delete(&self, namespace: &str, key: String) -> Later<bool> {
        now(Ok(self.with(namespace, |space, _| space.remove(&key).is_some())))
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError> {
        let limit = limit as usize;
        let mut entries: Vec<KeyedEntry> = self.with(namespace, |space, _| {
            let found = space
                .iter()
                .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
            let entry = |(key, (value, revision)): (&String, &(Vec<u8>, u64))| KeyedEntry {
                key: key.clone(),
                value: value.clone(),
                revision: *revision,
            };
            found.take(limit + 1).map(entry).collect()
        });
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|entry| entry.key.clone());
        Ok(Page { entries, next })
    }

    fn row_count(&self) -> u32 {
        self.rows
    }

    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        let column = |field: &String| {
            let values = if let Some(all) = self.numbers.get(field) {
                Values::F32s(rows.iter().map(|row| all.get(*row as usize).copied().unwrap_or(f32::NAN)).collect())
            } else if let Some((_, all)) = self.labels.get(field) {
                Values::S64s(rows.iter().map(|row| all.get(*row as usize).copied().unwrap_or(0)).collect())
            } else {
                return Err(MemoryError::NotFound(format!("no field `{field}`")));
            };
            Ok(Column { name: field.clone(), values })
        };
        fields.iter().map(column).collect()
    }

    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        let found = self.labels.get(field).map(|(names, _)| names.clone());
        found.ok_or_else(|| MemoryError::NotFound(format!("no labels `{field}`")))
    }
}
