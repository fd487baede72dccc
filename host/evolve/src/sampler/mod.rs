//! What is tried next.

use crate::{Draws, Point, Space, Told};

/// What a sampler goes by. For a trial of some number it is the same whatever the parallelism: the study decides by numbers
/// alone which trials a new one may know.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Trials that are over, by number, ascending. Warm starts from the knowledge base come first.
    pub told: &'a [Told],
    /// What is being tried, by number, ascending: what becomes of it is not known.
    pub pending: &'a [Point],
    /// How many objectives there are, 1 or more.
    pub objectives: usize,
}

/// Suggests points. A sampler keeps nothing: what it suggests depends on what it is given alone, so that a study goes on
/// after a kill as if nothing had happened.
pub trait Sampler: Send + Sync {
    /// A short name, as in `--sampler NAME`.
    fn name(&self) -> &'static str;

    /// The point of the trial of this number. All randomness comes from `draws`.
    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point;
}
