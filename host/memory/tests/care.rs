//! What an operator does with a store: follow its changes, back it up, restore, compact and check it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use greenroom_memory::{
    BackupError, Changed, Changes, Cursor, Event, FeedError, OpenError, Store, check, compact, restore,
};
use greenroom_model::EventKind;

fn event(name: &str) -> Event {
    Event {
        id: name.to_owned(),
        request_id: None,
        subject: Some(1),
        row: 2,
        kind: EventKind::Click,
        value: 1.0,
        event_time_ms: 5,
        receive_time_ms: 5,
        retracts: false,
    }
}

/// With something in every part.
fn filled(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    for key in 0..50 {
        store.kv().put("profile", &format!("{key:02}"), &[7; 100]).wait().unwrap();
    }
    store.kv().delete("profile", "07").wait().unwrap();
    store.items().assign(&["a", "b", "c"]).wait().unwrap();
    store.items().delist(&[1]).wait().unwrap();
    store.subjects().assign(&["x", "y"]).wait().unwrap();
    store.log().append_events(vec![event("one"), event("two")]).wait().unwrap();
    store.log().append_events(vec![Event { retracts: true, ..event("one") }]).wait().unwrap();
    store.log().append_events(vec![Event { retracts: true, ..event("unknown") }]).wait().unwrap();
    store.log().append_events(vec![event("unknown")]).wait().unwrap();
    store
}

fn told(changes: &Changes) -> Vec<(u64, &str, &str, bool)> {
    let told = changes.changes.iter();
    told.map(|Changed { revision, namespace, key, removed }| (*revision, &**namespace, &**key, *removed)).collect()
}

/// Of all namespaces, after a revision of this store.
fn changes(store: &Store, after: Option<u64>, limit: usize) -> Result<Changes, FeedError> {
    let store_of = store.kv().cursor().unwrap().store;
    store.kv().changes(after.map(|revision| Cursor { revision, store: store_of }), limit, &|_| true)
}

#[test]
fn changes_are_told_in_their_order_and_from_a_cursor_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(told(&changes(&store, None, 10).unwrap()), []);
    let kv = store.kv();
    kv.put("a", "k", b"1").wait().unwrap();
    kv.put("b", "k", b"1").wait().unwrap();
    kv.compare_and_swap("a", "k", Some(99), b"2").wait().unwrap_err();
    kv.delete("a", "gone").wait().unwrap();
    kv.delete("a", "k").wait().unwrap();
    let all = changes(&store, None, 10).unwrap();
    let (first, second, third) = ((1, "a", "k", false), (2, "b", "k", false), (3, "a", "k", true));
    assert_eq!((told(&all), all.more), (vec![first, second, third], false));
    let two = changes(&store, None, 2).unwrap();
    assert_eq!((told(&two), two.more), (vec![first, second], true));
    assert_eq!(told(&store.kv().changes(Some(two.cursor), 10, &|_| true).unwrap()), [third]);
    let of_b = store.kv().changes(None, 10, &|namespace| namespace == "b").unwrap();
    assert_eq!((told(&of_b), of_b.cursor), (vec![second], all.cursor), "what nobody wants is passed over");
    drop((kv, store));
    let store = Store::open(dir.path()).unwrap();
    store.kv().put("a", "k", b"3").wait().unwrap();
    assert_eq!(told(&store.kv().changes(Some(two.cursor), 10, &|_| true).unwrap()), [third, (4, "a", "k", false)]);
    assert_eq!(told(&changes(&store, Some(4), 10).unwrap()), []);
    assert!(matches!(changes(&store, Some(5), 10), Err(FeedError::Foreign { .. })), "it has not come so far");
}

