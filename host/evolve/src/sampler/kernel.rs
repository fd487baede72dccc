//! What one trial says of one dimension: values near it are likelier.

use super::gaussian::{below, density, quantile};
use crate::Draws;

/// A distribution over one edge of the unit cube.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kernel {
    /// Every coordinate alike.
    Flat,
    /// A normal distribution, cut at the edge's ends.
    Bell {
        center: f64,
        width: f64,
        /// How likely the uncut one is below 0, and between 0 and 1.
        under: f64,
        inside: f64,
    },
    /// One option with more weight than each of the others (Aitchison and Aitken 1976).
    Option { at: u64, count: u64, likely: f64 },
}

impl Kernel {
    pub(super) fn bell(center: f64, width: f64) -> Self {
        let under = below(-center / width);
        Self::Bell { center, width, under, inside: (below((1.0 - center) / width) - under).max(1e-300) }
    }

    /// How likely a value is: the density at a coordinate, or the chance of its cell.
    pub(super) fn likelihood(&self, unit: f64, cell: Option<(f64, f64)>) -> f64 {
        match (*self, cell) {
            (Self::Flat, None) => 1.0,
            (Self::Flat, Some((low, high))) => high - low,
            (Self::Bell { center, width, inside, .. }, None) => density((unit - center) / width) / (width * inside),
            (Self::Bell { center, width, inside, .. }, Some((low, high))) => {
                let (low, high) = ((low - center) / width, (high - center) / width);
                // Cells that are narrower than the bell need no more than a few of its points: a third of the time.
                let (middle, wide) = (density(f64::midpoint(low, high)), high - low);
                let chance = match wide {
                    ..0.5 => middle * wide,
                    ..1.5 => (density(low) + 4.0 * middle + density(high)) / 6.0 * wide,
                    _ => cut(low, high),
                };
                chance / inside
            }
            (Self::Option { at, count, likely }, _) => {
                let option = step(unit, count);
                if option == at { likely } else { (1.0 - likely) / (count as f64 - 1.0).max(1.0) }
            }
        }
    }

    /// A coordinate.
    pub(super) fn draw(&self, draws: &mut Draws) -> f64 {
        match *self {
            Self::Flat => draws.unit(),
            Self::Bell { center, width, under, inside } => {
                (center + width * quantile(under + draws.unit() * inside)).clamp(0.0, 1.0)
            }
            Self::Option { at, count, likely } => {
                let option = if draws.unit() < likely || count < 2 {
                    at
                } else {
                    let other = draws.below(count - 1);
                    other + u64::from(other >= at)
                };
                (option as f64 + 0.5) / count.max(1) as f64
            }
        }
    }
}

fn cut(low: f64, high: f64) -> f64 {
    // Both in the lower tail, where differences keep their digits.
    if low > 0.0 { below(-low) - below(-high) } else { below(high) - below(low) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a coordinate is 0 to 1")]
fn step(unit: f64, count: u64) -> u64 {
    ((unit * count as f64) as u64).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likelihoods_over_all_cells_sum_to_one() {
        let kernels = [
            Kernel::Flat,
            Kernel::bell(0.1, 0.03),
            Kernel::bell(0.95, 2.0),
            Kernel::Option { at: 2, count: 8, likely: 0.6 },
        ];
        for kernel in kernels {
            let sum: f64 = (0..8)
                .map(|i| (f64::from(i) / 8.0, f64::from(i + 1) / 8.0))
                .map(|(low, high)| kernel.likelihood(f64::midpoint(low, high), Some((low, high))))
                .sum();
            assert!((sum - 1.0).abs() < 0.01, "{kernel:?} sums to {sum}");
        }
    }

    #[test]
    fn draws_fall_where_the_likelihood_is() {
        let kernel = Kernel::bell(0.3, 0.1);
        let mut draws = Draws::new(3);
        let near = (0..4_000).filter(|_| (kernel.draw(&mut draws) - 0.3).abs() < 0.1).count();
        assert!((2_600..2_900).contains(&near), "{near} of 4000 within a width, expected 0.68");
        let kernel = Kernel::Option { at: 1, count: 4, likely: 0.7 };
        let hits = (0..4_000).filter(|_| (kernel.draw(&mut draws) - 0.375).abs() < 0.1).count();
        assert!((2_680..2_920).contains(&hits), "{hits} of 4000 were the likely option, expected 0.7");
    }
}
