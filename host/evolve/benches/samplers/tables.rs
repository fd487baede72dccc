//! Tabular problems, beside Optuna's samplers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom_evolve::{Dimension, Domain, Draws, Point, Space, Value};
use serde_json::Value as Json;

use crate::figures::Figure;
use crate::study::{each_seed, incumbent, mean};

const TRIALS: u64 = 100;

/// A problem of which each cell was evaluated with some seeds.
struct Table {
    suite: String,
    space: Space,
    sizes: Vec<usize>,
    cells: Vec<Vec<f64>>,
    means: Vec<f64>,
    best: f64,
    median: f64,
    /// Regrets by sampler, one a seed.
    optuna: BTreeMap<String, Vec<f64>>,
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

impl Table {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes are small")]
    fn read(path: &Path) -> Self {
        let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(json["trials"], TRIALS, "{} was measured with another number of trials", path.display());
        let sizes: Vec<usize> = numbers(&json["sizes"]).into_iter().map(|x| x as usize).collect();
        let cells: Vec<Vec<f64>> = json["cells"].as_array().unwrap().iter().map(numbers).collect();
        let means: Vec<f64> = cells.iter().map(|cell| cell.iter().sum::<f64>() / cell.len() as f64).collect();
        let mut sorted = means.clone();
        sorted.sort_by(f64::total_cmp);
        let dimensions = sizes.iter().enumerate().map(|(i, size)| Dimension {
            name: format!("p{i}"),
            domain: Domain::Integer { low: 0, high: *size as i64 - 1, log: false },
            condition: None,
        });
        Self {
            suite: json["suite"].as_str().unwrap().to_owned(),
            space: Space::new(dimensions.collect()).unwrap(),
            best: sorted[sorted.len() - 1],
            median: f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]),
            optuna: json["optuna"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), numbers(v))).collect(),
            sizes,
            cells,
            means,
        }
    }

    /// Where the values of a point are.
    fn at(&self, point: &Point) -> usize {
        self.sizes.iter().enumerate().fold(0, |at, (i, size)| match point[&format!("p{i}")] {
            Value::Integer(x) => at * size + usize::try_from(x).unwrap(),
            _ => panic!("whole numbers alone"),
        })
    }

    fn regret(&self, sampler: &str, seed: u64) -> f64 {
        let observed = |point: &Point, noise: &mut Draws| {
            let cell = &self.cells[self.at(point)];
            cell[usize::try_from(noise.below(cell.len() as u64)).unwrap()]
        };
        let found = incumbent(sampler, &self.space, TRIALS, seed, observed);
        (self.best - self.means[self.at(&found)]) / (self.best - self.median)
    }
}

/// Prints a table by suite, and gives the default sampler's figures.
pub(crate) fn measured(samplers: &[&str]) -> Vec<Figure> {
    let folder = std::env::var_os("GREENROOM_TABLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/figures/samplers"), PathBuf::from);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/peers_samplers.py first", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let tables: Vec<Table> = paths.iter().map(|path| Table::read(path)).collect();
    let seeds = tables.iter().flat_map(|table| table.optuna.values().map(Vec::len)).min().unwrap();
    let mut figures = Vec::new();
    for suite in ["NB201", "HPOLib", "HPOBench"] {
        let of: Vec<&Table> = tables.iter().filter(|table| table.suite == suite).collect();
        println!("\n{suite}: regret after {TRIALS} trials, {} tables, {seeds} seeds", of.len());
        let mut best: Option<(f64, String, Vec<f64>)> = None;
        for name in of[0].optuna.keys() {
            let regrets = by_seed(&of, seeds, |table, seed| table.optuna[name][usize::try_from(seed).unwrap()]);
            let (value, error) = mean(&regrets);
            println!("  {:<28} {value:.4} +- {error:.4}", format!("Optuna {name}"));
            if best.as_ref().is_none_or(|(least, ..)| value < *least) {
                best = Some((value, name.clone(), regrets));
            }
        }
        let (peer, name, theirs) = best.unwrap();
        for sampler in samplers {
            let ours = by_seed(&of, seeds, |table, seed| table.regret(sampler, seed));
            let (value, error) = mean(&ours);
            let chance = wilcoxon(&ours, &theirs);
            println!("  {sampler:<28} {value:.4} +- {error:.4}  better than Optuna's {name}: p = {chance:.4}");
            if *sampler == "auto" {
                figures.push(Figure {
                    id: format!("evolution.sampler_regret_{}", suite.to_lowercase()),
                    what: format!("regret of the default sampler on {suite}, p = {chance:.4} of no better"),
                    value,
                    unit: "regret",
                    target: Some(peer),
                    baseline: Some((format!("Optuna's best, {name}"), peer)),
                    samples: seeds,
                    spread: error,
                });
            }
        }
    }
    figures
}

/// The mean over tables, of each seed.
fn by_seed(tables: &[&Table], seeds: usize, of: impl Fn(&Table, u64) -> f64 + Sync) -> Vec<f64> {
    each_seed(seeds, |seed| tables.iter().map(|table| of(table, seed)).sum::<f64>() / tables.len() as f64)
}

/// How likely pairs are at least so much in favour of the first, less being better, if there were no difference: the one-sided
/// signed-rank test (Wilcoxon 1945), with the normal approximation and its correction for ties.
fn wilcoxon(first: &[f64], second: &[f64]) -> f64 {
    let mut differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).filter(|d| *d != 0.0).collect();
    differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let count = differences.len() as f64;
    let (mut sum, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in differences.chunk_by(|a, b| a.abs() == b.abs()) {
        let size = equal.len() as f64;
        sum += (before + f64::midpoint(size, 1.0)) * equal.iter().filter(|d| **d > 0.0).count() as f64;
        ties += size * size * size - size;
        before += size;
    }
    let variance = count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - ties / 48.0;
    let z = (sum - count * (count + 1.0) / 4.0) / variance.sqrt();
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}
