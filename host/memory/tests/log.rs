//! Decisions and feedback: each event once, tied to its decision, taken back at most once, and kept over a restart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_memory::{
    AppendError, DecidedFor, DecisionError, DecisionRecord, Event, Join, Log, Outcome, Settings, Store, StoredEvent,
};
use greenroom_model::{Digest, EventKind, Generation, Status};

const WINDOW_MS: i64 = 1000;

fn settings() -> Settings {
    Settings { join_window_ms: WINDOW_MS, ..Settings::default() }
}

fn store() -> Store {
    Store::in_memory_with(&settings()).unwrap()
}

fn decision(request_id: &str, rows: &[u32]) -> DecisionRecord {
    DecisionRecord {
        request_id: request_id.to_owned(),
        subject: Some(DecidedFor { key: "ada".to_owned(), number: 7 }),
        surface: "home".to_owned(),
        time_ms: 10_000,
        generation: Generation(3),
        plan: Digest::of(b"plan"),
        limit: 10,
        rows: rows.to_vec(),
        scores: rows.iter().map(|row| 1.0 / *row as f32).collect(),
        nodes: vec!["ease".to_owned(), "fresh".to_owned()],
        origins: rows.iter().map(|row| row % 2).collect(),
        propensities: Some(vec![0.5; rows.len()]),
        versions: vec![("ease".to_owned(), Digest::of(b"version"))],
        degraded: vec!["knn".to_owned()],
        traces: BTreeMap::from([("ease".to_owned(), vec![0, 127, 128, 255]), ("knn".to_owned(), Vec::new())]),
    }
}

fn event(id: &str, request_id: Option<&str>, row: u32) -> Event {
    Event {
        id: id.to_owned(),
        request_id: request_id.map(str::to_owned),
        subject: Some(7),
        row,
        kind: EventKind::Click,
        value: 1.0,
        event_time_ms: 10_500,
        receive_time_ms: 10_600,
        retracts: false,
    }
}

fn retraction(id: &str) -> Event {
    Event { retracts: true, event_time_ms: 10_900, value: 0.0, row: 0, ..event(id, None, 0) }
}

fn at(event: Event, event_time_ms: i64) -> Event {
    Event { event_time_ms, ..event }
}

fn append(log: &Log, events: &[Event]) -> Vec<Outcome> {
    log.append_events(events.to_vec()).wait().unwrap()
}

fn all(log: &Log) -> Vec<StoredEvent> {
    log.events(None, usize::MAX).unwrap()
}

#[test]
fn a_decision_is_read_as_it_was_recorded_and_the_first_stays() {
    let dir = tempfile::tempdir().unwrap();
    let record = decision("r1", &[4, 5, 6]);
    {
        let store = Store::open(dir.path()).unwrap();
        store.log().append_decision(record.clone()).unwrap();
        store.log().append_decision(decision("r1", &[9])).unwrap();
        store.log().flush().wait().unwrap();
        let counts = store.log().counts().unwrap();
        assert_eq!((counts.decisions, counts.decisions_repeated), (1, 1));
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.log().decision("r1").unwrap(), Some(record));
    assert_eq!(store.log().decision("r2").unwrap(), None);
}

#[test]
fn what_is_held_for_a_decision_is_dropped_when_it_can_be_read_and_not_before() {
    struct Held(std::sync::mpsc::Sender<bool>, Store);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.send(self.1.log().decision("r1").unwrap().is_some()).unwrap();
        }
    }
    let store = store();
    let (dropped, told) = std::sync::mpsc::channel();
    let held = || Held(dropped.clone(), store.clone());
    store.log().append_decision_holding(decision("r1", &[1]), held()).unwrap();
    assert!(told.recv().unwrap());
    store.log().append_decision_holding(decision("", &[1]), held()).unwrap_err();
    assert!(told.try_recv().is_ok(), "what is refused holds nothing");
}

#[test]
fn a_decision_of_unequal_columns_is_refused_with_all_that_is_wrong() {
    let store = store();
    let subject = Some(DecidedFor { key: "a\n".to_owned(), number: 7 });
    let record = DecisionRecord { subject, scores: vec![], propensities: Some(vec![1.0]), ..decision("", &[1, 2]) };
    let Err(DecisionError::Invalid { mistakes, .. }) = store.log().append_decision(record) else { panic!("taken") };
    assert_eq!(mistakes.len(), 4, "{mistakes:?}");
}

