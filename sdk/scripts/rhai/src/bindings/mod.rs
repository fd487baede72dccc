//! Generated from `wit/script`; private. `tests/bindings.rs` writes them, and holds them to the contract.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_imports,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unimplemented,
    clippy::todo,
    reason = "generated; the WIT is the documentation"
)]

#[rustfmt::skip]
pub mod interpreter;

#[cfg(target_family = "wasm")]
pub(crate) use interpreter::export_interpreter;
pub(crate) use interpreter::exports::greenroom::script::interpreter::Guest;
pub use interpreter::exports::greenroom::script::interpreter::{Exports, Failure};
