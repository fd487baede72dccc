//! What is tried next.

mod auto;
mod cma_es;
mod gaussian;
mod gaussian_process;
mod kernel;
mod lagrange;
mod nsga2;
mod order;
mod parzen;
mod quasi_random;
mod random;
mod scalarised;
mod tpe;
mod triangle;

pub use auto::Auto;
pub use cma_es::CmaEs;
pub use gaussian_process::GaussianProcess;
pub use nsga2::Nsga2;
pub use quasi_random::QuasiRandom;
pub use random::Random;
pub use tpe::Tpe;

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
    /// A short name, as in `--sampler NAME`; of one that is another program, how that is called.
    fn name(&self) -> &str;

    /// The point of the trial of this number. All randomness comes from `draws`.
    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point;

    /// What a study asks: as [`suggest`](Self::suggest), of a sampler that may have no answer, as one that is another program.
    ///
    /// # Errors
    /// Why there is no point, as the end of a sentence. The study stops, and asks again when it goes on.
    fn try_suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Result<Point, String> {
        Ok(self.suggest(space, seen, number, draws))
    }
}

/// What `--sampler` takes, the default first.
pub const NAMES: [&str; 8] =
    ["auto", "random", "quasi-random", "tpe", "tpe-multivariate", "cma-es", "nsga2", "gaussian-process"];

/// The sampler of a name, for a study of some seed. None when the name is not among [`NAMES`].
#[must_use]
pub fn named(name: &str, seed: u64) -> Option<Box<dyn Sampler>> {
    Some(match name {
        "auto" => Box::new(Auto::new(seed)),
        "random" => Box::new(Random),
        "quasi-random" => Box::new(QuasiRandom::new(seed)),
        "tpe" => Box::new(Tpe::independent()),
        "tpe-multivariate" => Box::new(Tpe::multivariate()),
        "cma-es" => Box::new(CmaEs),
        "nsga2" => Box::new(Nsga2),
        "gaussian-process" => Box::new(GaussianProcess::new(seed)),
        _ => return None,
    })
}
