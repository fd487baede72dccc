//! What is told of changes, on each backend that tells them, and by hosts that share one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::context::PublishAckFuture;
use greenroom_memory::{
    CHANGES_MAX, Change, Changes, Clock, Cursor, Declared, FeedError, JetStream, JetStreamSettings, KeyValue,
    Namespaces, Store, Write, WriteError,
};
use greenroom_model::NamespaceKind;

use crate::nats::{Server, bucket, shared};

fn quotas() -> Namespaces {
    let of = |(name, kind): (&str, NamespaceKind)| (name.to_owned(), Declared { kind, ..Declared::default() });
    let kinds = [("profile", NamespaceKind::Kv), ("session", NamespaceKind::Kv), ("log", NamespaceKind::Log)];
    Namespaces::new(Store::in_memory().unwrap().kv(), kinds.map(of).into())
}

/// Each backend gets every promise, each on a store of its own.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod file { $( #[test] fn $promise() {
            let dir = tempfile::tempdir().unwrap();
            super::$promise(&*super::Store::open(dir.path()).unwrap().kv());
        } )+ }
        mod memory { $( #[test] fn $promise() { super::$promise(&*super::Store::in_memory().unwrap().kv()); } )+ }
        mod quotas { $( #[test] fn $promise() { super::$promise(&super::quotas()); } )+ }
        mod jetstream { $( #[test] fn $promise() { super::$promise(&super::nats::fresh(super::Clock::default())); } )+ }
    };
}

promises!(
    changes_are_told_in_their_order_and_from_a_cursor_on,
    a_removal_is_told,
    records_are_told_by_their_keys,
    what_is_wanted_is_told_and_no_more_is_looked_at_than_was_said,
    a_cursor_is_where_the_last_write_is,
    a_cursor_of_another_store_and_one_ahead_are_foreign,
    who_follows_while_others_write_has_all_in_the_end,
);

fn put(kv: &dyn KeyValue, namespace: &str, key: &str) -> u64 {
    kv.put(namespace, key, b"x").wait().unwrap().revision
}

fn told(changes: &Changes) -> Vec<(u64, &str, &str, bool)> {
    let told = changes.changes.iter();
    told.map(|change| (change.revision, &*change.namespace, &*change.key, change.removed)).collect()
}

fn after(kv: &dyn KeyValue, cursor: Cursor) -> Changes {
    kv.changes(Some(cursor), CHANGES_MAX, &|_| true).unwrap()
}

fn changes_are_told_in_their_order_and_from_a_cursor_on(kv: &dyn KeyValue) {
    let begin = kv.cursor().unwrap();
    assert!(kv.changes(None, 10, &|_| true).unwrap().changes.is_empty());
    let (a, b) = (put(kv, "profile", "a"), put(kv, "session", "b"));
    let first = after(kv, begin);
    assert_eq!(told(&first), [(a, "profile", "a", false), (b, "session", "b", false)]);
    assert!(!first.more && first.cursor == kv.cursor().unwrap());
    assert_eq!(after(kv, first.cursor), Changes { changes: Vec::new(), ..first.clone() });
    let c = put(kv, "profile", "c");
    let again = put(kv, "profile", "a");
    assert_eq!(told(&after(kv, first.cursor)), [(c, "profile", "c", false), (again, "profile", "a", false)]);
    // Of several changes of a key the earlier ones may be left out.
    let all = kv.changes(None, 10, &|_| true).unwrap();
    let last = [(b, "session", "b", false), (c, "profile", "c", false), (again, "profile", "a", false)];
    assert!(told(&all).ends_with(&last), "{all:?}");
}

fn a_removal_is_told(kv: &dyn KeyValue) {
    let begin = kv.cursor().unwrap();
    put(kv, "profile", "a");
    let there = kv.cursor().unwrap();
    let gone = kv.delete("profile", "a").wait().unwrap().revision;
    kv.delete("profile", "never there").wait().unwrap();
    assert_eq!(told(&after(kv, there)), [(gone, "profile", "a", true)]);
    let back = put(kv, "profile", "a");
    assert_eq!(told(&after(kv, begin)).last(), Some(&(back, "profile", "a", false)));
}

fn records_are_told_by_their_keys(kv: &dyn KeyValue) {
    let begin = kv.cursor().unwrap();
    for value in [b"1", b"2"] {
        kv.write("log", Write::new("ada/", Change::Append { value: value.to_vec() })).wait().unwrap();
    }
    let scanned = kv.scan("log", "", None, 10).unwrap().entries;
    let keys: Vec<_> = scanned.iter().map(|entry| (entry.revision, "log", &*entry.key, false)).collect();
    let appended = after(kv, begin);
    assert_eq!((told(&appended), keys.len()), (keys, 2));
    let gone = kv.delete("log", &scanned[0].key).wait().unwrap().revision;
    assert_eq!(told(&after(kv, appended.cursor)), [(gone, "log", &*scanned[0].key, true)]);
}

fn what_is_wanted_is_told_and_no_more_is_looked_at_than_was_said(kv: &dyn KeyValue) {
    let begin = kv.cursor().unwrap();
    let revisions: Vec<u64> = (0..7)
        .map(|number| put(kv, if number % 2 == 0 { "profile" } else { "session" }, &number.to_string()))
        .collect();
    let (mut cursor, mut pages) = (begin, Vec::new());
    loop {
        let page = kv.changes(Some(cursor), 3, &|namespace| namespace == "session").unwrap();
        pages.push(page.changes.iter().map(|change| change.revision).collect::<Vec<_>>());
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    assert_eq!(pages, [vec![revisions[1]], vec![revisions[3], revisions[5]], vec![]]);
    let least = kv.changes(Some(begin), 0, &|_| true).unwrap();
    assert!(least.changes.len() == 1 && least.more);
    let pending: Vec<_> = (0..CHANGES_MAX).map(|n| kv.put("profile", &format!("k{n}"), b"x")).collect();
    pending.into_iter().for_each(|write| assert!(write.wait().is_ok()));
    let most = kv.changes(Some(begin), usize::MAX, &|_| true).unwrap();
    assert!(most.changes.len() == CHANGES_MAX && most.more);
}

fn a_cursor_is_where_the_last_write_is(kv: &dyn KeyValue) {
    for number in 0..50 {
        let before = kv.cursor().unwrap();
        let revision = put(kv, "profile", &format!("{}", number % 7));
        let now = kv.cursor().unwrap();
        assert!(before.revision < revision && now.revision == revision && now.store == before.store);
        assert_eq!(after(kv, before).cursor, now);
        assert_eq!(now.to_string().parse::<Cursor>().unwrap(), now);
    }
}

#[track_caller]
fn is_foreign(kv: &dyn KeyValue, after: Cursor) {
    let refused = kv.changes(Some(after), 10, &|_| true);
    let Err(FeedError::Foreign { after: told, now }) = refused else { panic!("{after}: {refused:?}") };
    assert_eq!((told, now), (after, kv.cursor().unwrap()));
}

fn a_cursor_of_another_store_and_one_ahead_are_foreign(kv: &dyn KeyValue) {
    put(kv, "profile", "a");
    let now = kv.cursor().unwrap();
    is_foreign(kv, Cursor { store: now.store ^ 1, ..now });
    is_foreign(kv, Cursor { revision: now.revision + 1, ..now });
    assert!(after(kv, now).changes.is_empty());
}

/// The keys as they are in the end for somebody who has heard of them, and never read them.
#[derive(Default)]
struct Follower {
    keys: BTreeMap<String, u64>,
    cursor: Option<Cursor>,
}

impl Follower {
    /// Takes in a page; whether that was all. Nothing where the backend can't be read.
    fn step(&mut self, kv: &dyn KeyValue, limit: usize) -> Option<bool> {
        let page = match kv.changes(self.cursor, limit, &|namespace| namespace == "profile") {
            Ok(page) => page,
            Err(FeedError::Unavailable(_)) => return None,
            Err(other) => panic!("{other}"),
        };
        for change in page.changes {
            if change.removed {
                self.keys.remove(&change.key);
            } else {
                self.keys.insert(change.key, change.revision);
            }
        }
        self.cursor = Some(page.cursor);
        Some(!page.more)
    }

    fn check(mut self, kv: &dyn KeyValue) {
        while self.step(kv, CHANGES_MAX) != Some(true) {}
        let entries = kv.scan("profile", "", None, 1_000).unwrap().entries;
        let there: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.key, entry.revision)).collect();
        assert_eq!(self.keys, there);
    }
}

/// Writes and removes a few keys again and again.
fn churn(kv: &dyn KeyValue, thread: usize, goes_on: &dyn Fn(usize) -> bool) {
    let mut round = 0;
    while goes_on(round) {
        let key = format!("{thread}/{}", round % 11);
        let done = if round % 3 == 2 { kv.delete("profile", &key) } else { kv.put("profile", &key, &[7]) };
        if let Err(error) = done.wait() {
            assert!(matches!(error, WriteError::Unavailable(_)), "{error}");
        }
        round += 1;
    }
}

fn who_follows_while_others_write_has_all_in_the_end(kv: &dyn KeyValue) {
    let mut followers = [(); 2].map(|()| Follower::default());
    let left = std::sync::atomic::AtomicUsize::new(3);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let left = &left;
            scope.spawn(move || {
                churn(kv, thread, &|round| round < 150);
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        for (follower, limit) in followers.iter_mut().zip([1, 50]) {
            let left = &left;
            scope.spawn(move || {
                while left.load(Ordering::SeqCst) > 0 {
                    follower.step(kv, limit);
                }
            });
        }
    });
    followers.into_iter().for_each(|follower| follower.check(kv));
}

#[test]
fn who_was_away_goes_on_where_it_was_also_after_its_host_restarts() {
    let settings = shared().settings(&bucket());
    let kept = {
        let kv = JetStream::connect(&settings).unwrap();
        ["a", "b", "c"].into_iter().for_each(|key| assert!(put(&kv, "profile", key) > 0));
        kv.cursor().unwrap().to_string()
    };
    let other = JetStream::connect(&settings).unwrap();
    let gone = other.delete("profile", "b").wait().unwrap().revision;
    // Of this one, who comes later does not see the first.
    let a = [put(&other, "profile", "a"), put(&other, "profile", "a")][1];
    drop(other);
    let kv = JetStream::connect(&settings).unwrap();
    let found = after(&kv, kept.parse().unwrap());
    assert_eq!(told(&found), [(gone, "profile", "b", true), (a, "profile", "a", false)]);
    let last = put(&kv, "profile", "d");
    assert_eq!(told(&after(&kv, found.cursor)), [(last, "profile", "d", false)]);
}

#[test]
fn hosts_that_follow_each_other_hear_at_once_of_what_was_acknowledged() {
    let settings = shared().settings(&bucket());
    let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
    let mut cursors = [hosts[0].cursor().unwrap(); 2];
    for round in 0..100 {
        let (here, there) = (round % 2, 1 - round % 2);
        let revision = put(&hosts[here], "profile", &format!("{round}"));
        let found = after(&hosts[there], cursors[there]);
        let heard: Vec<u64> = found.changes.iter().map(|change| change.revision).collect();
        assert!(heard.contains(&revision) && heard.is_sorted(), "{heard:?}");
        cursors[there] = found.cursor;
    }
}

/// What has expired is left out by who reads, and its removal is nowhere told: nothing is written for it.
#[test]
fn what_has_expired_and_is_gone_holds_nobody_up() {
    let settings = shared().settings(&bucket());
    let kv = JetStream::connect(&settings).unwrap();
    let stays = put(&kv, "profile", "stays");
    let begin = kv.cursor().unwrap();
    let brief = Write { ttl_ms: Some(1), ..Write::new("brief", Change::Put { value: b"x".to_vec() }) };
    let revision = kv.write("profile", brief).wait().unwrap().revision;
    assert_eq!(told(&after(&kv, begin)), [(revision, "profile", "brief", false)]);
    // A clock that stands still finds it there for as long as the server has it.
    let behind = JetStream::connect(&JetStreamSettings { clock: Clock::of(|| 0), ..settings.clone() }).unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while behind.get("profile", "brief").unwrap().is_some() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(50));
    }
    let late = JetStream::connect(&settings).unwrap();
    for kv in [&kv, &late] {
        assert_eq!(told(&after(kv, Cursor { revision, ..begin })), []);
        assert_eq!(kv.cursor().unwrap(), Cursor { revision, ..begin });
    }
    assert_eq!(after(&late, begin), Changes { changes: Vec::new(), cursor: late.cursor().unwrap(), more: false });
    assert_eq!(told(&late.changes(None, 10, &|_| true).unwrap()), [(stays, "profile", "stays", false)]);
}

/// Asks a server something of its streams.
fn ask<F: Future<Output = ()>>(server: &Server, what: impl FnOnce(async_nats::jetstream::Context) -> F) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        what(async_nats::jetstream::new(async_nats::connect(server.address().to_string()).await.unwrap())).await;
    });
}

