//! A mixture of kernels, one a trial: where trials of a kind are.

use super::kernel::Kernel;
use crate::{Domain, Draws};

/// How much narrower than its edge a kernel may be at the least, whatever there is to see (Watanabe 2023).
const NARROWEST: f64 = 0.03;
/// The width of a kernel around a single trial, of an edge of 1.
const WIDTH: f64 = 0.2;

/// A density over some dimensions of the cube, whose kernels are products over these dimensions.
#[derive(Debug)]
pub(super) struct Parzen {
    /// Kernels of one component after the other, one a dimension.
    kernels: Vec<Kernel>,
    components: usize,
    dimensions: usize,
}

impl Parzen {
    /// Around trials, given by their coordinates in `domains`. One more kernel, a flat one, stands for what was
    /// known before any trial.
    pub(super) fn new(domains: &[&Domain], trials: &[Vec<f64>]) -> Self {
        let mut kernels = Vec::with_capacity((trials.len() + 1) * domains.len());
        // Narrowed as Scott's rule does over all dimensions, from a deviation that is not estimated: the few good trials agree
        // by chance.
        let width = WIDTH * libm::pow(trials.len().max(1) as f64, -1.0 / (domains.len() as f64 + 4.0));
        for trial in trials {
            kernels.extend(domains.iter().zip(trial).map(|(domain, unit)| kernel(domain, *unit, width, trials.len())));
        }
        kernels.extend(domains.iter().map(|domain| prior(domain)));
        Self { kernels, components: trials.len() + 1, dimensions: domains.len() }
    }

    /// A point.
    pub(super) fn draw(&self, draws: &mut Draws) -> Vec<f64> {
        let component = usize::try_from(draws.below(self.components as u64)).unwrap_or(0);
        let kernels = self.kernels.iter().skip(component * self.dimensions).take(self.dimensions);
        kernels.map(|kernel| kernel.draw(draws)).collect()
    }

    /// The logarithm of the density at a point.
    pub(super) fn log_density(&self, point: &[f64], cells: &[Option<(f64, f64)>]) -> f64 {
        let mut sum = 0.0;
        for kernels in self.kernels.chunks(self.dimensions.max(1)) {
            let each =
                kernels.iter().zip(point).zip(cells).map(|((kernel, unit), cell)| kernel.likelihood(*unit, *cell));
            sum += each.product::<f64>();
        }
        libm::log((sum / self.components as f64).max(1e-300))
    }
}

fn kernel(domain: &Domain, unit: f64, width: f64, trials: usize) -> Kernel {
    if domain.ordered() {
        // "Magic clipping": the fewer trials, the less is known, so the wider (Watanabe 2023).
        let narrowest = NARROWEST.max(1.0 / (1.0 + trials as f64).min(100.0));
        return Kernel::bell(unit, width.clamp(narrowest, 1.0));
    }
    let count = u64::try_from(domain.count().unwrap_or(1)).unwrap_or(u64::MAX);
    // As if each option had been seen once by all trials together.
    let other = 1.0 / (trials as f64 + count as f64);
    Kernel::Option { at: domain.step_at(unit), count, likely: 1.0 - other * (count as f64 - 1.0) }
}

fn prior(domain: &Domain) -> Kernel {
    if domain.ordered() { Kernel::bell(0.5, 1.0) } else { Kernel::Flat }
}
