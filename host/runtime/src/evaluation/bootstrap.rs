//! What a mean of differences is worth: the paired bootstrap (Efron and Tibshirani 1993, chapter 13).
//!
//! Subjects are drawn, not rows, since a subject's rows depend on each other; and the same subjects for both arms, since
//! what makes a subject hard makes it hard for both.

/// How an interval is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How many samples are drawn.
    pub resamples: usize,
    /// The share of samples that the interval holds.
    pub confidence: f64,
    /// Where the draws come from: the same seed gives the same interval.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self { resamples: 10_000, confidence: 0.95, seed: 42 }
    }
}

/// A mean difference and where it probably lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The mean.
    pub difference: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Bootstrap {
    /// The percentile interval of the mean of values, one a subject; `None` of none.
    #[must_use]
    pub fn interval(&self, values: &[f64]) -> Option<Interval> {
        let count = values.len() as u64;
        if values.is_empty() || count > u64::from(u32::MAX) || self.resamples == 0 {
            return None;
        }
        let difference = values.iter().sum::<f64>() / count as f64;
        if values.iter().all(|value| *value == 0.0) {
            return Some(Interval { difference: 0.0, low: 0.0, high: 0.0 });
        }
        let mut draws = Draws(self.seed);
        let mut means: Vec<f64> = (0..self.resamples).map(|_| draws.sum(values, count) / count as f64).collect();
        means.sort_unstable_by(f64::total_cmp);
        let outside = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        Some(Interval { difference, low: quantile(&means, outside), high: quantile(&means, 1.0 - outside) })
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, fast, and the same on every machine and in every version.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// The sum of as many values as there are, drawn with replacement. Each number of 64 bits draws two.
    #[expect(clippy::indexing_slicing, reason = "a number below 2^32 times the length, over 2^32, is below the length")]
    fn sum(&mut self, values: &[f64], count: u64) -> f64 {
        let (mut first, mut second) = (0.0, 0.0);
        for _ in 0..count / 2 {
            let number = self.next();
            first += values[(((number >> 32) * count) >> 32) as usize];
            second += values[(((number & 0xffff_ffff) * count) >> 32) as usize];
        }
        if count % 2 == 1 {
            first += values[(((self.next() >> 32) * count) >> 32) as usize];
        }
        first + second
    }
}

/// Spreads what is in a number over all its bits.
pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The quantile of ascending values, linear between them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
pub(super) fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * ascending.len().saturating_sub(1) as f64;
    let at = |place: usize| ascending.get(place).or(ascending.last()).copied().unwrap_or_default();
    let (below, above) = (at(place.floor() as usize), at(place.ceil() as usize));
    below + (above - below) * place.fract()
}
