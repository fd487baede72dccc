//! What every backend of keys and values does, run on each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use greenroom_memory::{
    Change, Clock, DeclareError, Declared, KEY_BYTES_MAX, KeyValue, Misfit, Namespaces, Overlay, PAGE_BYTES_MAX,
    PLACE_BYTES, READ_KEYS_MAX, ReadError, SCAN_LIMIT_MAX, Settings, Space, Store, VALUE_BYTES_MAX, Write, WriteError,
    check_declared, keep_declared, log_time_ms,
};
use greenroom_model::NamespaceKind;
use proptest::prelude::*;

/// The namespaces that the suite writes.
const SPACES: [&str; 3] = ["profile", "session", "profile2"];

/// The time of a store under test, which stands still until a test moves it.
struct Time {
    now_ms: Arc<AtomicI64>,
    /// What a server notes of its own clock, which can't be moved: a little of that passes too.
    is_elsewhere: bool,
}

impl Time {
    fn new() -> Self {
        Self { now_ms: Arc::new(AtomicI64::new(1_795_000_000_000)), is_elsewhere: false }
    }

    fn elsewhere() -> Self {
        Self { is_elsewhere: true, ..Self::new() }
    }

    fn clock(&self) -> Clock {
        let now_ms = Arc::clone(&self.now_ms);
        Clock::of(move || now_ms.load(Ordering::SeqCst))
    }

    fn settings(&self) -> Settings {
        Settings { clock: self.clock(), ..Settings::default() }
    }

