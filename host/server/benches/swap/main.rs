//! What changing plans costs those who are served meanwhile, how long a change takes, and that no answer is lost or mixed.
//!
//!     make figures-swap
//!     cargo bench --workspace --bench swap -- small    # one topic; the figures of others stay as they are
//!
//! `$GREENROOM` is the program that compiles, as `serve` does it. Writes `$GREENROOM_FIGURES` (see `docs/figures.md`).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on should stop"
)]

mod alternate;
mod http;
mod latencies;
mod load;
mod moments;
mod movies;
mod scripts;
mod small;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use alternate::{BOUND, Book, Size, alternate, figures};
use greenroom_runtime::Host;
use load::{Asked, Load, Pace, capacity};
use tokio::runtime::{Builder, Runtime};

/// Of the capacity, as load.
const SHARE: f64 = 0.8;

/// A number of the environment: sizes that a shorter run asks for.
fn asked_for(name: &str, usual: u64) -> u64 {
    std::env::var(format!("GREENROOM_SWAP_{name}")).map_or(usual, |text| text.parse().unwrap())
}

fn size(requests: u64, swaps: u64) -> Size {
    let (all, most) = (asked_for("PERCENT", 100), asked_for("SECONDS", 600));
    Size {
        requests: requests * all / 100,
        swaps: swaps * all / 100,
        window: Duration::from_millis(asked_for("WINDOW_MS", 2_000)),
        time_max: Duration::from_secs(most),
    }
}

fn load<A: Asked>(callers: &Runtime, asked: A, acknowledged: &Arc<AtomicU64>) -> Load<A> {
    Load {
        callers: callers.handle().clone(),
        asked: Arc::new(asked),
        acknowledged: Arc::clone(acknowledged),
        next: AtomicU64::new(0),
        backlog_max: 20_000,
    }
}

/// Finds the capacity, and gives the rate of the load. Before that so many clients as saturate it ask for some seconds: a
/// log with decisions in it takes longer to write to than an empty one, and caches are full then.
fn rate<A: Asked>(load: &Load<A>, host: &Host, callers: &Runtime, fill_s: u64) -> f64 {
    let filled = load.run(Pace::Clients(16), Duration::from_secs(asked_for("FILL", fill_s)));
    println!("  {} requests before anything is measured", filled.asked);
    callers.block_on(host.flush()).unwrap();
    let given = asked_for("RATE", 0);
    if given > 0 {
        return given as f64;
    }
    let time = Duration::from_millis(asked_for("WINDOW_MS", 2_000)).max(Duration::from_secs(2));
    let (most, closed) = capacity(load, time, BOUND, || callers.block_on(host.flush()).unwrap());
    println!("  capacity {most:.0}/s (16 clients that wait reach {closed:.0}/s); the load is {:.0}/s", most * SHARE);
    most * SHARE
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |topic: &str| asked.is_empty() || asked.iter().any(|asked| asked == topic);
    let program = small::program();
    let program = program.as_deref();
    if program.is_none() {
        println!("GREENROOM is not set: components are compiled in this process");
    }
    let callers = Builder::new_multi_thread().worker_threads(2).thread_name("callers").enable_all().build().unwrap();
    let mut all = Vec::new();
    if wanted("moments") {
        println!("\nmoments");
        let few = usize::try_from(asked_for("FEW", 5)).unwrap();
        all.extend(moments::figures(program, &callers, moments::Times { few, many: few * 6 }));
    }
    if wanted("small") || wanted("clients") || wanted("http") {
        let small = small::Small::new(program);
        let (book, acknowledged) = (Arc::<Book>::default(), Arc::<AtomicU64>::default());
        let mut changes = small::Changes::new(&small, &book, &acknowledged);
        if wanted("small") {
            println!("\nthe small graph, in this process");
            let load = load(&callers, small.host.clone(), &acknowledged);
            let pace = Pace::Rate(rate(&load, &small.host, &callers, 30));
            let found = alternate(&load, &mut changes, &book, pace, size(1_000_000, 1_000));
            all.extend(figures("small", "small graph", found));
        }
        if wanted("clients") {
            println!("\nthe small graph, 4 clients that wait");
            let load = load(&callers, small.host.clone(), &acknowledged);
            let found = alternate(&load, &mut changes, &book, Pace::Clients(4), size(100_000, 20));
            all.extend(figures("clients", "4 waiting clients", found));
        }
        if wanted("http") {
            println!("\nthe small graph, over HTTP");
            let served = http::Served::new(small.host.clone());
            let load = load(&callers, http::Http::new(served.address), &acknowledged);
            let pace = Pace::Rate(rate(&load, &small.host, &callers, 5));
            let found = alternate(&load, &mut changes, &book, pace, size(100_000, 100));
            all.extend(figures("http", "over HTTP", found));
            drop(load);
            served.end();
        }
    }
    if wanted("movies") {
        println!("\nthe movie graph: training");
        let movies = movies::Movies::new(program);
        let (book, acknowledged) = (Arc::<Book>::default(), Arc::<AtomicU64>::default());
        let mut changes = movies::Changes::new(&movies, &book, &acknowledged, &callers);
        let load = load(&callers, movies::Asking::new(&movies), &acknowledged);
        let pace = Pace::Rate(rate(&load, &movies.host, &callers, 5));
        let found = alternate(&load, &mut changes, &book, pace, size(100_000, 200));
        all.extend(figures("movies", "movie graph", found));
    }
    if wanted("scripts") {
        println!("\nagents that are text, in the movie graph: training");
        all.extend(scripts::figures(program, usize::try_from(asked_for("FEW", 5)).unwrap() * 6));
    }
    greenroom_kit::report(&all);
}
