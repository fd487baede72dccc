//! What is best on most problems.

use super::{GaussianProcess, Nsga2, Sampler, Seen};
use crate::{Draws, Point, Space};

/// The default: [`GaussianProcess`] for one objective, [`Nsga2`] for several. `docs/samplers.md` tells why, with
/// measurements.
#[derive(Debug)]
pub struct Auto {
    one: GaussianProcess,
}

impl Auto {
    /// For a study of some seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { one: GaussianProcess::new(seed) }
    }
}

impl Sampler for Auto {
    fn name(&self) -> &'static str {
        "auto"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        if seen.objectives > 1 {
            Nsga2.suggest(space, seen, number, draws)
        } else {
            self.one.suggest(space, seen, number, draws)
        }
    }
}
