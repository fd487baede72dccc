//! Seconds with changes of the plan and seconds without, in turn, under the same load; and what the answers of both are
//! worth.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use greenroom_kit::{Figure, quantile};

use crate::latencies::Latencies;
use crate::load::{Asked, Load, Pace, Seen, Window};

/// Windows in which p99 is more without any change say nothing of changes.
pub(crate) const BOUND: Duration = Duration::from_millis(50);
/// What is left of a rate that was too much.
const LESS: f64 = 0.9;
/// After so many changes memory is as it stays.
const SETTLED: u64 = 100;

/// What each generation has to answer, from what its plan is made of.
#[derive(Default)]
pub(crate) struct Book {
    of: Mutex<HashMap<u64, (u64, Vec<u64>)>>,
}

impl Book {
    /// A generation, the head of its plan's digest, and its answer to each question.
    pub(crate) fn write(&self, generation: u64, plan: u64, answers: Vec<u64>) {
        self.of.lock().unwrap().insert(generation, (plan, answers));
    }

    fn wrong(&self, seen: &Seen) -> Option<String> {
        let all = self.of.lock().unwrap();
        let Seen { answer, since } = *seen;
        match all.get(&answer.generation) {
            None => Some(format!("nobody activated it: {seen:?}")),
            Some((plan, answers)) if *plan != answer.plan || answers[answer.question] != answer.what => Some(format!(
                "another plan's answer: {seen:?}, where {:?} was expected",
                (plan, answers[answer.question])
            )),
            Some(_) if answer.generation < since => Some(format!("a plan of before: {seen:?}")),
            Some(_) => None,
        }
    }
}

/// A change that was made.
pub(crate) struct Swap {
    pub(crate) kind: &'static str,
    pub(crate) ms: f64,
    pub(crate) store_us: f64,
}

/// Whoever makes changes.
pub(crate) trait Swaps: Send {
    fn next(&mut self) -> Swap;
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) requests: u64,
    pub(crate) swaps: u64,
    pub(crate) window: Duration,
    /// It ends after so long, however far it is.
    pub(crate) time_max: Duration,
}

#[derive(Default)]
pub(crate) struct Found {
    pub(crate) quiet: Latencies,
    pub(crate) busy: Latencies,
    quiet_p99: Vec<f64>,
    busy_p99: Vec<f64>,
    pub(crate) requests: u64,
    pub(crate) swaps: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: Vec<String>,
    pub(crate) mixed: Vec<String>,
    /// Bytes after the first hundred swaps, and after the last.
    rss: Option<(f64, f64)>,
    pub(crate) kinds: BTreeMap<&'static str, Vec<f64>>,
    pub(crate) store_us: Vec<f64>,
    pub(crate) pace: Option<Pace>,
    /// Pairs of windows whose latencies do not count.
    aside: u64,
}

impl Found {
    /// `counts` says whether its latencies do; its answers are checked in any case.
    fn take(&mut self, window: Window, book: &Book, busy: bool, counts: bool) {
        let (all, p99) =
            if busy { (&mut self.busy, &mut self.busy_p99) } else { (&mut self.quiet, &mut self.quiet_p99) };
        if counts {
            all.add_all(&window.us);
            p99.push(window.us.quantile(0.99));
        }
        self.requests += window.asked;
        self.dropped += window.dropped;
        self.mixed.extend(window.seen.iter().filter_map(|seen| book.wrong(seen)));
        self.failed.extend(window.failed);
        self.mixed.truncate(1_000);
    }

    /// Requests that were not answered as they had to be.
    pub(crate) fn wrong(&self) -> u64 {
        self.dropped + self.failed.len() as u64 + self.mixed.len() as u64
    }
}

