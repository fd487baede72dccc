//! Grants that are taken back while a host runs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test that cannot go on should stop; it shares its world"
)]

mod support;

use std::time::{Duration, Instant};

use greenroom_model::Grant;
use greenroom_runtime::{Revocations, Revoked};
use support::{World, ask};

const GRAPH: &str = r#"
[graph]
name = "counting"
output = "probe"
deadline_ms = 10000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.probe]
component = "COMPONENTS/probe.wasm"
params = { mode = "count" }
grants = { memory = ["probe:write"] }
instances = "pooled"
instances_max = 1

[nodes.probe]
agent = "probe"
"#;

#[test]
fn instances_that_were_prepared_with_a_grant_go_with_it() {
    let world = World::new(GRAPH);
    let host = world.serving();
    host.watch_revocations().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // It answers with how often its instance was called before.
    let called = || {
        let answer = runtime.block_on(host.decide(ask("nobody", 5))).unwrap().answer;
        answer.items.first().map(|item| item.row)
    };
    let before = [called(), called(), called()];
    assert_eq!(before, [Some(0), Some(1), Some(2)]);
    let grant = Grant::parse("probe:write");
    let revocations = Revocations::open(&world.path("data")).unwrap();
    assert!(revocations.change(&Revoked { agent: "probe".to_owned(), grant }, false).unwrap());
    let agent = std::sync::Arc::clone(&host.active().unwrap().agents[0]);
    let until = Instant::now() + Duration::from_secs(60);
    while !agent.grants().now().is_empty() {
        assert!(Instant::now() < until, "the host did not heed it");
        std::thread::yield_now();
    }
    // The grants are gone before the instances are: the next call but one at the latest has another instance.
    let after = [called(), called()];
    assert!(after.contains(&Some(0)), "{after:?}");
}