/// More keys than changes that are kept, of somebody who waits for no answer.
#[test]
fn who_is_too_far_behind_is_told_where_the_changes_begin() {
    const KEPT: u64 = 1 << 18;
    let server = Server::start_with("max_payload: 2MB\njetstream { store_dir: \"DIR/store\" }");
    let settings = JetStreamSettings { wait_ms: 30_000, ..server.settings("b") };
    let here = JetStream::connect(&settings).unwrap();
    let first = put(&here, "profile", "first");
    let begin = here.cursor().unwrap();
    let last = first + KEPT + 3_000;
    ask(&server, |context| async move {
        let mut answers = VecDeque::new();
        for number in 0..last - first {
            // A server drops what comes faster than it takes it.
            if answers.len() == 1_000 {
                let answer: PublishAckFuture = answers.pop_front().unwrap();
                answer.await.unwrap();
            }
            answers.push_back(context.publish(format!("greenroom.b.k.profile.k{number}"), "".into()).await.unwrap());
        }
        for answer in answers {
            answer.await.unwrap();
        }
    });
    assert_eq!(here.cursor().unwrap().revision, last);
    let there = JetStream::connect(&settings).unwrap();
    for kv in [&here, &there] {
        let refused = kv.changes(Some(begin), 10, &|_| true);
        let Err(FeedError::Lost { after: lost, begins }) = refused else { panic!("{refused:?}") };
        assert_eq!((lost, begins), (begin.revision, last - KEPT + 1));
        let kept = Cursor { revision: begins - 1, ..begin };
        for found in [kv.changes(None, 1, &|_| true).unwrap(), kv.changes(Some(kept), 1, &|_| true).unwrap()] {
            assert_eq!((found.changes[0].revision, found.more), (begins, true));
        }
        assert!(after(kv, kv.cursor().unwrap()).changes.is_empty());
    }
}

