//! What a mean of differences is worth: the paired bootstrap (Efron and Tibshirani 1993, chapter 13).

use serde::{Deserialize, Serialize};

use crate::draws::Draws;

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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
        let mut draws = Draws::new(self.seed);
        let mut means: Vec<f64> = (0..self.resamples).map(|_| draws.sum(values, count) / count as f64).collect();
        means.sort_unstable_by(f64::total_cmp);
        let outside = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        Some(Interval { difference, low: quantile(&means, outside), high: quantile(&means, 1.0 - outside) })
    }
}

/// The quantile of ascending values, linear between them.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
pub fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * ascending.len().saturating_sub(1) as f64;
    let at = |place: usize| ascending.get(place).or(ascending.last()).copied().unwrap_or_default();
    let (below, above) = (at(place.floor() as usize), at(place.ceil() as usize));
    below + (above - below) * place.fract()
}
