//! The same generated bindings as the sandbox has, with nothing in them but the look-up.

use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};

use super::Values;
use crate::raw::{ColumnResult, Open, memory};

pub(super) struct Bound {
    values: Arc<Values>,
    table: ResourceTable,
}

pub(super) fn of(values: &Arc<Values>) -> Bound {
    Bound { values: Arc::clone(values), table: ResourceTable::new() }
}

pub(super) fn link(linker: &mut Linker<Bound>) {
    memory::add_to_linker::<_, HasSelf<Bound>>(linker, |bound| bound).unwrap();
}

type Answer<T> = wasmtime::Result<Result<T, memory::Error>>;

fn unused<T>() -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg("the guest does not call this"))
}

impl memory::Host for Bound {
    fn open(&mut self, _: String) -> Answer<Resource<Open>> {
        Ok(Ok(self.table.push(Open(Arc::clone(&self.values)))?))
    }
    fn row_count(&mut self) -> wasmtime::Result<u32> {
        unused()
    }
    fn gather(&mut self, _: Vec<u32>, _: Vec<String>) -> Answer<Vec<ColumnResult>> {
        unused()
    }
    fn labels(&mut self, _: String) -> Answer<Vec<String>> {
        unused()
    }
}

impl memory::HostNamespace for Bound {
    fn get(&mut self, handle: Resource<Open>, key: String) -> Answer<Option<memory::Entry>> {
        let Open(values) = self.table.get(&handle)?;
        Ok(Ok(values.get(&key).map(|value| memory::Entry { value: value.clone(), revision: 1 })))
    }
    fn get_many(&mut self, _: Resource<Open>, _: Vec<String>) -> Answer<Vec<Option<memory::Entry>>> {
        unused()
    }
    fn put(&mut self, _: Resource<Open>, _: String, _: Vec<u8>) -> Answer<u64> {
        unused()
    }
    fn compare_and_swap(&mut self, _: Resource<Open>, _: String, _: Option<u64>, _: Vec<u8>) -> Answer<u64> {
        unused()
    }
    fn delete(&mut self, _: Resource<Open>, _: String) -> Answer<bool> {
        unused()
    }
    fn scan(&mut self, _: Resource<Open>, _: String, _: Option<String>, _: u32) -> Answer<memory::Page> {
        unused()
    }
    fn drop(&mut self, handle: Resource<Open>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}
