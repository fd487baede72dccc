//! Each key behaves as if all that is done to it happened one after another, on each backend.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod linear;
mod nats;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use greenroom_memory::{
    JetStream, JetStreamSettings, KeyValue, KeyedEntry, Overlay, Pending, Store, WriteError, Written,
};

use crate::linear::{Answer, Did, Done, is_linearizable};
use crate::nats::{Server, bucket, shared};

const KEYS: [&str; 3] = ["a", "ab", "b"];

/// What all threads share: moments and values that nobody else has.
#[derive(Default)]
struct Numbers {
    moment: AtomicU64,
    value: AtomicU64,
}

impl Numbers {
    fn moment(&self) -> u64 {
        self.moment.fetch_add(1, Ordering::SeqCst)
    }

    fn value(&self) -> u64 {
        self.value.fetch_add(1, Ordering::SeqCst)
    }
}

/// Numbers that are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

type Histories = BTreeMap<&'static str, Vec<Done>>;

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap())
}

/// Keys with the revision and the value of each that is there.
type Seen = Vec<(&'static str, Option<(u64, u64)>)>;

/// The keys as one read has seen them; none when it could not be made.
fn read(kv: &dyn KeyValue, kind: u64, key: &'static str) -> Option<Seen> {
    let seen = |entry: greenroom_memory::Entry| (entry.revision, number(&entry.value));
    match kind {
        0 => Some(vec![(key, kv.get("profile", key).ok()?.map(seen))]),
        1 => Some(
            KEYS.into_iter().zip(kv.get_many("profile", &KEYS).ok()?.into_iter().map(|one| one.map(seen))).collect(),
        ),
        _ => {
            let page = kv.scan("profile", "", None, 10).ok()?;
            let of = |key| page.entries.iter().find(|entry: &&KeyedEntry| entry.key == key);
            Some(KEYS.map(|key| (key, of(key).map(|entry| (entry.revision, number(&entry.value))))).to_vec())
        }
    }
}

/// What one thread does, and what it saw.
fn work(kv: &dyn KeyValue, seed: u64, numbers: &Numbers, goes_on: &dyn Fn(u64) -> bool) -> Histories {
    let mut random = Random(seed);
    let mut histories = Histories::new();
    let mut seen: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    let mut steps = 0;
    while goes_on(steps) {
        steps += 1;
        let key = KEYS[usize::try_from(random.below(3)).unwrap()];
        let began = numbers.moment();
        let value = numbers.value();
        let bytes = value.to_le_bytes();
        let (did, pending): (Did, Pending<Written, WriteError>) = match random.below(10) {
            0..=3 => {
                let Some(found) = read(kv, random.below(3), key) else { continue };
                let ended = numbers.moment();
                for (key, found) in found {
                    seen.insert(key, found.map(|(revision, _)| revision));
                    let done = Done { began, ended, did: Did::Read(found), answer: None };
                    histories.entry(key).or_default().push(done);
                }
                continue;
            }
            4 | 5 => (Did::Put(value), kv.put("profile", key, &bytes)),
            6..=8 => {
                let expected = seen.get(key).copied().flatten();
                (Did::Swap(expected, value), kv.compare_and_swap("profile", key, expected, &bytes))
            }
            _ => (Did::Delete, kv.delete("profile", key)),
        };
        let answer = match pending.wait() {
            Ok(Written { existed: false, .. }) if did == Did::Delete => {
                Answer::Written { revision: None, existed: false }
            }
            Ok(Written { revision, existed, .. }) => Answer::Written { revision: Some(revision), existed },
            Err(WriteError::Conflict { found }) => Answer::Conflict(found),
            Err(WriteError::Unavailable(_)) => Answer::Unknown,
            Err(other) => panic!("{other}"),
        };
        seen.insert(
            key,
            match answer {
                Answer::Written { revision, .. } if did != Did::Delete => revision,
                Answer::Conflict(found) => found,
                _ => None,
            },
        );
        let ended = numbers.moment();
        histories.entry(key).or_default().push(Done { began, ended, did, answer: Some(answer) });
    }
    histories
}

/// Works on hosts from several threads and checks each key; how much was done and how much of it is unknown.
fn check(
    hosts: &[&dyn KeyValue],
    seed: u64,
    goes_on: &(dyn Fn(u64) -> bool + Sync),
    meanwhile: impl FnOnce(),
) -> (usize, usize) {
    let numbers = Numbers::default();
    let all: Vec<Histories> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let (kv, numbers) = (hosts[usize::try_from(thread).unwrap() % hosts.len()], &numbers);
                scope.spawn(move || work(kv, seed * 100 + thread, numbers, goes_on))
            })
            .collect();
        meanwhile();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (mut done, mut unknown) = (0, 0);
    for key in KEYS {
        let history: Vec<Done> = all.iter().filter_map(|one| one.get(key)).flatten().copied().collect();
        done += history.len();
        unknown += history.iter().filter(|done| done.answer == Some(Answer::Unknown)).count();
        assert!(is_linearizable(&history), "seed {seed}, key {key}: {history:#?}");
    }
    (done, unknown)
}

