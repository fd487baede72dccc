//! Evolution: what is tried next, what is known of what was tried, and whether it is better.
//!
//! It knows nothing of components or requests: whoever evaluates a point is behind a trait.

mod front;
pub mod knowledge;
mod point;
pub mod proof;
mod prune;
mod random;
mod records;
pub mod report;
pub mod sampler;
mod score;
mod space;
pub mod study;
mod trial;

pub use front::{Front, Member, Yardstick};
pub use point::{Point, Value};
pub use prune::Pruner;
pub use random::{Draws, child_seed};
pub use records::RecordError;
pub use score::{Score, best};
pub use space::{Condition, Dimension, Domain, Space, SpaceError};
pub use trial::{Failure, Outcome, Told};