#[test]
fn a_stream_that_was_made_anew_is_another_store() {
    let settings = shared().settings(&bucket());
    let kv = JetStream::connect(&settings).unwrap();
    let was = put(&kv, "profile", "before");
    let before = kv.cursor().unwrap();
    assert!(after(&kv, before).changes.is_empty());
    ask(shared(), |context| async move {
        context.delete_stream(format!("GREENROOM_{}", settings.bucket)).await.unwrap();
        drop(tokio::task::spawn_blocking(move || JetStream::connect(&settings).unwrap()).await.unwrap());
    });
    is_foreign(&kv, before);
    // Also once it has come further than that.
    for number in 0..=was {
        put(&kv, "profile", &number.to_string());
    }
    is_foreign(&kv, before);
    assert_eq!(kv.get("profile", "before").unwrap(), None);
    assert_eq!(kv.scan("profile", "", None, 10).unwrap().entries.len() as u64, was + 1);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(file.file_name());
        if file.path().is_dir() {
            copy(&file.path(), &to);
        } else {
            std::fs::copy(file.path(), to).unwrap();
        }
    }
}

/// As from a copy of the server's disk: it says to be what it was.
#[test]
fn a_stream_that_was_restored_under_a_host_is_another_store() {
    let mut server = Server::start("");
    let settings = server.settings("b");
    let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
    put(&hosts[0], "profile", "a");
    let (store, saved) = (server.dir().join("store"), server.dir().join("saved"));
    server.kill();
    copy(&store, &saved);
    server.again();
    for number in 0..20 {
        put(&hosts[0], "profile", &number.to_string());
    }
    let before = hosts[0].cursor().unwrap();
    for kv in &hosts {
        assert!(after(kv, before).changes.is_empty());
    }
    server.kill();
    std::fs::remove_dir_all(&store).unwrap();
    copy(&saved, &store);
    server.again();
    // Whoever asks before a host has seen it is ahead of the stream.
    let until = Instant::now() + Duration::from_secs(30);
    while hosts[0].cursor().unwrap().store == before.store {
        assert!(Instant::now() < until, "nobody has seen it");
        std::thread::sleep(Duration::from_millis(50));
    }
    for number in 0..30 {
        put(&hosts[1], "profile", &format!("new {number}"));
    }
    for kv in &hosts {
        assert!(kv.cursor().unwrap().revision > before.revision);
        // The other one may mark it as well meanwhile.
        let told = kv.changes(Some(before), 10, &|_| true);
        assert!(matches!(told, Err(FeedError::Foreign { .. })), "{told:?}");
        assert_eq!(kv.scan("profile", "", None, 100).unwrap().entries.len(), 31);
    }
    drop(hosts);
    is_foreign(&JetStream::connect(&settings).expect("its mark is no other layout"), before);
}

