//! What reads and durable writes take while keys become more, beside the engine alone.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use greenroom_kit::{Figure, quantile};
use greenroom_memory::Store;

use crate::raw::Raw;
use crate::subject::{SPACE, fill, key, scanned, value};
use crate::{Numbers, ROUNDS};

pub(crate) const SIZES: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// Reads of a round, of keys that no other round reads: all rounds read every key of the smallest size.
const READS: usize = 2_000;
/// Durable writes of a round.
const PUTS: usize = 500;

/// What is measured at each size.
pub(crate) struct Line {
    id: &'static str,
    what: &'static str,
    pub(crate) unit: &'static str,
    /// Of these in a second.
    units: f64,
    /// Of [`LINES`], what it is compared with.
    beside: Option<usize>,
}

pub(crate) const AGAIN: usize = 0;
pub(crate) const FIRST: usize = 1;
pub(crate) const FIRST_ALONE: usize = 2;
pub(crate) const PUT: usize = 3;
pub(crate) const PUT_ALONE: usize = 4;

pub(crate) const LINES: [Line; 5] = [
    Line { id: "get-again", what: "get, read lately", unit: "us", units: 1e6, beside: None },
    Line { id: "get", what: "get, not read before", unit: "us", units: 1e6, beside: Some(FIRST_ALONE) },
    Line { id: "redb-get", what: "get of redb", unit: "us", units: 1e6, beside: None },
    Line { id: "put", what: "durable put", unit: "ms", units: 1e3, beside: Some(PUT_ALONE) },
    Line { id: "redb-put", what: "commit of redb", unit: "ms", units: 1e3, beside: None },
];

/// Quantiles of one read or write: the median of the rounds and half of the middle half's width.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) p50: (f64, f64),
    pub(crate) p99: (f64, f64),
}

/// What was measured at one size, in the order of [`LINES`].
pub(crate) struct Step {
    pub(crate) keys: u64,
    pub(crate) times: [Times; LINES.len()],
}

/// Quantiles of each round.
#[derive(Default)]
struct Rounds {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, keys: &[String], mut each: impl FnMut(&str)) {
        let mut all: Vec<f64> = keys
            .iter()
            .map(|key| {
                let began = Instant::now();
                each(key);
                began.elapsed().as_secs_f64()
            })
            .collect();
        self.p50.push(quantile(&mut all, 0.5).0);
        self.p99.push(quantile(&mut all, 0.99).0);
    }

    fn times(mut self, units: f64) -> Times {
        let of = |all: &mut Vec<f64>| {
            let (value, spread) = quantile(all, 0.5);
            (value * units, spread * units)
        };
        Times { p50: of(&mut self.p50), p99: of(&mut self.p99) }
    }
}

/// Measures at each of [`SIZES`] up to so many keys.
pub(crate) fn measured(most: u64) -> Vec<Step> {
    let sizes = SIZES.into_iter().filter(|keys| *keys <= most);
    sizes
        .map(|keys| {
            let mut rounds: [Rounds; LINES.len()] = Default::default();
            // One after the other: the disk need not have room for both.
            of_store(keys, &mut rounds);
            alone(keys, &mut rounds);
            let mut lines = LINES.iter();
            Step { keys, times: rounds.map(|rounds| rounds.times(lines.next().unwrap().units)) }
        })
        .collect()
}

fn of_store(keys: u64, rounds: &mut [Rounds]) {
    let folder = tempfile::tempdir().unwrap();
    // Closed after it, so that all is in the file and nothing in memory.
    told("Greenroom", keys, &folder.path().join("greenroom.redb"), || {
        fill(&Store::open(folder.path()).unwrap(), keys);
    });
    let kv = Store::open(folder.path()).unwrap().kv();
    // Whoever serves has the upper pages in memory. Entries that are scanned do not count as read.
    assert_eq!(scanned(kv.as_ref()), keys);
    let (reads, puts) = drawn(keys);
    let get = |key: &str| assert!(std::hint::black_box(kv.get(SPACE, key).unwrap()).is_some());
    for keys in reads.chunks(READS) {
        rounds[FIRST].add(keys, get);
        rounds[AGAIN].add(keys, get);
    }
    for keys in puts.chunks(PUTS) {
        rounds[PUT].add(keys, |key| {
            kv.put(SPACE, key, &value(1)).wait().unwrap();
        });
    }
}

fn alone(keys: u64, rounds: &mut [Rounds]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("raw.redb");
    told("redb alone", keys, &file, || Raw::new(&file).fill(keys));
    let raw = Raw::new(&file);
    assert_eq!(raw.count(), keys);
    let (reads, puts) = drawn(keys);
    for keys in reads.chunks(READS) {
        rounds[FIRST_ALONE].add(keys, |key| assert!(raw.get(key).is_some()));
    }
    for keys in puts.chunks(PUTS) {
        rounds[PUT_ALONE].add(keys, |key| raw.put(key));
    }
}

/// Keys that are read, each once, and keys that are written.
fn drawn(keys: u64) -> (Vec<String>, Vec<String>) {
    let (mut numbers, mut seen) = (Numbers(keys), HashSet::new());
    let fresh = std::iter::repeat_with(|| numbers.below(keys)).filter(|number| seen.insert(*number));
    let reads = fresh.take(ROUNDS * READS).map(key).collect();
    (reads, numbers.keys(ROUNDS * PUTS, keys))
}

/// Fills, and says how fast and how large.
fn told(name: &str, keys: u64, file: &Path, fill: impl FnOnce()) {
    let began = Instant::now();
    fill();
    let rate = keys as f64 / began.elapsed().as_secs_f64();
    let size = file.metadata().unwrap().len() >> 20;
    println!("{name}, {keys} keys of 256 bytes: {rate:.0} a second, {size} MiB");
}

/// The points of all lines.
pub(crate) fn figures(steps: &[Step]) -> Vec<Figure> {
    let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let mut figures = Vec::new();
    for Step { keys, times } in steps {
        for (line, found) in LINES.iter().zip(times) {
            let samples = (ROUNDS * if line.unit == "ms" { PUTS } else { READS }) as u64;
            let beside = line.beside.map(|place| times[place]);
            let quantiles = [
                ("p50", found.p50, beside.map(|times| times.p50.0)),
                ("p99", found.p99, beside.map(|times| times.p99.0)),
            ];
            figures.extend(quantiles.map(|(name, (value, spread), beside)| Figure {
                id: text(format!("memory.growth.{}.{keys}.{name}", line.id)),
                what: text(format!("{} of {keys} keys, {name}", line.what)),
                value,
                unit: line.unit,
                better: "lower",
                target: None,
                baseline: beside.map(|value| (text(format!("redb, {}", line.unit)), value)),
                samples,
                spread,
            }));
        }
    }
    figures
}

/// The points as rows of a table.
pub(crate) fn table(steps: &[Step]) -> String {
    let head = LINES.map(|line| format!("{}, {}: p50, p99", line.what, line.unit)).join(" | ");
    let mut table = format!("| keys | {head} |\n|---{}|\n", "|---".repeat(LINES.len()));
    for Step { keys, times } in steps {
        let cells = times.map(|times| format!("{:.2}, {:.2}", times.p50.0, times.p99.0)).join(" | ");
        table.push_str(&format!("| {keys} | {cells} |\n"));
    }
    table
}