#[test]
fn a_cursor_is_of_one_store_and_not_of_what_was_restored_from_its_backup() {
    let dir = tempfile::tempdir().unwrap();
    let [data, backup, other] = ["data", "backup", "other"].map(|name| dir.path().join(name));
    let store = filled(&data);
    let cursor = store.kv().cursor().unwrap();
    assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    store.backup(&backup).unwrap();
    drop(store);
    compact(&data).unwrap();
    let store = Store::open(&data).unwrap();
    assert_eq!(told(&store.kv().changes(Some(cursor), 10, &|_| true).unwrap()), [], "compaction leaves it as it is");
    restore(&backup, &other, false).unwrap();
    let Err(FeedError::Foreign { after, now }) = Store::open(&other).unwrap().kv().changes(Some(cursor), 10, &|_| true)
    else {
        panic!("it was taken")
    };
    assert_eq!((after, now.revision), (cursor, cursor.revision));
    for text in ["", "12", "12-xyz", "-00f0a1b2c3d4e5f6", "12-00f0a1b2c3d4e5f67", "12-0f0a1b2c3d4e5f6é"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn who_is_too_far_behind_is_told_where_the_changes_begin() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let kv = store.kv();
    let mut waiting = std::collections::VecDeque::new();
    let count = (1 << 18) + 3_000;
    for number in 0..count {
        if waiting.len() == 2_000 {
            let first: greenroom_memory::Pending<_, _> = waiting.pop_front().unwrap();
            first.wait().unwrap();
        }
        waiting.push_back(kv.put("a", &format!("{}", number % 10), b"v"));
    }
    for pending in waiting {
        pending.wait().unwrap();
    }
    drop((kv, store));
    let store = Store::open(dir.path()).unwrap();
    let Err(FeedError::Lost { after: 5, begins }) = changes(&store, Some(5), 10) else { panic!("not lost") };
    assert_eq!(begins, 3_001);
    assert_eq!(changes(&store, None, 1).unwrap().changes[0].revision, begins);
    assert_eq!(changes(&store, Some(begins - 1), 1).unwrap().changes[0].revision, begins);
    assert_eq!(told(&changes(&store, Some(count), 1).unwrap()), []);
}

#[test]
fn a_backup_made_under_load_is_one_moment_and_is_restored_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    let store = filled(&data);
    // A key and its shadow change one after the other, so that in one moment the shadow is at most one behind.
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0_u64.. {
                for key in ["key", "shadow"] {
                    store.kv().put("pair", key, &number.to_le_bytes()).wait().unwrap();
                }
                if done.load(Ordering::Acquire) {
                    break;
                }
            }
        });
        while store.kv().usage("pair").unwrap().entries < 2 {
            std::thread::yield_now();
        }
        let made = store.backup(&backup).unwrap();
        assert!(made.rows > 60 && made.bytes > 0, "{made:?}");
        done.store(true, Ordering::Release);
    });
    assert!(matches!(store.backup(&backup), Err(BackupError::Exists { .. })));
    let digest = store.log().data_digest().unwrap();
    drop(store);

    let other = dir.path().join("other");
    restore(&backup, &other, false).unwrap();
    let restored = Store::open(&other).unwrap();
    assert_eq!(restored.log().data_digest().unwrap(), digest);
    assert_eq!(restored.kv().usage("profile").unwrap().entries, 49);
    assert_eq!((restored.items().len(), &*restored.items().delisted()), (3, &[1][..]));
    let number = |key| u64::from_le_bytes(restored.kv().get("pair", key).unwrap().unwrap().value.try_into().unwrap());
    assert!([0, 1].contains(&(number("key") - number("shadow"))));
    assert_eq!(restored.check().unwrap().faults, Vec::<String>::new());
    restored.kv().put("profile", "new", b"1").wait().unwrap();
    drop(restored);
    assert_eq!(check(&other).unwrap().fault_count, 0);

    assert!(matches!(restore(&backup, &other, false), Err(BackupError::Exists { .. })));
    let held = Store::open(&other).unwrap();
    assert!(matches!(restore(&backup, &other, true), Err(BackupError::Open(OpenError::InUse { .. }))));
    drop(held);
    restore(&backup, &other, true).unwrap();
    assert_eq!(Store::open(&other).unwrap().kv().get("profile", "new").unwrap(), None);
    let replaced = dir.path().join("replaced");
    std::fs::create_dir(&replaced).unwrap();
    std::fs::rename(other.join("greenroom.redb.replaced"), replaced.join("greenroom.redb")).unwrap();
    assert!(Store::open(&replaced).unwrap().kv().get("profile", "new").unwrap().is_some(), "nothing is lost");
}