pub(crate) fn alternate<A: Asked>(
    load: &Load<A>,
    swaps: &mut impl Swaps,
    book: &Book,
    pace: Pace,
    size: Size,
) -> Found {
    let mut found = Found::default();
    let (mut pace, mut counts) = (pace, true);
    let began = Instant::now();
    let (mut apart, mut first_rss, mut last_rss) = (Duration::ZERO, None, None);
    // It begins and ends without changes, so that what grows with time falls on both.
    for turn in 0.. {
        let busy = turn % 2 == 1;
        if busy {
            let stop = AtomicBool::new(false);
            let (window, made) = std::thread::scope(|scope| {
                let swapping = scope.spawn(|| {
                    let mut made = Vec::new();
                    let mut due = Instant::now();
                    while !stop.load(Ordering::Relaxed) {
                        made.push(swaps.next());
                        due += apart;
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    }
                    made
                });
                let window = load.run(pace, size.window);
                stop.store(true, Ordering::Relaxed);
                (window, swapping.join().unwrap())
            });
            found.take(window, book, true, counts);
            if let (Pace::Rate(rate), false) = (pace, counts) {
                pace = Pace::Rate(rate * LESS);
                found.aside += 1;
            }
            for swap in made {
                found.swaps += 1;
                found.kinds.entry(swap.kind).or_default().push(swap.ms);
                found.store_us.push(swap.store_us);
            }
        } else {
            let window = load.run(pace, size.window);
            if turn == 0 {
                let windows = size.requests as f64 / window.asked as f64 / 2.0;
                let each = (size.swaps as f64 / windows.max(1.0)).ceil().max(1.0);
                apart = size.window.div_f64(each);
            }
            // The machine has other things to do than when its capacity was found.
            counts = matches!(pace, Pace::Clients(_)) || window.us.quantile(0.99) < BOUND.as_secs_f64() * 1e6;
            found.take(window, book, false, counts);
        }
        if found.swaps >= SETTLED.min(size.swaps / 2) {
            let now = resident();
            first_rss.get_or_insert(now);
            last_rss = Some(now);
        }
        let done = found.requests >= size.requests && found.swaps >= size.swaps;
        if !busy && (done || began.elapsed() > size.time_max) {
            break;
        }
    }
    found.rss = first_rss.zip(last_rss);
    found.pace = Some(pace);
    println!(
        "  {} requests and {} changes in {:.0} s; dropped {}, failed {}, mixed {}",
        found.requests,
        found.swaps,
        began.elapsed().as_secs_f64(),
        found.dropped,
        found.failed.len(),
        found.mixed.len()
    );
    for wrong in found.failed.iter().chain(&found.mixed).take(5) {
        println!("    {wrong}");
    }
    if let Pace::Rate(rate) = pace {
        println!(
            "  {} of the pairs of windows were too much for the machine: the rate fell to {rate:.0}/s",
            found.aside
        );
    }
    for (name, of) in [("without", &found.quiet), ("with", &found.busy)] {
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| of.quantile(share));
        println!("  {name:>8} changes: p50 {p50:.0} us, p99 {p99:.0} us, p99.9 {p999:.0} us");
    }
    for (kind, ms) in &mut found.kinds {
        let (p50, _) = quantile(ms, 0.5);
        println!("  {kind:>10}: {} changes, p50 {p50:.1} ms, p99 {:.1} ms", ms.len(), quantile(ms, 0.99).0);
    }
    found
}

/// Figures of a load, by the name that their ids have in them.
pub(crate) fn figures(name: &str, what: &str, mut found: Found) -> Vec<Figure> {
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let id = |of: &str| text(format!("swap.{name}.{of}"));
    let (quiet, busy) = (&found.quiet, &found.busy);
    let beside = |share: f64, of: &str, target: Option<f64>| {
        let (with, without) = (busy.quantile(share), quiet.quantile(share));
        Figure {
            id: id(of),
            what: text(format!("{what}, {of} while plans change")),
            value: with / without,
            unit: "times quiet",
            better: "lower",
            target,
            baseline: Some(("without changes, us", without)),
            samples: busy.count(),
            spread: 0.0,
        }
    };
    let mut figures = vec![
        Figure {
            id: id("wrong"),
            what: text(format!("{what}: dropped, failed or mixed")),
            value: found.wrong() as f64,
            unit: "requests",
            better: "lower",
            target: Some(0.0),
            baseline: Some(("changes", found.swaps as f64)),
            samples: found.requests,
            spread: 0.0,
        },
        beside(0.5, "p50", None),
        beside(0.99, "p99", Some(1.25)),
        beside(0.999, "p99.9", None),
    ];
    let (with, spread) = quantile(&mut found.busy_p99, 0.5);
    let (without, _) = quantile(&mut found.quiet_p99, 0.5);
    figures.push(Figure {
        id: id("p99-of-windows"),
        what: text(format!("{what}, median p99 of windows")),
        value: with / without,
        unit: "times quiet",
        better: "lower",
        target: None,
        baseline: Some(("without changes, us", without)),
        samples: found.busy_p99.len() as u64,
        spread: spread / without,
    });
    if let Some(Pace::Rate(rate)) = found.pace {
        figures.push(Figure {
            id: id("rate"),
            what: text(format!("{what}, the rate")),
            value: rate,
            unit: "1/s",
            better: "higher",
            target: None,
            baseline: None,
            samples: found.requests,
            spread: 0.0,
        });
    }
    if let Some((first, last)) = found.rss {
        figures.push(Figure {
            id: id("memory"),
            what: text(format!("{what}, memory at the end")),
            value: last / first,
            unit: "times",
            better: "lower",
            target: Some(1.05),
            baseline: Some(("MiB after 100 changes", first / f64::from(1 << 20))),
            samples: found.swaps,
            spread: 0.0,
        });
    }
    figures
}

/// Bytes of this process that are in memory.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1_024.0
}
