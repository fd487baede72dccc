//! Learning weights from lists: which of the rows that were offered together turned out well.
//!
//! The model is the conditional logit: within a list, the chance of a row is the softmax of its features times weights. It
//! has no intercept, so what all rows of a list share, such as how active the subject is, teaches nothing. Weights are
//! drawn towards prior ones, so that little feedback changes little.

/// Rows with features, in lists with at least one positive and one other row.
#[derive(Debug, Default, Clone)]
pub struct Listwise {
    width: usize,
    features: Vec<f32>,
    positive: Vec<bool>,
    ends: Vec<usize>,
}

/// What [`Listwise::fit`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// One a feature.
    pub weights: Vec<f64>,
    /// Mean negative log likelihood of a positive under the prior weights.
    pub loss_before: f64,
    /// The same under the weights found.
    pub loss: f64,
    /// Whether the last step was small.
    pub converged: bool,
}

// 96 MiB of features: a guest learns in bounded memory, and that many rows settle a few dozen weights.
const VALUES_MAX: usize = 24 << 20;
const STEPS_MAX: usize = 30;
const HALVINGS_MAX: usize = 20;
const STEP_TOLERANCE: f64 = 1e-7;
// A feature that varies less than this over all lists says nothing, and would be blown up by scaling.
const SPREAD_MIN: f64 = 1e-5;

