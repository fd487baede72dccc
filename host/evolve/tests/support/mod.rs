//! A small study: two dimensions, and an evaluator that is a formula.

#![allow(dead_code, unreachable_pub, reason = "each test uses some")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use greenroom_evolve::sampler::{Sampler, Seen};
use greenroom_evolve::study::{
    Bound, Budget, Config, Constraint, Cost, Data, Direction, Elites, Evaluator, Holder, Measured, Objective, Options,
    Study, Summary, Task, Unmeasured, run,
};
use greenroom_evolve::{Dimension, Domain, Draws, Point, Pruner, Space, Value};
use greenroom_memory::{KeyValue, Store};
use greenroom_model::Digest;

/// Numbers in [0, 1) from all that it is given: another point for anything else that is told or pending.
pub struct Random;

impl Sampler for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn suggest(&self, _: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        let text = format!("{number} {:?} {:?}", seen.told, seen.pending);
        let told = Digest::of(text.as_bytes()).head() as f64 / u64::MAX as f64;
        BTreeMap::from([("x".to_owned(), Value::Float(draws.unit())), ("y".to_owned(), Value::Float(told))])
    }
}

/// What a point has in a dimension.
pub fn at(point: &Point, dimension: &str) -> f64 {
    match point.get(dimension) {
        Some(Value::Float(x)) => *x,
        _ => f64::NAN,
    }
}

/// Any space that is not empty.
pub fn space() -> Space {
    let dimension = |name: &str| {
        let domain = greenroom_evolve::Domain::Float { low: 0.0, high: 1.0, log: false };
        greenroom_evolve::Dimension { name: name.to_owned(), domain, condition: None }
    };
    let dimensions = BTreeMap::from([("dimensions", vec![dimension("x"), dimension("y")])]);
    rmp_serde::from_slice(&rmp_serde::to_vec_named(&dimensions).unwrap()).unwrap()
}

pub fn data() -> Data {
    let digest = |text: &str| Digest::of(text.as_bytes());
    Data { events: digest("events"), protocol: "p2".to_owned(), catalogue: digest("agents"), graph: digest("graph") }
}

/// One objective, one constraint, 40 trials, 3 rungs with halving, the best 3 anew before every 10th trial.
pub fn config(name: &str) -> Config {
    Config {
        name: name.to_owned(),
        seed: 7,
        space: space(),
        objectives: vec![Objective { name: "ndcg@10".to_owned(), direction: Direction::Maximise }],
        constraints: vec![Constraint { name: "fuel".to_owned(), bound: Bound::Max(900.0) }],
        sampler: "random".to_owned(),
        lag: 4,
        budget: Budget { trials: 40, fuel: None, time_us: None },
        rungs: vec![1.0 / 9.0, 1.0 / 3.0, 1.0],
        pruner: Pruner::Halving { factor: 3, others_min: 4 },
        elites: Some(Elites { top: 3, every: 10 }),
        warm: Vec::new(),
        data: data(),
    }
}

/// The same without rungs and elites.
pub fn plain(name: &str) -> Config {
    Config { rungs: vec![1.0], pruner: Pruner::Never, elites: None, ..config(name) }
}

/// Noise that depends on the seed and is larger on fewer subjects; a failure now and then.
pub fn formula(task: &Task<'_>) -> Result<Measured, Unmeasured> {
    let (x, y) = (at(task.point, "x"), at(task.point, "y"));
    let cost = Cost { fuel: 100 + task.number, time_us: task.seed % 1000, bytes: 4096 };
    if x < 0.05 {
        let failure = greenroom_evolve::Failure::Fault;
        return Err(Unmeasured::Failed { failure, why: "the agent trapped".to_owned(), cost });
    }
    let noise = Draws::new(task.seed ^ task.rung as u64).unit() - 0.5;
    Ok(Measured {
        values: vec![1.0 - (x - 0.3).powi(2) - (y - 0.6).powi(2) + 0.1 * noise / task.share.sqrt()],
        constrained: vec![1000.0 * x],
        cost,
        inner: BTreeMap::from([("ease recall@20".to_owned(), x)]),
    })
}

pub struct Formula<F>(pub F);

impl<F: Fn(&Task<'_>) -> Result<Measured, Unmeasured> + Sync> Evaluator for Formula<F> {
    fn evaluate(&self, task: &Task<'_>) -> Result<Measured, Unmeasured> {
        (self.0)(task)
    }
}

pub fn memory() -> Arc<dyn KeyValue> {
    Store::in_memory().unwrap().kv()
}

pub fn open(kv: &Arc<dyn KeyValue>, config: Config) -> Study {
    Study::open(Arc::clone(kv), config, &Holder::this_process(true)).unwrap()
}

/// Runs it to its end.
pub fn finish(
    study: &mut Study,
    parallel: usize,
    evaluate: impl Fn(&Task<'_>) -> Result<Measured, Unmeasured> + Sync,
) -> Summary {
    let stop = AtomicBool::new(false);
    run(study, &Random, &Formula(evaluate), Options { parallel, stop: &stop }, &|_| ()).unwrap()
}

pub fn cost(fuel: u64) -> Cost {
    Cost { fuel, ..Cost::default() }
}

pub fn point(x: f64) -> Point {
    BTreeMap::from([("x".to_owned(), Value::Float(x)), ("y".to_owned(), Value::Float(x))])
}

/// Dimensions `x00`, `x01` and so on.
pub fn space_of(domains: Vec<Domain>) -> Space {
    let named = domains.into_iter().enumerate();
    let dimensions = named.map(|(i, domain)| Dimension { name: format!("x{i:02}"), domain, condition: None });
    Space::new(dimensions.collect()).unwrap()
}

/// The values of a point, in the order of names.
pub fn numbers(point: &Point) -> Vec<f64> {
    let number = |value: &Value| match value {
        Value::Float(x) => *x,
        Value::Integer(x) => *x as f64,
        other => panic!("{other} is no number"),
    };
    point.values().map(number).collect()
}
