//! What fails in one node costs that node: the request goes on and says so.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::task::Poll;

use greenroom_model::FaultKind;
use greenroom_runtime::{Ask, AskError, Reply};
use support::{World, ask};

fn graph(mode: &str, on_fault: &str, more: &str) -> String {
    format!(
        r#"
[graph]
name = "shaky"
output = "fuse"
deadline_ms = 3000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.good]
component = "COMPONENTS/popularity.wasm"

[agents.bad]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "{mode}" }}
grants = {{ memory = ["probe:write"] }}
instances = "pooled"
{more}

[agents.fusion]
component = "COMPONENTS/fusion.wasm"
params = {{ method = "rrf" }}

[nodes.good]
agent = "good"

[nodes.bad]
agent = "bad"
limit = 5
deadline_ms = 200
on_fault = {on_fault}

[nodes.fuse]
agent = "fusion"
inputs = {{ good = "good", bad = "bad" }}
"#
    )
}

fn decide(graph: &str, times: usize) -> Vec<Result<Reply, AskError>> {
    let world = World::new(graph);
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    (0..times).map(|_| runtime.block_on(host.decide(ask("s0", 5)))).collect()
}

#[test]
fn a_failed_node_yields_its_fallback_and_the_answer_says_degraded() {
    let expected = [
        ("trap", FaultKind::Trap),
        ("panic", FaultKind::Trap),
        ("fault", FaultKind::Unavailable),
        ("nan", FaultKind::InvalidOutput),
        ("repeat", FaultKind::InvalidOutput),
        ("unknown", FaultKind::InvalidOutput),
        ("too-many", FaultKind::InvalidOutput),
    ];
    for (mode, kind) in expected {
        for reply in decide(&graph(mode, "\"empty\"", ""), 3) {
            let reply = reply.unwrap();
            assert_eq!(reply.items.len(), 5, "{mode}");
            assert!(reply.items.iter().all(|item| item.from.iter().all(|node| &**node == "good")), "{mode}");
            let degraded = &reply.answer.degraded;
            assert_eq!((degraded.len(), &*degraded[0].node, degraded[0].fault.kind), (1, "bad", kind), "{mode}");
        }
    }
}

#[test]
fn a_node_is_stopped_at_its_own_deadline() {
    let budget = "budget = { fuel = 1_000_000_000_000, deadline_ms = 2500 }";
    let reply = decide(&graph("spin", "\"empty\"", budget), 1).remove(0).unwrap();
    assert_eq!(reply.answer.degraded[0].fault.kind, FaultKind::Deadline);
    assert!(reply.answer.degraded[0].fault.message.contains("200 ms"), "{:?}", reply.answer.degraded);
    assert_eq!(reply.items.len(), 5);
}

#[test]
fn a_loop_ends_with_its_fuel_and_growth_with_its_memory() {
    let reply = decide(&graph("spin", "\"empty\"", "budget = { fuel = 1_000_000 }"), 1).remove(0).unwrap();
    assert_eq!(reply.answer.degraded[0].fault.kind, FaultKind::Fuel);
    let reply = decide(&graph("grow", "\"empty\"", "budget = { memory_max = \"8MiB\" }"), 1).remove(0).unwrap();
    assert_eq!(reply.answer.degraded[0].fault.kind, FaultKind::Memory);
}

#[test]
fn rows_that_break_a_rule_are_dropped_where_the_graph_file_says_so() {
    for (mode, violations, dropped) in
        [("nan", 1, 1), ("repeat", 1, 1), ("unknown", 1, 1), ("too-many", 1, 1), ("honest", 0, 0)]
    {
        let graph = graph(mode, "\"fail\"\non_violation = \"drop\"", "");
        let reply = decide(&graph, 1).remove(0).unwrap();
        assert!(reply.answer.degraded.is_empty() && reply.items.len() == 5, "{mode}: {:?}", reply.answer.degraded);
        let used = &reply.answer.nodes.iter().find(|(name, _)| &**name == "bad").unwrap().1;
        assert_eq!((used.violations, used.rows_dropped), (violations, dropped), "{mode}");
    }
}

const SPIN: &str = "budget = { fuel = 40_000_000 }";

#[test]
fn nodes_share_what_the_request_may_use() {
    let shared = graph("spin", "\"empty\"", SPIN)
        .replace("deadline_ms = 3000", "deadline_ms = 3000\nbudget = { fuel = 8_000_000 }");
    let reply = decide(&shared, 1).remove(0).unwrap();
    let fault = &reply.answer.degraded[0].fault;
    // Two nodes are ready at once, so each may have half of it.
    assert_eq!(fault.message, "decide used up its 4000000 units of fuel");
    // What the loop used is gone, what the other one did not use is there for the last one.
    assert!(reply.answer.usage.fuel > 4_000_000 && reply.answer.usage.fuel < 8_000_000, "{:?}", reply.answer.usage);
    assert_eq!(reply.items.len(), 5);
}

