//! How many of the nearest of many vectors are found, and that none comes back that is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_memory::{Filter, Indexes, KeyValue, PutVector, Store, Vectors};
use greenroom_model::{VectorMetric, VectorSpace};

const METRICS: [(&str, VectorMetric); 3] =
    [("cosine", VectorMetric::Cosine), ("dot", VectorMetric::Dot), ("euclidean", VectorMetric::Euclidean)];

/// A backend under test.
struct Backend {
    kv: Arc<dyn KeyValue>,
}

impl Backend {
    fn of(store: Store) -> Self {
        Self { kv: store.kv() }
    }

    fn memory() -> Self {
        Self::of(Store::in_memory().unwrap())
    }

    fn vectors(&self) -> Vectors {
        let spaces = METRICS.map(|(name, metric)| (name.to_owned(), VectorSpace { dimension: DIMENSION, metric }));
        Vectors::new(Arc::clone(&self.kv), &Indexes::default(), spaces).unwrap()
    }
}

fn put(key: &str, vector: &[f32], labels: &[&str]) -> PutVector {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    PutVector { key: key.to_owned(), vector: vector.to_vec(), labels, ..PutVector::default() }
}

fn all() -> Filter {
    Filter::default()
}

fn labelled(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

/// As the documentation says it, in twice the digits.
fn distance(metric: VectorMetric, one: &[f32], other: &[f32]) -> f64 {
    let pairs = || one.iter().zip(other).map(|(a, b)| (f64::from(*a), f64::from(*b)));
    let dot: f64 = pairs().map(|(a, b)| a * b).sum();
    let length = |vector: &[f32]| vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    match metric {
        VectorMetric::Cosine => 1.0 - dot / (length(one) * length(other)),
        VectorMetric::Dot => -dot,
        VectorMetric::Euclidean => pairs().map(|(a, b)| (a - b) * (a - b)).sum(),
    }
}

/// Numbers that look random and are the same each time.
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

    /// Around one of the centres.
    fn clustered(&mut self, centres: &[Vec<f32>]) -> Vec<f32> {
        let centre = &centres[self.next() as usize % centres.len()];
        centre.iter().map(|number| number + 0.3 * self.near_zero()).collect()
    }

    fn vector(&mut self, dimension: usize) -> Vec<f32> {
        (0..dimension).map(|_| self.near_zero()).collect()
    }
}

const DIMENSION: usize = 64;

/// Entries around 100 centres; each has one of the labels `0` to `9`, and half of them `half`.
fn entries(count: usize) -> (Vec<PutVector>, Vec<Vec<f32>>) {
    let mut numbers = Numbers(1);
    let centres: Vec<_> = (0..100).map(|_| numbers.vector(DIMENSION)).collect();
    let puts = (0..count).map(|number| {
        let digit = (number % 10).to_string();
        let labels: &[&str] = if number % 20 < 10 { &[&digit, "half"] } else { &[&digit] };
        put(&format!("k{number:06}"), &numbers.clustered(&centres), labels)
    });
    let puts = puts.collect();
    (puts, (0..50).map(|_| numbers.clustered(&centres)).collect())
}

fn recall(
    vectors: &Vectors,
    space: &str,
    metric: VectorMetric,
    live: &[PutVector],
    questions: &[Vec<f32>],
    filter: &Filter,
) -> f64 {
    let mut hits = 0;
    for asked in questions {
        let mut right: Vec<(f64, &str)> =
            live.iter().map(|put| (distance(metric, asked, &put.vector), put.key.as_str())).collect();
        right.sort_by(|a, b| a.0.total_cmp(&b.0));
        let right: BTreeSet<&str> = right[..10].iter().map(|(_, key)| *key).collect();
        let near = vectors.nearest(space, asked, 10, filter).unwrap();
        assert_eq!(near.len(), 10);
        hits += near.iter().filter(|near| right.contains(near.key.as_str())).count();
    }
    hits as f64 / (10 * questions.len()) as f64
}

