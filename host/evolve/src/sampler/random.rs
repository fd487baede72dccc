//! Every point with the same chance.

use super::{Sampler, Seen};
use crate::{Draws, Point, Space};

/// Draws uniformly: reals over their range or its orders of magnitude, and each of finitely many values with the same chance.
/// What others must beat, and what they begin with.
#[derive(Debug, Clone, Copy)]
pub struct Random;

impl Sampler for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn suggest(&self, space: &Space, _: Seen<'_>, _: u64, draws: &mut Draws) -> Point {
        space.point(&space.settled(&cube(space, draws)))
    }
}

/// A uniform point of the unit cube.
pub(super) fn cube(space: &Space, draws: &mut Draws) -> Vec<f64> {
    space.dimensions().iter().map(|_| draws.unit()).collect()
}
