//! A fresh instance a call, for an agent with a model of 16 MiB: beside raw wasmtime and beside an instance that is kept.

use std::time::Instant;

use greenroom_kit::{Figure, guest, quantile};
use greenroom_model::{Budget, Decision, Observation, State};
use greenroom_sandbox::{Component, Config, Instance, Sandbox};

use crate::model;
use crate::raw::Raw;

const MODEL: usize = 16 << 20;
/// Calls of each kind, interleaved.
const ROUNDS: u64 = 3_000;
/// Rows that stand one after the other: 64 KiB.
const RUN: u32 = 16;
/// Rows that stand anywhere.
const SCATTERED: u32 = 50;

/// Decides, and has nothing to read.
const SMALL: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (func (export "greenroom:agent/policy@0.2.0#decide") (param i32) (result i32) i32.const 1024))"#;

/// Microseconds and the first score, so that two ways to the same answer can be compared.
type Call = (f64, f32);

fn ended(began: Instant, decision: &Decision) -> Call {
    (began.elapsed().as_secs_f64() * 1e6, decision.payload.candidates().unwrap().scores[0])
}

/// From nothing to the answer, and to nothing again.
async fn fresh(image: &Component, seen: &Observation) -> Call {
    let began = Instant::now();
    let mut instance = image.instantiate(model::none(), &Budget::DECIDE).await.unwrap();
    let decision = instance.decide(seen, &Budget::DECIDE).await.unwrap();
    drop(instance);
    ended(began, &decision)
}

async fn kept(instance: &mut Instance, seen: &Observation) -> Call {
    let began = Instant::now();
    let decision = instance.decide(seen, &Budget::DECIDE).await.unwrap();
    ended(began, &decision)
}

async fn raw(raw: &Raw<()>) -> f64 {
    let began = Instant::now();
    raw.instance(()).await.decide(1).await;
    began.elapsed().as_secs_f64() * 1e6
}

/// The agent as it serves, in a pool of its own: what one kind of call leaves in slots is nothing to the other.
struct Agent {
    sandbox: Sandbox,
    component: Component,
    image: Component,
    kept: Instance,
}

impl Agent {
    async fn new(state: &State) -> Self {
        let sandbox = Config { pool_instances: 30, ..Config::default() }.build().unwrap();
        let component = model::load(&sandbox, MODEL);
        let image = model::image(&component, state).await;
        let kept = model::prepared(&component, state).await;
        Self { sandbox, component, image, kept }
    }

    /// Microseconds of the same call, fresh and kept.
    async fn calls(&mut self, seen: &Observation) -> (f64, f64) {
        let (fresh, sum) = fresh(&self.image, seen).await;
        let (kept, same) = kept(&mut self.kept, seen).await;
        assert!(sum.to_bits() == same.to_bits(), "a copy answers what a kept instance does");
        (fresh, kept)
    }
}

pub(crate) async fn figures() -> Vec<Figure> {
    let state = model::state(MODEL);
    let mut all: [Vec<f64>; 6] = Default::default();
    let mut keep = |from: usize, took: &[f64]| {
        all[from..].iter_mut().zip(took).for_each(|(all, took)| all.push(*took));
    };
    let mut agent = Agent::new(&state).await;
    let rust = std::fs::read(greenroom_kit::component("probe")).unwrap();
    let rust = Raw::new(agent.sandbox.engine(), &rust, |_| ());
    let small = Raw::new(agent.sandbox.engine(), &guest(SMALL), |_| ());
    for _ in 0..ROUNDS {
        let (fresh, kept) = agent.calls(&model::reads(RUN, 0)).await;
        keep(0, &[fresh, kept, raw(&small).await, raw(&rust).await]);
    }
    let mut cold = Vec::new();
    for _ in 0..10 {
        let began = Instant::now();
        drop(model::prepared(&agent.component, &state).await);
        cold.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let mut agent = Agent::new(&state).await;
    for seed in 1..=ROUNDS {
        let (fresh, kept) = agent.calls(&model::reads(SCATTERED, seed)).await;
        keep(4, &[fresh, kept]);
    }
    let medians = all.map(|mut all| quantile(&mut all, 0.5));
    let [fresh_run, kept_run, small, rust, fresh_scattered, kept_scattered] = medians;
    let beside = |id, what, value: (f64, f64), base: (&'static str, f64), target| Figure {
        id,
        what,
        value: value.0 / base.1,
        unit: "times",
        better: "lower",
        target,
        baseline: Some(base),
        samples: ROUNDS,
        spread: value.1 / base.1,
    };
    let (cold, spread) = quantile(&mut cold, 0.5);
    println!(
        "16 MiB, 64 KiB read: fresh {:.1} us, kept {:.1} us; 50 rows read: fresh {:.1} us, kept {:.1} us; small agents by \
         raw wasmtime: {:.1} us in text, {:.1} us in Rust",
        fresh_run.0, kept_run.0, fresh_scattered.0, kept_scattered.0, small.0, rust.0
    );
    vec![
        beside(
            "hostile.fresh-model",
            "a fresh copy of 16 MiB, 64 KiB read",
            fresh_run,
            ("a small agent in Rust by raw wasmtime, us", rust.0),
            Some(1.3),
        ),
        beside(
            "hostile.fresh-model-text",
            "the same by an agent as small as can be",
            fresh_run,
            ("a small agent in text by raw wasmtime, us", small.0),
            Some(1.3),
        ),
        beside(
            "hostile.fresh-rows",
            "a fresh copy of 16 MiB, 50 rows read",
            fresh_scattered,
            ("kept, us", kept_scattered.0),
            Some(1.6),
        ),
        Figure {
            id: "hostile.cold-model",
            what: "an instance of 16 MiB, made and restored",
            value: cold,
            unit: "ms",
            better: "lower",
            target: None,
            baseline: None,
            samples: 10,
            spread,
        },
    ]
}
