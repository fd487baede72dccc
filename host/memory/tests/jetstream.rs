//! A shared memory layer on a real server: two hosts on it, and a server that is killed under load.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use greenroom_kit::{Figure, quantile, report};
use greenroom_memory::{
    Change, Clock, Filter, Indexes, JetStream, JetStreamSettings, KeyValue, PutVector, Space, VALUE_BYTES_MAX, Vectors,
    Write, WriteError, log_time_ms,
};
use greenroom_model::{VectorMetric, VectorSpace};

use crate::nats::{Server, bucket, shared};

fn two() -> [JetStream; 2] {
    let settings = shared().settings(&bucket());
    [(); 2].map(|()| JetStream::connect(&settings).unwrap())
}

fn bounded(key: &str, value: &[u8], max: u64) -> Write {
    Write { bytes_max: Some(max), ..Write::new(key, Change::Put { value: value.to_vec() }) }
}

fn add(kv: &dyn KeyValue, key: &str, by: i64) -> Result<i64, WriteError> {
    kv.write("clicks", Write::new(key, Change::Add { by })).wait().map(|written| written.number)
}

fn append(kv: &dyn KeyValue, prefix: &str, value: &[u8]) -> String {
    let write = Write::new(prefix, Change::Append { value: value.to_vec() });
    let written = kv.write("log", write).wait().unwrap();
    greenroom_memory::log_key(prefix, written.number, written.revision)
}

#[test]
fn a_host_reads_scans_and_counts_what_another_one_was_acknowledged() {
    let [here, there] = two();
    for number in 0..50_u8 {
        let key = format!("k{number:02}");
        let revision = here.put("profile", &key, &[number]).wait().unwrap().revision;
        let entry = there.get("profile", &key).unwrap().unwrap();
        assert_eq!((entry.value.as_slice(), entry.revision), ([number].as_slice(), revision));
        let page = there.scan("profile", "", None, 1000).unwrap();
        assert_eq!(page.entries.len(), usize::from(number) + 1);
        assert_eq!(
            there.usage("profile").unwrap(),
            Space { entries: u64::from(number) + 1, bytes: 4 * (u64::from(number) + 1) }
        );
    }
    assert!(there.delete("profile", "k07").wait().unwrap().existed);
    assert_eq!(here.get("profile", "k07").unwrap(), None);
    assert_eq!(here.scan("profile", "k0", None, 1000).unwrap().entries.len(), 9);
    assert_eq!(here.revision().unwrap(), there.revision().unwrap());
    assert!(here.compare_and_swap("profile", "k07", None, b"back").wait().is_ok(), "a removal is no key");
}

#[test]
fn of_two_hosts_that_swap_from_one_revision_one_wins() {
    let [here, there] = two();
    let mut last = None;
    for round in 0..50_u8 {
        let swaps = [&here, &there].map(|kv| kv.compare_and_swap("profile", "k", last, &[round]));
        let done = swaps.map(greenroom_memory::Pending::wait);
        let won: Vec<u64> = done.iter().filter_map(|one| one.as_ref().ok()).map(|written| written.revision).collect();
        assert_eq!(won.len(), 1, "{done:?}");
        let lost = done.iter().find(|one| one.is_err()).unwrap();
        assert!(matches!(lost, Err(WriteError::Conflict { found: Some(found) }) if *found == won[0]), "{lost:?}");
        last = Some(won[0]);
    }
}

#[test]
fn hosts_that_add_at_once_add_up() {
    let hosts = two();
    std::thread::scope(|scope| {
        for kv in &hosts {
            for _ in 0..2 {
                scope.spawn(|| (0..50).for_each(|_| assert!(add(kv, "all", 1).is_ok())));
            }
        }
    });
    assert_eq!(hosts[0].get("clicks", "all").unwrap().unwrap().number(), Some(200));
}

#[test]
fn a_quota_holds_what_the_other_host_has_written() {
    let [here, there] = two();
    for number in 0..5 {
        here.write("profile", bounded(&format!("h{number}"), b"12345678", 100)).wait().unwrap();
        there.write("profile", bounded(&format!("t{number}"), b"12345678", 100)).wait().unwrap();
    }
    for kv in [&here, &there] {
        let refused = kv.write("profile", bounded("more", b"1", 100)).wait();
        assert!(matches!(refused, Err(WriteError::Quota { max: 100, .. })), "{refused:?}");
    }
    there.delete("profile", "h0").wait().unwrap();
    here.write("profile", bounded("more", b"123456", 100)).wait().unwrap();
    assert_eq!(there.usage("profile").unwrap().bytes, 100);
}