fn steps(count: u64) -> impl Fn(u64) -> bool + Sync {
    move |step| step < count
}

#[test]
fn a_file_is_linearizable() {
    for seed in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        check(&[&*Store::open(dir.path()).unwrap().kv()], seed, &steps(150), || ());
    }
}

#[test]
fn memory_is_linearizable() {
    for seed in 0..20 {
        check(&[&*Store::in_memory().unwrap().kv()], seed, &steps(150), || ());
    }
}

#[test]
fn an_overlay_is_linearizable() {
    for seed in 0..20 {
        let below: Arc<dyn KeyValue> = Store::in_memory().unwrap().kv();
        check(&[&Overlay::over(below)], seed, &steps(150), || ());
    }
}

#[test]
fn two_hosts_on_a_server_are_linearizable() {
    for seed in 0..8 {
        let settings = shared().settings(&bucket());
        let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
        let (_, unknown) = check(&[&hosts[0], &hosts[1]], seed, &steps(120), || ());
        assert_eq!(unknown, 0);
    }
}

#[test]
fn two_hosts_on_a_server_that_is_killed_are_linearizable() {
    let mut server = Server::start("");
    for seed in 0..4 {
        let settings = JetStreamSettings { wait_ms: 800, ..server.settings(&format!("b{seed}")) };
        let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
        let stop = AtomicBool::new(false);
        let goes_on = |_| !stop.load(Ordering::Relaxed);
        let counts = check(&[&hosts[0], &hosts[1]], seed, &goes_on, || {
            for pause in [0, 1_200] {
                std::thread::sleep(Duration::from_millis(150));
                server.kill();
                std::thread::sleep(Duration::from_millis(pause));
                server.again();
            }
            std::thread::sleep(Duration::from_millis(300));
            stop.store(true, Ordering::Relaxed);
        });
        println!("seed {seed}: {} done, {} unknown", counts.0, counts.1);
    }
}

#[test]
fn two_hosts_on_a_cluster_whose_servers_are_killed_one_by_one_are_linearizable() {
    let mut servers = Server::cluster();
    let all: Vec<String> = servers.iter().flat_map(|server| server.settings("b").servers).collect();
    let settings = JetStreamSettings {
        servers: all,
        replicas: 3,
        wait_ms: 60_000,
        bucket: "b".to_owned(),
        ..JetStreamSettings::default()
    };
    drop(JetStream::connect(&settings).unwrap());
    let settings = JetStreamSettings { wait_ms: 5_000, ..settings };
    let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
    let before = hosts[0].cursor().unwrap();
    let stop = AtomicBool::new(false);
    let goes_on = |_| !stop.load(Ordering::Relaxed);
    let counts = check(&[&hosts[0], &hosts[1]], 1, &goes_on, || {
        for server in &mut servers {
            std::thread::sleep(Duration::from_millis(300));
            server.kill();
            std::thread::sleep(Duration::from_millis(1_500));
            server.again();
            // As long as two of three are there, it works: the one that is back catches up first.
            std::thread::sleep(Duration::from_secs(5));
        }
        stop.store(true, Ordering::Relaxed);
    });
    println!("{} done, {} unknown", counts.0, counts.1);
    // It is the same store, whoever leads it, and of each key the last change is told.
    for kv in &hosts {
        let (mut cursor, mut told) = (before, BTreeMap::new());
        loop {
            let found = kv.changes(Some(cursor), 1_000, &|_| true).unwrap();
            told.extend(found.changes.into_iter().map(|change| (change.key, (change.revision, change.removed))));
            cursor = found.cursor;
            if !found.more {
                break;
            }
        }
        told.retain(|_, (_, removed)| !*removed);
        let there = kv.scan("profile", "", None, 10).unwrap().entries.into_iter();
        assert_eq!(told, there.map(|entry| (entry.key, (entry.revision, false))).collect());
    }
}

