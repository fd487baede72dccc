//! Several objectives with the few trials that evaluations of graphs leave: how much of the front is found.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use greenroom_evolve::sampler::{Seen, named};
use greenroom_evolve::{Domain, Draws, Outcome, Space, Told, child_seed};
use support::{numbers, space_of};

/// Two values, larger is better, and violations.
type Judged = ([f64; 2], Vec<f64>);

struct Problem {
    name: &'static str,
    space: Space,
    /// The best of each value is 0.
    of: fn(&[f64]) -> Judged,
    /// What counts for nothing.
    reference: f64,
}

/// The front is the line from (0, -1) to (-1, 0), where all but the first number are 0.
fn line(x: &[f64]) -> Judged {
    let off = 1.0 + x[1..].iter().sum::<f64>();
    ([-x[0] * off, -(1.0 - x[0]) * off], Vec::new())
}

/// A front that bends towards the best of both (ZDT1; Zitzler, Deb and Thiele 2000).
fn bent(x: &[f64]) -> Judged {
    let off = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / (x.len() - 1) as f64;
    ([-x[0], -off * (1.0 - (x[0] / off).sqrt())], Vec::new())
}

/// Two hills, whole numbers among the reals, and a bound that takes the middle of the way between their tops.
fn hills(x: &[f64]) -> Judged {
    let hill = |top: f64| -x.iter().map(|x| (x / 10.0 - top).powi(2)).sum::<f64>();
    ([hill(0.2), hill(0.7)], vec![0.1 - (x[0] / 10.0 - 0.45).abs()])
}

fn problems() -> Vec<Problem> {
    let float = |low, high| Domain::Float { low, high, log: false };
    let mixed = vec![float(0.0, 10.0), float(0.0, 10.0), Domain::Integer { low: 0, high: 10, log: false }];
    vec![
        Problem { name: "line, 4 reals", space: space_of(vec![float(0.0, 1.0); 4]), of: line, reference: 1.5 },
        Problem { name: "bent, 6 reals", space: space_of(vec![float(0.0, 1.0); 6]), of: bent, reference: 3.0 },
        Problem { name: "hills, mixed, a bound", space: space_of(mixed), of: hills, reference: 0.8 },
    ]
}

/// The area between the reference and what was found, of that up to the best of both.
fn covered(problem: &Problem, sampler: &str, trials: u64, seed: u64) -> f64 {
    let sampler = named(sampler, seed).unwrap();
    let (mut told, mut points): (Vec<Told>, Vec<[f64; 2]>) = (Vec::new(), Vec::new());
    for number in 0..trials {
        let seen = Seen { told: &told, pending: &[], objectives: 2 };
        let point = sampler.suggest(&problem.space, seen, number, &mut Draws::new(child_seed(seed, number)));
        let (values, violations) = (problem.of)(&numbers(&point));
        if violations.iter().all(|violation| *violation <= 0.0) {
            points.push(values.map(|value| value + problem.reference));
        }
        told.push(Told { number, point, outcome: Outcome::Complete { values: values.to_vec(), violations } });
    }
    points.retain(|values| values.iter().all(|value| *value > 0.0));
    points.sort_by(|a, b| b[0].total_cmp(&a[0]));
    let mut reached = 0.0;
    let area = points.iter().fold(0.0, |sum, [along, up]| {
        let more = (up - reached).max(0.0) * along;
        reached = up.max(reached);
        sum + more
    });
    area / (problem.reference * problem.reference)
}

fn mean(problem: &Problem, sampler: &str, trials: u64, seeds: u64) -> f64 {
    (0..seeds).map(|seed| covered(problem, sampler, trials, seed)).sum::<f64>() / seeds as f64
}

#[test]
fn the_default_finds_more_of_a_front_with_few_trials() {
    for problem in problems() {
        let [ours, nsga2, random] = ["auto", "nsga2", "random"].map(|sampler| mean(&problem, sampler, 40, 5));
        assert!(ours > nsga2.max(random) * 1.05, "{}: {ours}, nsga2 {nsga2}, random {random}", problem.name);
    }
}

/// The table in `docs/samplers.md`: `cargo test --release -p greenroom-evolve --test fronts -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_much_each_sampler_finds() {
    for problem in problems() {
        for trials in [40, 100, 200] {
            for sampler in ["auto", "nsga2", "tpe-multivariate", "random"] {
                println!("{} | {trials} | {sampler} | {:.3}", problem.name, mean(&problem, sampler, trials, 10));
            }
        }
    }
}
