//! What the nearest of vectors cost, and how many of them are found, beside looking at all.
//!
//!     make figures-memory
//!
//! `$GREENROOM_VECTORS` says up to how many there are (100,000). Writes `$GREENROOM_FIGURES` (see `docs/figures.md`).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a bench that cannot go on should stop"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use greenroom_kit::{Figure, quantile, report};
use greenroom_memory::{Filter, Indexes, PutVector, Store, Vectors};
use greenroom_model::{VectorMetric, VectorSpace};

const SPACE: &str = "bench";
const DIMENSION: usize = 64;
/// Centres around which vectors lie.
const CENTRES: usize = 100;
const QUESTIONS: usize = 500;
const NEAREST: usize = 10;

/// Numbers that look random and are the same each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// -1 to 1, more of them near 0.
    fn near_zero(&mut self) -> f32 {
        let sum: u64 = (0..4).map(|_| self.next() >> 48).sum();
        sum as f32 / f32::from(u16::MAX) / 2.0 - 1.0
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..DIMENSION).map(|_| self.near_zero()).collect()
    }

    fn clustered(&mut self, centres: &[Vec<f32>]) -> Vec<f32> {
        let centre = &centres[self.next() as usize % centres.len()];
        centre.iter().map(|number| number + 0.3 * self.near_zero()).collect()
    }
}

fn distance(metric: VectorMetric, one: &[f32], other: &[f32]) -> f32 {
    let dot = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    match metric {
        VectorMetric::Cosine => 1.0 - dot(one, other) / (dot(one, one) * dot(other, other)).sqrt(),
        VectorMetric::Dot => -dot(one, other),
        VectorMetric::Euclidean => one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum(),
    }
}

/// The nearest by looking at all, and how long that took, in microseconds.
fn exact(metric: VectorMetric, puts: &[&PutVector], asked: &[f32]) -> (BTreeSet<String>, f64) {
    let began = Instant::now();
    let mut all: Vec<(f32, &str)> =
        puts.iter().map(|put| (distance(metric, asked, &put.vector), put.key.as_str())).collect();
    all.select_nth_unstable_by(NEAREST, |a, b| a.0.total_cmp(&b.0));
    let nearest = all[..NEAREST].iter().map(|(_, key)| (*key).to_owned()).collect();
    (nearest, began.elapsed().as_secs_f64() * 1e6)
}

/// How many are found of those that should be, and microseconds a question, with half of the middle half's width: here, and by
/// looking at all.
fn asked(
    vectors: &Vectors,
    metric: VectorMetric,
    puts: &[&PutVector],
    questions: &[Vec<f32>],
    filter: &Filter,
) -> [(f64, f64); 3] {
    let (mut hits, mut here, mut all) = (0, Vec::new(), Vec::new());
    for asked in questions {
        let began = Instant::now();
        let near = vectors.nearest(SPACE, asked, NEAREST, filter).unwrap();
        here.push(began.elapsed().as_secs_f64() * 1e6);
        let (right, took) = exact(metric, puts, asked);
        all.push(took);
        hits += near.iter().filter(|near| right.contains(&near.key)).count();
    }
    let recall = hits as f64 / (NEAREST * questions.len()) as f64;
    [(recall, 0.0), quantile(&mut here, 0.5), quantile(&mut all, 0.5)]
}

fn figure(id: &'static str, what: &'static str, (value, spread): (f64, f64), unit: &'static str) -> Figure {
    let better = if unit == "share" { "higher" } else { "lower" };
    let samples = QUESTIONS as u64;
    Figure { id, what, value, unit, better, target: None, baseline: None, samples, spread }
}

fn main() {
    let most: usize = std::env::var("GREENROOM_VECTORS").map_or(100_000, |text| text.parse().unwrap());
    let mut figures = Vec::new();
    println!(
        "| entries | metric | rows read, s | graph made, s | bytes an entry | recall | us | all, us | recall of a tenth | us | all, us |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for size in [10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= most) {
        let mut numbers = Numbers(1);
        let centres: Vec<_> = (0..CENTRES).map(|_| numbers.vector()).collect();
        let puts: Vec<PutVector> = (0..size)
            .map(|number| PutVector {
                key: format!("item/{number:08}"),
                vector: numbers.clustered(&centres),
                labels: vec![format!("label-{}", number % 10)],
                ..PutVector::default()
            })
            .collect();
        let questions: Vec<_> = (0..QUESTIONS).map(|_| numbers.clustered(&centres)).collect();
        for (name, metric) in
            [("cosine", VectorMetric::Cosine), ("dot", VectorMetric::Dot), ("euclidean", VectorMetric::Euclidean)]
        {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let made = || {
                let spaces = [(SPACE.to_owned(), VectorSpace { dimension: DIMENSION, metric })];
                Vectors::new(store.kv(), &Indexes::default(), spaces).unwrap()
            };
            assert!(made().put_many(SPACE, &puts).unwrap().iter().all(Result::is_ok));
            let vectors = made();
            let began = Instant::now();
            vectors.indexed(SPACE).unwrap();
            let read = began.elapsed().as_secs_f64();
            vectors.warm(SPACE).unwrap();
            let graph = began.elapsed().as_secs_f64() - read;
            let bytes = vectors.indexed(SPACE).unwrap().bytes / size;
            let all: Vec<&PutVector> = puts.iter().collect();
            let [found, here, beside] = asked(&vectors, metric, &all, &questions, &Filter::default());
            let tenth = Filter { all_of: vec!["label-3".to_owned()], ..Filter::default() };
            let some: Vec<&PutVector> = puts.iter().filter(|put| put.labels == tenth.all_of).collect();
            let [found_some, here_some, beside_some] = asked(&vectors, metric, &some, &questions, &tenth);
            println!(
                "| {size} | {name} | {read:.2} | {graph:.1} | {bytes} | {:.4} | {:.0} | {:.0} | {:.4} | {:.0} | {:.0} |",
                found.0, here.0, beside.0, found_some.0, here_some.0, beside_some.0
            );
            if (size, metric) == (100_000, VectorMetric::Cosine) {
                figures = vec![
                    Figure {
                        target: Some(0.95),
                        ..figure("memory.vector-recall", "of the 10 nearest of 100,000, found", found, "share")
                    },
                    Figure {
                        baseline: Some(("all, us", beside.0)),
                        ..figure("memory.vector-nearest", "the 10 nearest of 100,000", here, "us")
                    },
                    Figure {
                        baseline: Some(("all, us", beside_some.0)),
                        ..figure("memory.vector-filtered", "the 10 nearest with a label of 10", here_some, "us")
                    },
                    figure("memory.vector-build", "an index of 100,000 from their rows", (read + graph, 0.0), "s"),
                ];
            }
        }
    }
    report(&figures);
}
