//! A study without parallelism.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use greenroom_evolve::sampler::{Seen, named};
use greenroom_evolve::{Draws, Outcome, Point, Space, Told, Value, child_seed};

/// The point with the best observation. `judge` observes, larger is better, with noise from the draws it is given.
pub(crate) fn incumbent(
    name: &str,
    space: &Space,
    trials: u64,
    seed: u64,
    judge: impl Fn(&Point, &mut Draws) -> f64,
) -> Point {
    let sampler = named(name, seed).unwrap();
    let mut noise = Draws::new(child_seed(seed, u64::MAX));
    let mut told: Vec<Told> = Vec::new();
    let mut best: Option<(f64, Point)> = None;
    for number in 0..trials {
        let seen = Seen { told: &told, pending: &[], objectives: 1 };
        let point = sampler.suggest(space, seen, number, &mut Draws::new(child_seed(seed, number)));
        let value = judge(&point, &mut noise);
        if best.as_ref().is_none_or(|(most, _)| value > *most) {
            best = Some((value, point.clone()));
        }
        let outcome = Outcome::Complete { values: vec![value], violations: Vec::new() };
        told.push(Told { number, point, outcome });
    }
    best.unwrap().1
}

/// The values of a point as numbers; choices are named by numbers here.
pub(crate) fn numbers(point: &Point) -> Vec<f64> {
    let number = |value: &Value| match value {
        Value::Float(x) => *x,
        Value::Integer(x) => *x as f64,
        Value::Choice(x) => x.parse().unwrap(),
        Value::Boolean(x) => f64::from(u8::from(*x)),
    };
    point.values().map(number).collect()
}

/// What comes of each seed, on all cores.
pub(crate) fn each_seed(seeds: usize, of: impl Fn(u64) -> f64 + Sync) -> Vec<f64> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![0.0; seeds]);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let result = of(seed as u64);
                    results.lock().unwrap()[seed] = result;
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// The mean, and its standard error.
pub(crate) fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}
