//! The distribution of CMA-ES.

use crate::sampler::gaussian::{below, quantile};
use crate::sampler::triangle::{Triangle, dot};
use crate::{Domain, Draws};

/// The deviation in the beginning, of an edge of 1.
const WIDTH: f64 = 1.0 / 6.0;

/// `N(mean, width² A C A)`. The Cholesky factor of `C` stands for its square root (Krause 2016), which changes the path of the
/// step size by a rotation alone. `A` is diagonal, and widens whole numbers that would freeze (Hamano 2022).
#[derive(Debug)]
pub(super) struct State<'a> {
    domains: Vec<&'a Domain>,
    mean: Vec<f64>,
    width: f64,
    /// The diagonal of `A`.
    widened: Vec<f64>,
    /// `C`, by its lower rows.
    covariance: Vec<Vec<f64>>,
    factor: Triangle,
    path: Vec<f64>,
    path_of_width: Vec<f64>,
    generations: i32,
    weights: Vec<f64>,
    rates: Rates,
}

/// How fast it learns (Hansen 2016, table 1).
#[derive(Debug)]
struct Rates {
    generation: usize,
    effective: f64,
    path: f64,
    path_of_width: f64,
    damping: f64,
    one: f64,
    all: f64,
    /// How long a draw of a standard normal distribution is on average.
    length: f64,
}

impl Rates {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    fn new(n: f64) -> (Self, Vec<f64>) {
        let generation = 4 + (3.0 * libm::log(n)).max(0.0) as usize;
        let parents = generation / 2;
        let raw: Vec<f64> =
            (1..=parents).map(|i| libm::log((generation as f64 + 1.0) / 2.0) - libm::log(i as f64)).collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|w| w / sum).collect();
        let m = 1.0 / dot(&weights, &weights);
        let path_of_width = (m + 2.0) / (n + m + 5.0);
        let one = 2.0 / ((n + 1.3) * (n + 1.3) + m);
        let rates = Self {
            generation,
            effective: m,
            path: (4.0 + m / n) / (n + 4.0 + 2.0 * m / n),
            path_of_width,
            damping: 1.0 + 2.0 * (libm::sqrt((m - 1.0) / (n + 1.0)) - 1.0).max(0.0) + path_of_width,
            one,
            all: (1.0 - one).min(2.0 * (m - 2.0 + 1.0 / m) / ((n + 2.0) * (n + 2.0) + m)),
            length: libm::sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        };
        (rates, weights)
    }
}

impl<'a> State<'a> {
    pub(super) fn new(domains: Vec<&'a Domain>) -> Self {
        let n = domains.len();
        let (rates, weights) = Rates::new(n.max(1) as f64);
        let covariance: Vec<Vec<f64>> =
            (0..n).map(|row| (0..=row).map(|column| if row == column { 1.0 } else { 0.0 }).collect()).collect();
        Self {
            mean: vec![0.5; n],
            width: WIDTH,
            widened: vec![1.0; n],
            factor: Triangle::factor(&covariance).unwrap_or_default(),
            covariance,
            path: vec![0.0; n],
            path_of_width: vec![0.0; n],
            generations: 0,
            weights,
            rates,
            domains,
        }
    }

    /// How many trials are a generation.
    pub(super) fn generation(&self) -> usize {
        self.rates.generation
    }

    /// A point, maybe outside the cube.
    pub(super) fn draw(&self, draws: &mut Draws) -> Vec<f64> {
        let z: Vec<f64> = self.mean.iter().map(|_| draws.normal()).collect();
        let steps = self.factor.times(&z);
        self.mean.iter().zip(&self.widened).zip(steps).map(|((m, a), step)| m + self.width * a * step).collect()
    }

