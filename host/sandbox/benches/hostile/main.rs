//! What hostile guests cost the host and their neighbours, and what keeping every guest apart costs those that are not.
//!
//!     make figures-hostile
//!     cargo bench --workspace --bench hostile -- live    # one topic; the figures of others stay as they are
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

#[path = "../../tests/hostile/attack.rs"]
mod attack;
mod attacks;
mod fresh;
mod host_call;
mod live;
#[path = "../../tests/hostile/memory.rs"]
mod memory;
mod model;
mod process;
mod raw;
#[path = "../../tests/hostile/suite.rs"]
mod suite;
mod time;

use std::sync::Arc;

use attack::World;
use greenroom_kit::{Figure, report};
use suite::SUITE;

/// Threads of guests.
const THREADS: usize = 2;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |topic: &str| asked.is_empty() || asked.iter().any(|asked| asked == topic);
    // As the runtime has threads for guests.
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(THREADS).global_queue_interval(1).enable_time().build().unwrap();
    let figures = runtime.block_on(async {
        let mut figures = Vec::new();
        if wanted("attacks") || wanted("time") {
            figures.extend(hostile(wanted("attacks"), wanted("time")).await);
        }
        // On a thread of guests, where agents run.
        if wanted("host-call") {
            figures.extend(tokio::spawn(host_call::figures()).await.unwrap());
        }
        if wanted("fresh") {
            figures.extend(tokio::spawn(fresh::figures()).await.unwrap());
        }
        if wanted("live") {
            figures.extend(tokio::spawn(live::figures()).await.unwrap());
        }
        figures
    });
    report(&figures);
}

async fn hostile(attacks: bool, time: bool) -> Vec<Figure> {
    let mut world = World::new();
    world.load(SUITE);
    let world = Arc::new(world);
    let mut figures = Vec::new();
    if attacks {
        figures.extend([attacks::contained(&world).await, attacks::kept(&world).await]);
    }
    if time {
        figures.push(tokio::spawn(time::overshoot(Arc::clone(&world))).await.unwrap());
        figures.push(time::neighbour(&world).await);
        figures.push(tokio::spawn(time::after_a_trap()).await.unwrap());
    }
    figures
}
