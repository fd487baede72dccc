//! Rows go from the log of writes into the file while others are written and read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use greenroom_memory::{KeyValue, Store};

const KEYS: u64 = 2_000;
/// More than a memtable takes, in a round.
const BYTES: usize = 24 << 10;
const ROUNDS: u64 = 3;

fn value(round: u64, key: u64) -> Vec<u8> {
    let mut value = vec![0; BYTES];
    value[..8].copy_from_slice(&round.to_le_bytes());
    value[8..16].copy_from_slice(&key.to_le_bytes());
    value
}

fn name(key: u64) -> String {
    format!("{key:05}")
}

fn told(value: &[u8]) -> (u64, u64) {
    let number = |at: usize| u64::from_le_bytes(value[at..at + 8].try_into().unwrap());
    (number(0), number(8))
}

fn wal_files(dir: &Path) -> usize {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "wal")).count()
}

/// Pages through all of it. Every key is there once, in order, and no older than when its page was asked for.
fn scanned(kv: &dyn KeyValue, acknowledged: &AtomicU64) {
    let (mut next, mut after) = (0, None);
    loop {
        let least = acknowledged.load(Ordering::Acquire);
        let page = kv.scan("space", "", after.as_deref(), 100).unwrap();
        for entry in &page.entries {
            assert_eq!(entry.key, name(next));
            let (round, key) = told(&entry.value);
            assert_eq!(key, next);
            // Keys below the one that is written now are of this round, the others of the one before.
            assert!(round * KEYS + key + KEYS >= least, "{round} {key} {least}");
            next += 1;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(next, KEYS);
}

#[test]
fn what_is_written_is_read_wherever_it_is_and_nothing_is_left_to_replay() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let kv = store.kv();
    for key in 0..KEYS {
        kv.put("space", &name(key), &value(0, key)).wait().unwrap();
    }
    let (acknowledged, done) = (AtomicU64::new(KEYS), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut scans = 0;
            while !done.load(Ordering::Acquire) || scans == 0 {
                scanned(&*kv, &acknowledged);
                scans += 1;
            }
        });
        for round in 1..ROUNDS {
            for key in 0..KEYS {
                kv.put("space", &name(key), &value(round, key)).wait().unwrap();
                acknowledged.store(round * KEYS + key, Ordering::Release);
                let read = kv.get("space", &name(key)).unwrap().unwrap();
                assert_eq!(told(&read.value), (round, key));
            }
        }
        done.store(true, Ordering::Release);
    });
    for key in (0..KEYS).step_by(7) {
        assert!(kv.delete("space", &name(key)).wait().unwrap().existed);
        assert_eq!(kv.get("space", &name(key)).unwrap(), None);
    }
    let left = kv.scan("space", "", None, 300).unwrap().entries;
    assert!(left.iter().all(|entry| !told(&entry.value).1.is_multiple_of(7)), "what was removed is not scanned");
    for key in (0..KEYS).step_by(7) {
        kv.put("space", &name(key), &value(ROUNDS - 1, key)).wait().unwrap();
    }
    assert!(wal_files(dir.path()) > 0);
    drop((kv, store));
    assert_eq!(wal_files(dir.path()), 0, "all of it is in the file");
    let kv = Store::open(dir.path()).unwrap().kv();
    for key in 0..KEYS {
        assert_eq!(told(&kv.get("space", &name(key)).unwrap().unwrap().value), (ROUNDS - 1, key));
    }
    let space = kv.usage("space").unwrap();
    assert_eq!((space.entries, space.bytes), (KEYS, KEYS * (BYTES as u64 + 5)));
}

#[test]
fn a_file_of_layout_1_is_brought_to_this_one_and_ids_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let assigned = |ids: &[&str]| Store::open(dir.path()).unwrap().items().assign(ids).wait().unwrap();
    assert_eq!(assigned(&["a", "b"]), [0, 1]);
    {
        let database = redb::Database::open(dir.path().join("greenroom.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut numbers = transaction.open_table(redb::TableDefinition::<&str, u64>::new("numbers")).unwrap();
            for new in ["items", "subjects", "wal_salt", "settled"] {
                assert!(numbers.remove(new).unwrap().is_some(), "{new}");
            }
            numbers.insert("schema", 1).unwrap();
        }
        transaction.commit().unwrap();
    }
    assert_eq!(assigned(&["b", "c"]), [1, 2]);
    assert_eq!(assigned(&["d"]), [3]);
}

/// What was acknowledged waits in the log of writes when a version comes that has more tables.
#[test]
fn a_killed_store_of_an_earlier_version_loses_nothing_of_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let [before, killed] = ["before", "killed"].map(|name| dir.path().join(name));
    let store = Store::open(&before).unwrap();
    store.kv().put("space", "settled", b"1").wait().unwrap();
    drop(store);
    let store = Store::open(&before).unwrap();
    store.kv().put("space", "waits", b"2").wait().unwrap();
    // As a kill would leave it, within the second that it takes to go into the file.
    std::fs::create_dir(&killed).unwrap();
    for file in std::fs::read_dir(&before).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), killed.join(file.file_name())).unwrap();
    }
    drop(store);
    assert_eq!(wal_files(&killed), 1);
    {
        let database = redb::Database::open(killed.join("greenroom.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let expiries = redb::TableDefinition::<(i64, &str, &str), ()>::new("kv_expiries");
        assert!(transaction.delete_table(expiries).unwrap());
        let numbers = redb::TableDefinition::<&str, u64>::new("numbers");
        assert!(transaction.open_table(numbers).unwrap().remove("identity").unwrap().is_some());
        transaction.commit().unwrap();
    }
    let store = Store::open(&killed).unwrap();
    let values = store.kv().get_many("space", &["settled", "waits"]).unwrap();
    assert_eq!(values.into_iter().map(|entry| entry.unwrap().value).collect::<Vec<_>>(), [b"1", b"2"]);
    assert_ne!(store.kv().cursor().unwrap().store, 0);
    assert_eq!(store.check().unwrap().faults, Vec::<String>::new());
}