    fn pass(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        if self.is_elsewhere {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

fn in_memory() -> Arc<dyn KeyValue> {
    in_memory_at(&Time::new())
}

fn in_memory_at(time: &Time) -> Arc<dyn KeyValue> {
    Store::in_memory_with(&time.settings()).unwrap().kv()
}

fn in_file(dir: &tempfile::TempDir, time: &Time) -> Arc<dyn KeyValue> {
    Store::open_with(dir.path(), &time.settings()).unwrap().kv()
}

fn declared(kind: NamespaceKind, bytes_max: u64) -> BTreeMap<String, Declared> {
    SPACES
        .iter()
        .map(|space| ((*space).to_owned(), Declared { kind, bytes_max: Some(bytes_max), ..Declared::default() }))
        .collect()
}

fn with_quotas(inner: Arc<dyn KeyValue>) -> Arc<dyn KeyValue> {
    Arc::new(Namespaces::new(inner, declared(NamespaceKind::Kv, 64 << 20)))
}

fn over(below: Arc<dyn KeyValue>) -> Arc<dyn KeyValue> {
    Arc::new(Overlay::over(below))
}

/// Each backend gets every promise, each on a store of its own.
macro_rules! conformance {
    ($($promise:ident),+ $(,)?) => {
        mod file { $( #[test] fn $promise() {
            let dir = tempfile::tempdir().unwrap();
            super::$promise(&*super::in_file(&dir, &super::Time::new()));
        } )+ }
        mod memory { $( #[test] fn $promise() { super::$promise(&*super::in_memory()); } )+ }
        mod overlay { $( #[test] fn $promise() { super::$promise(&*super::over(super::in_memory())); } )+ }
        mod jetstream { $( #[test] fn $promise() {
            super::$promise(&super::nats::fresh(super::Time::new().clock()));
        } )+ }
        mod quotas { $( #[test] fn $promise() { super::$promise(&*super::with_quotas(super::in_memory())); } )+ }
    };
}

/// The same for promises about other kinds and about time.
macro_rules! conformance_in_time {
    ($($promise:ident),+ $(,)?) => {
        mod file_in_time { $( #[test] fn $promise() {
            let (dir, time) = (tempfile::tempdir().unwrap(), super::Time::new());
            super::$promise(&*super::in_file(&dir, &time), &time);
        } )+ }
        mod memory_in_time { $( #[test] fn $promise() {
            let time = super::Time::new();
            super::$promise(&*super::in_memory_at(&time), &time);
        } )+ }
        mod jetstream_in_time { $( #[test] fn $promise() {
            let time = super::Time::elsewhere();
            super::$promise(&super::nats::fresh(time.clock()), &time);
        } )+ }
        mod overlay_in_time { $( #[test] fn $promise() {
            let time = super::Time::new();
            super::$promise(&*super::over(super::in_memory_at(&time)), &time);
        } )+ }
    };
}

conformance_in_time!(
    a_counter_adds_up_whoever_adds,
    a_sum_that_does_not_fit_changes_nothing,
    what_is_no_number_is_not_added_to,
    records_of_a_log_are_in_the_order_in_which_they_came,
    a_log_reads_from_a_time_on,
    what_has_expired_is_not_there,
    what_is_written_again_lives_on,
);

conformance!(
    a_value_is_read_as_it_was_written,
    a_namespace_sees_nothing_of_another,
    revisions_only_grow,
    a_swap_needs_the_revision_that_is_there,
    of_many_swaps_from_one_revision_one_wins,
    a_removed_key_is_gone,
    a_scan_goes_on_where_its_page_ended,
    a_page_of_large_values_ends_early,
    what_is_too_large_is_refused_with_its_bound,
    usage_counts_keys_and_values,
    a_write_beyond_its_bound_changes_nothing,
    writers_at_once_stay_within_the_bound_together,
    several_keys_are_read_as_they_were_at_one_moment,
    it_does_what_a_map_does,
);

fn put(kv: &dyn KeyValue, namespace: &str, key: &str, value: &[u8]) -> u64 {
    kv.put(namespace, key, value).wait().unwrap().revision
}

fn a_value_is_read_as_it_was_written(kv: &dyn KeyValue) {
    assert_eq!(kv.get("profile", "ada").unwrap(), None);
    let revision = put(kv, "profile", "ada", b"one");
    let entry = kv.get("profile", "ada").unwrap().unwrap();
    assert_eq!((entry.value.as_slice(), entry.revision), (b"one".as_slice(), revision));
    let written = kv.put("profile", "ada", b"").wait().unwrap();
    assert!(written.existed);
    let many = kv.get_many("profile", &["bob", "ada", "ada"]).unwrap();
    let values: Vec<Option<&[u8]>> = many.iter().map(|entry| entry.as_ref().map(|e| e.value.as_slice())).collect();
    assert_eq!(values, [None, Some(&b""[..]), Some(&b""[..])]);
}

/// A second key is written after the first one each time, so that at no moment it is ahead of it, or more than one behind.
fn several_keys_are_read_as_they_were_at_one_moment(kv: &dyn KeyValue) {
    const TIMES: u64 = 300;
    let number = |entry: &Option<greenroom_memory::Entry>| {
        entry.as_ref().map_or(0, |entry| u64::from_le_bytes(entry.value.as_slice().try_into().unwrap()))
    };
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut latest = 0;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let both = kv.get_many("profile", &["first", "second"]).unwrap();
                    let (first, second) = (number(&both[0]), number(&both[1]));
                    assert!(second <= first && first <= second + 1, "{first} and {second} were never there together");
                    let again = number(&kv.get("profile", "second").unwrap());
                    assert!(first >= latest && again >= second, "what was read is gone again");
                    latest = first;
                }
            });
        }
        for time in 1..=TIMES {
            put(kv, "profile", "first", &time.to_le_bytes());
            put(kv, "profile", "second", &time.to_le_bytes());
            assert_eq!(number(&kv.get("profile", "second").unwrap()), time, "what was acknowledged is not read");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn a_namespace_sees_nothing_of_another(kv: &dyn KeyValue) {
    put(kv, "profile", "k", b"1");
    put(kv, "profile2", "k", b"2");
    assert_eq!(kv.get("profile", "k").unwrap().unwrap().value, b"1");
    assert_eq!(kv.scan("profile", "", None, 10).unwrap().entries.len(), 1);
    assert_eq!(kv.get("session", "k").unwrap(), None);
}

fn revisions_only_grow(kv: &dyn KeyValue) {
    let mut last = 0;
    for (namespace, key) in [("profile", "a"), ("session", "a"), ("profile", "a"), ("profile", "b")] {
        let revision = put(kv, namespace, key, b"x");
        assert!(revision > last);
        last = revision;
    }
    assert_eq!(kv.revision().unwrap(), last);
    let removal = kv.delete("profile", "a").wait().unwrap().revision;
    assert!(removal > last);
    assert_eq!(kv.revision().unwrap(), removal);
    assert!(put(kv, "profile", "a", b"x") > removal, "a key that comes back is newer than its removal");
}

fn a_swap_needs_the_revision_that_is_there(kv: &dyn KeyValue) {
    let swap = |expected, value: &[u8]| kv.compare_and_swap("profile", "k", expected, value).wait();
    assert!(matches!(swap(Some(1), b"x"), Err(WriteError::Conflict { found: None })));
    let first = swap(None, b"1").unwrap().revision;
    assert!(matches!(swap(None, b"2"), Err(WriteError::Conflict { found: Some(at) }) if at == first));
    let second = swap(Some(first), b"2").unwrap().revision;
    assert!(matches!(swap(Some(first), b"3"), Err(WriteError::Conflict { found: Some(at) }) if at == second));
    assert_eq!(kv.get("profile", "k").unwrap().unwrap().value, b"2");
}

fn of_many_swaps_from_one_revision_one_wins(kv: &dyn KeyValue) {
    let pending: Vec<_> = (0..20u8).map(|i| kv.compare_and_swap("profile", "k", None, &[i])).collect();
    let won: Vec<u64> = pending.into_iter().filter_map(|p| p.wait().ok()).map(|written| written.revision).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(kv.get("profile", "k").unwrap().unwrap().revision, won[0]);
}

fn a_removed_key_is_gone(kv: &dyn KeyValue) {
    put(kv, "profile", "k", b"x");
    assert!(kv.delete("profile", "k").wait().unwrap().existed);
    assert!(!kv.delete("profile", "k").wait().unwrap().existed);
    assert_eq!(kv.get("profile", "k").unwrap(), None);
    assert_eq!(kv.usage("profile").unwrap(), Space::default());
}

fn a_scan_goes_on_where_its_page_ended(kv: &dyn KeyValue) {
    for key in ["a", "ab1", "ab2", "ab3", "abé", "ac", "b"] {
        put(kv, "profile", key, key.as_bytes());
    }
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = kv.scan("profile", "ab", after.as_deref(), 2).unwrap();
        assert!(page.entries.len() <= 2);
        keys.extend(page.entries.into_iter().map(|entry| entry.key));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(keys, ["ab1", "ab2", "ab3", "abé"]);
    assert_eq!(kv.scan("profile", "ab", Some("a"), 10).unwrap().entries.len(), 4, "after a key before the prefix");
    assert_eq!(kv.scan("profile", "ab", Some("ac"), 10).unwrap().entries.len(), 0, "after a key beyond the prefix");
}

fn a_page_of_large_values_ends_early(kv: &dyn KeyValue) {
    let value = vec![7; VALUE_BYTES_MAX];
    let pending: Vec<_> = (0..10).map(|i| kv.put("profile", &format!("k{i}"), &value)).collect();
    for write in pending {
        write.wait().unwrap();
    }
    let first = kv.scan("profile", "", None, 100).unwrap();
    assert_eq!(first.entries.len(), PAGE_BYTES_MAX / VALUE_BYTES_MAX);
    let rest = kv.scan("profile", "", first.next.as_deref(), 100).unwrap();
    assert_eq!((first.entries.len() + rest.entries.len(), rest.next), (10, None));
}

fn what_is_too_large_is_refused_with_its_bound(kv: &dyn KeyValue) {
    let key = "k".repeat(KEY_BYTES_MAX + 1);
    let value = vec![0; VALUE_BYTES_MAX + 1];
    assert!(matches!(kv.get("profile", &key), Err(ReadError::TooLarge { max: KEY_BYTES_MAX, .. })));
    assert!(matches!(kv.put("profile", &key, b"").wait(), Err(WriteError::TooLarge { max: KEY_BYTES_MAX, .. })));
    assert!(matches!(kv.delete("profile", &key).wait(), Err(WriteError::TooLarge { max: KEY_BYTES_MAX, .. })));
    let found = VALUE_BYTES_MAX + 1;
    assert!(matches!(kv.put("profile", "k", &value).wait(), Err(WriteError::TooLarge { found: f, .. }) if f == found));
    let swapped = kv.compare_and_swap("profile", "k", None, &value).wait();
    assert!(matches!(swapped, Err(WriteError::TooLarge { max: VALUE_BYTES_MAX, .. })));
    assert!(matches!(kv.scan("profile", "", None, 1001), Err(ReadError::TooLarge { max: SCAN_LIMIT_MAX, .. })));
    let keys = vec!["k"; READ_KEYS_MAX + 1];
    assert!(matches!(kv.get_many("profile", &keys), Err(ReadError::TooLarge { max: READ_KEYS_MAX, .. })));
    put(kv, "profile", &key[1..], &value[1..]);
}

fn usage_counts_keys_and_values(kv: &dyn KeyValue) {
    put(kv, "profile", "abc", b"12345");
    put(kv, "profile", "d", b"");
    assert_eq!(kv.usage("profile").unwrap(), Space { entries: 2, bytes: 9 });
    put(kv, "profile", "abc", b"1");
    assert_eq!(kv.usage("profile").unwrap(), Space { entries: 2, bytes: 5 });
}

fn bounded(key: &str, value: &[u8], max: u64) -> Write {
    Write { bytes_max: Some(max), ..Write::new(key, Change::Put { value: value.to_vec() }) }
}

fn a_write_beyond_its_bound_changes_nothing(kv: &dyn KeyValue) {
    kv.write("profile", bounded("a", b"12345678", 10)).wait().unwrap();
    let refused = kv.write("profile", bounded("b", b"1", 10)).wait();
    assert!(matches!(refused, Err(WriteError::Quota { max: 10, .. })), "{refused:?}");
    assert_eq!(kv.get("profile", "b").unwrap(), None);
    kv.write("profile", bounded("a", b"123456789", 10)).wait().unwrap();
    kv.write("profile", bounded("a", b"12", 1)).wait().expect("shrinking is taken even above the bound");
    kv.write("session", bounded("a", b"12345678", 10)).wait().expect("another namespace has its own bound");
}

fn writers_at_once_stay_within_the_bound_together(kv: &dyn KeyValue) {
    let taken: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                scope.spawn(move || {
                    let write = |i: i32| kv.write("profile", bounded(&format!("{writer}{i}"), b"12345678", 100));
                    let pending: Vec<_> = (0..9).map(write).collect();
                    pending.into_iter().filter_map(|p| p.wait().ok()).count()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(taken, 10);
    assert_eq!(kv.usage("profile").unwrap(), Space { entries: 10, bytes: 100 });
}

fn add(kv: &dyn KeyValue, key: &str, by: i64) -> Result<i64, WriteError> {
    kv.write("session", Write::new(key, Change::Add { by })).wait().map(|written| written.number)
}

fn append(kv: &dyn KeyValue, key: &str, value: &[u8]) -> i64 {
    kv.write("session", Write::new(key, Change::Append { value: value.to_vec() })).wait().unwrap().number
}

fn keys(kv: &dyn KeyValue, prefix: &str) -> Vec<String> {
    kv.scan("session", prefix, None, 1000).unwrap().entries.into_iter().map(|entry| entry.key).collect()
}

fn put_for(kv: &dyn KeyValue, key: &str, ttl_ms: u64) -> u64 {
    let write = Write { ttl_ms: Some(ttl_ms), ..Write::new(key, Change::Put { value: b"x".to_vec() }) };
    kv.write("session", write).wait().unwrap().revision
}

fn a_counter_adds_up_whoever_adds(kv: &dyn KeyValue, _: &Time) {
    std::thread::scope(|scope| {
        for by in [1, 2, -1] {
            scope.spawn(move || (0..50).for_each(|_| assert!(add(kv, "clicks", by).is_ok())));
        }
    });
    assert_eq!(kv.get("session", "clicks").unwrap().unwrap().number(), Some(100));
    assert_eq!(add(kv, "clicks", -100).unwrap(), 0);
    assert_eq!(kv.usage("session").unwrap(), Space { entries: 1, bytes: 6 + 8 });
}

fn a_sum_that_does_not_fit_changes_nothing(kv: &dyn KeyValue, _: &Time) {
    add(kv, "clicks", i64::MAX).unwrap();
    assert!(matches!(add(kv, "clicks", 1), Err(WriteError::Overflow { found: i64::MAX, by: 1 })));
    assert_eq!(kv.get("session", "clicks").unwrap().unwrap().number(), Some(i64::MAX));
}

fn what_is_no_number_is_not_added_to(kv: &dyn KeyValue, _: &Time) {
    put(kv, "session", "name", b"ada");
    assert!(matches!(add(kv, "name", 1), Err(WriteError::Kind { asked: "add", .. })));
    assert_eq!(kv.get("session", "name").unwrap().unwrap().value, b"ada");
}

fn records_of_a_log_are_in_the_order_in_which_they_came(kv: &dyn KeyValue, time: &Time) {
    for number in 0..20_u8 {
        append(kv, "ada/", &[number]);
        append(kv, "bob/", &[number]);
        // Whatever the clock does.
        time.pass(i64::from(number % 7) - 3);
    }
    let page = kv.scan("session", "ada/", None, 1000).unwrap();
    let values: Vec<u8> = page.entries.iter().map(|entry| entry.value[0]).collect();
    assert_eq!(values, (0..20).collect::<Vec<u8>>());
    assert_eq!(keys(kv, "").len(), 40);
    let longest = "k".repeat(KEY_BYTES_MAX - PLACE_BYTES);
    append(kv, &longest, b"x");
    let longer = kv.write("session", Write::new(longest + "k", Change::Append { value: Vec::new() })).wait();
    assert!(matches!(longer, Err(WriteError::TooLarge { .. })), "{longer:?}");
}

fn a_log_reads_from_a_time_on(kv: &dyn KeyValue, time: &Time) {
    let mut times = Vec::new();
    for number in 0..10_u8 {
        times.push(append(kv, "ada/", &[number]));
        time.pass(1_000);
    }
    let told: Vec<i64> = keys(kv, "ada/").iter().map(|key| log_time_ms(key).unwrap()).collect();
    assert_eq!(told, times);
    let from = format!("ada/{:012x}", times[4]);
    let page = kv.scan("session", "ada/", Some(&from), 1000).unwrap();
    assert_eq!(page.entries.iter().map(|entry| entry.value[0]).collect::<Vec<_>>(), [4, 5, 6, 7, 8, 9]);
}

fn what_has_expired_is_not_there(kv: &dyn KeyValue, time: &Time) {
    let revision = put_for(kv, "a", 1_000);
    put(kv, "session", "b", b"stays");
    time.pass(999);
    let entry = kv.get("session", "a").unwrap().unwrap();
    assert_eq!((entry.revision, entry.expires_ms), (revision, Some(kv.now_ms() + 1)));
    time.pass(1);
    assert_eq!(kv.get("session", "a").unwrap(), None);
    assert_eq!(kv.get_many("session", &["a", "b"]).unwrap()[0], None);
    assert_eq!(keys(kv, ""), ["b"]);
    let swapped = kv.compare_and_swap("session", "a", Some(revision), b"y").wait();
    assert!(matches!(swapped, Err(WriteError::Conflict { found: None })), "{swapped:?}");
    assert!(!kv.delete("session", "a").wait().unwrap().existed);
    assert!(kv.compare_and_swap("session", "a", None, b"y").wait().unwrap().revision > revision);
    assert_eq!(keys(kv, ""), ["a", "b"]);
    assert_eq!(kv.usage("session").unwrap(), Space { entries: 2, bytes: 8 });
}

fn what_is_written_again_lives_on(kv: &dyn KeyValue, time: &Time) {
    put_for(kv, "a", 1_000);
    put_for(kv, "b", 1_000);
    time.pass(500);
    put_for(kv, "a", 1_000);
    put(kv, "session", "b", b"for ever");
    time.pass(999);
    assert_eq!(keys(kv, ""), ["a", "b"]);
    time.pass(1_000_000);
    assert_eq!(keys(kv, ""), ["b"]);
}

#[derive(Debug, Clone)]
enum Step {
    Put(&'static str, String, Vec<u8>),
    Swap(&'static str, String, bool, Vec<u8>),
    Delete(&'static str, String),
    Scan(&'static str, String, Option<String>, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let space = || prop::sample::select(SPACES.to_vec());
    let key = || "[ab]{0,3}";
    let value = || prop::collection::vec(any::<u8>(), 0..8);
    let step = prop_oneof![
        (space(), key(), value()).prop_map(|(s, k, v)| Step::Put(s, k, v)),
        (space(), key(), any::<bool>(), value()).prop_map(|(s, k, right, v)| Step::Swap(s, k, right, v)),
        (space(), key()).prop_map(|(s, k)| Step::Delete(s, k)),
        (space(), "[ab]{0,2}", prop::option::of(key()), 1..4usize).prop_map(|(s, p, a, n)| Step::Scan(s, p, a, n)),
    ];
    prop::collection::vec(step, 1..40)
}

fn it_does_what_a_map_does(kv: &dyn KeyValue) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&steps(), |steps| {
            // Every case begins with what the last one left, so that the model is emptied with the store.
            for space in SPACES {
                for entry in kv.scan(space, "", None, 1000).unwrap().entries {
                    kv.delete(space, &entry.key).wait().unwrap();
                }
            }
            let mut model: BTreeMap<(&str, String), (u64, Vec<u8>)> = BTreeMap::new();
            for step in steps {
                follow(kv, &mut model, step)?;
            }
            for space in SPACES {
                let held = model.iter().filter(|((s, _), _)| *s == space);
                let (entries, bytes) =
                    held.fold((0, 0), |(n, bytes), ((_, k), (_, v))| (n + 1, bytes + (k.len() + v.len()) as u64));
                prop_assert_eq!(kv.usage(space).unwrap(), Space { entries, bytes });
            }
            Ok(())
        })
        .unwrap();
}

fn follow(
    kv: &dyn KeyValue,
    model: &mut BTreeMap<(&'static str, String), (u64, Vec<u8>)>,
    step: Step,
) -> Result<(), TestCaseError> {
    match step {
        Step::Put(space, key, value) => {
            let revision = put(kv, space, &key, &value);
            model.insert((space, key), (revision, value));
        }
        Step::Swap(space, key, right, value) => {
            let found = model.get(&(space, key.clone())).map(|(revision, _)| *revision);
            let expected = if right { found } else { found.map_or(Some(1), |_| None) };
            match kv.compare_and_swap(space, &key, expected, &value).wait() {
                Ok(written) => {
                    prop_assert!(right);
                    model.insert((space, key), (written.revision, value));
                }
                Err(WriteError::Conflict { found: at }) => prop_assert!(!right && at == found),
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
        }
        Step::Delete(space, key) => {
            let existed = kv.delete(space, &key).wait().unwrap().existed;
            prop_assert_eq!(existed, model.remove(&(space, key)).is_some());
        }
        Step::Scan(space, prefix, after, limit) => {
            let page = kv.scan(space, &prefix, after.as_deref(), limit).unwrap();
            let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded((space, after)));
            let mut expected = model
                .range((start, Bound::Unbounded))
                .filter(|((s, key), _)| *s == space && key.starts_with(&prefix))
                .map(|((_, key), (revision, value))| (key.clone(), *revision, value.clone()));
            let head: Vec<_> = expected.by_ref().take(limit).collect();
            let next = expected.next().and_then(|_| head.last().map(|(key, ..)| key.clone()));
            let found: Vec<_> = page.entries.into_iter().map(|e| (e.key, e.revision, e.value)).collect();
            prop_assert_eq!((found, page.next), (head, next));
        }
    }
    Ok(())
}

/// What a step comes to, as text.
fn told(kv: &dyn KeyValue, step: &Step) -> String {
    let write = |done: greenroom_memory::Pending<_, WriteError>| format!("{:?}", done.wait());
    match step {
        Step::Put(space, key, value) => write(kv.put(space, key, value)),
        Step::Swap(space, key, right, value) => {
            let found = kv.get(space, key).unwrap().map(|entry| entry.revision);
            let expected = if *right { found } else { found.map_or(Some(1), |_| None) };
            write(kv.compare_and_swap(space, key, expected, value))
        }
        Step::Delete(space, key) => write(kv.delete(space, key)),
        Step::Scan(space, prefix, after, limit) => format!("{:?}", kv.scan(space, prefix, after.as_deref(), *limit)),
    }
}

/// All that it holds.
fn held(kv: &dyn KeyValue) -> String {
    let space = |space| (kv.usage(space).unwrap(), kv.scan(space, "", None, 1000).unwrap());
    format!("{:?} {:?}", kv.revision().unwrap(), SPACES.map(space))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_overlay_answers_as_the_store_would_and_leaves_it_as_it_was(before in steps(), after in steps()) {
        let (store, below) = (in_memory(), in_memory());
        for step in &before {
            prop_assert_eq!(told(&*store, step), told(&*below, step));
        }
        let was = held(&*below);
        // So small that some writes do not fit.
        let quotas = |kv| Namespaces::new(kv, declared(NamespaceKind::Kv, 24));
        let (store, overlay) = (quotas(store), quotas(over(Arc::clone(&below))));
        for step in &after {
            prop_assert_eq!(told(&store, step), told(&overlay, step), "{:?}", step);
        }
        prop_assert_eq!(held(&store), held(&overlay));
        prop_assert_eq!(held(&*below), was);
    }
}

#[test]
fn an_overlay_sees_what_is_written_below_where_it_has_written_nothing() {
    let below = in_memory();
    let kv = over(Arc::clone(&below));
    put(&*kv, "profile", "a", b"here");
    let last = put(&*below, "profile", "a", b"below").max(put(&*below, "profile", "b", b"below"));
    let values: Vec<_> = kv.get_many("profile", &["a", "b"]).unwrap().into_iter().map(|e| e.unwrap().value).collect();
    assert_eq!(values, [b"here".as_slice(), b"below"]);
    assert!(put(&*kv, "profile", "b", b"here") > last, "newer than whatever it has read");
}

#[test]
fn a_namespace_that_was_not_declared_does_not_exist() {
    let kv = with_quotas(in_memory());
    assert!(matches!(kv.get("secrets", "k"), Err(ReadError::NotFound { .. })));
    assert!(matches!(kv.scan("secrets", "", None, 1), Err(ReadError::NotFound { .. })));
    assert!(matches!(kv.usage("secrets"), Err(ReadError::NotFound { .. })));
    assert!(matches!(kv.put("secrets", "k", b"").wait(), Err(WriteError::NotFound { .. })));
}

#[test]
fn a_restart_forgets_nothing_of_a_quota() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Namespaces::new(Store::open(dir.path()).unwrap().kv(), declared(NamespaceKind::Kv, 10));
    open().put("profile", "a", b"1234567").wait().unwrap();
    let kv = open();
    assert!(matches!(kv.put("profile", "b", b"12").wait(), Err(WriteError::Quota { max: 10, .. })));
    kv.put("profile", "b", b"1").wait().unwrap();
}

#[test]
fn a_namespace_takes_what_its_kind_is_for() {
    let kinds = [("profile", NamespaceKind::Kv), ("session", NamespaceKind::Counter), ("profile2", NamespaceKind::Log)];
    let declared = kinds.map(|(name, kind)| (name.to_owned(), Declared { kind, ..Declared::default() }));
    let kv = Namespaces::new(in_memory(), declared.into());
    let changes = [
        (NamespaceKind::Kv, Change::Put { value: Vec::new() }),
        (NamespaceKind::Kv, Change::Swap { expected: None, value: Vec::new() }),
        (NamespaceKind::Counter, Change::Add { by: 1 }),
        (NamespaceKind::Log, Change::Append { value: Vec::new() }),
    ];
    for (name, kind) in kinds {
        for (place, (of, change)) in changes.iter().enumerate() {
            let done = kv.write(name, Write::new(format!("k{place}"), change.clone())).wait();
            match done {
                Ok(_) => assert_eq!(kind, *of),
                Err(WriteError::Kind { holds, .. }) => assert!(holds == kind && kind != *of),
                Err(other) => panic!("{other}"),
            }
        }
        kv.delete(name, "k0").wait().unwrap();
    }
}

#[test]
fn what_is_written_stays_as_long_as_its_namespace_says() {
    let time = Time::new();
    let hour = 3_600_000;
    let session = Declared { retention_ms: Some(hour), ..Declared::default() };
    let kv = Namespaces::new(in_memory_at(&time), [("session".to_owned(), session)].into());
    put(&kv, "session", "a", b"x");
    put_for(&kv, "shorter", 1_000);
    put_for(&kv, "longer", 2 * hour);
    time.pass(1_000);
    assert_eq!(keys(&kv, ""), ["a", "longer"]);
    time.pass(hour.cast_signed());
    assert!(keys(&kv, "").is_empty());
}

/// Also over a restart, and it is told as a change.
#[test]
fn what_has_expired_gives_back_its_room() {
    let (dir, time) = (tempfile::tempdir().unwrap(), Time::new());
    let store = Store::open_with(dir.path(), &time.settings()).unwrap();
    let kv = store.kv();
    for number in 0..600 {
        drop(kv.write(
            "session",
            Write { ttl_ms: Some(1_000), ..Write::new(format!("{number:03}"), Change::Add { by: 1 }) },
        ));
    }
    put(&*kv, "session", "stays", b"x");
    let before = store.kv().cursor().unwrap();
    let emptied = |kv: &dyn KeyValue| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while kv.usage("session").unwrap().entries > 1 {
            assert!(std::time::Instant::now() < until, "{:?}", kv.usage("session"));
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    drop((kv, store));
    time.pass(1_000);
    let store = Store::open_with(dir.path(), &time.settings()).unwrap();
    emptied(&*store.kv());
    assert_eq!(store.kv().usage("session").unwrap(), Space { entries: 1, bytes: 6 });
    let told = store.kv().changes(Some(before), 1_000, &|_| true).unwrap().changes;
    assert_eq!(told.len(), 600);
    assert!(told.iter().all(|change| change.removed && change.namespace == "session"));
    assert_eq!(store.check().unwrap().faults, Vec::<String>::new());
}

#[test]
fn a_pinned_one_reads_as_it_was_until_it_writes() {
    let (dir, time) = (tempfile::tempdir().unwrap(), Time::new());
    let kv = in_file(&dir, &time);
    put(&*kv, "profile", "a", b"1");
    put(&*kv, "session", "a", b"1");
    put_for(&*kv, "brief", 1_000);
    let pinned = kv.pinned().unwrap();
    put(&*kv, "profile", "a", b"2");
    put(&*kv, "profile", "b", b"2");
    kv.delete("session", "a").wait().unwrap();
    time.pass(2_000);
    // Also with what the other reads have left in the cache, and with what these leave for them.
    for _ in 0..2 {
        assert_eq!(pinned.get("profile", "a").unwrap().unwrap().value, b"1");
        assert_eq!(pinned.get_many("profile", &["b", "a"]).unwrap()[0], None);
        assert_eq!(pinned.get("session", "a").unwrap().unwrap().value, b"1");
        assert_eq!(keys(&*pinned, ""), ["a", "brief"]);
        assert_eq!(pinned.usage("profile").unwrap().entries, 1);
        assert_eq!(kv.get("profile", "a").unwrap().unwrap().value, b"2");
        assert_eq!(kv.get_many("profile", &["b", "a"]).unwrap()[0].as_ref().unwrap().value, b"2");
        assert_eq!(kv.get("session", "a").unwrap(), None);
    }
    let refused = pinned.compare_and_swap("profile", "a", Some(1), b"3").wait();
    let Err(WriteError::Conflict { found: Some(found) }) = refused else { panic!("{refused:?}") };
    let entry = pinned.get("profile", "a").unwrap().unwrap();
    assert_eq!((entry.value.as_slice(), entry.revision), (b"2".as_slice(), found), "who was refused can try again");
    pinned.compare_and_swap("profile", "a", Some(found), b"3").wait().unwrap();
    assert_eq!(pinned.scan("profile", "", None, 10).unwrap().entries[0].value, b"3");
    assert_eq!(pinned.get("session", "a").unwrap().unwrap().value, b"1", "another namespace is as it was");
}

/// Two keys are written together, one after the other; a reader that holds a moment sees them as they were then, with all that
/// the cache and the file get to hold meanwhile.
#[test]
fn pinned_reads_hold_under_writes() {
    let (dir, time) = (tempfile::tempdir().unwrap(), Time::new());
    let kv = in_file(&dir, &time);
    let number =
        |kv: &dyn KeyValue, key: &str| kv.get("session", key).unwrap().map_or(0, |entry| entry.number().unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let pinned = kv.pinned().unwrap();
                    let seen = ["first", "second"].map(|key| number(&*pinned, key));
                    for _ in 0..20 {
                        assert!(number(&*kv, "second") >= seen[1]);
                        assert_eq!(["first", "second"].map(|key| number(&*pinned, key)), seen);
                    }
                    assert!(seen[1] <= seen[0] && seen[0] <= seen[1] + 1, "{seen:?}");
                }
            });
        }
        for _ in 0..400 {
            add(&*kv, "first", 1).unwrap();
            add(&*kv, "second", 1).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_was_written_by_a_later_version_or_as_another_kind_is_not_taken_for_something_else() {
    let kv = in_memory();
    let declared = |kind, schema| -> BTreeMap<String, Declared> {
        let of = |name: &str| (name.to_owned(), Declared { kind, schema, bytes_max: Some(4), ..Declared::default() });
        [of("profile"), of("session")].into()
    };
    let misfits = |kind, schema| match check_declared(&*kv, &declared(kind, schema)) {
        Err(DeclareError::Misfits(misfits)) => misfits,
        other => panic!("{other:?}"),
    };
    let (plain, counter) = (NamespaceKind::Kv, NamespaceKind::Counter);
    keep_declared(&*kv, &declared(counter, 9)).unwrap();
    assert_eq!(check_declared(&*kv, &declared(plain, 1)).unwrap(), Vec::<String>::new(), "nothing is in them");
    keep_declared(&*kv, &declared(plain, 2)).unwrap();
    put(&*kv, "profile", "ada", b"1");
    put(&*kv, "session", "ada", b"12");
    let notes = check_declared(&*kv, &declared(plain, 3)).unwrap();
    assert!(notes.len() == 1 && notes[0].contains("holds 5 bytes, more than its quota of 4"), "{notes:?}");
    keep_declared(&*kv, &declared(plain, 3)).unwrap();
    // Whoever went back to an older graph did not make older values of them.
    keep_declared(&*kv, &declared(plain, 1)).unwrap();
    let both = |of: &dyn Fn(&str) -> Misfit| ["profile", "session"].map(of).to_vec();
    assert_eq!(misfits(plain, 2), both(&|name| Misfit::Schema { namespace: name.to_owned(), found: 3, declared: 2 }));
    let kind = |name: &str| Misfit::Kind { namespace: name.to_owned(), found: plain, declared: counter, keys: 1 };
    assert_eq!(misfits(counter, 3), both(&kind));
    assert_eq!(misfits(counter, 1).len(), 4, "all of them at once");
}
