//! What hostile guests cost the host and their neighbours.
//!
//!     make figures-hostile
//!
//! Writes `$GREENROOM_FIGURES` (see `docs/figures.md`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    dead_code,
    reason = "a bench that cannot go on should stop; it shares the suite with its test"
)]

#[path = "../tests/hostile/attack.rs"]
mod attack;
#[path = "../tests/hostile/memory.rs"]
mod memory;
#[path = "../tests/hostile/suite.rs"]
mod suite;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use attack::{BUDGET, World, seen};
use greenroom_kit::{Figure, report};
use greenroom_model::Budget;
use greenroom_sandbox::{Capabilities, Config};
use suite::{Row, SUITE};

/// Attacks after which resident memory is looked at.
const EARLY: usize = 1_000;
const LATE: usize = 100_000;
/// Deadline of a runaway.
const RUNAWAY_MS: u64 = 20;
/// What is called of a neighbour, quiet and loud.
const CALLS: usize = 3_000;
const RUNAWAYS: usize = 6;
const THREADS: usize = 2;

/// Decides, and traps on a request for no row.
const FRAGILE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
        (if (i32.eqz (i32.load offset=40 (local.get 0))) (then unreachable))
        i32.const 1024))"#;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_time().build().unwrap();
    let mut world = World::new();
    world.load(SUITE);
    let world = Arc::new(world);
    let figures = runtime.block_on(async {
        let mut figures = vec![contained(&world).await, kept(&world).await];
        // On a thread of guests, where agents run.
        figures.push(tokio::spawn(overshoot(Arc::clone(&world))).await.unwrap());
        figures.push(neighbour(&world).await);
        figures.push(tokio::spawn(after_a_trap()).await.unwrap());
        figures
    });
    report(&figures);
}

/// The value below which `share` of all are, and half of the middle half's width.
fn quantile(all: &mut [f64], share: f64) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
    (at(share), (at(0.75) - at(0.25)) / 2.0)
}

async fn contained(world: &World) -> Figure {
    let mut held = 0;
    for row in SUITE {
        let free = world.sandbox.free_slots();
        match world.attack(row).await.held(row) {
            Ok(()) if world.served().await.is_ok() && world.sandbox.free_slots() == free => held += 1,
            Ok(()) => println!("{}: its neighbour was not served", row.guest),
            Err(why) => println!("{why}"),
        }
    }
    Figure {
        id: "hostile.contained",
        what: "attacks of the suite that are contained",
        value: 100.0 * f64::from(held) / SUITE.len() as f64,
        unit: "%",
        better: "higher",
        target: Some(100.0),
        baseline: None,
        samples: SUITE.len() as u64,
        spread: 0.0,
    }
}

/// Bytes of this process that are in memory.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 4_096.0
}

async fn kept(world: &World) -> Figure {
    let mut early = 0.0;
    for (n, row) in SUITE.iter().cycle().take(LATE).enumerate() {
        if n == EARLY {
            early = resident();
        }
        let budget = Budget { fuel: 200_000, deadline_ms: row.budget.deadline_ms.min(2), ..row.budget };
        drop(world.attack(&Row { budget, ..*row }).await);
    }
    Figure {
        id: "hostile.memory",
        what: "memory after 100,000 attacks by after 1,000",
        value: resident() / early,
        unit: "times",
        better: "lower",
        target: Some(1.05),
        baseline: Some(("after 1,000, MiB", early / f64::from(1 << 20))),
        samples: LATE as u64,
        spread: 0.0,
    }
}

async fn overshoot(world: Arc<World>) -> Figure {
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

async fn neighbour(world: &Arc<World>) -> Figure {
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

async fn after_a_trap() -> Figure {
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
