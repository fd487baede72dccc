//! What tests of several crates share.

pub mod movielens;
pub mod recall;
