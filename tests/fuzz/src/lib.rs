//! What the fuzz targets assert, and what it takes to say it.
//!
//! A target is bytes in and assertions out: a panic anywhere is a finding. What is asserted here is written without a
//! look at the code that it judges, in the most naive way that is right.

pub mod bodies;
pub mod decisions;
pub mod files;
pub mod graphs;
mod words;
