//! skeleton
use crate::*;
use std::{collections::BTreeMap, sync::Arc};
/// Quotas over any backend: only the namespaces given exist, each with its `bytes_max` (keys and values; none is unlimited).
pub struct Quotas {
    inner: Arc<dyn KeyValue>,
    spaces: BTreeMap<String, Option<u64>>,
}
impl Quotas {
    /// New.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyValue>, spaces: BTreeMap<String, Option<u64>>) -> Self {
        Self { inner, spaces }
    }
}
impl KeyValue for Quotas {
    fn get_many(&self, _: &str, _: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        todo!()
    }
    fn scan(&self, _: &str, _: &str, _: Option<&str>, _: usize) -> Result<Page, ReadError> {
        todo!()
    }
    fn usage(&self, _: &str) -> Result<Space, ReadError> {
        todo!()
    }
    fn write(&self, _: &str, _: Write) -> Pending<Written, WriteError> {
        todo!()
    }
}
