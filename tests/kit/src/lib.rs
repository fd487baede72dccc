//! What tests of several crates share.

mod components;
mod exposition;
mod figures;
mod guest;
pub mod movielens;
pub mod recall;
pub mod versioned;

pub use components::{component, components, interpreters};
pub use exposition::{Family, Sample, exposition};
pub use figures::{Figure, quantile, report};
pub use guest::{guest, guest_of, package};
