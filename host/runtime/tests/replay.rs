//! A call that was recorded ends again as it ended, anywhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use greenroom_model::FaultKind;
use greenroom_runtime::{Ask, Ended, Guests, Recording, ReplayError, Rerun, rerun};
use greenroom_sandbox::Sandbox;
use support::{World, ask};

fn graph(mode: &str, instances: &str) -> String {
    format!(
        r#"
[graph]
name = "recorded"
output = "probe"
deadline_ms = 10000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.content]
component = "COMPONENTS/content.wasm"
grants = {{ memory = ["items:read"] }}
instances = "{instances}"

[agents.probe]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "{mode}" }}
grants = {{ memory = ["probe:write"] }}
instances = "{instances}"

[nodes.content]
agent = "content"
limit = 5

[nodes.probe]
agent = "probe"
inputs = {{ content = "content" }}
on_fault = "empty"
"#
    )
}

fn sandbox() -> Sandbox {
    greenroom_sandbox::Config { pool_instances: 60, ..greenroom_sandbox::Config::default() }.build().unwrap()
}

fn again(recording: &Recording, component: &[u8]) -> Rerun {
    let component = sandbox().load(component).unwrap();
    let recording = recording.clone();
    Guests::start(1).unwrap().block_on(async move { rerun(&recording, &component).await }).unwrap()
}

/// The recordings of one request of `s0`, by node.
fn recorded(world: &World) -> Vec<Recording> {
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reply = runtime.block_on(host.decide(Ask { record: true, ..ask("s0", 5) })).unwrap();
    assert!(reply.answer.degraded.is_empty(), "{:?}", reply.answer.degraded);
    let mut all = reply.answer.recordings;
    all.sort_by(|a, b| a.node.cmp(&b.node));
    all
}

#[test]
fn every_call_of_a_request_ends_again_as_it_ended_without_the_store() {
    for instances in ["fresh", "pooled"] {
        let recordings = recorded(&World::new(&graph("memory", instances)));
        assert_eq!(recordings.iter().map(|r| r.node.as_str()).collect::<Vec<_>>(), ["content", "probe"]);
        for recording in recordings {
            assert!(recording.node == "content" || !recording.heard.is_empty(), "the probe reads memory");
            let rerun = again(&recording, recording.component());
            assert!(rerun.ended.same(&recording.ended), "{}: {:?}", recording.node, rerun.ended);
            assert_eq!(rerun.unheard, 0);
        }
    }
}

#[test]
fn another_component_answers_what_was_recorded_in_its_own_way() {
    let recordings = recorded(&World::new(&graph("honest", "fresh")));
    let popularity = fs::read(greenroom_kit::component("popularity")).unwrap();
    let other = again(&recordings[1], &popularity);
    // It is configured with parameters of another agent, and says so.
    let Ended::Failed(fault) = &other.ended else { panic!("{:?}", other.ended) };
    assert_eq!(fault.kind, FaultKind::InvalidParameters, "{fault}");
    let module = greenroom_kit::guest(
        r#"(module (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) i32.const 1024))"#,
    );
    let empty = again(&recordings[1], &module);
    assert!(matches!(&empty.ended, Ended::Decided(_)) && !empty.ended.same(&recordings[1].ended));
}

