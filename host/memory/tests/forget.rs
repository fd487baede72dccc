//! A subject that is forgotten: nothing of it is left to be read, and everything else is as it was.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use greenroom_memory::{
    Change, DecidedFor, DecisionRecord, Declared, Event, FILE, ForgottenSubject, KeyValue, Namespaces, Outcome,
    PutVector, Store, StoredEvent, Write, compact, forget_keys, is_forgotten,
};
use greenroom_model::{Digest, EventKind, Generation, NamespaceKind, Status, VectorMetric, VectorSpace};

const ADA: &str = "ada-who-is-forgotten";

fn decision(request_id: &str, key: &str, number: u32) -> DecisionRecord {
    DecisionRecord {
        request_id: request_id.to_owned(),
        subject: Some(DecidedFor { key: key.to_owned(), number }),
        surface: String::new(),
        time_ms: 10_000,
        generation: Generation(1),
        plan: Digest::of(b"plan"),
        limit: 2,
        rows: vec![1, 2],
        scores: vec![1.0, 0.5],
        nodes: Vec::new(),
        origins: Vec::new(),
        propensities: None,
        versions: Vec::new(),
        degraded: Vec::new(),
        traces: BTreeMap::new(),
    }
}

fn event(id: &str, request_id: Option<&str>, subject: Option<u32>, row: u32) -> Event {
    Event {
        id: id.to_owned(),
        request_id: request_id.map(str::to_owned),
        subject,
        row,
        kind: EventKind::Click,
        value: 1.0,
        event_time_ms: 10_500,
        receive_time_ms: 10_600,
        retracts: false,
    }
}

fn all(store: &Store) -> Vec<StoredEvent> {
    store.log().events(None, usize::MAX).unwrap()
}

fn whole(store: &Store) {
    let checked = store.check().unwrap();
    assert_eq!((checked.faults.as_slice(), checked.fault_count), (&[][..], 0));
}

/// Two subjects that do the same; their numbers.
fn two_subjects(store: &Store) -> (u32, u32) {
    let numbers = store.subjects().assign(&[ADA, "bo"]).wait().unwrap();
    let (ada, bo) = (numbers[0], numbers[1]);
    for (key, number) in [(ADA, ada), ("bo", bo)] {
        store.log().append_decision(decision(&format!("request-of-{key}"), key, number)).unwrap();
        let of = |what: &str| format!("{what}-of-{key}");
        let request = of("request");
        let taken_back = event(&of("second"), None, Some(number), 8);
        let events = [
            event(&of("first"), Some(&request), None, 2),
            taken_back.clone(),
            Event { retracts: true, ..taken_back },
            event(&of("third"), None, Some(number), 9),
        ];
        store.log().append_events(events.to_vec()).wait().unwrap();
    }
    (ada, bo)
}

fn in_file(dir: &Path, text: &str) -> bool {
    let bytes = std::fs::read(dir.join(FILE)).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn nothing_of_it_is_left_and_all_else_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (ada, bo) = two_subjects(&store);
    let (before, digest) = (all(&store), store.log().data_digest().unwrap());
    let history = store.log().history(bo, None, 10);
    assert_eq!(store.log().history(ada, None, 10).len(), 2);

    let gone = store.forget(ADA).unwrap();
    assert_eq!(gone, ForgottenSubject { known: true, events: 4, decisions: 1 });
    let check = |store: &Store| {
        whole(store);
        let after = all(store);
        // A place at the end says that something was taken back.
        assert_eq!(after.len(), before.len() + 1);
        for stored in &after {
            match before.iter().find(|was| was.cursor == stored.cursor).filter(|was| was.event.subject == Some(bo)) {
                Some(was) => assert_eq!(stored, was),
                None => {
                    let event = &stored.event;
                    assert!(event.id.is_empty() && event.retracts && stored.status == Status::Retracted);
                    assert_eq!((event.subject, &event.request_id, event.row, event.event_time_ms), (None, &None, 0, 0));
                }
            }
        }
        assert_ne!(store.log().data_digest().unwrap(), digest);
        assert_eq!(store.log().history(ada, None, 10).len(), 0);
        assert_eq!(store.log().history(bo, None, 10), history);
        assert_eq!(store.log().decision(&format!("request-of-{ADA}")).unwrap(), None);
        assert!(store.log().decision("request-of-bo").unwrap().is_some());
        assert_eq!(
            (store.subjects().row(ADA), store.subjects().row("bo"), store.subjects().len()),
            (None, Some(bo), 2)
        );
        assert!(is_forgotten(&store.subjects().id(ada).unwrap()));
    };
    check(&store);
    assert_eq!(store.forget(ADA).unwrap(), ForgottenSubject::default(), "it is not known any more");
    assert_eq!(store.forget("never there").unwrap(), ForgottenSubject::default());
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    check(&store);
    drop(store);
    compact(dir.path()).unwrap();
    assert!(
        !in_file(dir.path(), ADA),
        "a file without gaps does not have its id, nor those of its requests and events"
    );
    assert!(in_file(dir.path(), "third-of-bo"));
}

