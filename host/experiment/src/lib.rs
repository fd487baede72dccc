//! What differences are worth: of one arm, and of the best of several. Statistics alone.
//!
//! Subjects are drawn, not rows, since a subject's rows depend on each other; and the same subjects for all arms, since
//! what makes a subject hard makes it hard for all.

mod bootstrap;
mod draws;
mod family;
#[cfg(test)]
mod tests;

pub use bootstrap::{Bootstrap, Interval, quantile};
pub use draws::mixed;
pub use family::{Adjusted, Family};
