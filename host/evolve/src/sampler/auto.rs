//! What is best on most problems.

use super::scalarised::scalarised;
use super::{GaussianProcess, Sampler, Seen};
use crate::{Draws, Point, Space};

/// The default: [`GaussianProcess`], of several objectives for one direction after the other. `docs/samplers.md` tells why,
/// with measurements.
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
            let told = scalarised(seen.told, seen.objectives, draws);
            self.one.suggest(space, Seen { told: &told, objectives: 1, ..seen }, number, draws)
        } else {
            self.one.suggest(space, seen, number, draws)
        }
    }
}
