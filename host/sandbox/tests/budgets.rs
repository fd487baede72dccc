//! Every limit of a budget has a guest that hits it, and what was used is told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use greenroom_kit::guest;
use greenroom_model::{Budget, Column, Exceeded, Fault, FaultKind, Grant, History, Observation, Usage};
use greenroom_sandbox::{Capabilities, Config, Entry, Later, Memory, MemoryError, NoMemory, Page};

const IMPORTS: &str = r#"
    (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[method]namespace.put" (func $put (param i32 i32 i32 i32 i32 i32)))
    (import "greenroom:agent/memory@0.1.0" "[resource-drop]namespace" (func $drop (param i32)))
    (import "greenroom:agent/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;

/// Does `first` once and `each` ten times, and answers with one row whose score is how often the byte at 512, where
/// imports put their results, said that it failed.
fn ten_times(first: &str, each: &str) -> Vec<u8> {
    guest(&format!(
        r#"(module
            {IMPORTS}
            (memory (export "memory") 2)
            (table $t 1 1000000 funcref)
            (global $next (mut i32) (i32.const 8192))
            (data (i32.const 256) "spacekeyvalue")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                global.get $next
                (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get 3) (i32.const 15)) (i32.const -8)))))
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                (local $n i32) (local $failed i32) (local $space i32)
                {first}
                (local.set $n (i32.const 10))
                (loop $again
                    {each}
                    (local.set $failed (i32.add (local.get $failed) (i32.load8_u (i32.const 512))))
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (if (local.get $space) (then (call $drop (local.get $space))))
                (f32.store (i32.const 2048) (f32.convert_i32_u (local.get $failed)))
                (i32.store (i32.const 1036) (i32.const 2052)) (i32.store (i32.const 1040) (i32.const 1))
                (i32.store (i32.const 1044) (i32.const 2048)) (i32.store (i32.const 1048) (i32.const 1))
                i32.const 1024))"#
    ))
}

/// The namespace `space`, kept open until the end.
const OPEN: &str = "(call $open (i32.const 256) (i32.const 5) (i32.const 512))
    (local.set $space (i32.load (i32.const 520)))";
const GET: &str = "(call $get (local.get $space) (i32.const 261) (i32.const 3) (i32.const 512))";
const PUT: &str =
    "(call $put (local.get $space) (i32.const 261) (i32.const 3) (i32.const 264) (i32.const 5) (i32.const 512))";
const LOG: &str = "(call $log (i32.const 1) (i32.const 256) (i32.const 13))";

/// A namespace whose every key has a value of 100 bytes.
#[derive(Default)]
struct Space(Mutex<u64>);

impl Memory for Space {
    fn exists(&self, namespace: &str) -> bool {
        namespace == "space"
    }
    fn get(&self, _: &str, _: &str) -> Result<Option<Entry>, MemoryError> {
        Ok(Some(Entry { value: vec![7; 100], revision: 1 }))
    }
    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        NoMemory.get_many(namespace, keys)
    }
    fn put(&self, _: &str, _: String, _: Vec<u8>) -> Later<u64> {
        *self.0.lock().unwrap() += 1;
        Box::pin(std::future::ready(Ok(1)))
    }
    fn compare_and_swap(&self, namespace: &str, key: String, _: Option<u64>, value: Vec<u8>) -> Later<u64> {
        self.put(namespace, key, value)
    }
    fn delete(&self, _: &str, _: String) -> Later<bool> {
        Box::pin(std::future::ready(Ok(false)))
    }
    fn scan(&self, _: &str, _: &str, _: Option<&str>, _: u32) -> Result<Page, MemoryError> {
        Ok(Page::default())
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

struct Ended {
    /// How often an import said no, or how the call failed.
    outcome: Result<f32, Fault>,
    usage: Usage,
    written: u64,
}

async fn run(component: &[u8], budget: &Budget) -> Ended {
    let sandbox = Config { pool_instances: 30, ..Config::default() }.build().unwrap();
    let component = sandbox.load(component).unwrap();
    let space = Arc::new(Space::default());
    let grants = vec![Grant::parse("space:write").unwrap()];
    let memory: Arc<dyn Memory> = Arc::clone(&space) as _;
    let capabilities = Capabilities { agent: "guest".into(), grants: grants.into(), memory };
    let mut instance = component.instantiate(capabilities, &Budget::PREPARE).await.unwrap();
    let seen = Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: 1,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: Vec::new(),
    };
    let decided = instance.decide(&seen, budget).await;
    let written = *space.0.lock().unwrap();
    let outcome = decided.map(|decision| decision.payload.candidates().unwrap().scores[0]);
    Ended { outcome, usage: instance.usage().clone(), written }
}

