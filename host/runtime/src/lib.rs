//! The runtime.

pub mod evaluation;
pub mod events;