impl Listwise {
    /// Lists of rows with `width` features.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// How many lists there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many rows all lists have.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.positive.len()
    }

    /// Adds a list: `features` row by row, and which rows were positive. At most `negatives_max` others are kept, spread
    /// evenly over the list. A list without a positive or without another row is left out, as it teaches nothing,
    /// and so is one that no longer fits: 24 Mi features are kept.
    pub fn push(&mut self, features: &[f32], positive: &[bool], negatives_max: usize) {
        let positives = positive.iter().filter(|&&p| p).count();
        let negatives = positive.len() - positives;
        if self.width == 0
            || features.len() != self.width * positive.len()
            || positives == 0
            || negatives == 0
            || self.features.len() > VALUES_MAX
        {
            return;
        }
        let keep = negatives.min(negatives_max.max(1));
        let mut seen = 0;
        for (row, &is_positive) in features.chunks_exact(self.width).zip(positive) {
            // Negative number i is kept when the share of those kept steps up at it.
            let kept = is_positive || (seen + 1) * keep / negatives > seen * keep / negatives;
            seen += usize::from(!is_positive);
            if kept {
                self.features.extend(row.iter().map(|x| if x.is_finite() { *x } else { 0.0 }));
                self.positive.push(is_positive);
            }
        }
        self.ends.push(self.positive.len());
    }

    /// Finds weights by Newton's method. `strength` says how many positives the prior counts for. A list with n positives
    /// weighs the square root of n, so that few very active subjects don't speak for all.
    #[must_use]
    pub fn fit(&self, prior: &[f64], strength: f64) -> Weights {
        let n = self.width;
        let scales = self.scales();
        let center: Vec<f64> = (0..n).map(|i| at(prior, i) * at(&scales, i)).collect();
        let mut weights = center.clone();
        let mut here = self.look(&weights, &center, &scales, strength, true);
        let loss_before = here.fit;
        let mut converged = self.is_empty();
        for _ in 0..STEPS_MAX {
            if converged {
                break;
            }
            let Some(step) = solve(&mut here.curvature, &here.slope, n) else { break };
            let mut share = 1.0;
            let mut moved = false;
            for _ in 0..HALVINGS_MAX {
                let next: Vec<f64> = weights.iter().zip(&step).map(|(w, s)| w - share * s).collect();
                let there = self.look(&next, &center, &scales, strength, false);
                if there.objective < here.objective {
                    (weights, moved) = (next, true);
                    break;
                }
                share /= 2.0;
            }
            let largest = step.iter().fold(0.0_f64, |m, s| m.max((share * s).abs()));
            converged = !moved || largest < STEP_TOLERANCE;
            if moved {
                here = self.look(&weights, &center, &scales, strength, true);
            }
        }
        let weights = weights.iter().zip(&scales).map(|(w, s)| w / s).collect();
        Weights { weights, loss_before, loss: here.fit, converged }
    }

    // How far each feature spreads. Features are divided by it, and weights multiplied, so that the prior's pull does not
    // depend on a feature's unit.
    fn scales(&self) -> Vec<f64> {
        let count = self.positive.len().max(1) as f64;
        let spread = |i: usize| {
            let column = || self.features.iter().skip(i).step_by(self.width.max(1)).map(|&x| f64::from(x));
            let mean = column().sum::<f64>() / count;
            let spread = (column().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
            if spread > SPREAD_MIN { spread } else { 1.0 }
        };
        (0..self.width).map(spread).collect()
    }

    fn look(&self, weights: &[f64], center: &[f64], scales: &[f64], strength: f64, curved: bool) -> View {
        let n = self.width;
        let mut view = View { objective: 0.0, fit: 0.0, slope: vec![0.0; n], curvature: Vec::new() };
        if curved {
            view.curvature = vec![0.0; n * n];
        }
        let raw: Vec<f64> = weights.iter().zip(scales).map(|(w, s)| w / s).collect();
        let (mut chances, mut mean, mut scaled) = (Vec::new(), vec![0.0; n], vec![0.0; n]);
        let (mut from, mut total) = (0, 0.0);
        for &to in &self.ends {
            let features = self.features.get(from * n..to * n).unwrap_or_default();
            let positive = self.positive.get(from..to).unwrap_or_default();
            from = to;
            chances.clear();
            chances.extend(features.chunks_exact(n).map(|x| dot(x, &raw)));
            let highest = chances.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = chances.iter().map(|s| (s - highest).exp()).sum();
            let log_sum = sum.ln() + highest;
            let positives = positive.iter().filter(|&&p| p).count() as f64;
            let weight = positives.sqrt();
            total += weight;
            let of_positives: f64 = chances.iter().zip(positive).map(|(s, &p)| if p { *s } else { 0.0 }).sum();
            view.fit += weight * log_sum - weight * of_positives / positives;
            if !curved {
                continue;
            }
            mean.fill(0.0);
            for ((row, score), &p) in features.chunks_exact(n).zip(&chances).zip(positive) {
                let chance = (score - log_sum).exp();
                let surplus = weight * chance - if p { weight / positives } else { 0.0 };
                for (x, (value, scale)) in scaled.iter_mut().zip(row.iter().zip(scales)) {
                    *x = f64::from(*value) / scale;
                }
                for (i, &x) in scaled.iter().enumerate() {
                    add(&mut view.slope, i, surplus * x);
                    add(&mut mean, i, chance * x);
                    let pull = weight * chance * x;
                    if pull != 0.0 {
                        let row = view.curvature.get_mut(i * n..i * n + i + 1).unwrap_or_default();
                        row.iter_mut().zip(&scaled).for_each(|(slot, other)| *slot += pull * other);
                    }
                }
            }
            for (i, &x) in mean.iter().enumerate() {
                let row = view.curvature.get_mut(i * n..i * n + i + 1).unwrap_or_default();
                row.iter_mut().zip(&mean).for_each(|(slot, other)| *slot -= weight * x * other);
            }
        }
        let mut away = 0.0;
        for (i, (w, c)) in weights.iter().zip(center).enumerate() {
            away += (w - c).powi(2);
            add(&mut view.slope, i, 2.0 * strength * (w - c));
            if curved {
                add(&mut view.curvature, i * n + i, 2.0 * strength + 1e-9);
            }
        }
        view.objective = view.fit + strength * away;
        view.fit /= if total > 0.0 { total } else { 1.0 };
        view
    }
}

struct View {
    objective: f64,
    // Mean loss without what the prior costs.
    fit: f64,
    slope: Vec<f64>,
    // The lower triangle.
    curvature: Vec<f64>,
}

fn at(values: &[f64], i: usize) -> f64 {
    values.get(i).copied().unwrap_or(0.0)
}

