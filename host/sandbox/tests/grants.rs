//! What is granted is what is reached: by key prefix and verb, as the grants are while the guest runs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use greenroom_kit::guest;
use greenroom_model::{Budget, Column, Grant, History, Observation};
use greenroom_sandbox::{
    Capabilities, Config, Entry, Grants, Instance, KeyedEntry, Later, Memory, MemoryError, NoMemory, Page, Sandbox,
};

/// Namespaces in memory; the revision of an entry is the number of its write.
#[derive(Default)]
struct Spaces(Mutex<(u64, BTreeMap<String, Entry>)>);

fn now<T: Send + 'static>(answer: Result<T, MemoryError>) -> Later<T> {
    Box::pin(std::future::ready(answer))
}

impl Memory for Spaces {
    fn exists(&self, namespace: &str) -> bool {
        namespace == "space"
    }
    fn get(&self, _: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(self.0.lock().unwrap().1.get(key).cloned())
    }
    fn get_many(&self, space: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        keys.iter().map(|key| self.get(space, key)).collect()
    }
    fn put(&self, _: &str, key: String, value: Vec<u8>) -> Later<u64> {
        let mut all = self.0.lock().unwrap();
        all.0 += 1;
        let revision = all.0;
        all.1.insert(key, Entry { value, revision });
        now(Ok(revision))
    }
    fn compare_and_swap(&self, space: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        let found = self.0.lock().unwrap().1.get(&key).map(|entry| entry.revision);
        if found == expected { self.put(space, key, value) } else { now(Err(MemoryError::Conflict(found))) }
    }
    fn delete(&self, _: &str, key: String) -> Later<bool> {
        now(Ok(self.0.lock().unwrap().1.remove(&key).is_some()))
    }
    fn scan(&self, _: &str, prefix: &str, _: Option<&str>, _: u32) -> Result<Page, MemoryError> {
        let all = self.0.lock().unwrap();
        let found = all.1.iter().filter(|(key, _)| key.starts_with(prefix));
        let keyed =
            |(key, e): (&String, &Entry)| KeyedEntry { key: key.clone(), value: e.value.clone(), revision: e.revision };
        Ok(Page { entries: found.map(keyed).collect(), next: None })
    }
    fn row_count(&self) -> u32 {
        1
    }
    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        NoMemory.gather(rows, fields)
    }
    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        NoMemory.labels(field)
    }
}

/// Does what the request's limit says to the key at 261 and answers with a score: 0 when it was done, 1 + the number of
/// the error otherwise (1 is `denied`, 2 is `conflict`), 9 when the namespace was not opened.
const TRIES: &str = r#"(module
    (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.get-many" (func $many (param i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.put" (func $put (param i32 i32 i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.compare-and-swap"
        (func $swap (param i32 i32 i32 i32 i64 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.delete" (func $delete (param i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.scan"
        (func $scan (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[resource-drop]namespace" (func $drop (param i32)))
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 8192))
    (data (i32.const 256) "spaceKEYvalue")
    (data (i32.const 300) "\05\01\00\00\03\00\00\00")
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        global.get $next
        (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -8)))))
    (func (export "greenroom:agent/policy@0.1.0#decide") (param $seen i32) (result i32)
        (local $space i32) (local $what i32) (local $score i32)
        (local.set $what (i32.load offset=40 (local.get $seen)))
        (call $open (i32.const 256) (i32.const 5) (i32.const 512))
        (if (i32.load8_u (i32.const 512))
            (then (local.set $score (i32.const 9)))
            (else
                (local.set $space (i32.load (i32.const 520)))
                (if (i32.eq (local.get $what) (i32.const 1))
                    (then (call $get (local.get $space) (i32.const 261) (i32.const 3) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 2))
                    (then (call $put (local.get $space) (i32.const 261) (i32.const 3) (i32.const 264) (i32.const 5) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 3))
                    (then (call $swap (local.get $space) (i32.const 261) (i32.const 3) (i32.const 0) (i64.const 0)
                        (i32.const 264) (i32.const 5) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 4))
                    (then (call $swap (local.get $space) (i32.const 261) (i32.const 3) (i32.const 1) (i64.const 1)
                        (i32.const 264) (i32.const 5) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 5))
                    (then (call $delete (local.get $space) (i32.const 261) (i32.const 3) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 6))
                    (then (call $scan (local.get $space) (i32.const 261) (i32.const 2)
                        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 10) (i32.const 600))))
                (if (i32.eq (local.get $what) (i32.const 7))
                    (then (call $many (local.get $space) (i32.const 300) (i32.const 1) (i32.const 600))))
                (if (i32.load8_u (i32.const 600))
                    (then (local.set $score (i32.add (i32.const 1) (i32.load8_u (i32.const 608))))))
                (call $drop (local.get $space))))
        (f32.store (i32.const 2048) (f32.convert_i32_u (local.get $score)))
        (i32.store (i32.const 1036) (i32.const 2052)) (i32.store (i32.const 1040) (i32.const 1))
        (i32.store (i32.const 1044) (i32.const 2048)) (i32.store (i32.const 1048) (i32.const 1))
        i32.const 1024))"#;