#[test]
fn a_record_is_read_and_deleted_by_its_key_and_not_written_again() {
    let [here, there] = two();
    let keys: Vec<String> = (0..10_u8).map(|number| append(&here, "ada/", &[number])).collect();
    assert!(keys.iter().all(|key| log_time_ms(key).is_some()));
    let page = there.scan("log", "ada/", None, 100).unwrap();
    assert_eq!(page.entries.iter().map(|entry| &entry.key).collect::<Vec<_>>(), keys.iter().collect::<Vec<_>>());
    assert_eq!(there.get("log", &keys[3]).unwrap().unwrap().value, [3]);
    let many: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert!(there.get_many("log", &many).unwrap().iter().all(Option::is_some));
    let again = there.put("log", &keys[3], b"x").wait();
    assert!(matches!(again, Err(WriteError::Kind { .. })), "{again:?}");
    assert!(there.delete("log", &keys[3]).wait().unwrap().existed);
    assert!(!here.delete("log", &keys[3]).wait().unwrap().existed);
    assert_eq!(here.get("log", &keys[3]).unwrap(), None);
    assert_eq!(here.scan("log", "", None, 100).unwrap().entries.len(), 9);
    assert_eq!(here.get("other", &keys[4]).unwrap(), None, "another namespace has no such record");
}

#[test]
fn any_text_is_a_key_and_the_longest_one_too() {
    let [here, there] = two();
    let longest = "é*".repeat(170);
    for key in ["", " ", ".", "a.b", "*", ">", "=", "=2e", "\u{0}\n\r", "🦀", &longest] {
        here.put("a.b *>", key, key.as_bytes()).wait().unwrap();
        assert_eq!(there.get("a.b *>", key).unwrap().unwrap().value, key.as_bytes(), "{key:?}");
    }
    assert_eq!(there.scan("a.b *>", "", None, 100).unwrap().entries.len(), 11);
    let (space, value) = ("é".repeat(64), vec![7; VALUE_BYTES_MAX]);
    let key = "é".repeat(256);
    here.put(&space, &key, &value).wait().unwrap();
    assert_eq!(there.get(&space, &key).unwrap().unwrap().value, value);
}

#[test]
fn a_host_that_comes_later_sees_all_that_was_written_before() {
    let settings = shared().settings(&bucket());
    let first = JetStream::connect(&settings).unwrap();
    let pending: Vec<_> = (0..500).map(|number| first.put("profile", &format!("{:03}", number % 300), b"x")).collect();
    pending.into_iter().for_each(|write| assert!(write.wait().is_ok()));
    for number in 0..100 {
        first.delete("profile", &format!("{number:03}")).wait().unwrap();
    }
    drop(first);
    let second = JetStream::connect(&settings).unwrap();
    let refused = second.write("profile", bounded("more", b"x", 800)).wait();
    assert!(matches!(refused, Err(WriteError::Quota { .. })), "{refused:?}");
    assert_eq!(second.usage("profile").unwrap(), Space { entries: 200, bytes: 800 });
    assert_eq!(second.scan("profile", "", None, 1000).unwrap().entries[0].key, "100");
}

#[test]
fn the_server_drops_what_has_expired() {
    let settings = shared().settings(&bucket());
    let kv = JetStream::connect(&settings).unwrap();
    let expiring = |key: &str| Write { ttl_ms: Some(1), ..Write::new(key, Change::Put { value: b"x".to_vec() }) };
    kv.write("session", expiring("a")).wait().unwrap();
    assert_eq!(kv.usage("session").unwrap(), Space::default());
    // A clock that stands still finds it there for as long as the server has it.
    let behind = JetStream::connect(&JetStreamSettings { clock: Clock::of(|| 0), ..settings }).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while behind.get("session", "a").unwrap().is_some() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(
        behind.scan("session", "", None, 10).unwrap().entries.len(),
        0,
        "what the feed did not tell of is found out"
    );
    assert!(behind.compare_and_swap("session", "a", None, b"y").wait().is_ok());
}

