//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// How likely a draw is at most `x`.
pub(super) fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Its density at `x`.
pub(super) fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(TAU)
}

/// What a draw is at most with some chance: the inverse of [`below`]. Chances of 0 and 1 are taken as the smallest and the
/// largest that leave it finite.
///
/// A rational approximation of the tail (Abramowitz and Stegun 1964, 26.2.23, off by at most 4.5e-4), and three of Newton's
/// steps on the logarithm of the tail, which is nearly a parabola.
pub(super) fn quantile(chance: f64) -> f64 {
    let chance = chance.clamp(1e-300, 1.0 - f64::EPSILON / 2.0);
    if chance > 0.5 {
        return -lower(1.0 - chance);
    }
    lower(chance)
}

fn lower(chance: f64) -> f64 {
    let t = libm::sqrt(-2.0 * libm::log(chance));
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = above / under - t;
    for _ in 0..3 {
        let reached = below(x);
        x += (libm::log(chance) - libm::log(reached)) * reached / density(x);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_the_inverse_of_the_distribution() {
        for chance in [1e-200, 1e-12, 1e-4, 0.025, 0.3, 0.5, 0.7, 0.975, 1.0 - 1e-9] {
            let back = below(quantile(chance));
            assert!((back / chance - 1.0).abs() < 1e-9, "{chance} came back as {back}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!(quantile(0.0).is_finite() && quantile(1.0).is_finite());
    }
}