#[test]
fn an_agent_that_used_its_fuel_of_the_second_is_not_called() {
    let rate = |exceeded: &str| format!("{SPIN}\nrate = {{ fuel_per_s = 1_000_000, exceeded = \"{exceeded}\" }}");
    let replies = decide(&graph("spin", "\"empty\"", &rate("reject")), 2);
    let kinds: Vec<FaultKind> = replies.iter().map(|r| r.as_ref().unwrap().answer.degraded[0].fault.kind).collect();
    assert_eq!(kinds, [FaultKind::Fuel, FaultKind::Exhausted]);
    let message = &replies[1].as_ref().unwrap().answer.degraded[0].fault.message;
    assert!(message.starts_with("`bad` used its 1000000 units of fuel a second; there is some again in "), "{message}");
    // One that waits has to wait longer than the request lasts.
    let message =
        &decide(&graph("spin", "\"empty\"", &rate("throttle")), 2).remove(1).unwrap().answer.degraded[0].fault;
    assert_eq!(message.kind, FaultKind::Exhausted);
}

#[test]
fn what_is_used_counts_the_instances_that_were_made_for_it_and_is_summed_for_each_version() {
    let world = World::new(&graph("honest", "\"empty\"", ""));
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let replies: Vec<Reply> = (0..3).map(|_| runtime.block_on(host.decide(ask("s0", 5))).unwrap()).collect();
    let of = |reply: &Reply, node: &str| {
        reply.answer.nodes.iter().find(|(name, _)| &**name == node).map(|(_, used)| used.clone()).unwrap()
    };
    // `bad` is kept, and was warmed before the first request.
    assert_eq!(of(&replies[1], "bad").calls, 1);
    let plan = host.active().unwrap();
    let used = |name: &str| plan.agents.iter().find(|agent| agent.spec.name == name).unwrap().used();
    let sum = |node: &str| replies.iter().map(|reply| of(reply, node).fuel).sum::<u64>();
    assert_eq!((used("bad").calls, used("bad").fuel), (3, sum("bad")));
    // Those that were made ready ahead of later requests count too.
    assert!(used("good").calls >= 3 && used("good").fuel >= sum("good"), "{:?}", used("good"));
}

const ALONE: &str = r#"
[graph]
name = "alone"
output = "bad"
deadline_ms = 1000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.bad]
component = "COMPONENTS/probe.wasm"
params = { mode = "trap" }
grants = { memory = ["probe:read"] }

[nodes.bad]
agent = "bad"
"#;

#[test]
fn a_node_without_a_fallback_fails_the_request_by_name() {
    let error = decide(ALONE, 1).remove(0).unwrap_err();
    let AskError::Fault(fault) = error else { panic!("{error}") };
    assert!(fault.message.starts_with("node `bad`"), "{fault}");
}

fn named(id: &str) -> Ask {
    Ask { request_id: Some(id.to_owned()), ..ask("s0", 5) }
}

#[test]
fn the_id_of_a_request_that_failed_is_free_again() {
    let world = World::new(ALONE);
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..2 {
        let error = runtime.block_on(host.decide(named("r"))).unwrap_err();
        assert!(matches!(error, AskError::Fault(_)), "{error}");
    }
}

#[test]
fn the_id_of_a_request_that_was_given_up_is_free_again() {
    let budget = "budget = { fuel = 1_000_000_000_000, deadline_ms = 2500 }";
    let world = World::new(&graph("spin", "\"empty\"", budget));
    let host = world.serving();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut first = Box::pin(host.decide(named("r")));
        let running = std::future::poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending()));
        assert!(running.await);
        let error = host.decide(named("r")).await.unwrap_err();
        assert!(matches!(error, AskError::Invalid(_)), "{error}");
        drop(first);
        host.decide(named("r")).await.unwrap();
    });
}

const ROUTED: &str = r#"
[graph]
name = "routed"
output = "fuse"
deadline_ms = 3000
segments = { cold = 3, light = 20 }

[agents.router]
component = "COMPONENTS/router.wasm"
params = { by = "segment" }

[agents.popularity]
component = "COMPONENTS/popularity.wasm"

[agents.knn]
component = "COMPONENTS/item-knn.wasm"

[agents.fusion]
component = "COMPONENTS/fusion.wasm"
params = { method = "rrf" }

[nodes.route]
agent = "router"
branches = { new = ["popularity"], default = ["knn"] }

[nodes.popularity]
agent = "popularity"

[nodes.knn]
agent = "knn"

[nodes.fuse]
agent = "fusion"
inputs = { popularity = "popularity", knn = "knn" }
"#;

#[test]
fn a_branch_that_is_not_picked_does_not_run() {
    let world = World::new(ROUTED);
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ran = |subject: &str| -> Vec<String> {
        let reply = runtime.block_on(host.decide(ask(subject, 3))).unwrap();
        assert!(reply.answer.degraded.is_empty());
        assert!(!reply.items.is_empty());
        reply.answer.nodes.iter().map(|(node, _)| node.to_string()).collect()
    };
    assert_eq!(ran("nobody"), ["fuse", "popularity", "route"]);
    assert_eq!(ran("s0"), ["fuse", "knn", "route"]);
}