#[test]
fn an_event_finds_the_decision_that_is_still_queued_ahead_of_it() {
    let store = store();
    let mut pending = Vec::new();
    for i in 0..200 {
        let request = format!("r{i}");
        store.log().append_decision(decision(&request, &[1, 2, 3])).unwrap();
        pending.push(store.log().append_events(vec![event(&format!("e{i}"), Some(&request), 2)]));
    }
    for outcome in pending {
        assert_eq!(outcome.wait().unwrap(), [Outcome::Joined { position: 1 }]);
    }
}

#[test]
fn each_event_is_told_what_became_of_it_and_counted() {
    let store = store();
    let log = store.log();
    log.append_decision(decision("r", &[4, 5, 6])).unwrap();
    let outcomes = append(
        log,
        &[
            event("joined", Some("r"), 6),
            event("not shown", Some("r"), 9),
            event("unknown", Some("no such"), 4),
            at(event("just in time", Some("r"), 4), 10_000 + WINDOW_MS),
            at(event("late", Some("r"), 4), 10_001 + WINDOW_MS),
            event("organic", None, 4),
            event("joined", None, 1),
            retraction("organic"),
            retraction("organic"),
            retraction("nothing"),
        ],
    );
    let expected = [
        Outcome::Joined { position: 2 },
        Outcome::NotShown,
        Outcome::UnknownRequest,
        Outcome::Joined { position: 0 },
        Outcome::Late,
        Outcome::Organic,
        Outcome::Repeated,
        Outcome::Retracted,
        Outcome::Repeated,
        Outcome::RetractsUnknown,
    ];
    assert_eq!(outcomes, expected);
    let counts = log.counts().unwrap();
    assert_eq!((counts.joined, counts.not_shown, counts.unknown_request, counts.late), (2, 1, 1, 1));
    assert_eq!((counts.organic, counts.repeated, counts.retracted, counts.retracts_unknown), (1, 2, 1, 1));
    let cursors: Vec<u64> = all(log).iter().map(|stored| stored.cursor).collect();
    assert_eq!(cursors, (1..=8).collect::<Vec<_>>(), "what is repeated has no cursor");
    let page = log.events(Some(2), 3).unwrap();
    assert_eq!(page.iter().map(|stored| stored.cursor).collect::<Vec<_>>(), [3, 4, 5]);
}

#[test]
fn a_repeated_event_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let batch = [event("a", None, 1), event("b", None, 2)];
    let before = {
        let store = Store::open(dir.path()).unwrap();
        append(store.log(), &batch);
        (all(store.log()), store.log().data_digest().unwrap(), store.log().history(7, None, 10))
    };
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(append(store.log(), &batch), [Outcome::Repeated, Outcome::Repeated]);
    let after = (all(store.log()), store.log().data_digest().unwrap(), store.log().history(7, None, 10));
    assert_eq!(after, before);
}

#[test]
fn a_retraction_carries_what_it_takes_back() {
    let store = store();
    let log = store.log();
    log.append_decision(decision("r", &[4, 5])).unwrap();
    append(log, &[event("e", Some("r"), 5)]);
    assert_eq!(append(log, &[retraction("e")]), [Outcome::Retracted]);
    let stored = all(log);
    assert_eq!((stored[0].status, stored[1].status), (Status::Retracted, Status::Retracted));
    assert_eq!((stored[0].takes_back, stored[1].takes_back), (None, Some(1)));
    let back = &stored[1].event;
    assert_eq!((back.id.as_str(), back.row, back.value, back.event_time_ms), ("e", 5, 1.0, 10_900));
    assert_eq!(stored[1].join, Join::Joined { position: 1 });
    assert!(log.history(7, None, 10).is_empty());
}

#[test]
fn an_event_that_comes_after_its_retraction_is_kept_as_retracted() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(append(Store::open(dir.path()).unwrap().log(), &[retraction("e")]), [Outcome::RetractsUnknown]);
    let store = Store::open(dir.path()).unwrap();
    let outcomes = append(store.log(), &[retraction("e"), event("e", None, 5), event("e", None, 5)]);
    assert_eq!(outcomes, [Outcome::Repeated, Outcome::Retracted, Outcome::Repeated]);
    assert_eq!(all(store.log()).iter().map(|e| e.status).collect::<Vec<_>>(), [Status::Retracted; 2]);
    assert!(store.log().history(7, None, 10).is_empty());
}

