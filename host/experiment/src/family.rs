//! What the best of several differences is worth.
//!
//! The best of five arms that are all the same looks better than it is. So all are judged together, by the largest of
//! their studentised means under resampling: single-step max-T (Westfall and Young 1993, section 2.5) with the
//! studentised bootstrap over subjects (Romano and Wolf 2005). Arms of one study are much alike, which max-T makes use of
//! and Bonferroni or Holm can't. Studentised, since most subjects' differences are 0 and the others skewed.

use serde::{Deserialize, Serialize};

use crate::draws::Draws;

/// How several arms are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Family {
    /// How many samples are drawn.
    pub resamples: usize,
    /// How often, at most, any arm of a family without differences may be found better: one-sided.
    pub level: f64,
    /// Where the draws come from: the same seed gives the same ends.
    pub seed: u64,
}

impl Default for Family {
    fn default() -> Self {
        Self { resamples: 10_000, level: 0.025, seed: 42 }
    }
}

/// The mean difference of one arm, judged with the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Adjusted {
    /// The mean.
    pub difference: f64,
    /// Its standard error.
    pub se: f64,
    /// The lower ends of all arms are at once below what they are of, but for `level`.
    pub low: f64,
    /// And the upper ends above it.
    pub high: f64,
    /// How often the best of arms without differences does so well: at `level` or less `low` is above 0.
    pub p: f64,
}

impl Family {
    /// Judges arms by what they have more than a baseline: one list an arm, one value a subject, subjects in one order.
    /// `None` without arms or subjects, or when lists differ in length or hold what is not finite.
    #[must_use]
    pub fn judge(&self, arms: &[Vec<f64>]) -> Option<Vec<Adjusted>> {
        let subjects = arms.first()?.len();
        let finite = |arm: &Vec<f64>| arm.len() == subjects && arm.iter().all(|value| value.is_finite());
        if subjects == 0 || subjects > u32::MAX as usize || self.resamples == 0 || !arms.iter().all(finite) {
            return None;
        }
        let rows: Vec<f64> =
            (0..subjects).flat_map(|at| arms.iter().filter_map(move |arm| arm.get(at))).copied().collect();
        let observed: Vec<Moments> = arms.iter().map(|arm| arm.iter().copied().collect()).collect();
        let (mut largest, mut smallest) = self.extremes(&rows, &observed, subjects);
        largest.sort_unstable_by(f64::total_cmp);
        smallest.sort_unstable_by(f64::total_cmp);
        let top = self.critical(largest.iter().copied());
        let bottom = self.critical(smallest.iter().rev().map(|t| -t));
        let adjusted = |moments: &Moments| {
            let (difference, se) = (moments.mean(), moments.se());
            if se <= 0.0 {
                // All subjects say the same, mostly nothing: no resampling tells how sure that is.
                return Adjusted { difference, se, low: f64::NEG_INFINITY, high: f64::INFINITY, p: 1.0 };
            }
            let below = largest.partition_point(|t| *t < difference / se);
            let p = (1 + largest.len() - below) as f64 / (1 + largest.len()) as f64;
            Adjusted { difference, se, low: difference - top * se, high: difference + bottom * se, p }
        };
        Some(observed.iter().map(adjusted).collect())
    }

    /// The largest and the smallest of the arms' studentised means, in each sample, as they are without differences.
    fn extremes(&self, rows: &[f64], observed: &[Moments], subjects: usize) -> (Vec<f64>, Vec<f64>) {
        let arms = observed.len();
        let mut draws = Draws::new(self.seed);
        let mut sums = vec![Moments::default(); arms];
        let sample = |_| {
            sums.fill(Moments::default());
            draws.places(subjects as u64, |place| {
                let row = rows.get(place * arms..(place + 1) * arms).unwrap_or_default();
                sums.iter_mut().zip(row).for_each(|(sum, value)| sum.add(*value));
            });
            let t = sums.iter().zip(observed).map(|(sum, whole)| sum.studentised(whole.mean()));
            t.fold((f64::NEG_INFINITY, f64::INFINITY), |(high, low), t| (high.max(t), low.min(t)))
        };
        (0..self.resamples).map(sample).unzip()
    }

    /// The value that `level` of all samples, and the arms as they are, reach or exceed, of what is in order.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    fn critical(&self, mut ordered: impl ExactSizeIterator<Item = f64>) -> f64 {
        let count = ordered.len() + 1;
        let place = ((1.0 - self.level.clamp(0.0, 1.0)) * count as f64).ceil() as usize;
        // Too few samples to tell: nothing is better.
        let last = if self.level * (count as f64) < 1.0 { None } else { ordered.nth(place.saturating_sub(1)) };
        last.unwrap_or(f64::INFINITY)
    }
}

/// Sums that a mean and its standard error come from.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// 0 when the values are all alike, whatever rounding makes of them.
    fn se(&self) -> f64 {
        let mean = self.mean();
        let (square, variance) = (self.squares / self.count, self.squares / self.count - mean * mean);
        if variance <= square * 1e-12 { 0.0 } else { (variance / self.count).sqrt() }
    }

    /// How far from the mean of the whole, in standard errors of the sample.
    fn studentised(&self, whole: f64) -> f64 {
        let (distance, se) = (self.mean() - whole, self.se());
        match distance {
            _ if se > 0.0 => distance / se,
            0.0 => 0.0,
            // A sample whose subjects all say the same says it with certainty: the safe side.
            _ => distance.signum() * f64::INFINITY,
        }
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::default();
        values.into_iter().for_each(|value| moments.add(value));
        moments
    }
}