#[test]
fn a_full_stream_refuses_and_takes_removals() {
    let settings = JetStreamSettings { bytes_max: Some(64 << 10), ..shared().settings(&bucket()) };
    let kv = JetStream::connect(&settings).unwrap();
    let mut keys = Vec::new();
    let refused = loop {
        let key = format!("{}", keys.len());
        match kv.put("profile", &key, b"").wait() {
            Ok(_) => keys.push(key),
            Err(refused) => break refused,
        }
    };
    assert!(
        matches!(&refused, WriteError::Unavailable(why) if why.to_string().contains("full") && !why.is_full()),
        "{refused}"
    );
    let other = JetStream::connect(&settings).unwrap();
    for key in &keys {
        assert!(kv.delete("profile", key).wait().unwrap().existed);
    }
    assert_eq!(other.usage("profile").unwrap(), Space::default());
    assert!(keys.len() > 100, "{}", keys.len());
}

#[test]
fn a_full_queue_refuses_at_once_and_the_host_has_its_own() {
    let kv = JetStream::connect(&JetStreamSettings { queue_max: 2, ..shared().settings(&bucket()) }).unwrap();
    let value = vec![0; VALUE_BYTES_MAX];
    let pending: Vec<_> = (0..20).map(|number| kv.put("profile", &format!("{number}"), &value)).collect();
    kv.put("@host", "k", b"x").wait().unwrap();
    let done: Vec<_> = pending.into_iter().map(greenroom_memory::Pending::wait).collect();
    let full = |one: &Result<_, WriteError>| matches!(one, Err(WriteError::Unavailable(why)) if why.is_full());
    assert!(done[..2].iter().all(Result::is_ok) && done.iter().any(full), "{done:?}");
}

#[test]
fn it_may_be_read_and_dropped_on_a_thread_of_another_runtime() {
    let kv = nats::fresh(Clock::default());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        kv.put("profile", "k", b"x").await.unwrap();
        assert!(kv.get("profile", "k").unwrap().is_some());
        drop(kv);
    });
}

/// What was done to the keys of one thread, for what has to be there in the end.
#[derive(Default)]
struct Ledger {
    acknowledged: i64,
    unknown: i64,
    /// Each key with the values that it may have.
    keys: BTreeMap<String, Vec<Option<Vec<u8>>>>,
}

/// Swaps, puts, deletes and adds until it is told to stop; each thread has keys of its own beside the counters.
fn load(kv: &dyn KeyValue, thread: usize, done: &AtomicBool, last_success: &AtomicI64, began: Instant) -> Ledger {
    let mut ledger = Ledger::default();
    let mut round = 0_u64;
    while !done.load(Ordering::Relaxed) {
        round += 1;
        let key = format!("{thread}/{}", round % 7);
        let value = round.to_le_bytes().to_vec();
        let wrote = match round % 4 {
            0 => {
                let counted = add(kv, "all", 1);
                match &counted {
                    Ok(_) => ledger.acknowledged += 1,
                    Err(WriteError::Unavailable(_)) => ledger.unknown += 1,
                    Err(other) => panic!("{other}"),
                }
                counted.is_ok()
            }
            kind => {
                let (done, value) = match kind {
                    1 => (kv.put("profile", &key, &value).wait(), Some(value)),
                    2 => (kv.delete("profile", &key).wait(), None),
                    _ => {
                        let Ok(found) = kv.get("profile", &key) else { continue };
                        let expected = found.map(|entry| entry.revision);
                        (kv.compare_and_swap("profile", &key, expected, &value).wait(), Some(value))
                    }
                };
                let known = ledger.keys.entry(key).or_insert_with(|| vec![None]);
                match &done {
                    Ok(_) => *known = vec![value],
                    Err(WriteError::Unavailable(_)) => known.push(value),
                    // What nobody knew of was stored after all.
                    Err(WriteError::Conflict { .. }) if known.len() > 1 => {}
                    Err(other) => panic!("{other}"),
                }
                done.is_ok()
            }
        };
        if wrote {
            last_success.fetch_max(began.elapsed().as_micros().try_into().unwrap(), Ordering::Relaxed);
        }
    }
    ledger
}

