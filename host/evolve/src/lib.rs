//! Evolution: what is tried next, what is known of what was tried, and whether it is better.
//!
//! It knows nothing of components or requests: whoever evaluates a point is behind a trait.

mod point;
mod random;
pub mod sampler;
mod space;
mod trial;

pub use point::{Point, Value};
pub use random::{Draws, child_seed};
pub use space::{Condition, Dimension, Domain, Space, SpaceError};
pub use trial::{Failure, Outcome, Told};
