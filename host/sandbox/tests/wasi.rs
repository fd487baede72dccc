//! WASI as guests find it: there, and nothing behind it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use greenroom_kit::guest;
use greenroom_model::{Budget, Fault, FaultKind, History, Observation};
use greenroom_sandbox::{Capabilities, Component, Config, Instance};

/// Answers with one row whose score is what `body` leaves on the stack as a f32.
fn scoring(imports: &str, body: &str) -> String {
    format!(
        r#"(module
            {imports}
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                (f32.store (i32.const 2048) {body})
                ;; One row at 2052, which is 0, and one score at 2048.
                (i32.store (i32.const 1036) (i32.const 2052)) (i32.store (i32.const 1040) (i32.const 1))
                (i32.store (i32.const 1044) (i32.const 2048)) (i32.store (i32.const 1048) (i32.const 1))
                i32.const 1024))"#
    )
}

const RANDOM: &str = r#"(import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))"#;
const WALL: &str = r#"(import "wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))"#;
const MONOTONIC: &str = r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))"#;
const SLEEP: &str = r#"
    (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $after (param i64) (result i32)))
    (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#;

fn load(wat: &str) -> Component {
    let sandbox = Config { pool_instances: 30, ..Config::default() }.build().unwrap();
    sandbox.load(&guest(wat)).unwrap()
}

async fn instance(component: &Component) -> Instance {
    component.instantiate(Capabilities::none("wasi"), &Budget::DECIDE).await.unwrap()
}

fn seen(now_ms: i64, seed: u64) -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms,
        seed,
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
    }
}

async fn score(instance: &mut Instance, now_ms: i64, seed: u64) -> f32 {
    let decision = instance.decide(&seen(now_ms, seed), &Budget::DECIDE).await.unwrap();
    decision.payload.candidates().unwrap().scores[0]
}

async fn fault(instance: &mut Instance, budget: &Budget) -> Fault {
    instance.decide(&seen(0, 0), budget).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn randomness_is_that_of_the_request() {
    let guest = load(&scoring(RANDOM, "(f32.convert_i64_u (call $random))"));
    assert!(guest.interfaces().wasi);
    let (mut one, mut other) = (instance(&guest).await, instance(&guest).await);
    let first = score(&mut one, 0, 7).await;
    assert_ne!(first, score(&mut one, 0, 8).await, "another request");
    assert_eq!(first, score(&mut one, 0, 7).await, "the same request again");
    assert_eq!(first, score(&mut other, 0, 7).await, "the same request in another instance");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_that_of_the_request_and_tells_nothing_of_the_machine() {
    let wall = load(&scoring(WALL, "(call $now (i32.const 3072)) (f32.convert_i64_u (i64.load (i32.const 3072)))"));
    let mut wall = instance(&wall).await;
    assert_eq!(score(&mut wall, 5_000, 0).await, 5.0);
    assert_eq!(score(&mut wall, 9_000, 0).await, 9.0);
    // A thousand turns between two looks are not seen.
    let spin =
        "(local.set $n (i32.const 1000)) (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";
    let body = format!("(drop (call $now)) {spin} (f32.convert_i64_u (call $now))");
    let timed =
        scoring(MONOTONIC, &body).replace("(param i32) (result i32)\n", "(param i32) (result i32) (local $n i32)\n");
    let mut timed = instance(&load(&timed)).await;
    assert_eq!(score(&mut timed, 5_000, 0).await, 1_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_goes_on_at_once_at_the_time_that_was_waited_for() {
    let imports = format!("{SLEEP}{MONOTONIC}");
    let body = "(call $block (call $after (i64.const 3600000000000))) (f32.convert_i64_u (call $now))";
    let mut instance = instance(&load(&scoring(&imports, body))).await;
    assert_eq!(score(&mut instance, 0, 0).await, 3_600_000_000_000.0);
    assert_eq!(score(&mut instance, 0, 0).await, 3_600_000_000_000.0, "each call begins at its own time");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_wasi_are_host_calls() {
    let body = "(loop $l (drop (call $random)) (br $l)) (f32.const 1)";
    let mut instance = instance(&load(&scoring(RANDOM, body))).await;
    let fault = fault(&mut instance, &Budget { host_calls_max: 100, ..Budget::DECIDE }).await;
    assert_eq!(fault.kind, FaultKind::HostCalls, "{fault}");
    assert!(fault.message.contains("more than 100 host calls"), "{fault}");
}