#[test]
fn what_is_no_backup_is_refused_and_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("file"));
    drop(filled(&data));
    let refused = || restore(&file, &data, true).unwrap_err().to_string();
    assert!(matches!(restore(&file, &data, true), Err(BackupError::System { .. })), "there is none");
    std::fs::write(&file, b"someone's notes").unwrap();
    assert!(refused().contains("is no backup of a store"), "{}", refused());
    let other = redb::Database::create(dir.path().join("theirs")).unwrap();
    drop(other);
    std::fs::rename(dir.path().join("theirs"), &file).unwrap();
    assert!(refused().contains("is no backup of a store"), "{}", refused());
    // A bit of a page that holds values.
    let mut bytes = std::fs::read(data.join("greenroom.redb")).unwrap();
    let at = bytes.windows(40).position(|at| at == [7; 40]).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(refused().contains("is damaged"), "{}", refused());
    assert_eq!(Store::open(&data).unwrap().kv().usage("profile").unwrap().entries, 49);
    let left: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["greenroom.redb"]);
}

#[test]
fn compaction_gives_room_back_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = filled(dir.path());
    for round in 0..2 {
        // So that all of it goes into the file.
        drop(store);
        store = Store::open(dir.path()).unwrap();
        for key in 0..400 {
            let value = vec![round; if round == 0 { 20_000 } else { 10 }];
            store.kv().put("large", &key.to_string(), &value).wait().unwrap();
        }
    }
    let digest = store.log().data_digest().unwrap();
    assert!(matches!(compact(dir.path()), Err(BackupError::Open(OpenError::InUse { .. }))));
    drop(store);
    let (before, after) = compact(dir.path()).unwrap();
    assert!(after < before, "{before} {after}");
    assert_eq!(check(dir.path()).unwrap().fault_count, 0);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.log().data_digest().unwrap(), digest);
    assert_eq!(store.kv().usage("large").unwrap().entries, 400);
    assert_eq!(store.kv().get("large", "7").unwrap().unwrap().value, [1; 10]);
}

#[test]
fn a_check_tells_what_contradicts_itself() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let checked = check(dir.path()).unwrap();
    assert_eq!((checked.keys, checked.ids, checked.events, checked.fault_count), (49, 5, 5, 0), "{:?}", checked.faults);
    {
        let database = redb::Database::open(dir.path().join("greenroom.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let entries = redb::TableDefinition::<(&str, &str), (u64, &[u8])>::new("kv");
            transaction.open_table(entries).unwrap().remove(("profile", "11")).unwrap();
            let items = redb::TableDefinition::<&str, u32>::new("items");
            transaction.open_table(items).unwrap().insert("c", 7).unwrap();
            let events = redb::TableDefinition::<u64, &[u8]>::new("events");
            transaction.open_table(events).unwrap().remove(2).unwrap();
        }
        transaction.commit().unwrap();
    }
    // Ids that are not dense are refused when a store is opened.
    let error = check(dir.path()).unwrap_err();
    assert!(error.to_string().contains("number 2 of items is missing"), "{error}");
    {
        let database = redb::Database::open(dir.path().join("greenroom.redb")).unwrap();
        let transaction = database.begin_write().unwrap();
        let items = redb::TableDefinition::<&str, u32>::new("items");
        transaction.open_table(items).unwrap().insert("c", 2).unwrap();
        transaction.commit().unwrap();
    }
    let faults = check(dir.path()).unwrap().faults;
    let sums = "namespace \"profile\" is said to hold 49 keys of 4998 bytes, and holds 48 of 4896";
    assert_eq!(faults, [sums, "events 2 to 2 are missing", "the events are not those that their digest is of"]);
}
