//! Agents that learn on a cadence, after a restart.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use greenroom_runtime::LearnedRecord;
use support::small::wait_for;
use support::{World, ask};

const GRAPH: &str = r#"
[graph]
name = "learns"
output = "popularity"
deadline_ms = 3000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"
learn_every_s = 60

[nodes.popularity]
agent = "popularity"
"#;

#[test]
fn a_model_that_knows_all_that_was_told_is_not_stale_however_old() {
    let world = World::new(GRAPH);
    let host = world.serving();
    // As if it had been learned an hour ago.
    let kv = host.store().kv();
    for entry in kv.scan("@plans", "learns/learned/", None, 10).unwrap().entries {
        let mut learned: LearnedRecord = rmp_serde::from_slice(&entry.value).unwrap();
        learned.time_ms -= 3_600_000;
        kv.put("@plans", &entry.key, &rmp_serde::to_vec_named(&learned).unwrap()).wait().unwrap();
    }
    drop((kv, host));
    let host = world.open();
    host.resume().unwrap();
    host.keep().unwrap();
    wait_for("it has a cadence", || !host.cadences().is_empty());
    let pace = host.cadences().remove(0);
    assert!(pace.agent == "popularity" && !pace.stale, "{pace:?}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(host.decide(ask("s1", 3))).unwrap().items.len(), 3);
}
