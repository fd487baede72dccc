//! Bodies of HTTP requests: from bytes to what is asked or told, or to all that is wrong with it.
//!
//! Anybody can send a body, so reading one is apart from the server that carries it: it needs no socket, no runtime and
//! no engine, and is fuzzed as it is.

mod ask;
mod fields;
mod json;
mod mistake;
mod proof;
mod propose;
#[cfg(test)]
mod tests;
mod told;

pub use ask::ask;
pub use json::json;
pub use mistake::{MISTAKES_MAX, Mistake};
pub use propose::{Back, Proposed, back, proposed};
pub use told::{Batch, told};