#[derive(Clone, Copy)]
enum Act {
    Get = 1,
    Put,
    Add,
    Swap,
    Delete,
    Scan,
    GetMany,
}

use Act::{Add, Delete, Get, GetMany, Put, Scan, Swap};

const DONE: f32 = 0.0;
const DENIED: f32 = 1.0;
const CONFLICT: f32 = 2.0;
const CLOSED: f32 = 9.0;

fn seen(act: Act) -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: act as u32,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: Vec::new(),
    }
}

fn sandbox() -> Sandbox {
    Config { pool_instances: 30, ..Config::default() }.build().unwrap()
}

fn grants(granted: &[&str]) -> Grants {
    granted.iter().map(|grant| Grant::parse(grant).unwrap()).collect::<Vec<_>>().into()
}

async fn made(sandbox: &Sandbox, granted: &Grants, memory: &Arc<Spaces>) -> Instance {
    let component = sandbox.load(&guest(TRIES)).unwrap();
    let memory: Arc<dyn Memory> = Arc::clone(memory) as _;
    let capabilities = Capabilities { agent: "agent".into(), grants: granted.clone(), memory };
    component.instantiate(capabilities, &Budget::PREPARE).await.unwrap()
}

async fn tried(instance: &mut Instance, act: Act) -> f32 {
    let decided = instance.decide(&seen(act), &Budget::DECIDE).await.unwrap();
    decided.payload.candidates().unwrap().scores[0]
}

/// What becomes of each act, over a namespace that has the key, or none.
#[track_caller]
fn check(granted: &[&str], there: bool, expected: &[(Act, f32)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let sandbox = sandbox();
    for (act, expected) in expected {
        let memory = Arc::new(Spaces::default());
        if there {
            drop(memory.put("space", "KEY".to_owned(), vec![1]));
        }
        let found = runtime.block_on(async {
            let mut instance = made(&sandbox, &grants(granted), &memory).await;
            tried(&mut instance, *act).await
        });
        assert_eq!(found, *expected, "{granted:?}: act {}", *act as u32);
    }
}

#[test]
fn each_verb_allows_what_it_says() {
    let all = |outcome| [Get, Put, Add, Swap, Delete, Scan, GetMany].map(|act| (act, outcome));
    check(&[], true, &all(CLOSED));
    check(&["other:write"], true, &all(CLOSED));
    check(&["space:write"], true, &[Get, Put, Swap, Delete, Scan, GetMany].map(|act| (act, DONE)));
    check(&["space:read"], true, &[Get, Scan, GetMany].map(|act| (act, DONE)));
    check(&["space:read"], false, &[Put, Add, Swap, Delete].map(|act| (act, DENIED)));
}

#[test]
fn who_may_append_adds_what_is_not_there_and_does_nothing_else() {
    check(&["space:append"], false, &[(Put, DONE), (Add, DONE)]);
    check(&["space:append"], true, &[(Put, CONFLICT), (Add, CONFLICT)]);
    check(&["space:append"], true, &[Get, Swap, Delete, Scan, GetMany].map(|act| (act, DENIED)));
    check(&["space:append", "space:read"], true, &[(Get, DONE), (Put, CONFLICT), (Delete, DENIED)]);
}

#[test]
fn a_prefix_is_all_that_is_reached() {
    check(&["space/KE:write"], true, &[Get, Put, Delete, Scan, GetMany].map(|act| (act, DONE)));
    check(&["space/other:write"], true, &[Get, Put, Add, Delete, Scan, GetMany].map(|act| (act, DENIED)));
    // The scan is of `KE`, which has more in it than is granted.
    check(&["space/KEY:read"], true, &[(Get, DONE), (Scan, DENIED), (Put, DENIED)]);
    check(&["space/other:write", "space/KEY:read"], true, &[(Get, DONE), (Put, DENIED)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_back_is_gone_for_instances_that_live() {
    let (sandbox, memory, granted) = (sandbox(), Arc::new(Spaces::default()), grants(&["space:write"]));
    let mut instance = made(&sandbox, &granted, &memory).await;
    assert_eq!(tried(&mut instance, Put).await, DONE);
    granted.set(vec![Grant::parse("space:read").unwrap()]);
    assert_eq!(tried(&mut instance, Put).await, DENIED);
    assert_eq!(tried(&mut instance, Get).await, DONE);
    granted.set(Vec::new());
    assert_eq!(tried(&mut instance, Get).await, CLOSED);
    let denied: Vec<(&str, u64)> = instance.usage().denied.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    assert_eq!(denied, [("space:read", 1)]);
    granted.set(vec![Grant::parse("space:write").unwrap()]);
    assert_eq!(tried(&mut instance, Put).await, DONE);
}
