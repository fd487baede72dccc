//! What was acknowledged survives a kill, and a batch is there whole or not at all. A child process writes and says so
//! on a pipe, it is killed in the middle of that, and what it left behind is checked, again and again on one file. Every
//! second time the last page that it wrote is torn, if nothing on it was acknowledged.
//!
//! `$GREENROOM_KILLS` says how often (40). It prints how long the store took to open, of all the times.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use greenroom_kit::quantile;
use greenroom_memory::{DecisionRecord, Event, Store};
use greenroom_model::{Digest, EventKind, Generation};

const DIR: &str = "GREENROOM_TEST_DIR";
const ROUND: &str = "GREENROOM_TEST_ROUND";

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

/// Tears the last page of the log of writes, as a power cut in the middle of a write may, unless something in its record was
/// acknowledged. Whether it did.
fn torn(dir: &Path, acknowledged: &[String]) -> bool {
    const PAGE: usize = 4096;
    let mut last: Option<(std::time::SystemTime, PathBuf)> = None;
    for file in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let written = file.metadata().unwrap().modified().unwrap();
        if file.path().extension().is_some_and(|end| end == "wal") && last.as_ref().is_none_or(|(at, _)| *at < written)
        {
            last = Some((written, file.path()));
        }
    }
    let Some((_, path)) = last else { return false };
    let mut bytes = std::fs::read(&path).unwrap();
    // The room ahead of what was written is zeros, since no segment was used twice so soon.
    let Some(end) = bytes.chunks(PAGE).rposition(|page| page.iter().any(|byte| *byte != 0)) else { return false };
    let begins = |page: &usize| bytes[page * PAGE..].starts_with(b"GRWL");
    let Some(begin) = (0..=end).rev().find(begins) else { return false };
    let record = bytes[begin * PAGE..(end + 1) * PAGE].to_vec();
    let holds = |name: &String| record.windows(name.len()).any(|at| at == name.as_bytes());
    if acknowledged.iter().rev().take(200).any(holds) {
        return false;
    }
    for (place, byte) in bytes[end * PAGE..(end + 1) * PAGE].iter_mut().enumerate() {
        *byte = Digest::of(&place.to_le_bytes()).head() as u8;
    }
    std::fs::write(&path, bytes).unwrap();
    true
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_no_half_batch_is_seen() {
    let kills: u32 = std::env::var("GREENROOM_KILLS").map_or(40, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut opened, mut tears) = (Vec::new(), Vec::new(), 0);
    for round in 0..kills {
        let count = 1 + Digest::of(&round.to_le_bytes()).head() as usize % 100;
        acknowledged.extend(killed_after(count, round, dir.path()));
        tears += u32::from(round % 2 == 1 && torn(dir.path(), &acknowledged));
        let began = Instant::now();
        let store = Store::open(dir.path()).unwrap();
        opened.push(began.elapsed().as_secs_f64() * 1e3);
        let recent = acknowledged.len().saturating_sub(1_000);
        check(&store, if round + 1 == kills { &acknowledged } else { &acknowledged[recent..] });
    }
    assert!(acknowledged.len() >= kills as usize);
    let (middle, most) = (quantile(&mut opened, 0.5).0, quantile(&mut opened, 1.0).0);
    println!(
        "{kills} kills, {tears} of them with a torn page, {} writes acknowledged and none lost; opened in {middle:.0} ms \
         (median), {most:.0} ms (most)",
        acknowledged.len()
    );
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
