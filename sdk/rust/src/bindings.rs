//! Generated from the newest of `wit/`; private. One `generate!` for each exported interface, so that a component exports just what
//! its type implements, over one set of types.
#![expect(missing_docs, reason = "generated; the WIT is the documentation")]
#![allow(
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unimplemented,
    clippy::todo,
    reason = "generated"
)]

pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "imports",
        generate_all,
        additional_derives: [PartialEq, Clone],
        pub_export_macro: true,
    });
}

pub mod policy {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "has-policy",
        with: { "greenroom:agent/types@0.2.0": crate::bindings::types },
        pub_export_macro: true,
        export_macro_name: "export_policy",
        default_bindings_module: "greenroom_sdk::rt::policy",
    });
}

pub mod lifecycle {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "has-lifecycle",
        with: { "greenroom:agent/types@0.2.0": crate::bindings::types },
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
        default_bindings_module: "greenroom_sdk::rt::lifecycle",
    });
}

pub mod learner {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "has-learner",
        with: { "greenroom:agent/types@0.2.0": crate::bindings::types },
        pub_export_macro: true,
        export_macro_name: "export_learner",
        default_bindings_module: "greenroom_sdk::rt::learner",
    });
}

#[cfg(target_family = "wasm")]
pub(crate) use imports::greenroom::agent::metric;
pub use imports::greenroom::agent::{log, memory, types};

/// What the export macros expand to.
pub mod rt {
    pub use super::learner;
    pub use super::lifecycle;
    pub use super::policy;
}