#[test]
fn decisions_of_before_it_had_a_number_go_too() {
    let store = Store::in_memory().unwrap();
    for (request, key) in [("one", ADA), ("two", "bo"), ("three", ADA)] {
        store.log().append_decision(decision(request, key, greenroom_model::NONE)).unwrap();
    }
    store.log().flush().wait().unwrap();
    assert_eq!(store.forget(ADA).unwrap(), ForgottenSubject { known: true, events: 0, decisions: 2 });
    assert!(store.log().decision("one").unwrap().is_none() && store.log().decision("two").unwrap().is_some());
    whole(&store);
}

/// A retraction came first, of somebody else's event as it turned out.
#[test]
fn what_is_known_of_the_event_of_another_stays() {
    let store = Store::in_memory().unwrap();
    let (ada, bo) = two_subjects(&store);
    let retraction = Event { retracts: true, ..event("of-both", None, Some(ada), 1) };
    store.log().append_events(vec![retraction]).wait().unwrap();
    store.log().append_events(vec![event("of-both", None, Some(bo), 1)]).wait().unwrap();
    store.forget(ADA).unwrap();
    whole(&store);
    let again = store.log().append_events(vec![event("of-both", None, Some(bo), 1)]).wait().unwrap();
    assert_eq!(again, [Outcome::Repeated]);
}

#[test]
fn what_is_still_on_its_way_is_nobodys_and_who_comes_again_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (ada, _) = two_subjects(&store);
    store.forget(ADA).unwrap();
    let late = |store: &Store, name: &str| {
        store.log().append_decision(decision(&format!("late-{name}"), ADA, ada)).unwrap();
        let of_request = event(&format!("late-1-{name}"), Some(&format!("late-{name}")), Some(ada), 1);
        let events = vec![of_request, event(&format!("late-2-{name}"), None, Some(ada), 3)];
        let outcomes = store.log().append_events(events).wait().unwrap();
        assert_eq!(outcomes, [Outcome::UnknownRequest, Outcome::Organic]);
        assert!(all(store).iter().rev().take(2).all(|stored| stored.event.subject.is_none()));
        assert_eq!(store.log().history(ada, None, 10).len(), 0);
        whole(store);
    };
    late(&store, "before");
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    late(&store, "after");
    let again = store.subjects().assign(&[ADA]).wait().unwrap()[0];
    assert_eq!(again, 2);
    // The id of an event that is forgotten is free.
    let events = vec![event(&format!("third-of-{ADA}"), None, Some(again), 9)];
    assert_eq!(store.log().append_events(events).wait().unwrap(), [Outcome::Organic]);
    assert_eq!(store.log().history(again, None, 10).rows, [9]);
    assert_eq!(store.forget(ADA).unwrap().events, 1);
    whole(&store);
}

