//! Functions of reals, whole numbers and choices, with and without noise: the samplers beside each other.

use std::f64::consts::TAU;

use greenroom_evolve::{Dimension, Domain, Space};

use crate::study::{each_seed, incumbent, mean, numbers};

const SEEDS: usize = 20;

struct Function {
    name: &'static str,
    space: Space,
    /// Smaller is better, 0 the least.
    of: fn(&[f64]) -> f64,
    /// The deviation of what is observed.
    noise: f64,
    trials: u64,
}

fn sphere(x: &[f64]) -> f64 {
    x.iter().enumerate().map(|(i, x)| (x - 1.3 - 0.2 * i as f64).powi(2)).sum()
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

fn rastrigin(x: &[f64]) -> f64 {
    x.iter().map(|x| x - 0.7).map(|x| 10.0 + x * x - 10.0 * (TAU * x).cos()).sum()
}

/// A bowl whose place and depth two choices decide.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "choices are named 0 to 4")]
fn chosen_bowl(x: &[f64]) -> f64 {
    let (place, depth) = (x[0] as usize, x[1] as usize);
    let center = [0.3, -2.0, 3.0, 1.0, -4.0][place];
    let bowl: f64 = x[2..].iter().map(|x| (x - center).powi(2)).sum();
    [1.0, 0.2, 2.0, 0.0, 3.0][place] + [2.0, 0.0, 1.0, 0.5][depth] + 0.2 * bowl
}

fn functions() -> Vec<Function> {
    let reals = |bound: f64, count: usize| vec![Domain::Float { low: -bound, high: bound, log: false }; count];
    let whole = |bound: i64, count: usize| vec![Domain::Integer { low: -bound, high: bound, log: false }; count];
    let choice = |count: usize| vec![Domain::Choice { options: (0..count).map(|i| i.to_string()).collect() }];
    let function = |name, domains: Vec<Vec<Domain>>, of, noise, trials| {
        let dimensions = domains.into_iter().flatten().enumerate();
        let dimensions = dimensions.map(|(i, domain)| Dimension { name: format!("x{i:02}"), domain, condition: None });
        Function { name, space: Space::new(dimensions.collect()).unwrap(), of, noise, trials }
    };
    vec![
        function("sphere, 5 reals", vec![reals(5.0, 5)], sphere, 0.0, 100),
        function("sphere, 5 reals, noise", vec![reals(5.0, 5)], sphere, 2.0, 100),
        function("sphere, 20 reals", vec![reals(5.0, 20)], sphere, 0.0, 200),
        function("sphere, mixed, noise", vec![reals(5.0, 3), whole(5, 4)], sphere, 1.0, 100),
        function("Rosenbrock, 4 reals", vec![reals(2.0, 4)], rosenbrock, 0.0, 150),
        function("Rosenbrock, 10 reals", vec![reals(2.0, 10)], rosenbrock, 0.0, 200),
        function("Rosenbrock, mixed, noise", vec![reals(2.0, 2), whole(2, 2), reals(2.0, 1)], rosenbrock, 5.0, 100),
        function("Rastrigin, 5 reals", vec![reals(5.0, 5)], rastrigin, 0.0, 150),
        function("Rastrigin, mixed, noise", vec![reals(5.0, 3), whole(5, 3)], rastrigin, 2.0, 100),
        function("bowl, choices, noise", vec![choice(5), choice(4), reals(5.0, 4)], chosen_bowl, 0.3, 100),
    ]
}

/// Prints what each sampler's incumbent comes to without noise.
pub(crate) fn print(samplers: &[&str]) {
    print!("\n{:<26}", format!("what is left, {SEEDS} seeds"));
    samplers.iter().for_each(|name| print!(" {name:>17}"));
    println!();
    for Function { name, space, of, noise, trials } in functions() {
        print!("{name:<26}");
        for sampler in samplers {
            let left = each_seed(SEEDS, |seed| {
                let judge =
                    |point: &_, draws: &mut greenroom_evolve::Draws| noise * draws.normal() - of(&numbers(point));
                of(&numbers(&incumbent(sampler, &space, trials, seed, judge)))
            });
            let (value, error) = mean(&left);
            print!(" {:>17}", format!("{value:.3} +- {error:.3}"));
        }
        println!();
    }
}