#[test]
fn a_server_that_is_killed_under_load_loses_nothing_that_was_acknowledged_and_counts_nothing_twice() {
    const KILLS: usize = 6;
    let mut server = Server::start("");
    let settings = JetStreamSettings { wait_ms: 2_000, ..server.settings("b") };
    let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
    let (done, last_success, began) = (AtomicBool::new(false), AtomicI64::new(0), Instant::now());
    let mut recoveries = Vec::new();
    let ledgers: Vec<Ledger> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let (kv, done, last_success) = (&hosts[thread % 2], &done, &last_success);
                scope.spawn(move || load(kv, thread, done, last_success, began))
            })
            .collect();
        for kill in 0..KILLS {
            std::thread::sleep(Duration::from_millis(400));
            server.kill();
            // Some are over before a write gives up, some are not.
            std::thread::sleep(Duration::from_millis(if kill % 2 == 0 { 50 } else { 2_500 }));
            server.again();
            let back = i64::try_from(began.elapsed().as_micros()).unwrap();
            while last_success.load(Ordering::Relaxed) <= back {
                assert!(i64::try_from(began.elapsed().as_micros()).unwrap() - back < 15_000_000, "it does not recover");
                std::thread::sleep(Duration::from_millis(1));
            }
            recoveries.push((last_success.load(Ordering::Relaxed) - back) / 1_000);
            assert!(hosts[0].scan("profile", "", None, 100).is_ok(), "scans recover too");
            recoveries.push((i64::try_from(began.elapsed().as_micros()).unwrap() - back) / 1_000);
        }
        done.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    drop(hosts);
    let kv = JetStream::connect(&settings).unwrap();
    let (acknowledged, unknown) =
        ledgers.iter().fold((0, 0), |(known, unknown), one| (known + one.acknowledged, unknown + one.unknown));
    let sum = kv.get("clicks", "all").unwrap().unwrap().number().unwrap();
    println!("adds: {acknowledged} acknowledged, {unknown} unknown, {sum} counted");
    println!("ms from the server's greeting to the first write, and to a scan after it: {recoveries:?}");
    let wrong = (acknowledged - sum).max(sum - acknowledged - unknown).max(0);
    let longest = |place: usize| {
        let mut all: Vec<f64> =
            recoveries.chunks(2).map(|both| f64::from(i32::try_from(both[place]).unwrap())).collect();
        (quantile(&mut all, 1.0).0, quantile(&mut all, 0.5).1)
    };
    let lost = (f64::from(i32::try_from(wrong).unwrap()), 0.0);
    report(&[
        figure("memory.shared-wrong", "adds of a killed server lost or counted twice", lost, "adds", KILLS),
        figure("memory.shared-back", "greeting of a killed server to a write, longest", longest(0), "ms", KILLS),
        figure("memory.shared-back-scan", "the same to a scan after it", longest(1), "ms", KILLS),
    ]);
    assert!((acknowledged..=acknowledged + unknown).contains(&sum), "{acknowledged} <= {sum} <= +{unknown}");
    for (key, may_be) in ledgers.into_iter().flat_map(|ledger| ledger.keys) {
        let found = kv.get("profile", &key).unwrap().map(|entry| entry.value);
        assert!(may_be.contains(&found), "{key}: {found:?} is none of {may_be:?}");
    }
    let scanned = kv.scan("profile", "", None, 1000).unwrap();
    for entry in &scanned.entries {
        assert_eq!(kv.get("profile", &entry.key).unwrap().unwrap().revision, entry.revision);
    }
    assert_eq!(kv.usage("profile").unwrap().entries, scanned.entries.len() as u64);
}

#[test]
fn what_is_asked_while_the_server_is_away_says_so_in_time() {
    let mut server = Server::start("");
    let kv = Arc::new(JetStream::connect(&JetStreamSettings { wait_ms: 300, ..server.settings("b") }).unwrap());
    kv.put("profile", "k", b"x").wait().unwrap();
    server.kill();
    let began = Instant::now();
    assert!(kv.get("profile", "k").unwrap_err().to_string().contains("could not be read"));
    let refused = kv.put("profile", "k", b"y").wait();
    assert!(matches!(&refused, Err(WriteError::Unavailable(why)) if !why.is_full()), "{refused:?}");
    assert!(kv.usage("profile").is_err() && kv.revision().is_err());
    assert!(began.elapsed() < Duration::from_secs(20));
    server.again();
    let until = Instant::now() + Duration::from_secs(15);
    while kv.get("profile", "k").is_err() {
        assert!(Instant::now() < until);
    }
}

fn figure(
    id: &'static str,
    what: &'static str,
    (value, spread): (f64, f64),
    unit: &'static str,
    samples: usize,
) -> Figure {
    let better = if unit.ends_with("/s") { "higher" } else { "lower" };
    Figure { id, what, value, unit, better, target: None, baseline: None, samples: samples as u64, spread }
}

