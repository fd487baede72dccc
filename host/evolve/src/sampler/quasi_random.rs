//! Points that fill a space more evenly than chance does.

use sobol_burley::{NUM_DIMENSIONS, sample};

use super::{Sampler, Seen};
use crate::{Draws, Point, Space, child_seed};

/// How long a sequence is: beyond it comes another, scrambled anew.
const LENGTH: u64 = 1 << 16;

/// An Owen-scrambled Sobol sequence (Sobol 1967, Owen 1995, Burley 2020): the point of a trial is the one of its number. The
/// scramble is the study's, so that studies of other seeds try other points.
#[derive(Debug, Clone, Copy)]
pub struct QuasiRandom {
    seed: u64,
}

impl QuasiRandom {
    /// For a study of some seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Sampler for QuasiRandom {
    fn name(&self) -> &'static str {
        "quasi-random"
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "halves of hashes, and numbers below the bounds of the sequence"
    )]
    fn suggest(&self, space: &Space, _: Seen<'_>, number: u64, _: &mut Draws) -> Point {
        let cube: Vec<f64> = (0..space.dimensions().len() as u64)
            .map(|place| {
                let most = u64::from(NUM_DIMENSIONS);
                let scramble = child_seed(child_seed(self.seed, number / LENGTH), place / most) as u32;
                f64::from(sample((number % LENGTH) as u32, (place % most) as u32, scramble))
            })
            .collect();
        space.point(&space.settled(&cube))
    }
}
