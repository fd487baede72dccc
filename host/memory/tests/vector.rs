//! Vectors, on each backend, beside a list of them that is sorted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use greenroom_memory::{
    ANSWER_BYTES_MAX, Changes, Clock, Cursor, Declared, Entry, FeedError, Filter, Indexes, JetStream, KeyValue,
    LABELS_MAX, NEAREST_MAX, Namespaces, Near, Overlay, PAYLOAD_BYTES_MAX, Page, Pending, PutVector, ReadError,
    Settings, Space, Store, VectorError, Vectors, Write, WriteError, Written,
};
use greenroom_model::{NamespaceKind, VectorMetric, VectorSpace};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const METRICS: [(&str, VectorMetric); 3] =
    [("cosine", VectorMetric::Cosine), ("dot", VectorMetric::Dot), ("euclidean", VectorMetric::Euclidean)];

struct Time(Arc<AtomicI64>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_000_000_000)))
    }

    fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.0);
        Clock::of(move || now_ms.load(Ordering::SeqCst))
    }

    fn settings(&self) -> Settings {
        Settings { clock: self.clock(), ..Settings::default() }
    }

    fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

/// A backend under test.
struct Backend {
    kv: Arc<dyn KeyValue>,
    /// What all share that write to it, where it tells no changes of its own.
    indexes: Option<Indexes>,
    time: Time,
}

impl Backend {
    fn vectors(&self, dimension: usize) -> Vectors {
        let spaces = METRICS.map(|(name, metric)| (name.to_owned(), VectorSpace { dimension, metric }));
        Vectors::new(Arc::clone(&self.kv), &self.indexes.clone().unwrap_or_default(), spaces).unwrap()
    }

    fn memory() -> Self {
        let time = Time::new();
        let store = Store::in_memory_with(&time.settings()).unwrap();
        Self { kv: store.kv(), indexes: None, time }
    }

    fn file(dir: &tempfile::TempDir) -> Self {
        let time = Time::new();
        let store = Store::open_with(dir.path(), &time.settings()).unwrap();
        Self { kv: store.kv(), indexes: None, time }
    }

    fn jetstream() -> Self {
        let time = Time::new();
        Self { kv: Arc::new(nats::fresh(time.clock())), indexes: None, time }
    }

    fn overlay() -> Self {
        let Self { kv, time, .. } = Self::memory();
        Self { kv: Arc::new(Overlay::over(kv)), indexes: Some(Indexes::default()), time }
    }
}

