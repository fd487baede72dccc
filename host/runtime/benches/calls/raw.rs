//! The same component by wasmtime alone: same engine, no limits, no meters, no checks.

#[allow(
    unsafe_code,
    unreachable_pub,
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
        exports: { default: async },
    });
}

pub(crate) use bindings::greenroom::agent::types;
use bindings::{Agent, AgentPre};
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

pub(crate) struct Raw(AgentPre<()>);

impl Raw {
    pub(crate) fn new(engine: &wasmtime::Engine, bytes: &[u8]) -> Self {
        let component = Component::new(engine, bytes).unwrap();
        let mut linker = Linker::new(engine);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        Self(AgentPre::new(linker.instantiate_pre(&component).unwrap()).unwrap())
    }

    pub(crate) async fn instance(&self) -> (Store<()>, Agent) {
        let mut store = Store::new(self.0.engine(), ());
        store.set_fuel(u64::MAX / 2).unwrap();
        store.set_epoch_deadline(u64::MAX / 2);
        let agent = self.0.instantiate_async(&mut store).await.unwrap();
        (store, agent)
    }
}

/// An observation without anything in it but candidates.
pub(crate) fn observation<'a>(limit: u32, inputs: &'a [types::Input<'a>]) -> types::Observation<'a> {
    types::Observation {
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
        inputs,
    }
}
