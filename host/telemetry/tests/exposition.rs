//! What is counted is told, in a text that Prometheus reads, for as long as a plan lives that it is about.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use greenroom_kit::{Family, exposition};
use greenroom_model::{Fault, FaultKind};
use greenroom_telemetry::{Breaker, Change, Lookups, Metric, Outcome, PlanSeries, Reading, Telemetry};

fn told(telemetry: &Telemetry, reading: &Reading) -> BTreeMap<String, Family> {
    exposition(&telemetry.text(reading)).unwrap()
}

fn value(all: &BTreeMap<String, Family>, metric: Metric, labels: &[(&str, &str)]) -> Option<f64> {
    all.get(metric.name())?.value("", labels)
}

fn plan(telemetry: &Telemetry) -> Arc<PlanSeries> {
    telemetry.plan([("recall", "ease"), ("rank", "ranker"), ("rank_again", "ranker")])
}

/// Everything that can be counted, once or more.
fn all_counted(telemetry: &Telemetry, plan: &PlanSeries) -> Reading {
    let ms = Duration::from_millis;
    telemetry.request(Outcome::Ok, ms(3));
    telemetry.request(Outcome::Ok, ms(30));
    telemetry.request(Outcome::Degraded, ms(3));
    telemetry.request(Outcome::Failed, ms(3));
    telemetry.request(Outcome::Refused, ms(3));
    plan.called(0, ms(1), 100, None);
    plan.called(1, ms(1), 10, None);
    plan.called(2, ms(1), 5, Some(&Fault::guest(FaultKind::Trap, "it trapped")));
    plan.called(3, ms(1), 5, None);
    telemetry.change(Change::Activated, "start");
    telemetry.change(Change::Refused, "graph");
    telemetry.change(Change::RolledBack, "operator");
    telemetry.breaker("rank", Breaker::Open);
    telemetry.learner_run("ease", true);
    telemetry.learner_run("ease", false);
    telemetry.model("ease", SystemTime::now() - Duration::from_secs(100));
    telemetry.feedback("joined", 7);
    Reading {
        instances_live: 3,
        instances_capacity: 1_000,
        generation: 42,
        components: Some(Lookups { hits: 5, misses: 6 }),
        verdicts: Some(Lookups { hits: 7, misses: 8 }),
        writes_queued: 9,
    }
}

