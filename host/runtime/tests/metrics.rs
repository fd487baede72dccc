//! A host's metrics add up with what it was asked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::collections::BTreeMap;

use greenroom_kit::{Family, exposition};
use greenroom_model::EventKind;
use greenroom_runtime::telemetry::Metric;
use greenroom_runtime::{Host, Told};
use support::{World, ask};

/// A node that traps, one that does not, and one over both.
fn graph(on_fault: &str) -> String {
    format!(
        r#"
[graph]
name = "counted"
output = "fuse"
deadline_ms = 5000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.popularity]
component = "COMPONENTS/popularity.wasm"

[agents.bad]
component = "COMPONENTS/probe.wasm"
params = {{ mode = "trap" }}
grants = {{ memory = ["probe:write"] }}

[agents.fusion]
component = "COMPONENTS/fusion.wasm"
params = {{ method = "rrf" }}
instances = "pooled"

[nodes.good]
agent = "popularity"

[nodes.again]
agent = "popularity"

[nodes.bad]
agent = "bad"
on_fault = {on_fault}

[nodes.fuse]
agent = "fusion"
inputs = {{ good = "good", again = "again", bad = "bad" }}
"#
    )
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

struct Read(BTreeMap<String, Family>);

impl Read {
    fn of(host: &Host) -> Self {
        Self(exposition(&host.metrics()).unwrap())
    }

    fn value(&self, metric: Metric, ending: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.0.get(metric.name())?.value(ending, labels)
    }

    #[track_caller]
    fn is(&self, metric: Metric, labels: &[(&str, &str)], expected: f64) {
        let ending = if metric.kind() == greenroom_runtime::telemetry::Kind::Histogram { "_count" } else { "" };
        assert_eq!(self.value(metric, ending, labels), Some(expected), "{metric:?} {labels:?}");
    }
}

#[test]
fn what_was_served_is_counted_by_request_node_agent_and_fault() {
    let world = World::new(&graph("\"empty\""));
    let host = world.serving();
    let before = Read::of(&host);
    // Learning runs through plans too.
    before.is(Metric::NodeSeconds, &[("node", "good")], 0.0);
    before.is(Metric::Fuel, &[("agent", "popularity")], 0.0);
    before.is(Metric::Generation, &[], 1.0);
    before.is(Metric::InstancesCapacity, &[], 120.0);
    let mut fuel = BTreeMap::new();
    for subject in ["s0", "s1", "s2"] {
        let reply = block(host.decide(ask(subject, 5))).unwrap();
        for (node, usage) in &reply.answer.nodes {
            *fuel.entry(node.to_string()).or_insert(0) += usage.fuel;
        }
    }
    assert!(block(host.decide(ask("s0", 0))).is_err());
    let all = Read::of(&host);
    for (outcome, expected) in [("ok", 0.0), ("degraded", 3.0), ("failed", 0.0), ("refused", 1.0)] {
        all.is(Metric::Requests, &[("outcome", outcome)], expected);
    }
    all.is(Metric::RequestSeconds, &[], 3.0);
    for node in ["good", "again", "bad", "fuse"] {
        all.is(Metric::NodeSeconds, &[("node", node)], 3.0);
    }
    all.is(Metric::Faults, &[("node", "bad"), ("source", "guest"), ("kind", "trap")], 3.0);
    assert_eq!(all.0[Metric::Faults.name()].samples.len(), 1);
    let used = |nodes: &[&str]| nodes.iter().map(|node| fuel[*node]).sum::<u64>() as f64;
    all.is(Metric::Fuel, &[("agent", "popularity")], used(&["good", "again"]));
    all.is(Metric::Fuel, &[("agent", "bad")], used(&["bad"]));
    all.is(Metric::Fuel, &[("agent", "fusion")], used(&["fuse"]));
    assert!(used(&["good"]) > 0.0 && used(&["bad"]) > 0.0);
    // A request takes as long as its slowest node, or longer.
    let slowest = all.value(Metric::NodeSeconds, "_sum", &[("node", "fuse")]).unwrap();
    assert!(all.value(Metric::RequestSeconds, "_sum", &[]).unwrap() >= slowest);
    let live = all.value(Metric::InstancesLive, "", &[]).unwrap();
    assert!((1.0..=120.0).contains(&live), "a pooled instance lives: {live}");
    // Serving the same again goes on counting.
    host.activate().unwrap();
    block(host.decide(ask("s0", 5))).unwrap();
    let all = Read::of(&host);
    all.is(Metric::NodeSeconds, &[("node", "good")], 4.0);
    all.is(Metric::Faults, &[("node", "bad"), ("source", "guest"), ("kind", "trap")], 4.0);
}

#[test]
fn a_request_without_an_answer_counts_as_failed_and_its_fault_is_told() {
    // Learning does not run what comes after who learns.
    let last = "inputs = { list = \"fuse\" }\non_fault = \"fail\"";
    let graph = graph("\"fail\"").replace("on_fault = \"fail\"", last).replace(", bad = \"bad\"", "");
    let world = World::new(&graph.replace("output = \"fuse\"", "output = \"bad\""));
    let host = world.serving();
    assert!(block(host.decide(ask("s0", 5))).is_err());
    let all = Read::of(&host);
    all.is(Metric::Requests, &[("outcome", "failed")], 1.0);
    all.is(Metric::RequestSeconds, &[], 1.0);
    all.is(Metric::Faults, &[("node", "bad"), ("source", "guest"), ("kind", "trap")], 1.0);
}

#[test]
fn nothing_is_counted_for_nodes_before_a_plan_serves() {
    let world = World::new(&graph("\"empty\""));
    let host = world.open();
    assert!(block(host.decide(ask("s0", 5))).is_err());
    let all = Read::of(&host);
    all.is(Metric::Requests, &[("outcome", "refused")], 1.0);
    all.is(Metric::Generation, &[], 0.0);
    assert!(!all.0.contains_key(Metric::NodeSeconds.name()));
}

#[test]
fn feedback_is_counted_by_what_became_of_it() {
    let world = World::new(&graph("\"empty\""));
    let host = world.serving();
    let told = |event: &str, item: &str| Told {
        event_id: event.to_owned(),
        request_id: None,
        subject: Some("s0".to_owned()),
        item: item.to_owned(),
        kind: EventKind::Like,
        value: 1.0,
        time_ms: None,
        retract: false,
    };
    block(host.feedback(vec![told("a", "1"), told("b", "2"), told("a", "1")])).unwrap();
    assert!(block(host.feedback(vec![told("c", "1"), told("d", "none such")])).is_err());
    let all = Read::of(&host);
    all.is(Metric::Feedback, &[("outcome", "organic")], 2.0);
    all.is(Metric::Feedback, &[("outcome", "repeated")], 1.0);
    all.is(Metric::Feedback, &[("outcome", "invalid")], 2.0);
    all.is(Metric::WritesQueued, &[], 0.0);
}