/// Each backend gets every promise, each on a store of its own.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod file { $( #[test] fn $promise() {
            let dir = tempfile::tempdir().unwrap();
            super::$promise(&super::Backend::file(&dir));
        } )+ }
        mod memory { $( #[test] fn $promise() { super::$promise(&super::Backend::memory()); } )+ }
        mod overlay { $( #[test] fn $promise() { super::$promise(&super::Backend::overlay()); } )+ }
        mod jetstream { $( #[test] fn $promise() { super::$promise(&super::Backend::jetstream()); } )+ }
    };
}

promises!(
    it_does_what_a_sorted_list_does,
    what_is_wrong_is_told,
    what_others_write_is_found,
    answers_are_what_was_written_last_while_others_write,
    rows_of_something_else_are_not_found,
);

fn put(key: &str, vector: &[f32], labels: &[&str]) -> PutVector {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    PutVector { key: key.to_owned(), vector: vector.to_vec(), labels, payload: key.into(), ..PutVector::default() }
}

fn keys(near: &[Near]) -> Vec<&str> {
    near.iter().map(|near| near.key.as_str()).collect()
}

fn labels(all: &[&str]) -> Vec<String> {
    all.iter().map(|label| (*label).to_owned()).collect()
}

fn all() -> Filter {
    Filter::default()
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

#[derive(Debug, Clone)]
enum Step {
    Put(String, Vec<f32>, Vec<String>, Option<u64>),
    Many(Vec<(String, Vec<f32>)>),
    Delete(String),
    Pass(i64),
    Ask(Vec<f32>, usize, Filter),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || "[ab]{1,3}";
    let vector = || {
        prop::collection::vec((-3..4_i8).prop_map(f32::from), 3)
            .prop_filter("a direction", |vector| vector.iter().any(|number| *number != 0.0))
    };
    let labels = || prop::collection::vec("[xyz]", 0..3);
    let filter = || {
        let some = || prop::collection::vec("[xyzw]", 0..2);
        ("[ab]{0,2}", some(), some(), some()).prop_map(|(prefix, all_of, any_of, none_of)| Filter {
            prefix,
            all_of,
            any_of,
            none_of,
        })
    };
    let step = prop_oneof![
        6 => (key(), vector(), labels(), prop::option::weighted(0.3, 1..3_000_u64)).prop_map(|(k, v, l, t)| Step::Put(k, v, l, t)),
        1 => prop::collection::vec((key(), vector()), 0..5).prop_map(Step::Many),
        2 => key().prop_map(Step::Delete),
        1 => (1..2_000_i64).prop_map(Step::Pass),
        3 => (vector(), 1..6_usize, prop_oneof![Just(Filter::default()), filter()]).prop_map(|(v, k, f)| Step::Ask(v, k, f)),
    ];
    prop::collection::vec((step, any::<bool>()).prop_map(|(step, _)| step), 1..60)
}

type Model = BTreeMap<String, (Vec<f32>, BTreeSet<String>, i64)>;

fn check_answers(
    metric: VectorMetric,
    model: &Model,
    near: &[Near],
    asked: &[f32],
    count: usize,
    filter: &Filter,
) -> Result<(), TestCaseError> {
    let passes = |key: &str, labels: &BTreeSet<String>| {
        key.starts_with(&filter.prefix)
            && filter.all_of.iter().all(|label| labels.contains(label))
            && (filter.any_of.is_empty() || filter.any_of.iter().any(|label| labels.contains(label)))
            && !filter.none_of.iter().any(|label| labels.contains(label))
    };
    let mut right: Vec<(f64, &str)> = model
        .iter()
        .filter(|(key, (_, labels, _))| passes(key, labels))
        .map(|(key, (vector, ..))| (distance(metric, asked, vector), key.as_str()))
        .collect();
    right.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    prop_assert_eq!(near.len(), right.len().min(count));
    for (near, (far, key)) in near.iter().zip(&right) {
        prop_assert!((f64::from(near.distance) - far).abs() < 1e-6, "{:?} instead of {} at {}", near, key, far);
        let (vector, labels, _) = &model[&near.key];
        prop_assert!((distance(metric, asked, vector) - far).abs() < 1e-6);
        prop_assert_eq!(near.labels.iter().collect::<Vec<_>>(), labels.iter().collect::<Vec<_>>());
        prop_assert!(passes(&near.key, labels));
        if metric != VectorMetric::Cosine {
            prop_assert_eq!(&near.key, key);
        }
    }
    let order: Vec<_> = near.iter().map(|near| (near.distance, near.key.as_str())).collect();
    prop_assert!(order.is_sorted());
    Ok(())
}

fn it_does_what_a_sorted_list_does(backend: &Backend) {
    let (here, there) = (backend.vectors(3), backend.vectors(3));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    for (space, metric) in METRICS {
        let follow = |steps: Vec<Step>| {
            for entry in backend.kv.scan(space, "", None, 1000).unwrap().entries {
                here.delete(space, &entry.key).unwrap();
            }
            let mut model = Model::new();
            for (place, step) in steps.into_iter().enumerate() {
                // Half of it is done by somebody else.
                let vectors = if place % 2 == 0 { &here } else { &there };
                model.retain(|_, (.., at)| *at > backend.kv.now_ms());
                match step {
                    Step::Put(key, vector, labels, ttl_ms) => {
                        let until = ttl_ms.map_or(i64::MAX, |ttl| backend.kv.now_ms() + ttl.cast_signed());
                        let put = PutVector {
                            key: key.clone(),
                            vector: vector.clone(),
                            labels: labels.clone(),
                            payload: vec![7],
                            ttl_ms,
                            new: false,
                        };
                        vectors.put(space, &put).unwrap();
                        model.insert(key, (vector, labels.into_iter().collect(), until));
                    }
                    Step::Many(many) => {
                        let puts: Vec<_> = many.iter().map(|(key, vector)| put(key, vector, &[])).collect();
                        for answer in vectors.put_many(space, &puts).unwrap() {
                            answer.unwrap();
                        }
                        model.extend(many.into_iter().map(|(key, vector)| (key, (vector, BTreeSet::new(), i64::MAX))));
                    }
                    Step::Delete(key) => {
                        prop_assert_eq!(vectors.delete(space, &key).unwrap(), model.remove(&key).is_some())
                    }
                    Step::Pass(ms) => backend.time.pass(ms),
                    Step::Ask(vector, count, filter) => {
                        let near = vectors.nearest(space, &vector, count, &filter).unwrap();
                        check_answers(metric, &model, &near, &vector, count, &filter)?;
                    }
                }
            }
            model.retain(|_, (.., at)| *at > backend.kv.now_ms());
            for vectors in [&here, &there] {
                let near = vectors.nearest(space, &[1.0, 2.0, 3.0], 100, &all()).unwrap();
                check_answers(metric, &model, &near, &[1.0, 2.0, 3.0], 100, &all())?;
            }
            Ok(())
        };
        runner.run(&steps(), follow).unwrap();
    }
}

fn what_is_wrong_is_told(backend: &Backend) {
    let vectors = backend.vectors(2);
    let told = |vector: &[f32]| {
        let said = vectors.put("cosine", &put("k", vector, &[])).unwrap_err().to_string();
        assert_eq!(said, vectors.nearest("cosine", vector, 1, &all()).unwrap_err().to_string());
        said
    };
    assert_eq!(told(&[1.0]), "the vector has 1 numbers, expected 2");
    assert_eq!(told(&[1.0, f32::NAN]), "number 1 of the vector is NaN, expected a finite one");
    assert_eq!(told(&[f32::INFINITY, 0.0]), "number 0 of the vector is inf, expected a finite one");
    assert_eq!(told(&[1e19, 0.0]), "the vector is 9.999999980506448e18 long, expected at most 1e18");
    assert!(told(&[0.0, -0.0]).starts_with("all numbers of the vector are 0"));
    vectors.put("dot", &put("k", &[0.0, 0.0], &[])).unwrap();
    vectors.put("euclidean", &put("k", &[0.0, 0.0], &[])).unwrap();
    let one = [1.0, 0.0];
    let refused = |put: PutVector| matches!(vectors.put("dot", &put), Err(VectorError::TooLarge { .. }));
    assert!(refused(PutVector { labels: vec!["x".into(); LABELS_MAX + 1], ..put("k", &one, &[]) }));
    assert!(refused(PutVector { labels: vec!["x".repeat(65)], ..put("k", &one, &[]) }));
    assert!(refused(PutVector { payload: vec![0; PAYLOAD_BYTES_MAX + 1], ..put("k", &one, &[]) }));
    let long = vectors.put("dot", &put(&"k".repeat(513), &one, &[]));
    assert!(matches!(long, Err(VectorError::Write(WriteError::TooLarge { .. }))), "{long:?}");
    assert!(matches!(vectors.nearest("dot", &one, NEAREST_MAX + 1, &all()), Err(VectorError::TooLarge { .. })));
    assert!(matches!(vectors.nearest("dot", &one, 0, &all()), Err(VectorError::None)));
    let many = Filter { any_of: vec!["x".into(); LABELS_MAX + 1], ..all() };
    assert!(matches!(vectors.nearest("dot", &one, 1, &many), Err(VectorError::TooLarge { .. })));
    let unknown = vectors.get("other", "k");
    assert!(matches!(unknown, Err(VectorError::Read(ReadError::NotFound { .. }))), "{unknown:?}");
    let new = PutVector { new: true, ..put("new", &one, &[]) };
    let some = [new.clone(), put("bad", &[1.0], &[]), new, put("other", &one, &[])];
    let answers = vectors.put_many("dot", &some).unwrap();
    let words = answers.iter().map(|answer| match answer {
        Ok(_) => "written",
        Err(VectorError::Dimension { found: 1, .. }) => "dimension",
        Err(VectorError::Write(WriteError::Conflict { found: Some(_) })) => "conflict",
        Err(_) => "something else",
    });
    assert_eq!(words.collect::<Vec<_>>(), ["written", "dimension", "conflict", "written"]);
    let page = vectors.scan("dot", "k", None, 1).unwrap();
    assert_eq!((page.entries[0].key.as_str(), page.next), ("k", None));
    let page = vectors.scan("dot", "", Some("k"), 1).unwrap();
    assert_eq!((page.entries[0].key.as_str(), page.next.as_deref()), ("new", Some("new")));
    let entry = vectors.get("dot", "new").unwrap();
    assert_eq!(page.entries.first(), entry.as_ref());
    assert_eq!(vectors.scan("dot", "o", None, 10).unwrap().entries[0].vector, one);
    assert!(vectors.put_many("nowhere", &some).is_err());
    for dimension in [0, 4097] {
        let space = VectorSpace { dimension, metric: VectorMetric::Dot };
        let made = Vectors::new(Arc::clone(&backend.kv), &Indexes::default(), [("x".to_owned(), space)]);
        assert!(matches!(made.err(), Some(VectorError::Space { found, .. }) if found == dimension));
    }
}

fn what_others_write_is_found(backend: &Backend) {
    let (here, there) = (backend.vectors(2), backend.vectors(2));
    let near = |vectors: &Vectors| vectors.nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap();
    assert!(near(&here).is_empty());
    there.put("euclidean", &put("a", &[1.0, 0.0], &["x"])).unwrap();
    assert_eq!(keys(&near(&here)), ["a"]);
    here.put("euclidean", &put("b", &[0.5, 0.0], &[])).unwrap();
    assert_eq!((keys(&near(&here)), keys(&near(&there))), (vec!["b", "a"], vec!["b", "a"]));
    there.put("euclidean", &put("b", &[2.0, 0.0], &[])).unwrap();
    here.put("euclidean", &put("c", &[1.0, 0.0], &[])).unwrap();
    let all_three = near(&here);
    assert_eq!(keys(&all_three), ["a", "c", "b"], "ties by their keys");
    assert_eq!((all_three[0].distance, all_three[0].labels.as_slice()), (1.0, &["x".to_owned()][..]));
    assert_eq!((all_three[1].payload.as_slice(), all_three[2].distance), (&b"c"[..], 4.0));
    there.delete("euclidean", "a").unwrap();
    assert_eq!(keys(&near(&here)), ["c", "b"]);
    assert_eq!(here.get("euclidean", "b").unwrap().unwrap().vector, [2.0, 0.0]);
    assert_eq!(here.indexed("euclidean").unwrap().entries, 2);
    // In other namespaces, which are none of its own.
    backend.kv.put("elsewhere", "a", b"x").wait().unwrap();
    assert_eq!(keys(&near(&here)), ["c", "b"]);
}

/// The payload says which vector went with it.
fn answers_are_what_was_written_last_while_others_write(backend: &Backend) {
    let vectors = backend.vectors(2);
    let at = |key: u8, round: u8| {
        let vector = [f32::from(key), f32::from(round)];
        PutVector { payload: vec![key, round], ..put(&format!("k{key}"), &vector, &[]) }
    };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for near in vectors.nearest("euclidean", &[0.0, 0.0], 20, &all()).unwrap() {
                        let [key, round] = near.payload[..] else { panic!("{near:?}") };
                        let far = f32::from(key).powi(2) + f32::from(round).powi(2);
                        assert_eq!((near.key, near.distance), (format!("k{key}"), far));
                    }
                }
            });
        }
        for round in 0..40 {
            for key in 0..10 {
                vectors.put("euclidean", &at(key, round)).unwrap();
                if key % 3 == 0 {
                    vectors.delete("euclidean", &format!("k{key}")).unwrap();
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let near = vectors.nearest("euclidean", &[0.0, 39.0], 20, &all()).unwrap();
    assert_eq!(keys(&near), ["k1", "k2", "k4", "k5", "k7", "k8"]);
}

fn rows_of_something_else_are_not_found(backend: &Backend) {
    backend.vectors(3).put("euclidean", &put("three", &[1.0, 2.0, 3.0], &[])).unwrap();
    backend.kv.put("euclidean", "odd", b"odd").wait().unwrap();
    let vectors = backend.vectors(2);
    vectors.put("euclidean", &put("two", &[1.0, 2.0], &[])).unwrap();
    assert_eq!(keys(&vectors.nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap()), ["two"]);
    let indexed = vectors.indexed("euclidean").unwrap();
    assert_eq!((indexed.entries, indexed.unfit), (1, 2));
    assert!(matches!(vectors.get("euclidean", "odd"), Err(VectorError::Damaged { .. })));
    vectors.put("euclidean", &put("odd", &[3.0, 3.0], &[])).unwrap();
    vectors.delete("euclidean", "three").unwrap();
    assert_eq!(keys(&vectors.nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap()), ["two", "odd"]);
    assert_eq!(vectors.indexed("euclidean").unwrap().unfit, 0);
}

/// One that has forgotten its changes.
struct Forgetful(Arc<dyn KeyValue>);

impl KeyValue for Forgetful {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        self.0.get_many(namespace, keys)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        self.0.scan(namespace, prefix, after, limit)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        self.0.usage(namespace)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        self.0.revision()
    }

    fn cursor(&self) -> Result<Cursor, FeedError> {
        self.0.cursor()
    }

    fn changes(&self, after: Option<Cursor>, _: usize, _: &dyn Fn(&str) -> bool) -> Result<Changes, FeedError> {
        let after = after.map_or(0, |after| after.revision);
        Err(FeedError::Lost { after, begins: after + 2 })
    }

    fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        self.0.write(namespace, write)
    }
}

#[test]
fn where_changes_are_no_longer_kept_all_is_read_anew() {
    let forgetful = || {
        let backend = Backend::memory();
        Backend { kv: Arc::new(Forgetful(backend.kv)), ..backend }
    };
    what_others_write_is_found(&forgetful());
    it_does_what_a_sorted_list_does(&forgetful());
}

#[test]
fn hosts_find_what_the_other_one_has_put_also_where_a_server_was_killed() {
    let mut server = nats::Server::start("");
    let host = || Backend {
        kv: Arc::new(JetStream::connect(&server.settings("b")).unwrap()),
        indexes: None,
        time: Time::new(),
    };
    what_others_write_is_found(&host());
    let (here, there) = (host().vectors(2), host().vectors(2));
    let near = |vectors: &Vectors| keys(&vectors.nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap()).join(" ");
    assert_eq!(near(&here), "c b");
    there.put("euclidean", &put("a", &[0.1, 0.0], &[])).unwrap();
    assert_eq!(near(&here), "a c b");
    server.kill();
    server.again();
    here.delete("euclidean", "c").unwrap();
    assert_eq!((near(&there), near(&here)), ("a b".to_owned(), "a b".to_owned()));
}

#[test]
fn an_overlay_finds_what_is_written_below_as_well_as_its_own() {
    let below = Backend::memory();
    let over = Backend { kv: Arc::new(Overlay::over(Arc::clone(&below.kv))), indexes: None, time: Time::new() };
    let (below, over) = (below.vectors(2), over.vectors(2));
    let near = |vectors: &Vectors| {
        let near = vectors.nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap();
        near.into_iter().map(|near| near.key).collect::<Vec<_>>()
    };
    below.put("euclidean", &put("a", &[1.0, 0.0], &[])).unwrap();
    assert_eq!(near(&over), ["a"]);
    over.put("euclidean", &put("b", &[2.0, 0.0], &[])).unwrap();
    below.put("euclidean", &put("c", &[3.0, 0.0], &[])).unwrap();
    assert_eq!(near(&over), ["a", "b", "c"]);
    over.delete("euclidean", "a").unwrap();
    over.put("euclidean", &put("c", &[0.5, 0.0], &[])).unwrap();
    below.put("euclidean", &put("c", &[9.0, 0.0], &[])).unwrap();
    below.put("euclidean", &put("d", &[4.0, 0.0], &[])).unwrap();
    assert_eq!((near(&over), near(&below)), (labels(&["c", "b", "d"]), labels(&["a", "d", "c"])));
}

#[test]
fn an_answer_of_large_payloads_is_refused_and_fewer_are_not() {
    let vectors = Backend::memory().vectors(2);
    let puts: Vec<PutVector> = (0..70_u8)
        .map(|n| PutVector { payload: vec![n; PAYLOAD_BYTES_MAX], ..put(&n.to_string(), &[f32::from(n), 0.0], &[]) })
        .collect();
    assert!(vectors.put_many("euclidean", &puts).unwrap().iter().all(Result::is_ok));
    let near = |count| vectors.nearest("euclidean", &[0.0, 0.0], count, &all());
    assert_eq!(near(64).unwrap().len(), 64);
    assert!(matches!(near(65), Err(VectorError::TooLarge { max: ANSWER_BYTES_MAX, .. })));
}

#[test]
fn who_asks_of_the_same_rows_shares_an_index() {
    let backend = Backend::memory();
    let indexes = Indexes::default();
    let space = VectorSpace { dimension: 2, metric: VectorMetric::Euclidean };
    let made = || Vectors::new(Arc::clone(&backend.kv), &indexes, [("euclidean".to_owned(), space)]).unwrap();
    let (one, other) = (made(), made());
    one.put("euclidean", &put("a", &[1.0, 0.0], &[])).unwrap();
    one.warm("euclidean").unwrap();
    drop(one);
    let entries = other.indexed("euclidean").unwrap().entries;
    assert_eq!(entries, 1);
    other.put("euclidean", &put("b", &[1.0, 1.0], &[])).unwrap();
    assert_eq!(keys(&made().nearest("euclidean", &[0.0, 0.0], 10, &all()).unwrap()), ["a", "b"]);
}

#[test]
fn a_quota_bounds_what_is_put() {
    let declared = Declared { kind: NamespaceKind::Vector, bytes_max: Some(200), ..Declared::default() };
    let namespaces = Namespaces::new(Backend::memory().kv, [("dot".to_owned(), declared)].into());
    let backend = Backend { kv: Arc::new(namespaces.rows_of(NamespaceKind::Vector)), indexes: None, time: Time::new() };
    let vectors = backend.vectors(8);
    let puts: Vec<_> = (0..6_u8).map(|n| put(&n.to_string(), &[f32::from(n); 8], &[])).collect();
    let mut answers = vectors.put_many("dot", &puts).unwrap();
    let refused = answers.pop().unwrap();
    assert!(matches!(refused, Err(VectorError::Write(WriteError::Quota { max: 200, .. }))), "{refused:?}");
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let near = vectors.nearest("dot", &[1.0; 8], 10, &all()).unwrap();
    assert_eq!(keys(&near), ["4", "3", "2", "1", "0"], "what had room is there");
}