#[test]
fn every_metric_is_told_as_it_was_counted() {
    let telemetry = Telemetry::default();
    let plan = plan(&telemetry);
    let reading = all_counted(&telemetry, &plan);
    let all = told(&telemetry, &reading);
    let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!(all.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    for metric in Metric::ALL {
        let family = &all[metric.name()];
        assert_eq!((family.kind.as_str(), family.help.as_str()), (metric.kind().name(), metric.help()));
        for sample in &family.samples {
            let labels: Vec<&str> = sample.labels.keys().map(String::as_str).filter(|label| *label != "le").collect();
            let mut expected = metric.labels().to_vec();
            expected.sort_unstable();
            assert_eq!(labels, expected, "{}", sample.name);
        }
    }
    let is = |metric, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(value(&all, metric, labels), Some(expected), "{metric:?} {labels:?}");
    };
    is(Metric::Requests, &[("outcome", "ok")], 2.0);
    is(Metric::Requests, &[("outcome", "degraded")], 1.0);
    is(Metric::Requests, &[("outcome", "failed")], 1.0);
    is(Metric::Requests, &[("outcome", "refused")], 1.0);
    is(Metric::Fuel, &[("agent", "ease")], 100.0);
    is(Metric::Fuel, &[("agent", "ranker")], 15.0);
    is(Metric::Faults, &[("node", "rank_again"), ("source", "guest"), ("kind", "trap")], 1.0);
    is(Metric::InstancesLive, &[], 3.0);
    is(Metric::InstancesCapacity, &[], 1_000.0);
    is(Metric::Generation, &[], 42.0);
    is(Metric::Activations, &[("reason", "start")], 1.0);
    is(Metric::Refusals, &[("reason", "graph")], 1.0);
    is(Metric::RollBacks, &[("reason", "operator")], 1.0);
    is(Metric::Breaker, &[("node", "rank")], 2.0);
    is(Metric::LearnerRuns, &[("agent", "ease"), ("outcome", "ok")], 1.0);
    is(Metric::LearnerRuns, &[("agent", "ease"), ("outcome", "failed")], 1.0);
    is(Metric::CacheLookups, &[("cache", "component"), ("result", "hit")], 5.0);
    is(Metric::CacheLookups, &[("cache", "component"), ("result", "miss")], 6.0);
    is(Metric::CacheLookups, &[("cache", "verdict"), ("result", "hit")], 7.0);
    is(Metric::CacheLookups, &[("cache", "verdict"), ("result", "miss")], 8.0);
    is(Metric::Feedback, &[("outcome", "joined")], 7.0);
    is(Metric::WritesQueued, &[], 9.0);
    let requests = &all[Metric::RequestSeconds.name()];
    assert_eq!(requests.value("_count", &[]), Some(4.0), "what was refused took no time");
    assert!((requests.value("_sum", &[]).unwrap() - 0.039).abs() < 1e-9);
    let nodes = &all[Metric::NodeSeconds.name()];
    assert_eq!(nodes.value("_count", &[("node", "rank")]), Some(1.0));
    let age = value(&all, Metric::ModelAge, &[("agent", "ease")]).unwrap();
    assert!((100.0..1_000.0).contains(&age), "{age}");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    let started = value(&all, Metric::StartTime, &[]).unwrap();
    assert!((now - 1_000.0..=now).contains(&started), "{started}");
}

#[test]
fn a_host_that_has_done_nothing_tells_what_there_is() {
    let all = told(&Telemetry::default(), &Reading::default());
    assert_eq!(value(&all, Metric::Requests, &[("outcome", "failed")]), Some(0.0));
    assert_eq!(value(&all, Metric::Generation, &[]), Some(0.0));
    assert!(!all.contains_key(Metric::CacheLookups.name()), "there is no cache");
    assert!(!all.contains_key(Metric::NodeSeconds.name()));
}

#[test]
fn a_plan_is_told_from_the_start_until_its_last_handle_is_dropped() {
    let telemetry = Telemetry::default();
    let first = plan(&telemetry);
    all_counted(&telemetry, &first);
    let nodes = |all: &BTreeMap<String, Family>, metric: Metric, label: &str| -> Vec<String> {
        all.get(metric.name())
            .map(|of| of.label(label).into_iter().map(ToOwned::to_owned).collect())
            .unwrap_or_default()
    };
    let second = telemetry.plan([("recall", "als"), ("rank", "ranker")]);
    let all = told(&telemetry, &Reading::default());
    assert_eq!(nodes(&all, Metric::NodeSeconds, "node"), ["rank", "rank_again", "recall"]);
    assert_eq!(nodes(&all, Metric::Fuel, "agent"), ["als", "ease", "ranker"]);
    assert_eq!(value(&all, Metric::Fuel, &[("agent", "als")]), Some(0.0));
    let draining = Arc::clone(&first);
    drop(first);
    assert_eq!(nodes(&told(&telemetry, &Reading::default()), Metric::Fuel, "agent").len(), 3);
    drop(draining);
    let all = told(&telemetry, &Reading::default());
    assert_eq!(nodes(&all, Metric::NodeSeconds, "node"), ["rank", "recall"]);
    assert_eq!(nodes(&all, Metric::Faults, "node"), [""; 0]);
    assert_eq!(nodes(&all, Metric::Breaker, "node"), ["rank"]);
    assert_eq!(nodes(&all, Metric::Fuel, "agent"), ["als", "ranker"]);
    assert_eq!(nodes(&all, Metric::LearnerRuns, "agent"), [""; 0]);
    assert_eq!(nodes(&all, Metric::ModelAge, "agent"), [""; 0]);
    assert_eq!(value(&all, Metric::Fuel, &[("agent", "ranker")]), Some(15.0), "counted on by the second plan");
    assert_eq!(value(&all, Metric::Requests, &[("outcome", "ok")]), Some(2.0));
    second.called(1, Duration::from_millis(1), 1, None);
    assert_eq!(value(&told(&telemetry, &Reading::default()), Metric::Fuel, &[("agent", "ranker")]), Some(16.0));
}

