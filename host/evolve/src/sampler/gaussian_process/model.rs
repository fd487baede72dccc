//! The Gaussian process.

use super::features::Features;
use crate::sampler::gaussian;
use crate::sampler::triangle::{Triangle, dot};

/// How many steps the fit takes.
const STEPS: usize = 25;
/// What is expected before anything is seen, as medians of log-normal distributions: how far apart the ends of the space
/// are, and points that have nothing in common, summed over all features; and the share of noise.
const PRIOR_DISTANT: f64 = 8.0;
const PRIOR_EXACT: f64 = 4.0;
const PRIOR_NOISE: f64 = 0.01;
/// The deviation of these, of logarithms.
const DEVIATION: f64 = 1.5;

/// Weights of the features and the share of noise.
#[derive(Debug, Clone)]
pub(super) struct Fitted {
    /// One a feature: what a squared distance, or a difference, adds.
    weights: Vec<f64>,
    /// The variance of what two trials of a point differ by, relative to that of the objective.
    noise: f64,
}

/// The Matern kernel of smoothness 5/2 at a squared distance, and its derivative.
fn matern(squared: f64) -> (f64, f64) {
    let far = libm::sqrt(5.0 * squared);
    let falling = gaussian::falling(-far);
    ((1.0 + far + 5.0 / 3.0 * squared) * falling, -5.0 / 6.0 * (1.0 + far) * falling)
}

impl Fitted {
    fn expected(features: &Features) -> Vec<f64> {
        let count = features.count().max(1) as f64;
        let distant = features.distant.iter().map(|_| libm::log(PRIOR_DISTANT / count));
        let exact = features.exact.iter().map(|_| libm::log(PRIOR_EXACT / count));
        distant.chain(exact).chain([libm::log(PRIOR_NOISE)]).collect()
    }

    /// The most likely ones (maximum a posteriori).
    pub(super) fn to(features: &Features, points: &[Vec<f64>], goals: &[f64]) -> Self {
        let expected = Self::expected(features);
        let apart = apart(features, points);
        let mut at = expected.clone();
        let mut best = (f64::NEG_INFINITY, at.clone());
        let mut steps = vec![0.4_f64; at.len()];
        let mut before = vec![0.0_f64; at.len()];
        for _ in 0..STEPS {
            let Some((likelihood, gradient)) = posterior(&at, &expected, &apart, goals) else { break };
            if likelihood > best.0 {
                best = (likelihood, at.clone());
            }
            // Resilient steps (Riedmiller 1993): longer while the sign holds, shorter when it turns.
            for (((x, step), was), slope) in at.iter_mut().zip(&mut steps).zip(&mut before).zip(gradient) {
                let same = slope * *was;
                if same > 0.0 {
                    *step = (*step * 1.3).min(1.5);
                } else if same < 0.0 {
                    *step *= 0.5;
                }
                *was = slope;
                *x += step.copysign(slope);
            }
        }
        let mut weights: Vec<f64> = best.1.into_iter().map(libm::exp).collect();
        let noise = weights.pop().unwrap_or(PRIOR_NOISE);
        Self { weights, noise }
    }
}

/// For each pair of points, row by row, how far they are apart in each feature.
fn apart(features: &Features, points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut all = Vec::with_capacity(points.len() * points.len() / 2);
    for (row, a) in points.iter().enumerate() {
        for b in points.iter().take(row) {
            let pairs = a.iter().zip(b).enumerate();
            all.push(
                pairs
                    .map(
                        |(at, (a, b))| {
                            if at < features.distant.len() { (a - b) * (a - b) } else { f64::from(u8::from(a != b)) }
                        },
                    )
                    .collect(),
            );
        }
    }
    all
}