#[test]
fn of_10_000_entries_nearly_all_of_the_nearest_are_found() {
    let backend = Backend::memory();
    let (vectors, (puts, questions)) = (backend.vectors(), entries(10_000));
    for (space, metric) in METRICS {
        assert!(vectors.put_many(space, &puts).unwrap().iter().all(Result::is_ok));
        vectors.warm(space).unwrap();
        let indexed = vectors.indexed(space).unwrap();
        assert!(indexed.entries == 10_000 && indexed.in_graph >= 8_976, "{indexed:?}");
        let found = recall(&vectors, space, metric, &puts, &questions, &all());
        assert!(found >= 0.95, "{space}: {found}");
        let half = Filter { all_of: labelled(&["half"]), ..all() };
        let halves: Vec<_> = puts.iter().filter(|put| put.labels.len() == 2).cloned().collect();
        let found = recall(&vectors, space, metric, &halves, &questions, &half);
        assert!(found >= 0.95, "{space} of a half: {found}");
        // So few that it is exact.
        let few =
            Filter { prefix: "k00".to_owned(), any_of: labelled(&["3", "7"]), none_of: labelled(&["half"]), ..all() };
        let matching: Vec<_> = puts
            .iter()
            .filter(|put| {
                put.key.starts_with("k00") && put.labels.len() == 1 && ["3", "7"].contains(&put.labels[0].as_str())
            })
            .cloned()
            .collect();
        assert_eq!(recall(&vectors, space, metric, &matching, &questions, &few), 1.0);
    }
}

#[test]
fn what_was_removed_or_replaced_is_not_found_and_gives_back_its_room() {
    let backend = Backend::memory();
    let (vectors, (puts, questions)) = (backend.vectors(), entries(12_000));
    assert!(vectors.put_many("euclidean", &puts).unwrap().iter().all(Result::is_ok));
    vectors.warm("euclidean").unwrap();
    let (gone, rest) = puts.split_at(3_000);
    let (replaced, same) = rest.split_at(4_000);
    for put in gone {
        backend.kv.delete("euclidean", &put.key).wait().unwrap();
    }
    // Far away.
    let far: Vec<_> = replaced
        .iter()
        .map(|put| PutVector { vector: put.vector.iter().map(|number| number + 100.0).collect(), ..put.clone() })
        .collect();
    assert!(vectors.put_many("euclidean", &far).unwrap().iter().all(Result::is_ok));
    let found = recall(&vectors, "euclidean", VectorMetric::Euclidean, same, &questions, &all());
    assert!(found >= 0.95, "{found}");
    let indexed = vectors.indexed("euclidean").unwrap();
    assert!(indexed.entries == 9_000 && indexed.gone <= 9_000 && indexed.in_graph > 0, "{indexed:?}");
    assert!(vectors.put_many("euclidean", &far).unwrap().iter().all(Result::is_ok));
    let indexed = vectors.indexed("euclidean").unwrap();
    assert!(indexed.entries == 9_000 && indexed.gone <= 9_000, "{indexed:?}");
    vectors.warm("euclidean").unwrap();
    let found = recall(&vectors, "euclidean", VectorMetric::Euclidean, same, &questions, &all());
    assert!(found >= 0.95, "{found}");
    for asked in &questions {
        let near = vectors.nearest("euclidean", asked, 1_000, &Filter { prefix: "k00".to_owned(), ..all() }).unwrap();
        assert!(near.iter().all(|near| near.key.as_str() >= "k003000"), "what was removed came back");
        assert_eq!(near.len(), 1_000);
    }
}

#[test]
fn the_graph_learns_along_with_questions_and_is_right_on_the_way() {
    let backend = Backend::memory();
    let (puts, questions) = entries(8_000);
    assert!(backend.vectors().put_many("cosine", &puts).unwrap().iter().all(Result::is_ok));
    let vectors = backend.vectors();
    let mut known = 0;
    for asked in questions.iter().cycle().take(120) {
        vectors.nearest("cosine", asked, 10, &all()).unwrap();
        let now = vectors.indexed("cosine").unwrap().in_graph;
        assert!(now >= known, "{now} after {known}");
        known = now;
    }
    assert!(known >= 6_976, "{known}");
    assert!(recall(&vectors, "cosine", VectorMetric::Cosine, &puts, &questions, &all()) >= 0.95);
}

#[test]
fn it_is_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (puts, questions) = entries(500);
    let ask = |vectors: &Vectors| -> Vec<_> {
        questions.iter().map(|asked| vectors.nearest("dot", asked, 10, &all()).unwrap()).collect()
    };
    let before = {
        let vectors = Backend::of(Store::open(dir.path()).unwrap()).vectors();
        assert!(vectors.put_many("dot", &puts).unwrap().iter().all(Result::is_ok));
        ask(&vectors)
    };
    assert_eq!(ask(&Backend::of(Store::open(dir.path()).unwrap()).vectors()), before);
}