fn add(values: &mut [f64], i: usize, what: f64) {
    if let Some(slot) = values.get_mut(i) {
        *slot += what;
    }
}

fn dot(features: &[f32], weights: &[f64]) -> f64 {
    features.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum()
}

// Solves for a step by the Cholesky factor of a few dozen features, in place. None when the matrix is not positive.
#[expect(clippy::indexing_slicing, reason = "all places are below n in an n x n matrix")]
fn solve(lower: &mut [f64], slope: &[f64], n: usize) -> Option<Vec<f64>> {
    if lower.len() != n * n || slope.len() != n {
        return None;
    }
    for i in 0..n {
        for j in 0..=i {
            let inner: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
            let rest = lower[i * n + j] - inner;
            if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                lower[i * n + i] = rest.sqrt();
            } else {
                lower[i * n + j] = rest / lower[j * n + j];
            }
        }
    }
    let mut x = slope.to_vec();
    for i in 0..n {
        let inner: f64 = (0..i).map(|k| lower[i * n + k] * x[k]).sum();
        x[i] = (x[i] - inner) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        let inner: f64 = (i + 1..n).map(|k| lower[k * n + i] * x[k]).sum();
        x[i] = (x[i] - inner) / lower[i * n + i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Lists of four rows with two features: the first tells the positive row, the second is noise.
    fn lists(n: usize) -> Listwise {
        let mut all = Listwise::new(2);
        for i in 0..n {
            let noise = |k: usize| ((i * 7 + k * 13) % 11) as f32 / 11.0;
            let good = i % 4;
            let hint = |k: usize| if (k == good) ^ (i % 5 == 0) { 1.0 } else { 0.0 };
            let features: Vec<f32> = (0..4).flat_map(|k| [hint(k), noise(k)]).collect();
            let positive: Vec<bool> = (0..4).map(|k| k == good).collect();
            all.push(&features, &positive, 100);
        }
        all
    }

    #[test]
    fn what_tells_positives_gets_the_weight() {
        let found = lists(400).fit(&[0.0, 0.0], 1.0);
        assert!(found.converged);
        assert!(found.weights[0] > 1.0 && found.weights[1].abs() < 0.5, "{found:?}");
        assert!(found.loss < found.loss_before, "{found:?}");
    }

    #[test]
    fn little_feedback_changes_little() {
        let far = |n: usize| (lists(n).fit(&[3.0, 1.0], 50.0).weights[1] - 1.0).abs();
        assert!(far(3) < 0.05, "{}", far(3));
        assert!(far(3) < far(1000));
    }

    #[test]
    fn without_lists_the_prior_stays() {
        let found = Listwise::new(2).fit(&[1.5, -2.0], 1.0);
        assert_eq!((found.weights, found.loss), (vec![1.5, -2.0], 0.0));
    }

    #[test]
    fn lists_that_teach_nothing_are_left_out() {
        let mut all = Listwise::new(1);
        all.push(&[1.0, 2.0], &[false, false], 10);
        all.push(&[1.0, 2.0], &[true, true], 10);
        all.push(&[1.0, 2.0, 3.0], &[true, false], 10);
        assert!(all.is_empty());
    }

    #[test]
    fn negatives_are_kept_evenly_and_positives_always() {
        let mut all = Listwise::new(1);
        let features: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let positive: Vec<bool> = (0..100).map(|i| i == 3).collect();
        all.push(&features, &positive, 9);
        assert_eq!(all.rows(), 10);
        assert!(all.features.contains(&3.0));
        assert!(all.features.iter().any(|&x| x > 85.0));
    }

    #[test]
    fn a_number_that_is_none_and_a_constant_feature_do_no_harm() {
        let mut all = Listwise::new(3);
        for i in 0..50 {
            let x = i as f32 / 50.0;
            all.push(&[1.0, x, 5.0, 0.0, f32::NAN, 5.0], &[true, false], 10);
        }
        let found = all.fit(&[0.0; 3], 1.0);
        assert!(found.weights.iter().all(|w| w.is_finite()), "{found:?}");
    }
}
