//! The sandbox: the only part of the host that knows the engine.
//!
//! A [`Sandbox`] loads components ([`Sandbox::load`]), and a [`Component`] makes instances, whose every call has a
//! budget ([`Instance`]). What a component may reach is what its [`Capabilities`] hold; there is nothing else to reach.
//! A guest that traps, loops or grows costs its caller one [`greenroom_model::Fault`].

mod artifact;
mod bindings;
mod capabilities;
mod compile;
mod component;
mod contents;
mod context;
mod contract;
mod descriptor;
mod engine;
mod exports;
mod fast;
mod grants;
mod image;
mod imports;
mod inspect;
mod instance;
mod kinds;
mod latest;
mod lift;
mod limits;
mod link;
mod lower;
mod outcome;
mod scan;
mod script;
mod tape;
mod wasi;

pub use artifact::Lookups;
pub use capabilities::{
    Capabilities, Entry, KeyedEntry, Later, Memory, MemoryChange, MemoryChanged, MemoryChanges, MemoryError,
    MemoryWritten, NoMemory, Page,
};
pub use compile::{COMPILE_COMMAND, Compiler, Confinement, compile_component, limit_memory};
pub use component::Component;
pub use contents::{
    Contents, MemoryBlob, MemoryBlobs, MemoryFilter, MemoryNeighbor, MemoryUpload, MemoryVector, MemoryVectors,
    PutMemoryVector,
};
pub use contract::{CONTRACT, CONTRACTS};
pub use engine::{BuildError, Config, Sandbox};
pub use grants::Grants;
pub use greenroom_model::check::{ROWS_MAX, Violation, candidates as check_candidates, mend, payload as check_payload};
pub use image::{ImageError, Preparation, panic_message};
pub use inspect::{Inspection, LoadError, Need, inspect, inspect_within};
pub use instance::Instance;
pub use limits::{Excess, Extent, Limits, TooLarge};
pub use script::ScriptError;
pub use tape::{Replayed, Tape};