    /// Goes on by a generation, best first.
    pub(super) fn update(&mut self, generation: &[&[f64]]) {
        let Rates { effective, path, path_of_width, damping, one, all, length, .. } = self.rates;
        let n = self.mean.len() as f64;
        // How far a trial can lie at the most for what it says to count in full: it may come from elsewhere (Hansen 2011).
        let far = libm::sqrt(n) + 2.0 * n / (n + 2.0);
        let steps: Vec<Vec<f64>> = generation
            .iter()
            .take(self.weights.len())
            .map(|trial| {
                let step: Vec<f64> = (trial.iter().zip(&self.mean).zip(&self.widened))
                    .map(|((x, m), a)| (x - m) / (self.width * a))
                    .collect();
                let white = self.factor.solve(&step);
                let shrunk = (far / libm::sqrt(dot(&white, &white)).max(1e-12)).min(1.0);
                step.into_iter().map(|y| y * shrunk).collect()
            })
            .collect();
        let mut step = vec![0.0; self.mean.len()];
        for (weight, each) in self.weights.iter().zip(&steps) {
            step.iter_mut().zip(each).for_each(|(sum, y)| *sum += weight * y);
        }
        for ((m, a), y) in self.mean.iter_mut().zip(&self.widened).zip(&step) {
            *m = (*m + self.width * a * y).clamp(0.0, 1.0);
        }
        self.generations += 1;
        let keep = libm::sqrt(path_of_width * (2.0 - path_of_width) * effective);
        for (p, y) in self.path_of_width.iter_mut().zip(self.factor.solve(&step)) {
            *p = (1.0 - path_of_width) * *p + keep * y;
        }
        let long = libm::sqrt(dot(&self.path_of_width, &self.path_of_width));
        let expected = libm::sqrt(1.0 - libm::pow(1.0 - path_of_width, 2.0 * f64::from(self.generations)));
        let moves = long / expected < (1.4 + 2.0 / (n + 1.0)) * length;
        self.width =
            (self.width * libm::exp((path_of_width / damping * (long / length - 1.0)).min(1.0))).clamp(1e-9, 1.0);
        let keep = if moves { libm::sqrt(path * (2.0 - path) * effective) } else { 0.0 };
        for (p, y) in self.path.iter_mut().zip(&step) {
            *p = (1.0 - path) * *p + keep * y;
        }
        let stalled = if moves { 0.0 } else { one * path * (2.0 - path) };
        for (row, entries) in self.covariance.iter_mut().enumerate() {
            for (column, entry) in entries.iter_mut().enumerate() {
                let product = |v: &[f64]| v.get(row).zip(v.get(column)).map_or(0.0, |(a, b)| a * b);
                let spread: f64 = self.weights.iter().zip(&steps).map(|(weight, y)| weight * product(y)).sum();
                *entry = (1.0 - one - all + stalled) * *entry + one * product(&self.path) + all * spread;
            }
        }
        if let Some(factor) = Triangle::factor(&self.covariance) {
            self.factor = factor;
        }
        self.keep_margins();
    }

    /// Moves the mean and widens what would leave a value beside the middle one too unlikely.
    fn keep_margins(&mut self) {
        let margin = 1.0 / (self.mean.len() as f64 * self.rates.generation as f64).max(3.0);
        for (place, domain) in self.domains.iter().enumerate() {
            let deviation = self.covariance.get(place).and_then(|row| row.get(place)).map_or(1.0, |x| libm::sqrt(*x));
            let (Some(m), Some(a)) = (self.mean.get_mut(place), self.widened.get_mut(place)) else { continue };
            let deviation = self.width * deviation;
            let Some((low, high)) = domain.cell(*m) else { continue };
            match (low > 1e-12, high < 1.0 - 1e-12) {
                (false, false) => {}
                // A value at an end has one border, which may be at most so far that a draw beyond it keeps the margin.
                (true, false) => *m = m.min(low + deviation * *a * quantile(1.0 - margin)),
                (false, true) => *m = m.max(high - deviation * *a * quantile(1.0 - margin)),
                (true, true) => {
                    let under = below((low - *m) / (deviation * *a));
                    let over = below((*m - high) / (deviation * *a));
                    let least = margin / 2.0;
                    if under >= least && over >= least {
                        continue;
                    }
                    let (wide_under, wide_over) = (under.max(least), over.max(least));
                    let middle = 1.0 - under - over;
                    let excess =
                        (1.0 - wide_under - wide_over - middle) / (wide_under + wide_over + middle - 3.0 * least);
                    let under = wide_under + excess * (wide_under - least);
                    let over = wide_over + excess * (wide_over - least);
                    let (left, right) = (quantile(1.0 - under).max(1e-6), quantile(1.0 - over).max(1e-6));
                    *m = (low * right + high * left) / (left + right);
                    *a = (high - low) / (deviation * (left + right));
                }
            }
        }
    }
}
