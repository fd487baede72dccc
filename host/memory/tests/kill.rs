//! What was acknowledged survives a kill, and a batch is there whole or not at all. A child process writes and says so
//! on a pipe, it is killed in the middle of that, and what it left behind is checked, again and again on one file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use greenroom_memory::{DecisionRecord, Event, Store};
use greenroom_model::{Digest, EventKind, Generation};

const DIR: &str = "GREENROOM_TEST_DIR";
const ROUND: &str = "GREENROOM_TEST_ROUND";
const KILLS: u32 = 20;

/// Items and events of a batch.
const BATCH: u32 = 5;

fn decision(name: &str) -> DecisionRecord {
    DecisionRecord {
        request_id: name.to_owned(),
        subject: None,
        surface: String::new(),
        time_ms: 0,
        generation: Generation(1),
        plan: Digest::of(b"plan"),
        limit: 10,
        rows: (0..BATCH).collect(),
        scores: vec![0.0; BATCH as usize],
        nodes: Vec::new(),
        origins: Vec::new(),
        propensities: None,
        versions: Vec::new(),
        degraded: Vec::new(),
        traces: BTreeMap::new(),
    }
}

fn events(name: &str) -> Vec<Event> {
    (0..BATCH)
        .map(|row| Event {
            id: format!("{name}/{row}"),
            request_id: Some(name.to_owned()),
            subject: Some(row),
            row,
            kind: EventKind::Click,
            value: 1.0,
            event_time_ms: 0,
            receive_time_ms: 0,
            retracts: false,
        })
        .collect()
}

fn items(name: &str) -> Vec<String> {
    (0..BATCH).map(|place| format!("{name}/{place}")).collect()
}

fn write(store: &Store, name: &str) {
    store.log().append_decision(decision(name)).unwrap();
    let items = items(name);
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let put = store.kv().put("profile", name, name.as_bytes());
    let assigned = store.items().assign(&items);
    let appended = store.log().append_events(events(name));
    put.wait().unwrap();
    assigned.wait().unwrap();
    appended.wait().unwrap();
}

/// Only writes when the other test starts it.
#[test]
#[ignore = "the process that is killed"]
fn the_process_that_is_killed() {
    let (Some(dir), Ok(round)) = (std::env::var_os(DIR), std::env::var(ROUND)) else { return };
    let store = Store::open(&PathBuf::from(dir)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (store, round) = (&store, &round);
            scope.spawn(move || {
                for i in 0.. {
                    let name = format!("{round}-{thread}-{i}");
                    write(store, &name);
                    println!("acknowledged {name}");
                }
            });
        }
    });
}

/// Starts a writer, kills it after so many acknowledgements, and returns all that it acknowledged.
fn killed_after(count: usize, round: u32, dir: &Path) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_process_that_is_killed", "--nocapture"])
        .env(DIR, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        // What was on its way through the pipe at the kill was acknowledged too; the last line may be cut.
        let Ok(line) = line else { break };
        if let Some((_, name)) = line.split_once("acknowledged ") {
            acknowledged.push(name.to_owned());
        }
        if acknowledged.len() == count {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_no_half_batch_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..KILLS {
        let count = 1 + Digest::of(&round.to_le_bytes()).head() as usize % 40;
        acknowledged.extend(killed_after(count, round, dir.path()));
        let store = Store::open(dir.path()).unwrap();
        check(&store, &acknowledged);
    }
    assert!(acknowledged.len() >= KILLS as usize);
}

#[track_caller]
fn check(store: &Store, acknowledged: &[String]) {
    let log = store.log();
    let stored = log.events(None, usize::MAX).unwrap();
    let mut batches: BTreeMap<&str, u32> = BTreeMap::new();
    for (place, event) in stored.iter().enumerate() {
        assert_eq!(event.cursor, place as u64 + 1);
        *batches.entry(event.event.request_id.as_deref().unwrap()).or_default() += 1;
    }
    assert!(batches.values().all(|events| *events == BATCH), "a batch of events is there in part");
    assert_eq!(store.items().len() % BATCH, 0, "a batch of items is there in part");
    let histories: usize = (0..BATCH).map(|subject| log.history(subject, None, usize::MAX).len()).sum();
    assert_eq!(histories, stored.len());
    let counts = log.counts().unwrap();
    assert_eq!(counts.joined as usize, stored.len(), "each event was joined with the decision queued before it");
    for name in acknowledged {
        assert!(batches.contains_key(name.as_str()), "events of {name} are lost");
        assert!(log.decision(name).unwrap().is_some(), "the decision {name} is lost");
        assert_eq!(store.kv().get("profile", name).unwrap().unwrap().value, name.as_bytes());
        for item in items(name) {
            let row = store.items().row(&item).unwrap();
            assert_eq!(*store.items().id(row).unwrap(), *item);
        }
    }
}