/// The logarithm of the posterior, up to a constant, and its gradient.
fn posterior(at: &[f64], expected: &[f64], apart: &[Vec<f64>], goals: &[f64]) -> Option<(f64, Vec<f64>)> {
    let n = goals.len();
    let (log_noise, log_weights) = at.split_last()?;
    let noise = libm::exp(*log_noise) + 1e-6;
    let weights: Vec<f64> = log_weights.iter().map(|x| libm::exp(*x)).collect();
    let kernels: Vec<(f64, f64)> = apart.iter().map(|pair| matern(dot(pair, &weights))).collect();
    let mut rest = kernels.as_slice();
    let matrix: Vec<Vec<f64>> = (0..n)
        .map(|row| {
            let (now, later) = rest.split_at(row.min(rest.len()));
            rest = later;
            now.iter().map(|(k, _)| *k).chain([1.0 + noise]).collect()
        })
        .collect();
    let factor = Triangle::factor(&matrix)?;
    let white = factor.solve(goals);
    let scale = (dot(&white, &white) / n as f64).max(1e-12);
    let alpha = factor.solve_transposed(&white);
    let mut likelihood = -0.5 * (n as f64 * libm::log(scale) + factor.log_determinant());
    let inverse = factor.inverse();
    let mut gradient = vec![0.0; at.len()];
    let mut pairs = apart.iter().zip(&kernels);
    let mut trace = 0.0;
    for (row, (line, a)) in inverse.iter().zip(&alpha).enumerate() {
        for (entry, b) in line.iter().zip(&alpha).take(row) {
            let Some((pair, (_, slope))) = pairs.next() else { break };
            // Twice a half: the matrix is symmetric.
            let pull = (a * b / scale - entry) * slope;
            gradient.iter_mut().zip(pair).for_each(|(sum, apart)| *sum += pull * apart);
        }
        trace += 0.5 * (a * a / scale - line.last().copied().unwrap_or(0.0));
    }
    gradient.iter_mut().zip(&weights).for_each(|(slope, weight)| *slope *= weight);
    if let Some(last) = gradient.last_mut() {
        *last = trace * (noise - 1e-6);
    }
    for ((slope, x), mean) in gradient.iter_mut().zip(at).zip(expected) {
        let off = (x - mean) / DEVIATION;
        likelihood -= 0.5 * off * off;
        *slope -= off / DEVIATION;
    }
    likelihood.is_finite().then_some((likelihood, gradient))
}

/// The process given trials.
#[derive(Debug)]
pub(super) struct Model {
    /// Roots of the weights of distances, and weights of differences.
    scale: Vec<f64>,
    distant: usize,
    noise: f64,
    points: Vec<Vec<f64>>,
    factor: Triangle,
    goals: Vec<f64>,
    alpha: Vec<f64>,
    variance: f64,
}

impl Model {
    pub(super) fn new(features: &Features, fitted: &Fitted, points: Vec<Vec<f64>>, goals: &[f64]) -> Option<Self> {
        let distant = features.distant.len();
        let scale: Vec<f64> =
            fitted.weights.iter().enumerate().map(|(at, w)| if at < distant { libm::sqrt(*w) } else { *w }).collect();
        let mut model = Self {
            scale,
            distant,
            noise: fitted.noise + 1e-6,
            points: Vec::with_capacity(points.len()),
            factor: Triangle::default(),
            goals: goals.to_vec(),
            alpha: Vec::new(),
            variance: 1.0,
        };
        for point in points {
            model.add(point)?;
        }
        let white = model.factor.solve(goals);
        model.variance = (dot(&white, &white) / goals.len().max(1) as f64).max(1e-12);
        model.alpha = model.factor.solve_transposed(&white);
        Some(model)
    }

    fn add(&mut self, point: Vec<f64>) -> Option<()> {
        let point = self.scaled(point);
        let mut row = self.kernels(&point);
        row.push(1.0 + self.noise);
        self.factor.append(&row)?;
        self.points.push(point);
        Some(())
    }

    /// Adds a point whose value is not known, as if it were what is expected of it.
    pub(super) fn believe(&mut self, point: Vec<f64>) {
        let (mean, _) = self.mean(&point);
        if self.add(point).is_some() {
            self.goals.push(mean);
            self.alpha = self.factor.solve_transposed(&self.factor.solve(&self.goals));
        }
    }

    fn scaled(&self, mut point: Vec<f64>) -> Vec<f64> {
        point.iter_mut().zip(&self.scale).take(self.distant).for_each(|(x, scale)| *x *= scale);
        point
    }

    fn kernels(&self, scaled: &[f64]) -> Vec<f64> {
        let (near, exact) = scaled.split_at(self.distant);
        let weights = self.scale.split_at(self.distant).1;
        self.points
            .iter()
            .map(|point| {
                let (b, b_exact) = point.split_at(self.distant);
                let distance: f64 = near.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                let pairs = exact.iter().zip(b_exact).zip(weights);
                let differs: f64 = pairs.map(|((a, b), weight)| if a == b { 0.0 } else { *weight }).sum();
                matern(distance + differs).0
            })
            .collect()
    }

    /// What is expected of a point, and what it has in common with each trial.
    pub(super) fn mean(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let kernels = self.kernels(&self.scaled(point.to_vec()));
        (dot(&kernels, &self.alpha), kernels)
    }

    /// How far off that may be, by what the point has in common with each trial.
    pub(super) fn variance_at(&self, kernels: &[f64]) -> f64 {
        let white = self.factor.solve(kernels);
        self.variance * (1.0 - dot(&white, &white)).max(1e-9)
    }

    /// How far off it may be where there are no trials near.
    pub(super) fn variance(&self) -> f64 {
        self.variance
    }

    /// What is expected of each trial.
    pub(super) fn expected(&self) -> Vec<f64> {
        self.points.iter().map(|point| dot(&self.kernels(point), &self.alpha)).collect()
    }
}
