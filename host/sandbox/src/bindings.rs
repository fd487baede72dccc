//! Generated from `wit/`; private to this crate.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::pedantic,
    clippy::all,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "generated"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "agent",
    ownership: Borrowing { duplicate_if_necessary: true },
    imports: {
        "greenroom:agent/memory.[method]namespace.put": async | trappable,
        "greenroom:agent/memory.[method]namespace.compare-and-swap": async | trappable,
        "greenroom:agent/memory.[method]namespace.delete": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    with: { "greenroom:agent/memory.namespace": crate::imports::OpenNamespace },
});
