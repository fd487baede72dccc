//! The memory layer of the sandbox.

use std::sync::Arc;

use greenroom_model::Column;
use greenroom_sandbox::{Entry, Later, Memory, MemoryError, NoMemory, Page};

use super::Values;

/// One namespace.
pub(super) struct Profile(pub(super) Arc<Values>);

impl Memory for Profile {
    fn exists(&self, namespace: &str) -> bool {
        namespace == "profile"
    }
    fn get(&self, _: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(self.0.get(key).map(|value| Entry { value: value.clone(), revision: 1 }))
    }
    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        NoMemory.get_many(namespace, keys)
    }
    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64> {
        NoMemory.put(namespace, key, value)
    }
    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        NoMemory.compare_and_swap(namespace, key, expected, value)
    }
    fn delete(&self, namespace: &str, key: String) -> Later<bool> {
        NoMemory.delete(namespace, key)
    }
    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError> {
        NoMemory.scan(namespace, prefix, after, limit)
    }
    fn row_count(&self) -> u32 {
        0
    }
    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        NoMemory.gather(rows, fields)
    }
    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        NoMemory.labels(field)
    }
}