/// Figures for `make figures-memory`: no promise.
#[test]
fn what_a_read_and_a_write_take_on_this_machine() {
    const TIMES: usize = 300;
    let [kv, other] = two().map(|kv| -> Arc<dyn KeyValue> { Arc::new(kv) });
    let median = |id, what, work: &dyn Fn(usize)| {
        let mut times: Vec<f64> = (0..TIMES)
            .map(|number| {
                let began = Instant::now();
                work(number);
                began.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        println!("{what}: p99 {:.2} ms", quantile(&mut times, 0.99).0);
        figure(id, what, quantile(&mut times, 0.5), "ms", TIMES)
    };
    let value = [7; 256];
    let put = |key: &str| assert!(kv.put("profile", key, &value).wait().is_ok());
    let keys: Vec<String> = (0..100).map(|n| format!("{n:016}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let get = |n: usize| assert!(kv.get("profile", &format!("{n:016}")).unwrap().is_some());
    let many = |_| assert!(kv.get_many("profile", &keys).unwrap().iter().all(Option::is_some));
    let page = |_| assert_eq!(kv.scan("profile", "", None, 100).unwrap().entries.len(), 100);
    let mut figures = vec![
        median("memory.shared-put", "shared by hosts: a put", &|n| put(&format!("{n:016}"))),
        median("memory.shared-put-again", "a put of a key that is there", &|n| put(&format!("{n:016}"))),
        median("memory.shared-get", "a get", &get),
        median("memory.shared-get-many", "a get of 100", &many),
        median("memory.shared-scan", "a page of 100", &page),
        median("memory.shared-add", "an add", &|_| assert!(add(&*kv, "all", 1).is_ok())),
        median("memory.shared-append", "an append", &|_| drop(append(&*kv, "ada/", &value))),
        median("memory.shared-usage", "what a namespace holds", &|_| assert!(kv.usage("profile").is_ok())),
        median("memory.shared-cursor", "where changes are", &|_| assert!(kv.cursor().is_ok())),
    ];
    let cursor = kv.cursor().unwrap();
    let nothing = |_| assert!(kv.changes(Some(cursor), 100, &|_| true).unwrap().changes.is_empty());
    figures.push(median("memory.shared-changes-none", "changes where there are none", &nothing));
    let cursor = std::cell::Cell::new(cursor);
    let one = |n: usize| {
        assert!(other.put("profile", &format!("{n:016}"), &value).wait().is_ok());
        let found = kv.changes(Some(cursor.get()), 100, &|_| true).unwrap();
        assert_eq!(found.changes.len(), 1);
        cursor.set(found.cursor);
    };
    figures.push(median("memory.shared-changes-put", "a put of another host and its change", &one));
    let space = VectorSpace { dimension: 64, metric: VectorMetric::Cosine };
    let near = [kv.clone(), other.clone()]
        .map(|kv| Vectors::new(kv, &Indexes::default(), [("near".to_owned(), space)]).unwrap());
    let vector =
        |n: usize| (0..64).map(|place| f32::from(u16::try_from((n * 31 + place * 17) % 101).unwrap()) + 1.0).collect();
    let entry = |n: usize| PutVector { key: n.to_string(), vector: vector(n), ..PutVector::default() };
    near[0].put_many("near", &(0..1_000).map(entry).collect::<Vec<_>>()).unwrap();
    let nearest = |n: usize| assert_eq!(near[0].nearest("near", &vector(n), 10, &Filter::default()).unwrap().len(), 10);
    let after_put = |n: usize| {
        near[1].put("near", &entry(n)).unwrap();
        nearest(n);
    };
    figures.push(median("memory.shared-nearest", "the nearest 10 of 1,000", &nearest));
    figures.push(median("memory.shared-nearest-put", "a put of another host and the nearest 10", &after_put));
    let begins = greenroom_memory::Cursor { revision: 0, ..cursor.get() };
    let most = |_| assert_eq!(kv.changes(Some(begins), 1_000, &|_| true).unwrap().changes.len(), 1_000);
    figures.push(median("memory.shared-changes-many", "1,000 changes", &most));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..32 {
            let put = &put;
            scope.spawn(move || (0..50).for_each(|n| put(&format!("{thread}/{n}"))));
        }
    });
    let rate = (1600.0 / began.elapsed().as_secs_f64(), 0.0);
    figures.push(figure("memory.shared-put-32", "puts of 32 writers", rate, "writes/s", 1));
    report(&figures);
}
