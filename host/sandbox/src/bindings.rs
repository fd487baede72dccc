//! Generated from `wit/`; private to this crate. The newest contract has a set of types. The older ones share them: what
//! they have otherwise stands in `first`.
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
    path: "../../wit/0.2.0",
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

/// The shared memory layer by kinds of namespaces.
pub(crate) mod shared {
    wasmtime::component::bindgen!({
        path: "../../wit/memory/0.1.0",
        world: "imports",
        imports: {
            "greenroom:memory/kv.[method]namespace.put": async | trappable,
            "greenroom:memory/kv.[method]namespace.put-many": async | trappable,
            "greenroom:memory/kv.[method]namespace.compare-and-swap": async | trappable,
            "greenroom:memory/kv.[method]namespace.delete": async | trappable,
            "greenroom:memory/counter.[method]namespace.add": async | trappable,
            "greenroom:memory/counter.[method]namespace.add-many": async | trappable,
            "greenroom:memory/counter.[method]namespace.delete": async | trappable,
            "greenroom:memory/log.[method]namespace.append": async | trappable,
            "greenroom:memory/log.[method]namespace.append-many": async | trappable,
            "greenroom:memory/log.[method]namespace.delete": async | trappable,
            "greenroom:memory/blob.[method]upload.write": async | trappable,
            "greenroom:memory/blob.[method]upload.finish": async | trappable,
            "greenroom:memory/blob.[method]namespace.upload": async | trappable,
            "greenroom:memory/blob.[method]namespace.put": async | trappable,
            "greenroom:memory/blob.[method]namespace.stat": async | trappable,
            "greenroom:memory/blob.[method]namespace.read": async | trappable,
            "greenroom:memory/blob.[method]namespace.delete": async | trappable,
            "greenroom:memory/blob.[method]namespace.scan": async | trappable,
            "greenroom:memory/vector.[method]namespace.put": async | trappable,
            "greenroom:memory/vector.[method]namespace.put-many": async | trappable,
            "greenroom:memory/vector.[method]namespace.get": async | trappable,
            "greenroom:memory/vector.[method]namespace.delete": async | trappable,
            "greenroom:memory/vector.[method]namespace.nearest": async | trappable,
            "greenroom:memory/vector.[method]namespace.scan": async | trappable,
            default: trappable,
        },
        with: {
            "greenroom:memory/kv.namespace": crate::kinds::Kv,
            "greenroom:memory/counter.namespace": crate::kinds::Counter,
            "greenroom:memory/log.namespace": crate::kinds::Log,
            "greenroom:memory/blob.namespace": crate::kinds::Blob,
            "greenroom:memory/blob.upload": crate::kinds::OpenUpload,
            "greenroom:memory/vector.namespace": crate::kinds::Vector,
        },
    });
}

/// What an interpreter of scripts exports beside the contract.
pub(crate) mod script {
    wasmtime::component::bindgen!({
        path: ["../../wit/0.2.0", "../../wit/script/0.1.0"],
        inline: "
            package greenroom:host;
            world scripts {
                export greenroom:script/interpreter@0.1.0;
            }
        ",
        world: "greenroom:host/scripts",
        exports: { default: async },
    });
}

/// What 0.1.0 has otherwise than the newest contract.
pub(crate) mod first {
    wasmtime::component::bindgen!({
        path: "../../wit/0.1.0",
        inline: "
            package greenroom:host;
            world exports {
                export greenroom:agent/policy@0.1.0;
                export greenroom:agent/lifecycle@0.1.0;
                export greenroom:agent/learner@0.1.0;
            }
        ",
        world: "greenroom:host/exports",
        ownership: Borrowing { duplicate_if_necessary: true },
        exports: { default: async },
        with: { "greenroom:agent/types@0.1.0": crate::bindings::first::types },
    });

    /// The types of the newest contract, but for those that are declared here.
    pub mod types {
        use wasmtime::component::{ComponentType, Lift, Lower};

        pub use crate::bindings::greenroom::agent::types::*;

        /// Without `learning`.
        #[derive(Debug, Clone, ComponentType, Lift, Lower)]
        #[component(record)]
        pub struct Descriptor {
            #[component(name = "name")]
            pub name: String,
            #[component(name = "version")]
            pub version: String,
            #[component(name = "summary")]
            pub summary: String,
            #[component(name = "role")]
            pub role: Role,
            #[component(name = "layer")]
            pub layer: Layer,
            #[component(name = "inner-metric")]
            pub inner_metric: String,
            #[component(name = "reward-level")]
            pub reward_level: RewardLevel,
            #[component(name = "inputs")]
            pub inputs: Vec<Port>,
            #[component(name = "output")]
            pub output: PayloadKind,
            #[component(name = "produces")]
            pub produces: Vec<ColumnSpec>,
            #[component(name = "history-max")]
            pub history_max: u32,
            #[component(name = "facts")]
            pub facts: Vec<String>,
            #[component(name = "parameters")]
            pub parameters: Vec<Parameter>,
            #[component(name = "snapshot-schema")]
            pub snapshot_schema: String,
        }
    }
}
