//! Learning beside serving: what a round may use, and what happens when what was learned is worse.

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
use std::time::{Duration, Instant};

use greenroom_kit::versioned;
use greenroom_model::{EventKind, Generation};
use greenroom_runtime::{Ask, Cadence, Host, Limits, Probation, Told};
use support::{World, ask, open_limited};

const GRAPH: &str = r#"
[graph]
name = "learning"
output = "one"
deadline_ms = 3000
exclude_seen = false

[agents.one]
component = "one.wasm"
instances = "pooled"
learn_every_s = 1

[nodes.one]
agent = "one"
on_fault = "empty"
"#;

#[track_caller]
fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let by = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < by, "not within 60 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn told(from: i64, count: i64) -> Vec<Told> {
    let told = |n: i64| Told {
        event_id: format!("e{n}"),
        request_id: None,
        subject: Some(format!("t{}", n % 100)),
        item: (n % 30).to_string(),
        kind: EventKind::Like,
        value: 1.0,
        time_ms: Some(1_700_000_000_000 + n),
        retract: false,
    };
    (from..from + count).map(told).collect()
}

fn cadence(host: &Host) -> Option<Cadence> {
    host.cadences().pop()
}

/// Its state is how many events it was told, modulo 32. With an odd one it faults where the request is for the surface
/// "console".
fn counts() -> Vec<u8> {
    let name = |call: &str| format!("(func (export \"greenroom:agent/{call}\")");
    let text = versioned::text_with(0, "");
    let decide = format!("{} (param $seen i32) (result i32)", name("policy@0.1.0#decide"));
    let trap = "(local $n i32)
        (if (i32.and (i32.eq (i32.const 7) (i32.load (i32.add (local.get $seen) (i32.const 48))))
                     (i32.and (global.get $state) (i32.const 1)))
            (then unreachable))";
    let learn = format!("{} (param i32) (result i32)", name("learner@0.1.0#learn"));
    // Of the feedback: the length of `events` at 4.
    let count = format!(
        "{} (param $told i32) (result i32)
        (global.set $state (i32.and (i32.const 31)
            (i32.add (global.get $state) (i32.load (i32.add (local.get $told) (i32.const 4))))))",
        name("learner@0.1.0#learn")
    );
    assert!(text.contains(&learn) && text.contains(&format!("{decide}\n            (local $n i32)")));
    let text = text.replace(&format!("{decide}\n            (local $n i32)"), &format!("{decide}\n            {trap}"));
    greenroom_kit::guest(&text.replace(&learn, &count))
}

#[test]
fn learning_that_was_taken_back_slows_down_until_something_better_passes() {
    let world = World::new(GRAPH);
    fs::write(world.path("one.wasm"), counts()).unwrap();
    fs::write(world.path("items.csv"), versioned::items()).unwrap();
    drop(world.serving());
    let probation = Probation { time: Duration::from_secs(2), faults_min: 3, share_max: 0.05 };
    let limits = Limits { probation, ..Limits::default() };
    let host = open_limited(&world.path("graph.toml"), &world.path("data"), limits);
    host.activate().unwrap();
    host.keep().unwrap();
    let on_console = || {
        let console = Ask { surface: "console".to_owned(), ..ask("nobody", 1) };
        block(host.decide(console)).unwrap().answer
    };
    assert!(on_console().degraded.is_empty(), "480 events are an even number");
    // 481.
    block(host.feedback(told(0, 1))).unwrap();
    wait_for("what it learned is taken back", || {
        on_console();
        let records = host.plan_records().unwrap();
        records.last().is_some_and(|last| last.author == "supervision" && last.again == Some(Generation(1)))
    });
    wait_for("it slows down", || cadence(&host).is_some_and(|cadence| cadence.slowed == 2));
    // 483.
    block(host.feedback(told(1, 2))).unwrap();
    wait_for("it is slower still", || {
        on_console();
        cadence(&host).is_some_and(|cadence| cadence.slowed == 4)
    });
    // 484.
    block(host.feedback(told(3, 1))).unwrap();
    wait_for("what is well passes", || {
        assert!(on_console().degraded.is_empty());
        cadence(&host).is_some_and(|cadence| cadence.slowed == 1)
    });
    let last = host.plan_records().unwrap().pop().unwrap();
    assert!(last.learned && last.rolled_back.is_none(), "{last:?}");
}

#[test]
fn a_round_that_uses_up_its_budget_publishes_nothing_and_the_next_one_has_its_turn() {
    let budget = "learn_every_s = 1\nbudget = { round = { fuel = 300_000 } }";
    let text = GRAPH.replace("one.wasm", "COMPONENTS/popularity.wasm").replace("learn_every_s = 1", budget);
    let world = World::new(&text);
    let events = fs::read_to_string(world.path("events.csv")).unwrap();
    let few: String = events.lines().take(30).map(|line| format!("{line}\n")).collect();
    fs::write(world.path("events.csv"), few).unwrap();
    let host = world.serving();
    let before = host.active().unwrap().digest;
    host.keep().unwrap();
    block(host.feedback(told(0, 5_000))).unwrap();
    wait_for("its budget is used up", || cadence(&host).is_some_and(|cadence| cadence.error.is_some()));
    let why = cadence(&host).unwrap().error.unwrap();
    assert!(why.contains("used up its budget for a round of learning: 0 of 2 calls were done with "), "{why}");
    assert!(why.contains(" of 300000 units of fuel in ") && why.contains("budget.round"), "{why}");
    let failed = "greenroom_learner_runs_total{agent=\"one\",outcome=\"failed\"} ";
    let failures = || -> u64 {
        let metrics = host.metrics();
        let line = metrics.lines().find_map(|line| line.strip_prefix(failed));
        line.map_or(0, |count| count.parse().unwrap())
    };
    let first = failures();
    wait_for("it tries again at its next cadence", || failures() > first);
    assert_eq!(host.active().unwrap().digest, before);
    assert_eq!(host.plan_records().unwrap().len(), 1, "nothing was published");
}