fn replays(world: &World) -> Vec<PathBuf> {
    let files = fs::read_dir(world.path("data/replays")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

#[test]
fn the_first_fault_of_a_kind_is_kept_and_fails_again() {
    for (mode, kind) in
        [("panic", FaultKind::Trap), ("nan", FaultKind::InvalidOutput), ("fault", FaultKind::Unavailable)]
    {
        let world = World::new(&graph(mode, "fresh"));
        let host = world.serving();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let replies: Vec<_> = (0..3).map(|_| runtime.block_on(host.decide(ask("s0", 5))).unwrap()).collect();
        runtime.block_on(host.flush()).unwrap();
        let files = replays(&world);
        assert_eq!(files.len(), 1, "{files:?}");
        for reply in &replies {
            let report = reply.answer.degraded[0].fault.report.as_ref().unwrap();
            assert_eq!(report.replay.as_ref(), Some(&files[0]), "{mode}");
        }
        let recording = Recording::read(&files[0]).unwrap();
        assert_eq!((recording.agent.as_str(), recording.node.as_str()), ("probe", "probe"));
        let rerun = again(&recording, recording.component());
        assert!(rerun.ended.same(&recording.ended), "{mode}: {:?} was {:?}", rerun.ended, recording.ended);
        let Ended::Failed(fault) = rerun.ended else { panic!("{mode}") };
        assert_eq!(fault.kind, kind, "{mode}: {fault}");
    }
}

fn head(contract: &str, format: u32) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Head<'a> {
        format: u32,
        contract: &'a str,
        host: &'a str,
        digest: greenroom_model::Digest,
    }
    let head = Head { format, contract, host: "0.0.9", digest: greenroom_model::Digest::of(b"body") };
    [b"GRNplay\n".to_vec(), rmp_serde::to_vec_named(&head).unwrap(), b"body".to_vec()].concat()
}

#[test]
fn a_file_that_cannot_be_replayed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.replay");
    let says = |content: &[u8]| -> ReplayError {
        fs::write(&path, content).unwrap();
        Recording::read(&path).unwrap_err()
    };
    let world = World::new(&graph("honest", "fresh"));
    recorded(&world)[1].write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for cut in [9, 60, whole.len() / 2, whole.len() - 1] {
        assert!(matches!(says(&whole[..cut]), ReplayError::Broken { .. }), "{cut}");
    }
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(says(&changed), ReplayError::Broken { .. }));
    assert!(matches!(says(b"\0asm"), ReplayError::NotOne { .. }));
    assert!(matches!(says(b""), ReplayError::NotOne { .. }));
    let other = says(&head("0.0.9", 1)).to_string();
    assert!(other.contains("greenroom:agent@0.0.9") && other.contains("this host speaks 0.1.0 and 0.2.0"), "{other}");
    let other = says(&head("0.1.0", 99)).to_string();
    assert!(other.contains("format 99") && other.contains("greenroom 0.0.9"), "{other}");
    assert!(matches!(Recording::read(Path::new("nowhere.replay")), Err(ReplayError::Read { .. })));
}

#[test]
fn of_more_recordings_than_may_be_kept_the_oldest_go() {
    let world = World::new(&graph("panic", "fresh"));
    drop(world.serving());
    let config = greenroom_runtime::Config {
        graph: world.path("graph.toml"),
        data_dir: world.path("data"),
        cache_dir: None,
        interpreters_dir: None,
        guest_threads: 2,
        pool_instances: 60,
        tick: std::time::Duration::from_millis(1),
        compiler: None,
        join_window: std::time::Duration::from_secs(86_400),
        shared: None,
        replays_max: 2,
        limits: greenroom_runtime::Limits::default(),
        retention: greenroom_runtime::Retention::default(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut kept = Vec::new();
    for mode in ["panic", "nan", "fault"] {
        let components = greenroom_kit::components().display().to_string();
        fs::write(world.path("graph.toml"), graph(mode, "fresh").replace("COMPONENTS", &components)).unwrap();
        let host = config.open().unwrap();
        host.train(std::sync::Arc::new(greenroom_runtime::Quiet)).unwrap();
        host.activate().unwrap();
        let reply = runtime.block_on(host.decide(ask("s0", 5))).unwrap();
        runtime.block_on(host.flush()).unwrap();
        kept.push(reply.answer.degraded[0].fault.report.as_ref().unwrap().replay.clone().unwrap());
    }
    let mut expected = kept.split_off(1);
    expected.sort();
    assert_eq!(replays(&world), expected);
}
