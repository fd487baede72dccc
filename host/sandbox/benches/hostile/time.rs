//! What runaways and traps take from the time of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use greenroom_kit::{Figure, quantile};
use greenroom_model::Budget;
use greenroom_sandbox::{Capabilities, Config};

use crate::attack::{BUDGET, World, seen};

/// Deadline of a runaway.
const RUNAWAY_MS: u64 = 20;
/// What is called of a neighbour, quiet and loud.
const CALLS: usize = 3_000;
const RUNAWAYS: usize = 6;

/// Decides, and traps on a request for no row.
const FRAGILE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
        (if (i32.eqz (i32.load offset=40 (local.get 0))) (then unreachable))
        i32.const 1024))"#;

pub(crate) async fn overshoot(world: Arc<World>) -> Figure {
    let component = world.component("spin-decide").unwrap();
    let budget = Budget { fuel: u64::MAX / 2, deadline_ms: RUNAWAY_MS, ..BUDGET };
    let mut late = Vec::new();
    for _ in 0..200 {
        let mut instance = component.instantiate(Capabilities::none("runaway"), &budget).await.unwrap();
        let began = Instant::now();
        instance.decide(&seen(1), &budget).await.unwrap_err();
        late.push(began.elapsed().as_secs_f64() * 1e3 - RUNAWAY_MS as f64);
    }
    let tick_ms = Config::default().tick.as_secs_f64() * 1e3;
    let (p99, spread) = quantile(&mut late, 0.99);
    let (median, _) = quantile(&mut late, 0.5);
    Figure {
        id: "hostile.overshoot",
        what: "a runaway past its deadline, p99",
        value: p99 / tick_ms,
        unit: "ticks",
        better: "lower",
        target: Some(2.0),
        baseline: Some(("median, ticks", median / tick_ms)),
        samples: late.len() as u64,
        spread: spread / tick_ms,
    }
}

/// Latencies of an honest agent's calls in milliseconds. They come from another thread, and wait for one of the guests'.
async fn calls(world: &Arc<World>) -> Vec<f64> {
    let mut all = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let world = Arc::clone(world);
        let began = Instant::now();
        tokio::spawn(async move { world.served().await }).await.unwrap().unwrap();
        all.push(began.elapsed().as_secs_f64() * 1e3);
    }
    all
}

pub(crate) async fn neighbour(world: &Arc<World>) -> Figure {
    calls(world).await;
    let (quiet, _) = quantile(&mut calls(world).await, 0.99);
    let stop = Arc::new(AtomicBool::new(false));
    let runaways: Vec<_> = (0..RUNAWAYS)
        .map(|_| {
            let (component, stop) = (world.component("spin-decide").unwrap().clone(), Arc::clone(&stop));
            let budget = Budget { fuel: u64::MAX / 2, deadline_ms: 1_000, ..BUDGET };
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let mut instance = component.instantiate(Capabilities::none("runaway"), &budget).await.unwrap();
                    instance.decide(&seen(1), &budget).await.unwrap_err();
                }
            })
        })
        .collect();
    let (loud, spread) = quantile(&mut calls(world).await, 0.99);
    stop.store(true, Ordering::Relaxed);
    for runaway in runaways {
        runaway.await.unwrap();
    }
    Figure {
        id: "hostile.neighbour",
        what: "an honest call beside six runaways on two threads, p99",
        value: loud,
        unit: "ms",
        better: "lower",
        target: Some(quiet + 4.0),
        baseline: Some(("quiet, ms", quiet)),
        samples: CALLS as u64,
        spread,
    }
}

pub(crate) async fn after_a_trap() -> Figure {
    let sandbox = Config { pool_instances: 10, ..Config::default() }.build().unwrap();
    let component = sandbox.load(&greenroom_kit::guest(FRAGILE)).unwrap();
    let mut all = Vec::new();
    for _ in 0..2_000 {
        let none = || Capabilities::none("fragile");
        let mut instance = component.instantiate(none(), &Budget::DECIDE).await.unwrap();
        instance.decide(&seen(0), &Budget::DECIDE).await.unwrap_err();
        let began = Instant::now();
        drop(instance);
        let mut instance = component.instantiate(none(), &Budget::DECIDE).await.unwrap();
        instance.decide(&seen(1), &Budget::DECIDE).await.unwrap();
        all.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let (p99, _) = quantile(&mut all, 0.99);
    let (median, spread) = quantile(&mut all, 0.5);
    Figure {
        id: "hostile.after-a-trap",
        what: "the next call of an agent that trapped, in a new instance",
        value: median,
        unit: "us",
        better: "lower",
        target: Some(100.0),
        baseline: Some(("p99, us", p99)),
        samples: all.len() as u64,
        spread,
    }
}
