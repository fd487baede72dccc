//! What the store of keys and values costs, beside the engine under it and a hash map in memory.
//!
//!     make figures-memory
//!
//! Arguments are topics: `growth`, what reads and writes take at each size on the way to `$GREENROOM_MEMORY_KEYS` (1,000,000) keys,
//! and `million`, the rest, of a million keys or of fewer if that says fewer. Writes `$GREENROOM_FIGURES` (see `docs/figures.md`)
//! and draws the growth beside it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a bench that cannot go on should stop"
)]

mod growth;
mod plot;
mod raw;
mod subject;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use greenroom_kit::{Figure, quantile, report};
use greenroom_memory::Store;
use raw::Raw;
use subject::{SPACE, fill, key, puts, scanned, value};

/// Keys of most figures.
const MILLION: u64 = 1_000_000;
/// Keys that are read again and again.
const HOT: u64 = 10_000;
/// Keys of one read of many.
const MANY: usize = 100;
/// Reads of a round, and rounds.
const READS: usize = 20_000;
const ROUNDS: usize = 5;
/// Writers at once.
const WRITERS: usize = 64;

/// Numbers that look random and are the same each time (SplitMix64).
pub(crate) struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn keys(&mut self, count: usize, end: u64) -> Vec<String> {
        (0..count).map(|_| key(self.below(end))).collect()
    }
}

/// Nanoseconds a key, the median of the rounds and half of the middle half's width. Each round has keys of its own, drawn from
/// so many: the same few again and again, or others that nobody read before.
fn a_key(seed: u64, end: u64, mut read: impl FnMut(&[String])) -> (f64, f64) {
    let mut numbers = Numbers(seed);
    let mut all: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let keys = numbers.keys(READS, end);
            let began = Instant::now();
            read(&keys);
            began.elapsed().as_secs_f64() * 1e9 / READS as f64
        })
        .collect();
    quantile(&mut all, 0.5)
}

fn figure(
    id: &'static str,
    what: &'static str,
    (value, spread): (f64, f64),
    unit: &'static str,
    target: Option<f64>,
    baseline: Option<(&'static str, f64)>,
) -> Figure {
    let better = if unit.ends_with("/s") { "higher" } else { "lower" };
    Figure { id, what, value, unit, better, target, baseline, samples: ROUNDS as u64, spread }
}

fn reads(store: &Store, raw: &Raw, map: &HashMap<String, Vec<u8>>, size: u64) -> Vec<Figure> {
    let (kv, hot) = (store.kv(), HOT.min(size));
    let one = |keys: &[String]| {
        for key in keys {
            assert!(std::hint::black_box(kv.get(SPACE, key).unwrap()).is_some());
        }
    };
    let many = |keys: &[String]| {
        for keys in keys.chunks(MANY) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            assert!(std::hint::black_box(kv.get_many(SPACE, &keys).unwrap()).iter().all(Option::is_some));
        }
    };
    let of_map = |keys: &[String]| {
        for key in keys {
            assert!(std::hint::black_box(map.get(key).cloned()).is_some());
        }
    };
    let of_raw = |keys: &[String]| keys.iter().for_each(|key| assert!(raw.get(key).is_some()));
    // So that all of them were read once.
    (0..hot).for_each(|number| assert!(kv.get(SPACE, &key(number)).unwrap().is_some()));
    let map = Some(("hash map, ns", a_key(1, hot, of_map).0));
    let raw = Some(("redb, ns", a_key(2, size, of_raw).0));
    vec![
        figure("memory.get-hot", "a key of 10,000 that are read again", a_key(3, hot, one), "ns", None, map),
        figure("memory.get", "a key that was not read before", a_key(4, size, one), "ns", None, raw),
        figure("memory.get-many-hot", "each of 100 that are read again", a_key(5, hot, many), "ns", Some(300.0), map),
        figure("memory.get-many", "each of 100 that were not", a_key(6, size, many), "ns", Some(5_000.0), raw),
    ]
}

fn scans(store: &Store, raw: &Raw, size: u64) -> Figure {
    let kv = store.kv();
    let rate = |mut all: Vec<f64>| quantile(&mut all, 0.5);
    let whole = || {
        let began = Instant::now();
        assert_eq!(scanned(kv.as_ref()), size);
        size as f64 / began.elapsed().as_secs_f64()
    };
    let below = || {
        let began = Instant::now();
        assert_eq!(raw.count(), size);
        size as f64 / began.elapsed().as_secs_f64()
    };
    let below = rate((0..3).map(|_| below()).collect()).0;
    let found = rate((0..3).map(|_| whole()).collect());
    figure(
        "memory.scan",
        "keys of a scan, by pages of 1,000",
        found,
        "keys/s",
        Some(1e6),
        Some(("redb, keys/s", below)),
    )
}

fn writes(store: &Store, raw: &Raw, size: u64) -> Vec<Figure> {
    let rates = |writers: usize, each: usize| {
        let mut all: Vec<f64> = (0..ROUNDS).map(|round| puts(store, writers, each, size, round as u64)).collect();
        quantile(&mut all, 0.5)
    };
    let one = rates(1, 200);
    let many = rates(WRITERS, 200);
    // So many that the file takes in what was written several times.
    let long = rates(WRITERS, 1_500);
    let mut below: Vec<f64> = (0..ROUNDS).map(|round| raw.commits(100, size, round as u64)).collect();
    let below = quantile(&mut below, 0.5).0;
    let beside = Some(("one writer, writes/s", one.0));
    vec![
        figure("memory.put-1", "durable writes of one writer", one, "writes/s", None, Some(("redb, writes/s", below))),
        figure("memory.put-64", "durable writes of 64 writers", many, "writes/s", Some(20_000.0), beside),
        figure("memory.put-64-long", "the same without a pause", long, "writes/s", Some(20_000.0), beside),
    ]
}

/// What is measured of so many keys.
fn of(size: u64) -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    fill(&store, size);
    let raw = Raw::new(&folder.path().join("raw.redb"));
    raw.fill(size);
    let map: HashMap<String, Vec<u8>> = (0..size).map(|number| (key(number), value(number))).collect();
    let mut figures = reads(&store, &raw, &map, size);
    figures.push(scans(&store, &raw, size));
    figures.extend(writes(&store, &raw, size));
    figures
}

/// What is measured up to so many keys, drawn beside the file of figures.
fn growing(most: u64) -> Vec<Figure> {
    let steps = growth::measured(most);
    println!("\n{}", growth::table(&steps));
    if let Some(figures) = std::env::var_os("GREENROOM_FIGURES").map(PathBuf::from) {
        let drawing = figures.with_file_name("memory-latency.svg");
        drawing.parent().map_or(Ok(()), std::fs::create_dir_all).unwrap();
        plot::draw(&steps, &drawing).unwrap();
        println!("drawn in {}", drawing.display());
    }
    growth::figures(&steps)
}

fn main() {
    let most: u64 = std::env::var("GREENROOM_MEMORY_KEYS").map_or(MILLION, |text| text.parse().unwrap());
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |topic: &str| asked.is_empty() || asked.iter().any(|asked| asked == topic);
    let mut figures = Vec::new();
    if wanted("growth") {
        figures.extend(growing(most));
    }
    if wanted("million") {
        figures.extend(of(most.min(MILLION)));
    }
    report(&figures);
}