#[test]
fn a_thousand_swaps_leave_no_more_series_than_one() {
    let telemetry = Telemetry::default();
    let size = || telemetry.text(&Reading::default()).lines().count();
    let mut serving = None;
    let mut sizes = BTreeSet::new();
    for generation in 0..1_000 {
        let (node, agent) = (format!("node{generation}"), format!("agent{generation}"));
        let plan = telemetry.plan([(node.as_str(), agent.as_str())]);
        plan.called(0, Duration::ZERO, 1, Some(&Fault::host(FaultKind::Deadline, "late")));
        telemetry.learner_run(&agent, true);
        serving.replace(plan);
        sizes.insert(size());
    }
    assert_eq!(sizes.len(), 1, "{sizes:?}");
    // What no plan has is not told, whoever counts it.
    telemetry.breaker("nobody", Breaker::Open);
    assert_eq!(BTreeSet::from([size()]), sizes);
}

#[test]
fn names_with_quotes_backslashes_and_line_ends_are_escaped() {
    let telemetry = Telemetry::default();
    let name = "a\"b\\c\nd{e}=,é\\";
    let plan = telemetry.plan([(name, name)]);
    plan.called(0, Duration::ZERO, 3, Some(&Fault::guest(FaultKind::Trap, "it trapped")));
    let all = told(&telemetry, &Reading::default());
    assert_eq!(value(&all, Metric::Fuel, &[("agent", name)]), Some(3.0));
    assert_eq!(value(&all, Metric::Faults, &[("node", name), ("source", "guest"), ("kind", "trap")]), Some(1.0));
    assert_eq!(all[Metric::NodeSeconds.name()].value("_count", &[("node", name)]), Some(1.0));
}

#[test]
fn threads_that_count_at_once_lose_nothing() {
    let telemetry = Telemetry::default();
    let plan = plan(&telemetry);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    telemetry.request(Outcome::Ok, Duration::from_millis(1));
                    plan.called(1, Duration::from_millis(1), 2, Some(&Fault::guest(FaultKind::Fuel, "out")));
                }
            });
        }
        scope.spawn(|| (0..50).for_each(|_| drop(told(&telemetry, &Reading::default()))));
    });
    let all = told(&telemetry, &Reading::default());
    assert_eq!(value(&all, Metric::Requests, &[("outcome", "ok")]), Some(4_000.0));
    assert_eq!(value(&all, Metric::Fuel, &[("agent", "ranker")]), Some(8_000.0));
    let fault = [("node", "rank"), ("source", "guest"), ("kind", "fuel")];
    assert_eq!(value(&all, Metric::Faults, &fault), Some(4_000.0));
}

#[test]
fn the_table_in_the_documentation_is_that_of_the_metrics() {
    let text = include_str!("../../../docs/metrics.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = Metric::ALL
        .iter()
        .map(|metric| {
            let labels: Vec<String> = metric.labels().iter().map(|label| format!("`{label}`")).collect();
            let (kind, unit) = (metric.kind().name(), metric.unit());
            format!("| `{}` | {kind} | {} | {unit} | {} |", metric.name(), labels.join(", "), metric.help())
        })
        .collect();
    assert_eq!(rows, expected, "docs/metrics.md should have:\n{}\n", expected.join("\n"));
}