#[test]
fn a_stream_that_went_back_and_came_further_before_its_host_was_back_is_another_store() {
    let mut server = Server::start("");
    let settings = server.settings("b");
    let kv = JetStream::connect(&settings).unwrap();
    put(&kv, "profile", "a");
    let (store, saved) = (server.dir().join("store"), server.dir().join("saved"));
    server.kill();
    copy(&store, &saved);
    server.again();
    for number in 0..5 {
        put(&kv, "profile", &number.to_string());
    }
    let before = kv.cursor().unwrap();
    assert!(after(&kv, before).changes.is_empty());
    server.kill();
    std::fs::remove_dir_all(&store).unwrap();
    copy(&saved, &store);
    let config = format!("max_payload: 2MB\njetstream {{ store_dir: {store:?}, sync_interval: always }}");
    let mut elsewhere = Server::start_with(&config);
    let other = JetStream::connect(&elsewhere.settings("b")).unwrap();
    for number in 0..30 {
        put(&other, "profile", &format!("new {number}"));
    }
    drop(other);
    elsewhere.kill();
    server.again();
    let until = Instant::now() + Duration::from_secs(30);
    while kv.cursor().map_or(true, |now| now.store == before.store) {
        assert!(Instant::now() < until, "nobody has seen it");
        std::thread::sleep(Duration::from_millis(50));
    }
    is_foreign(&kv, before);
    assert_eq!(kv.scan("profile", "", None, 100).unwrap().entries.len(), 31);
}