fn done(began: u64, ended: u64, did: Did, answer: Option<Answer>) -> Done {
    Done { began, ended, did, answer }
}

fn put(began: u64, ended: u64, value: u64, revision: u64, existed: bool) -> Done {
    done(began, ended, Did::Put(value), Some(Answer::Written { revision: Some(revision), existed }))
}

fn saw(began: u64, ended: u64, revision: u64, value: u64) -> Done {
    done(began, ended, Did::Read(Some((revision, value))), None)
}

fn saw_nothing(began: u64, ended: u64) -> Done {
    done(began, ended, Did::Read(None), None)
}

fn unknown(began: u64, did: Did) -> Done {
    done(began, began + 1, did, Some(Answer::Unknown))
}

fn swap(began: u64, ended: u64, expected: Option<u64>, value: u64, answer: Answer) -> Done {
    done(began, ended, Did::Swap(expected, value), Some(answer))
}

fn wrote(revision: u64, existed: bool) -> Answer {
    Answer::Written { revision: Some(revision), existed }
}

#[test]
fn histories_that_could_have_happened_are_taken() {
    let delete = |began, ended, revision| {
        done(began, ended, Did::Delete, Some(Answer::Written { revision, existed: revision.is_some() }))
    };
    let histories = [
        vec![],
        vec![
            saw_nothing(0, 1),
            put(2, 3, 1, 1, false),
            saw(4, 5, 1, 1),
            delete(6, 7, Some(2)),
            saw_nothing(8, 9),
            delete(10, 11, None),
        ],
        // While it is put, one reader sees it and one does not.
        vec![put(0, 9, 1, 1, false), saw_nothing(1, 3), saw(4, 6, 1, 1)],
        // Whoever swaps later is told what is there.
        vec![
            put(0, 1, 1, 1, false),
            swap(2, 9, Some(1), 2, wrote(2, true)),
            swap(2, 9, Some(1), 3, Answer::Conflict(Some(2))),
            saw(10, 11, 2, 2),
        ],
        // What nobody knew of may have happened, also much later, or not.
        vec![unknown(0, Did::Put(1)), saw_nothing(4, 5), saw(6, 7, 1, 1)],
        vec![unknown(0, Did::Put(1)), saw_nothing(4, 5)],
        // A conflict with what nobody has read.
        vec![unknown(0, Did::Put(1)), swap(4, 5, None, 2, Answer::Conflict(Some(7)))],
        vec![put(0, 1, 1, 1, false), unknown(2, Did::Delete), saw(4, 5, 1, 1), saw_nothing(6, 7)],
    ];
    for history in histories {
        assert!(is_linearizable(&history), "{history:#?}");
    }
}

#[test]
fn histories_that_could_not_have_happened_are_refused() {
    let histories = [
        // Nobody wrote it.
        vec![saw(0, 1, 1, 1)],
        // What was acknowledged is not read.
        vec![put(0, 1, 1, 1, false), saw_nothing(2, 3)],
        vec![put(0, 1, 1, 1, false), put(2, 3, 2, 2, true), saw(4, 5, 1, 1)],
        // What was read is gone again.
        vec![put(0, 9, 1, 1, false), saw(1, 2, 1, 1), saw_nothing(3, 4)],
        // Two win from one revision.
        vec![put(0, 1, 1, 1, false), swap(2, 9, Some(1), 2, wrote(2, true)), swap(2, 9, Some(1), 3, wrote(3, true))],
        // A conflict with what was expected.
        vec![put(0, 1, 1, 1, false), swap(2, 3, Some(1), 2, Answer::Conflict(Some(1)))],
        // A write that tells wrongly what was there.
        vec![put(0, 1, 1, 1, true)],
        vec![put(0, 1, 1, 1, false), done(2, 3, Did::Delete, Some(Answer::Written { revision: None, existed: false }))],
        // A revision that goes back, and one that two values had.
        vec![put(0, 1, 1, 5, false), put(2, 3, 2, 4, true)],
        vec![put(0, 1, 1, 5, false), saw(2, 3, 6, 1)],
        // What nobody knew of happens once.
        vec![unknown(0, Did::Put(1)), saw(4, 5, 1, 1), put(6, 7, 2, 2, true), saw(8, 9, 2, 2), saw(10, 11, 1, 1)],
        // An answer to what was never there.
        vec![swap(0, 1, Some(3), 1, wrote(4, true))],
    ];
    for history in histories {
        assert!(!is_linearizable(&history), "{history:#?}");
    }
}
