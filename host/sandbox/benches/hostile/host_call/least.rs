//! The least that a host call can be: keys are looked up where they lie, values are copied once.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceType, WasmStr};

use super::Values;
use crate::raw::{Open, memory};

#[derive(ComponentType, Lower)]
#[component(record)]
struct Entry {
    value: Arc<[u8]>,
    revision: u64,
}

pub(super) type Least = HashMap<String, Arc<[u8]>>;
type Store<'a> = StoreContextMut<'a, Least>;

pub(super) fn of(values: &Values) -> Least {
    values.iter().map(|(key, value)| (key.clone(), value.as_slice().into())).collect()
}

pub(super) fn link(linker: &mut Linker<Least>) {
    let mut space = linker.instance("greenroom:agent/memory@0.2.0").unwrap();
    space.resource("namespace", ResourceType::host::<Open>(), |_, _| Ok(())).unwrap();
    let open = |_: Store<'_>, (_,): (WasmStr,)| -> wasmtime::Result<(Result<Resource<Open>, memory::Error>,)> {
        Ok((Ok(Resource::new_own(1)),))
    };
    space.func_wrap("open", open).unwrap();
    type Found = wasmtime::Result<(Result<Option<Entry>, memory::Error>,)>;
    let get = |store: Store<'_>, (_, key): (Resource<Open>, WasmStr)| -> Found {
        let found = store.data().get(&*key.to_str(&store)?);
        Ok((Ok(found.map(|value| Entry { value: Arc::clone(value), revision: 1 })),))
    };
    space.func_wrap("[method]namespace.get", get).unwrap();
}
