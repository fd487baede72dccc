//! An agent that was built against the contract 0.1.0, by its bindings alone. For tests: it is served as it ever was.
#![cfg_attr(target_family = "wasm", allow(unsafe_code, unreachable_pub, reason = "what bindings generate has it"))]

#[cfg(target_family = "wasm")]
mod counting;

#[cfg(target_family = "wasm")]
#[allow(clippy::all, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.1.0",
        world: "agent",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "crate::bindings",
    });
}

#[cfg(target_family = "wasm")]
fn describe() -> bindings::exports::greenroom::agent::lifecycle::Descriptor {
    counting::descriptor!()
}