/// That a guest is stopped with a fault of this kind and in these words, and that it is not stopped by what it has to
/// begin with.
async fn stopped(component: &[u8], budget: Budget, kind: FaultKind, words: &str) {
    assert_eq!(run(component, &Budget::DECIDE).await.outcome, Ok(0.0), "{words}");
    let fault = run(component, &budget).await.outcome.unwrap_err();
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(fault.message.contains(words), "{fault}");
}

const USUAL: Budget = Budget::DECIDE;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_more_than_its_budget_has_is_stopped() {
    let over = FaultKind::HostCalls;
    let gets = ten_times(OPEN, GET);
    stopped(&gets, Budget { host_calls_max: 10, ..USUAL }, over, "made more than 10 host calls").await;
    stopped(&gets, Budget { host_bytes_max: 900, ..USUAL }, over, "moved more than 900 bytes by host calls").await;
    stopped(&gets, Budget { memory_reads_max: 9, ..USUAL }, over, "read more than 9 entries of `space`").await;
    let puts = ten_times(OPEN, PUT);
    stopped(&puts, Budget { memory_writes_max: 9, ..USUAL }, over, "wrote more than 9 entries of `space`").await;
    assert_eq!(run(&puts, &Budget { memory_writes_max: 9, ..USUAL }).await.written, 9);
    let opens = ten_times("", "(call $open (i32.const 256) (i32.const 5) (i32.const 512))");
    stopped(&opens, Budget { handles_max: 9, ..USUAL }, over, "held more than 9 namespaces open").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_only_told_goes_on_with_what_it_has() {
    let reject = Budget { exceeded: Exceeded::Reject, ..USUAL };
    let gets = ten_times(OPEN, GET);
    let refused = |budget| {
        let gets = gets.clone();
        async move { run(&gets, &budget).await.outcome }
    };
    assert_eq!(refused(Budget { host_calls_max: 8, ..reject }).await, Ok(3.0));
    assert_eq!(refused(Budget { memory_reads_max: 4, ..reject }).await, Ok(6.0));
    assert_eq!(refused(Budget { host_bytes_max: 513, ..reject }).await, Ok(6.0));
    let puts = run(&ten_times(OPEN, PUT), &Budget { memory_writes_max: 3, ..reject }).await;
    assert_eq!((puts.outcome, puts.written), (Ok(7.0), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_answers_and_what_is_handed_over_are_bounded() {
    let grows = ten_times("", "(drop (table.grow $t (ref.null func) (i32.const 100)))");
    let at_first = run(&ten_times("", ""), &USUAL).await.usage.table_elements_peak;
    assert_eq!(run(&grows, &USUAL).await.usage.table_elements_peak, at_first + 1_000);
    // What may not grow says so to the guest, as the core specification has it, and no trap follows.
    let less = run(&grows, &Budget { table_elements_max: at_first + 350, ..USUAL }).await;
    assert_eq!((less.outcome, less.usage.table_elements_peak), (Ok(0.0), at_first + 300));

    // An answer of 10,000 rows without their scores.
    let rows = guest(&format!(
        r#"(module {IMPORTS} (memory (export "memory") 2)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 10000))
                (i32.store (i32.const 1044) (i32.const 2048)) (i32.store (i32.const 1048) (i32.const 1))
                i32.const 1024))"#
    ));
    let whole = run(&rows, &USUAL).await;
    assert_eq!((whole.outcome, whole.usage.output_bytes), (Ok(0.0), 40_004));
    let fault = run(&rows, &Budget { output_bytes_max: 40_000, ..USUAL }).await.outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::InvalidOutput, "{fault}");
    assert!(fault.message.contains("decide returned 40004 bytes, its budget is 40000"), "{fault}");
    let fault = run(&rows, &Budget { lifted_bytes_max: 39_000, ..USUAL }).await.outcome.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Memory, "{fault}");
    assert!(fault.message.contains("handed over more than 39000 bytes at a time"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_beyond_the_budget_are_dropped_and_counted() {
    let logs = ten_times("", LOG);
    for budget in [Budget { log_lines_max: 4, ..USUAL }, Budget { log_bytes_max: 4 * 13 + 5, ..USUAL }] {
        let ended = run(&logs, &budget).await;
        assert_eq!(ended.outcome, Ok(0.0));
        let Usage { log_lines, log_bytes, log_dropped, .. } = ended.usage;
        assert_eq!((log_lines, log_bytes, log_dropped), (4, 52, 6));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_is_told_by_namespace() {
    let ended = run(&ten_times(OPEN, &format!("{GET} {PUT} {PUT}")), &USUAL).await;
    let used: BTreeMap<&str, (u64, u64, u64)> =
        ended.usage.namespaces.iter().map(|(name, u)| (&**name, (u.reads, u.writes, u.written_bytes))).collect();
    assert_eq!(used, BTreeMap::from([("space", (10, 20, 20 * 8))]));
    assert_eq!((ended.usage.host_calls, ended.usage.handles_peak), (31, 1));
    assert_eq!(ended.usage.host_bytes, 5 + 10 * (3 + 100) + 20 * 8);
}
