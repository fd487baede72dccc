//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// `1 / sqrt(2 pi)`.
const PEAK: f64 = 0.398_942_280_401_432_7;

/// How likely a draw is at most `x`.
pub(super) fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Its density at `x`.
pub(super) fn density(x: f64) -> f64 {
    PEAK * falling(-0.5 * x * x)
}

/// The exponential of a number that is 0 or below, to 13 digits; 0 below -700. Samplers take much of their time for it, more so
/// with `libm`'s, which is right to the last digit: this is a power of two, whose exponent is rounded by adding a number that
/// has no room for fractions, times the Taylor series of what is left, which is at most half of the logarithm of 2.
#[expect(clippy::cast_sign_loss, reason = "an exponent from 13 to 1023")]
pub(super) fn falling(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const SERIES: [f64; 12] = [
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    if x < -700.0 || x.is_nan() {
        return 0.0;
    }
    let rounded = x * LOG2_E + ROUND;
    let left = x - (rounded - ROUND) * LN_2;
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits()) as i64;
    let power = f64::from_bits(((1_023 + exponent) as u64) << 52);
    power * SERIES.iter().fold(0.0, |sum, factor| sum * left + factor)
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
        x += (libm::log(chance) - libm::log(reached)) * reached / (PEAK * libm::exp(-0.5 * x * x));
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_exponential_is_one() {
        for i in 0..70_000 {
            let x = -f64::from(i) * 0.009_999;
            let (fast, exact) = (falling(x), libm::exp(x));
            assert!((fast / exact - 1.0).abs() < 1e-13, "{x}: {fast}, not {exact}");
        }
        assert_eq!(
            (falling(0.0), falling(-701.0), falling(f64::NEG_INFINITY), falling(f64::NAN)),
            (1.0, 0.0, 0.0, 0.0)
        );
    }

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
