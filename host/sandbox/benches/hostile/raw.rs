//! Guests by wasmtime alone, in the same engine: no limits, no meters, no checks, no permissions.

#[allow(
    unsafe_code,
    unreachable_pub,
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    dead_code,
    reason = "generated"
)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/0.2.0",
        world: "agent",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { default: trappable },
        exports: { default: async },
        with: { "greenroom:agent/memory.namespace": crate::raw::Open },
    });
}

use std::collections::HashMap;
use std::sync::Arc;

use bindings::exports::greenroom::agent::policy;
pub(crate) use bindings::greenroom::agent::memory;
use bindings::greenroom::agent::types;
pub(crate) use bindings::greenroom::agent::types::ColumnResult;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};

/// A namespace that is open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Open(pub(crate) Arc<HashMap<String, Vec<u8>>>);

/// A component that is compiled and linked.
pub(crate) struct Raw<T: 'static> {
    pre: InstancePre<T>,
    policy: policy::GuestIndices,
}

impl<T: Send + 'static> Raw<T> {
    /// Links what `link` defines; whatever else is imported traps.
    pub(crate) fn new(engine: &Engine, bytes: &[u8], link: impl FnOnce(&mut Linker<T>)) -> Self {
        let component = Component::new(engine, bytes).unwrap();
        let mut linker = Linker::new(engine);
        link(&mut linker);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let pre = linker.instantiate_pre(&component).unwrap();
        let policy = policy::GuestIndices::new(&pre).unwrap();
        Self { pre, policy }
    }

    pub(crate) async fn instance(&self, data: T) -> Instance<T> {
        let mut store = Store::new(self.pre.engine(), data);
        store.set_fuel(u64::MAX / 2).unwrap();
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate_async(&mut store).await.unwrap();
        let policy = self.policy.load(&mut store, &instance).unwrap();
        Instance { store, policy }
    }
}

/// An instance by wasmtime alone.
pub(crate) struct Instance<T: 'static> {
    store: Store<T>,
    policy: policy::Guest,
}

impl<T: Send + 'static> Instance<T> {
    /// Decides on a request for `limit` rows, and drops the answer.
    pub(crate) async fn decide(&mut self, limit: u32) {
        let seen = types::Observation {
            request_id: "r",
            subject: None,
            now: 0,
            seed: 1,
            limit,
            surface: "",
            session_id: None,
            segments: &["new"],
            excluded: &[],
            allowed: None,
            context: &[],
            history: types::History { rows: &[], times: &[], kinds: &[], values: &[] },
            inputs: &[],
        };
        drop(self.policy.call_decide(&mut self.store, seen).await.unwrap().unwrap());
    }
}