#[test]
fn a_server_that_is_killed_while_hosts_follow_keeps_nothing_from_them() {
    let mut server = Server::start("");
    let settings = JetStreamSettings { wait_ms: 1_000, ..server.settings("b") };
    let hosts = [(); 2].map(|()| JetStream::connect(&settings).unwrap());
    let done = AtomicBool::new(false);
    let mut followers = [(); 2].map(|()| Follower::default());
    std::thread::scope(|scope| {
        for (thread, kv) in hosts.iter().enumerate() {
            let done = &done;
            scope.spawn(move || churn(kv, thread, &|_| !done.load(Ordering::Relaxed)));
        }
        for (follower, kv) in followers.iter_mut().zip(&hosts) {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    follower.step(kv, 20);
                }
            });
        }
        for pause in [0, 1_500, 100] {
            std::thread::sleep(Duration::from_millis(400));
            server.kill();
            std::thread::sleep(Duration::from_millis(pause));
            server.again();
        }
        std::thread::sleep(Duration::from_millis(500));
        done.store(true, Ordering::Relaxed);
    });
    for (follower, kv) in followers.into_iter().zip(&hosts) {
        assert!(follower.cursor.is_some());
        follower.check(kv);
    }
}

#[test]
fn changes_that_are_asked_for_while_the_server_is_away_say_so_in_time() {
    let mut server = Server::start("");
    let kv = Arc::new(JetStream::connect(&JetStreamSettings { wait_ms: 300, ..server.settings("b") }).unwrap());
    put(&*kv, "profile", "a");
    let cursor = kv.cursor().unwrap();
    server.kill();
    let brief = |by: u64| kv.until(Instant::now() + Duration::from_millis(by)).unwrap();
    for (kv, most) in [(Arc::clone(&kv) as Arc<dyn KeyValue>, 5_000), (brief(50), 1_000)] {
        let began = Instant::now();
        assert!(matches!(kv.cursor(), Err(FeedError::Unavailable(_))));
        assert!(matches!(kv.changes(Some(cursor), 10, &|_| true), Err(FeedError::Unavailable(_))));
        assert!(began.elapsed() < Duration::from_millis(most), "{:?}", began.elapsed());
    }
    server.again();
    let until = Instant::now() + Duration::from_secs(15);
    let found = loop {
        match kv.changes(Some(cursor), 10, &|_| true) {
            Ok(found) => break found,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    assert_eq!((found.changes, found.cursor), (Vec::new(), cursor));
}
