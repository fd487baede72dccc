//! Generated from the newest of `wit/`; private. One file for each exported interface, so that a component exports just
//! what its type implements, over one set of types. `tests/bindings.rs` writes them, and holds them to the contract.
#![expect(missing_docs, reason = "generated; the WIT is the documentation")]
#![allow(
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unimplemented,
    clippy::todo,
    reason = "generated"
)]

#[rustfmt::skip]
pub mod imports;
#[rustfmt::skip]
pub mod kinds;
#[rustfmt::skip]
pub mod learner;
#[rustfmt::skip]
pub mod lifecycle;
#[rustfmt::skip]
pub mod policy;

#[cfg(target_family = "wasm")]
pub(crate) use imports::greenroom::agent::metric;
pub use imports::greenroom::agent::{log, memory, types};
pub use kinds::greenroom::memory as shared;

/// What the export macros expand to.
pub mod rt {
    pub use super::learner;
    pub use super::lifecycle;
    pub use super::policy;
}
