//! Warm images: instances that are ready as soon as they are made, and know nothing of each other.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_kit::{component, guest};
use greenroom_model::{Budgets, FaultKind, History, Observation, ParamValue, State, Usage};
use greenroom_sandbox::{Capabilities, Component, Config, ImageError, Instance, Preparation, Sandbox, Tape};

fn sandbox(cache: Option<&std::path::Path>) -> Sandbox {
    Config { cache_dir: cache.map(Into::into), pool_instances: 30, ..Config::default() }.build().unwrap()
}

fn params(mode: &str) -> Vec<u8> {
    let params: BTreeMap<&str, ParamValue> = BTreeMap::from([
        ("mode", ParamValue::Text(mode.to_owned())),
        ("size", ParamValue::Integer(if mode == "spin-configure" { 77_777 } else { 3 })),
        ("weight", ParamValue::Float(0.5)),
    ]);
    rmp_serde::to_vec_named(&params).unwrap()
}

fn none() -> Capabilities {
    Capabilities::none("image")
}

async fn image_of(probe: &Component, mode: &str, state: Option<&State>) -> Result<Component, ImageError> {
    let params = params(mode);
    let preparation = Preparation { params: Some(&params), state, budgets: &Budgets::default(), by: None };
    probe.image(none(), &preparation).await
}

async fn instance(component: &Component) -> Instance {
    component.instantiate(none(), &Budgets::default().instantiate).await.unwrap()
}

async fn rows(instance: &mut Instance) -> Vec<u32> {
    let seen = Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: 10,
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
    let decision = instance.decide(&seen, &Budgets::default().decide).await.unwrap();
    decision.payload.candidates().unwrap().rows.clone()
}

fn probe(sandbox: &Sandbox) -> Component {
    sandbox.load(&std::fs::read(component("probe")).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_an_image_is_configured_and_restored() {
    let sandbox = sandbox(None);
    let probe = probe(&sandbox);
    let state = State { schema: "probe/1".into(), bytes: 77_u64.to_le_bytes().to_vec() };
    let image = image_of(&probe, "honest", Some(&state)).await.unwrap();
    assert_eq!(image.digest(), probe.digest());
    let mut ready = instance(&image).await;
    assert_eq!(rows(&mut ready).await, [0, 1, 2]);
    assert_eq!(ready.snapshot(&Budgets::default().restore).await.unwrap(), state);
    // The component itself is as it was.
    assert_eq!(rows(&mut instance(&probe).await).await, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_of_an_image_have_nothing_of_each_other() {
    let sandbox = sandbox(None);
    let image = image_of(&probe(&sandbox), "count", None).await.unwrap();
    let mut one = instance(&image).await;
    // It answers with the number of its calls so far.
    assert_eq!((rows(&mut one).await, rows(&mut one).await), (vec![0], vec![1]));
    assert_eq!(rows(&mut instance(&image).await).await, [0]);
    drop(one);
    for _ in 0..50 {
        assert_eq!(rows(&mut instance(&image).await).await, [0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_made_is_taken_from_the_cache_for_the_same_version_alone() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let first = sandbox(Some(folder.path()));
    image_of(&probe(&first), "count", None).await.unwrap();
    let made = files();
    let again = sandbox(Some(folder.path()));
    let image = image_of(&probe(&again), "count", None).await.unwrap();
    assert_eq!(rows(&mut instance(&image).await).await, [0]);
    assert_eq!(files(), made);
    image_of(&probe(&again), "honest", None).await.unwrap();
    assert_eq!(files(), made + 1, "other parameters are another version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_prepared_has_no_image_and_says_why() {
    let sandbox = sandbox(None);
    let state = State { schema: "ease/1".into(), bytes: Vec::new() };
    let refused = image_of(&probe(&sandbox), "honest", Some(&state)).await.err().unwrap();
    assert!(matches!(&refused, ImageError::Prepare(fault) if fault.kind == FaultKind::InvalidState), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_snapshot_cannot_keep_is_refused_in_words() {
    let sandbox = sandbox(None);
    // A table that grows is not in a snapshot.
    let mutating = guest(
        r#"(module (memory (export "memory") 1) (table $t 1 100 funcref)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                (drop (table.grow $t (ref.null func) (i32.const 1))) i32.const 1024))"#,
    );
    let component = sandbox.load(&mutating).unwrap();
    let preparation = Preparation { params: None, state: None, budgets: &Budgets::default(), by: None };
    let refused = component.image(none(), &preparation).await.err().unwrap();
    assert!(refused.to_string().starts_with("it cannot be snapshotted: "), "{refused}");
    let mut used = Usage::default();
    component.prepare(none(), &preparation, &mut used, &mut Tape::default()).await.unwrap();
    assert_eq!(used.calls, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn preparing_is_given_up_when_its_time_is_over() {
    let sandbox = sandbox(None);
    let (params, budgets) = (params("spin-configure"), Budgets::default());
    let probe = probe(&sandbox);
    let by = Some(std::time::Instant::now() + std::time::Duration::from_millis(50));
    let preparation = Preparation { params: Some(&params), state: None, budgets: &budgets, by };
    let mut used = Usage::default();
    let fault = probe.prepare(none(), &preparation, &mut used, &mut Tape::default()).await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::Deadline, "{fault}");
    assert!(fault.message.starts_with("configure took more than ") && used.calls == 2, "{fault}");
}
