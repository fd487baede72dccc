//! An agent that was built against the contract 0.2.0, by its bindings alone, and does what `first-contract` does. For tests: the
//! two come to the same.
#![cfg_attr(target_family = "wasm", allow(unsafe_code, unreachable_pub, reason = "what bindings generate has it"))]

#[cfg(target_family = "wasm")]
#[path = "../../first-contract/src/counting.rs"]
mod counting;

#[cfg(target_family = "wasm")]
#[allow(clippy::all, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.2.0",
        world: "agent",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "crate::bindings",
    });
}

#[cfg(target_family = "wasm")]
fn describe() -> bindings::exports::greenroom::agent::lifecycle::Descriptor {
    use bindings::greenroom::agent::types::Learning;
    counting::descriptor!(learning: Learning::Onward)
}
