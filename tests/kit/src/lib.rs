//! What tests of several crates share.

mod components;
mod guest;
pub mod movielens;
pub mod recall;

pub use components::{component, components};
pub use guest::guest;