#[test]
fn others_are_told_about_meanwhile_and_nothing_is_lost() {
    let store = Store::in_memory().unwrap();
    let (ada, bo) = two_subjects(&store);
    let ids: Vec<String> = (0..40).map(|n| format!("subject-{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let numbers = store.subjects().assign(&ids).wait().unwrap();
    let done = AtomicBool::new(false);
    let told = std::thread::scope(|scope| {
        let teller = scope.spawn(|| {
            let mut told = 0;
            while !done.load(Ordering::Relaxed) {
                let of = |subject: u32| event(&format!("{told}-{subject}"), None, Some(subject), 1);
                let events = [bo, ada].into_iter().chain(numbers.iter().copied()).map(of).collect();
                store.log().append_events(events).wait().unwrap();
                told += 1;
            }
            told
        });
        store.forget(ADA).unwrap();
        for id in &ids {
            store.forget(id).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        teller.join().unwrap()
    });
    whole(&store);
    let left: Vec<_> = all(&store).into_iter().filter_map(|stored| stored.event.subject).collect();
    assert!(left.iter().all(|subject| *subject == bo), "only what was not forgotten has a subject");
    assert_eq!(left.len(), told + 4);
}

#[test]
fn keys_that_are_about_it_go_and_no_others() {
    let store = Store::in_memory().unwrap();
    let space = VectorSpace { dimension: 2, metric: VectorMetric::Euclidean };
    let kinds = [
        ("profile", NamespaceKind::Kv, None),
        ("seen", NamespaceKind::Counter, None),
        ("notes", NamespaceKind::Log, None),
        ("taste", NamespaceKind::Vector, Some(space)),
    ];
    let declared = kinds.map(|(name, kind, space)| (name.to_owned(), Declared { kind, space, ..Declared::default() }));
    let kv = Namespaces::new(store.memory(), declared.into());
    for key in ["ada", "ada/likes", "adam", "bo", "x/ada"] {
        kv.put("profile", key, b"x").wait().unwrap();
        kv.write("seen", Write::new(key, Change::Add { by: 1 })).wait().unwrap();
        for _ in 0..3 {
            kv.write("notes", Write::new(key, Change::Append { value: b"x".to_vec() })).wait().unwrap();
        }
    }
    let vectors = kv.vectors(store.indexes()).unwrap();
    for key in ["ada", "adam"] {
        let put = PutVector { key: key.to_owned(), vector: vec![1.0, 0.0], ..PutVector::default() };
        vectors.put("taste", &put).unwrap();
    }
    let near = || vectors.nearest("taste", &[0.0, 0.0], 10, &greenroom_memory::Filter::default()).unwrap().len();
    assert_eq!(near(), 2);
    let raw = store.memory();
    let forget = |name: &str, kind, keys: &str| forget_keys(&*raw, name, kind, &keys.parse().unwrap(), "ada").unwrap();
    let keys = |name: &str| -> Vec<String> {
        raw.scan(name, "", None, 100).unwrap().entries.into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(forget("profile", NamespaceKind::Kv, "{subject}"), 1);
    assert_eq!(forget("profile", NamespaceKind::Kv, "{subject}/*"), 1);
    assert_eq!(forget("profile", NamespaceKind::Kv, "{subject}"), 0);
    assert_eq!(keys("profile"), ["adam", "bo", "x/ada"]);
    assert_eq!(forget("seen", NamespaceKind::Counter, "x/{subject}"), 1);
    assert_eq!(keys("seen"), ["ada", "ada/likes", "adam", "bo"]);
    assert_eq!(forget("notes", NamespaceKind::Log, "{subject}"), 3);
    assert_eq!(keys("notes").iter().filter(|key| key.starts_with("ada")).count(), 6, "of ada/likes and adam");
    assert_eq!(forget("notes", NamespaceKind::Log, "{subject}/*"), 3);
    assert_eq!(forget("taste", NamespaceKind::Vector, "{subject}"), 1);
    assert_eq!((keys("taste"), near()), (vec!["adam".to_owned()], 1));
    let long = "x".repeat(600);
    let none = forget_keys(&*raw, "profile", NamespaceKind::Kv, &"{subject}".parse().unwrap(), &long).unwrap();
    assert_eq!(none, 0);
}