#[test]
fn history_is_ordered_by_time_and_ends_where_asked() {
    let dir = tempfile::tempdir().unwrap();
    let check = |log: &Log| {
        let rows = |until, max| log.history(7, until, max).rows.clone();
        assert_eq!(rows(None, usize::MAX), [3, 1, 2, 4]);
        assert_eq!(rows(Some(200), usize::MAX), [3, 1, 2], "of one time, the one that came first stands first");
        assert_eq!(rows(Some(199), usize::MAX), [3]);
        assert_eq!(rows(Some(200), 2), [1, 2]);
        assert!(rows(Some(0), 2).is_empty());
        assert!(log.history(8, None, 10).is_empty());
        let whole = log.history(7, None, usize::MAX);
        assert!(Arc::ptr_eq(&whole, &log.history(7, Some(300), 4)), "all of it is shared");
        assert_eq!(whole.kinds, [EventKind::Click as u8; 4]);
    };
    {
        let store = Store::open(dir.path()).unwrap();
        append(store.log(), &[at(event("a", None, 1), 200), at(event("b", None, 2), 200)]);
        append(
            store.log(),
            &[at(event("c", None, 3), 100), at(event("x", None, 9), 150), at(event("d", None, 4), 300)],
        );
        append(store.log(), &[retraction("x")]);
        check(store.log());
    }
    check(Store::open(dir.path()).unwrap().log());
}

#[test]
fn a_history_in_hand_does_not_change() {
    let store = store();
    append(store.log(), &[event("a", None, 1)]);
    let before = store.log().history(7, None, 10);
    append(store.log(), &[event("b", None, 2)]);
    assert_eq!((before.rows.as_slice(), store.log().history(7, None, 10).rows.as_slice()), (&[1][..], &[1, 2][..]));
}

#[test]
fn an_event_without_a_subject_is_its_decisions_subjects() {
    let store = store();
    store.log().append_decision(decision("r", &[4])).unwrap();
    append(store.log(), &[Event { subject: None, ..event("e", Some("r"), 4) }]);
    assert_eq!(store.log().history(7, None, 10).rows, [4]);
    assert_eq!(all(store.log())[0].event.subject, Some(7));
}

#[test]
fn the_digest_tells_data_apart_and_not_batches() {
    let digest = |batches: &[&[Event]]| {
        let store = store();
        for batch in batches {
            append(store.log(), batch);
        }
        store.log().data_digest().unwrap()
    };
    let (a, b, back) = (event("a", None, 1), event("b", None, 2), retraction("a"));
    let base = digest(&[&[a.clone(), b.clone()]]);
    assert_eq!(base, digest(&[std::slice::from_ref(&a), &[a.clone(), b.clone()]]));
    assert_ne!(base, digest(&[&[b.clone(), a.clone()]]));
    assert_ne!(base, digest(&[&[a.clone(), b.clone(), back]]));
    assert_ne!(base, digest(&[&[a, Event { value: 2.0, ..b }]]));
}

#[test]
fn all_mistakes_of_a_batch_are_told_and_none_of_it_is_taken() {
    let store = store();
    let events =
        [event("ok", None, 1), Event { value: f32::NAN, ..event("", Some("\n"), u32::MAX) }, event("ok2", None, 1)];
    let Err(AppendError::Invalid(mistakes)) = store.log().append_events(events.to_vec()).wait() else {
        panic!("taken")
    };
    assert_eq!(mistakes.iter().map(|mistake| mistake.place).collect::<Vec<_>>(), [1; 4]);
    assert!(all(store.log()).is_empty());
}

#[test]
fn a_file_imported_twice_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let import = || -> Vec<Event> {
        (0..400_000_u32)
            .map(|i| {
                let id = Digest::of(&i.to_le_bytes()).hex();
                let subject = Some(i.wrapping_mul(2_654_435_761) % 6000);
                Event { subject, event_time_ms: i64::from(i), ..event(&id[..24], None, i % 4000) }
            })
            .collect()
    };
    let store = Store::open(dir.path()).unwrap();
    let events = import();
    let first = store.log().append_events(events).wait().unwrap();
    assert!(first.iter().all(|outcome| *outcome == Outcome::Organic));
    let second = store.log().append_events(import()).wait().unwrap();
    assert!(second.iter().all(|outcome| *outcome == Outcome::Repeated));
    let histories =
        |store: &Store| (0..6000).map(|subject| store.log().history(subject, None, usize::MAX).len()).sum::<usize>();
    assert_eq!(histories(&store), 400_000);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((histories(&store), store.log().counts().unwrap().organic), (400_000, 400_000));
}
