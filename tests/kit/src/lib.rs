//! What tests of several crates share.

mod components;
pub mod movielens;
pub mod recall;

pub use components::{component, components};
