//! A memory layer that notes what reached it: a namespace to write with a quota, one to read, one of which keys that begin
//! with `mine.` may be read and added, and one that is another's.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_model::{Column, Values};
use greenroom_sandbox::{Entry, KeyedEntry, Later, Memory, MemoryError, Page};

/// Bytes that `mine` takes.
const QUOTA: usize = 64 << 10;

/// The namespaces `mine`, `shared`, `ledger` and `secret`. The ledger has the key `mine.a`.
pub(crate) struct Spaces {
    mine: Mutex<BTreeMap<String, Vec<u8>>>,
    shared: BTreeMap<String, Vec<u8>>,
    forbidden: AtomicU64,
}

impl Spaces {
    pub(crate) fn new() -> Self {
        let shared = (0..2_000).map(|i| (format!("key-{i:04}"), vec![7; 1_024])).collect();
        Self { mine: Mutex::default(), shared, forbidden: AtomicU64::new(0) }
    }

    /// How often something was done that no grant allows.
    pub(crate) fn forbidden(&self) -> u64 {
        self.forbidden.load(Ordering::Relaxed)
    }

    /// Bytes in `mine`.
    pub(crate) fn written(&self) -> usize {
        self.mine.lock().unwrap().iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    fn note(&self, namespace: &str, key: &str, granted: &[&str]) {
        let within = namespace != "ledger" || key.starts_with("mine.");
        if !granted.contains(&namespace) || !within {
            self.forbidden.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self, namespace: &str, key: &str) -> Option<Entry> {
        self.note(namespace, key, &["mine", "shared", "ledger"]);
        let value = match namespace {
            "mine" => self.mine.lock().unwrap().get(key).cloned(),
            _ => self.shared.get(key).cloned(),
        };
        value.map(|value| Entry { value, revision: 1 })
    }
}

fn now<T: Send + 'static>(answer: Result<T, MemoryError>) -> Later<T> {
    Box::pin(std::future::ready(answer))
}

impl Memory for Spaces {
    fn exists(&self, namespace: &str) -> bool {
        ["mine", "shared", "ledger", "secret"].contains(&namespace)
    }

    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(self.read(namespace, key))
    }

    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        Ok(keys.iter().map(|key| self.read(namespace, key)).collect())
    }

    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64> {
        self.note(namespace, &key, &["mine"]);
        let answer = if self.written() + key.len() + value.len() > QUOTA {
            Err(MemoryError::Quota("the namespace is full".to_owned()))
        } else {
            self.mine.lock().unwrap().insert(key, value);
            Ok(1)
        };
        now(answer)
    }

    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        if namespace == "ledger" && expected.is_none() {
            self.note(namespace, &key, &["ledger"]);
            return now(Err(MemoryError::Conflict(Some(1))));
        }
        self.put(namespace, key, value)
    }

    fn delete(&self, namespace: &str, key: String) -> Later<bool> {
        self.note(namespace, &key, &["mine"]);
        now(Ok(self.mine.lock().unwrap().remove(&key).is_some()))
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError> {
        self.note(namespace, prefix, &["mine", "shared", "ledger"]);
        let wanted = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let found = self.shared.iter().filter(|(key, _)| wanted(key)).take(limit as usize);
        let entries = found.map(|(k, v)| KeyedEntry { key: k.clone(), value: v.clone(), revision: 1 }).collect();
        Ok(Page { entries, next: None })
    }

    fn row_count(&self) -> u32 {
        1_000
    }

    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        let column = |name: &String| Column { name: name.clone(), values: Values::F32s(vec![0.0; rows.len()]) };
        Ok(fields.iter().map(column).collect())
    }

    fn labels(&self, _: &str) -> Result<Vec<String>, MemoryError> {
        Ok(Vec::new())
    }
}
