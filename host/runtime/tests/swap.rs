//! Plans come and go while requests are answered: none is lost, none sees two plans, and there is always a way back.

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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use greenroom_model::{FaultKind, FaultSource, Generation};
use greenroom_runtime::{
    Activated, Ask, AskError, Change, Circuit, GraphText, Host, Limits, Part, Probation, Proposal, Refused, Reply,
    Retention,
};
use support::small::{GRAPH, answers, on_console, row, wait_for};
use support::{World, ask, open_limited};

fn small(row: u32) -> World {
    let world = World::new(GRAPH);
    std::fs::write(world.path("one.wasm"), answers(row)).unwrap();
    world
}

fn graph(text: &str) -> GraphText {
    GraphText { file_name: "graph.toml".to_owned(), text: text.to_owned() }
}

fn code(component: Vec<u8>) -> Change {
    let components = BTreeMap::from([("one.wasm".to_owned(), Part::Bytes(component.into()))]);
    Change::Graph { graph: graph(GRAPH), components, states: BTreeMap::new() }
}

fn propose(host: &Host, change: Change) -> Result<Activated, Refused> {
    propose_after(host, None, change)
}

fn propose_after(host: &Host, parent: Option<u64>, change: Change) -> Result<Activated, Refused> {
    let parent = parent.map(Generation);
    host.propose(Proposal { parent, author: "test".to_owned(), reason: "to see".to_owned(), change })
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

fn decide(host: &Host) -> Result<Reply, AskError> {
    block(host.decide(ask("nobody", 1)))
}

#[test]
fn new_code_answers_from_the_next_request_on() {
    let world = small(3);
    let host = world.serving();
    assert_eq!(row(&host), "3");
    let done = propose(&host, code(answers(4))).unwrap();
    assert_eq!((done.generation, done.changed), (Generation(2), true));
    let reply = decide(&host).unwrap();
    assert_eq!((&*reply.items[0].id, reply.answer.generation, reply.answer.plan), ("4", Generation(2), done.plan));
    let same = propose(&host, code(answers(4))).unwrap();
    assert_eq!((same.generation, same.changed), (Generation(2), false), "it is active already");
    let records = host.plan_records().unwrap();
    assert_eq!(records.len(), 2);
    assert_eq!((records[1].parent, &*records[1].author, &*records[1].reason), (Some(Generation(1)), "test", "to see"));
    assert_eq!((records[1].gate.len(), records[1].versions.len(), records[1].tally.requests), (1, 1, 1));
    assert!(records[1].gate[0].checks > 0);
    wait_for("the old one is retired", || host.plan_record(Generation(1)).unwrap().unwrap().retired_ms.is_some());
    assert_eq!(host.plan_record(Generation(1)).unwrap().unwrap().tally.requests, 1);
}

#[test]
fn of_two_who_deploy_at_once_the_second_is_told_of_the_first() {
    let world = small(3);
    let host = world.serving();
    propose_after(&host, Some(1), code(answers(4))).unwrap();
    let refused = propose_after(&host, Some(1), code(answers(5))).unwrap_err();
    assert!(matches!(refused, Refused::Conflict { .. }));
    let told = refused.to_string();
    assert!(
        told.contains("generation 1") && told.contains("generation 2") && told.contains("by test (to see)"),
        "{told}"
    );
    assert_eq!(row(&host), "4");
    let refusals = host.refusals().unwrap();
    assert_eq!((refusals.len(), &refusals[0].why, refusals[0].active), (1, &told, Some(Generation(2))));
}

#[test]
fn what_is_refused_leaves_what_serves() {
    let world = small(3);
    let host = world.serving();
    let with = |text: &str| Change::Graph { graph: graph(text), components: BTreeMap::new(), states: BTreeMap::new() };
    let cases = [
        (with("[graph"), "graph.toml"),
        (with(&GRAPH.replace("output = \"one\"", "output = \"two\"")), "two"),
        (with(&GRAPH.replace("one.wasm", "other.wasm")), "other.wasm is not among the components of the change"),
        (with(&GRAPH.replace("\"small\"", "\"large\"")), "named `large`"),
        (code(b"no component".to_vec()), "one.wasm is not usable"),
        (code(answers(3)[..100].to_vec()), "one.wasm is not usable"),
        (Change::Again(Generation(9)), "no generation 9"),
        (Change::States(BTreeMap::from([("ghost".to_owned(), greenroom_model::Digest::of(b"x"))])), "no agent `ghost`"),
    ];
    let count = cases.len();
    for (change, expected) in cases {
        let refused = propose(&host, change).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(row(&host), "3");
    }
    assert_eq!(host.active().unwrap().generation, Generation(1));
    assert_eq!(host.refusals().unwrap().len(), count);
}

#[test]
fn there_is_a_way_back_to_what_is_warm_and_to_what_is_not() {
    for warm_max in [4, 0] {
        let world = small(3);
        drop(world.serving());
        let limits = Limits { warm_max, ..Limits::default() };
        let host = open_limited(&world.path("graph.toml"), &world.path("data"), limits);
        host.activate().unwrap();
        // None is on probation any more, and so none is held for that.
        for row in 4..8 {
            propose(&host, code(answers(row))).unwrap();
        }
        let back = propose(&host, Change::Again(Generation(1))).unwrap();
        assert_eq!(row(&host), "3", "{warm_max}");
        assert_eq!(back.generation, Generation(6), "{warm_max}");
        assert_eq!(host.plan_record(Generation(6)).unwrap().unwrap().again, Some(Generation(1)));
        if warm_max > 0 {
            assert_eq!(back.took.admit, Duration::ZERO, "nothing was to be admitted");
        }
        let twice = propose(&host, Change::Again(Generation(6))).unwrap();
        assert!(!twice.changed);
    }
}

#[test]
fn after_a_restart_what_was_active_serves_whatever_the_files_say() {
    let world = small(3);
    let host = world.serving();
    let done = propose(&host, code(answers(4))).unwrap();
    drop(host);
    let host = world.open();
    assert_eq!(host.resume().unwrap(), Some(done.generation));
    let reply = decide(&host).unwrap();
    assert_eq!((&*reply.items[0].id, reply.answer.generation, reply.answer.plan), ("4", done.generation, done.plan));
    let next = propose(&host, code(answers(5))).unwrap();
    assert_eq!(next.generation, Generation(3), "generations never decrease");
    let back = propose(&host, Change::Again(Generation(1))).unwrap();
    assert_eq!((row(&host), back.generation), ("3".to_owned(), Generation(4)));
}

#[test]
fn a_plan_that_faults_on_probation_is_taken_back_with_the_evidence() {
    let graph_text = GRAPH.replace("agent = \"one\"", "agent = \"one\"\non_fault = \"empty\"");
    let world = World::new(&graph_text);
    std::fs::write(world.path("one.wasm"), answers(3)).unwrap();
    let host = world.serving();
    let trap = on_console(4, "unreachable");
    let components = BTreeMap::from([("one.wasm".to_owned(), Part::Bytes(trap.into()))]);
    propose(&host, Change::Graph { graph: graph(&graph_text), components, states: BTreeMap::new() }).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    wait_for("it is rolled back", || {
        let console = Ask { surface: "console".to_owned(), ..ask("nobody", 1) };
        let reply = runtime.block_on(host.decide(console)).unwrap();
        reply.answer.generation == Generation(3)
    });
    assert_eq!(row(&host), "3");
    wait_for("the record says why", || {
        let record = host.plan_record(Generation(2)).unwrap().unwrap();
        record.rolled_back.as_ref().is_some_and(|why| why.contains("faulted in")) && record.retired_ms.is_some()
    });
    let back = host.plan_record(Generation(3)).unwrap().unwrap();
    assert_eq!((&*back.author, back.again), ("supervision", Some(Generation(1))));
    assert!(!host.warm_generations().contains(&Generation(2)), "a faulty one is not kept");
}

#[test]
fn requests_that_do_not_end_in_time_fail_as_faults_of_the_host() {
    let world = World::new(
        &GRAPH.replace("instances = \"pooled\"", "budget = { fuel = 9_000_000_000_000, deadline_ms = 2900 }"),
    );
    std::fs::write(world.path("one.wasm"), on_console(3, "(loop (br 0))")).unwrap();
    let host = world.serving();
    drop(host);
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let host = open_limited(&world.path("graph.toml"), &world.path("data"), limits);
    host.activate().unwrap();
    let asking = host.clone();
    let asked =
        std::thread::spawn(move || block(asking.decide(Ask { surface: "console".to_owned(), ..ask("nobody", 1) })));
    wait_for("it runs", || host.busy() > 0);
    propose(&host, code(answers(4))).unwrap();
    let Err(AskError::Fault(fault)) = asked.join().unwrap() else { panic!("it was answered") };
    assert_eq!((fault.source, fault.kind), (FaultSource::Host, FaultKind::Deadline));
    assert!(fault.message.contains("generation 1 serves no more"), "{fault}");
    wait_for("it is counted", || host.plan_record(Generation(1)).unwrap().unwrap().tally.failed == 1);
    assert_eq!(row(&host), "4");
}

#[test]
fn under_load_no_request_is_lost_and_none_sees_two_plans() {
    let world = small(0);
    let host = world.serving();
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (host, stop) = (host.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let reply = runtime.block_on(host.decide(ask("nobody", 1))).unwrap();
                    assert!(reply.answer.degraded.is_empty());
                    // Changes get what serving leaves.
                    std::thread::sleep(Duration::from_millis(2));
                    seen.push((reply.answer.generation.0, reply.items[0].id.parse::<u64>().unwrap()));
                }
                seen
            })
        })
        .collect();
    for swap in 0..60_u32 {
        match swap % 6 {
            5 => propose(&host, Change::Again(Generation(u64::from(swap)))).unwrap(),
            _ => propose(&host, code(answers((swap + 1) % 30))).unwrap(),
        };
    }
    stop.store(true, Ordering::Relaxed);
    // What each generation answers, by what it is.
    let mut expected = BTreeMap::from([(1, 0)]);
    for swap in 0..60_u64 {
        let answer = if swap % 6 == 5 { expected[&swap] } else { (swap + 1) % 30 };
        expected.insert(swap + 2, answer);
    }
    let mut requests = 0;
    for seen in load {
        let seen = seen.join().unwrap();
        requests += seen.len() as u64;
        assert!(seen.is_sorted_by_key(|(generation, _)| *generation), "a later request saw an earlier plan");
        assert!(seen.iter().all(|(generation, row)| expected[generation] == *row), "an answer of another plan");
    }
    wait_for("every request is counted in the record of its plan", || {
        host.plan_records().unwrap().iter().map(|record| record.tally.requests).sum::<u64>() == requests
    });
}

const LEARNS: &str = r#"
[graph]
name = "learns"
output = "one"
deadline_ms = 3000

[agents.one]
component = "one.wasm"
instances = "pooled"

[nodes.one]
agent = "one"
"#;

fn built(name: &str) -> Vec<u8> {
    std::fs::read(greenroom_kit::components().join(format!("{name}.wasm"))).unwrap()
}

/// The same code, and other bytes: with a custom section more.
fn renewed(mut component: Vec<u8>) -> Vec<u8> {
    component.extend([0, 5, 4, b'm', b'o', b'r', b'e']);
    component
}

fn learning(text: &str, component: Vec<u8>) -> Change {
    let components = BTreeMap::from([("one.wasm".to_owned(), Part::Bytes(component.into()))]);
    Change::Graph { graph: graph(text), components, states: BTreeMap::new() }
}

#[test]
fn new_code_is_offered_the_state_of_the_old_one() {
    let world = World::new(LEARNS);
    std::fs::write(world.path("one.wasm"), built("popularity")).unwrap();
    let host = world.serving();
    let state = host.active().unwrap().agents[0].version.state;
    assert!(state.is_some());
    let done = propose(&host, learning(LEARNS, renewed(built("popularity")))).unwrap();
    assert!(done.notes[0].contains("took the state"), "{:?}", done.notes);
    assert_eq!(host.active().unwrap().agents[0].version.state, state);
    assert_eq!(decide(&host).unwrap().items.len(), 1);
    drop(host);
    // It is written down: the next host needs not offer it again.
    std::fs::write(world.path("one.wasm"), renewed(built("popularity"))).unwrap();
    let host = world.open();
    assert_eq!(host.activate().unwrap(), done.generation);
}

#[test]
fn code_that_declines_the_old_state_learns_anew_or_is_refused() {
    let world = World::new(LEARNS);
    std::fs::write(world.path("one.wasm"), built("popularity")).unwrap();
    let host = world.serving();
    let before = decide(&host).unwrap();
    let strict = LEARNS.replace("instances", "untrained = \"refuse\"\ninstances");
    let refused = propose(&host, learning(&strict, built("item-knn"))).unwrap_err();
    assert!(matches!(&refused, Refused::Untrained { agent, .. } if agent == "one"), "{refused}");
    assert!(refused.to_string().contains("declined the state"), "{refused}");
    assert_eq!(decide(&host).unwrap().answer.plan, before.answer.plan, "an upgrade never bricks an agent");
    let done = propose(&host, learning(LEARNS, built("item-knn"))).unwrap();
    assert!(done.notes[0].contains("learned anew") && done.notes[0].contains("declined"), "{:?}", done.notes);
    assert_eq!(decide(&host).unwrap().answer.generation, Generation(2));
    // The same as if everybody had learned before serving.
    let fresh = World::new(&LEARNS.replace("one.wasm", "COMPONENTS/item-knn.wasm"));
    let other = fresh.serving();
    let state = |host: &Host| host.active().unwrap().agents[0].version.state;
    assert_eq!(state(&host), state(&other));
    drop(other);
    // Parameters that shape the state need another one, and it is there when they come back.
    let tuned = LEARNS.replace("instances", "params = { neighbours = 2 }\ninstances");
    let learned = state(&host);
    let done = propose(&host, learning(&tuned, built("item-knn"))).unwrap();
    assert!(done.notes[0].contains("learned anew"), "{:?}", done.notes);
    assert_ne!(state(&host), learned);
    let done = propose(&host, learning(LEARNS, built("item-knn"))).unwrap();
    assert_eq!((done.notes.len(), state(&host)), (0, learned));
}

#[test]
fn a_probation_without_time_watches_nothing() {
    let world = small(3);
    drop(world.serving());
    let limits =
        Limits { probation: Probation { time: Duration::ZERO, ..Limits::default().probation }, ..Limits::default() };
    let host = open_limited(&world.path("graph.toml"), &world.path("data"), limits);
    host.activate().unwrap();
    propose(&host, code(answers(4))).unwrap();
    assert_eq!(row(&host), "4");
}

#[test]
fn an_agent_that_keeps_faulting_is_left_alone_for_a_while_and_recovers_by_itself() {
    let world = World::new(&GRAPH.replace("agent = \"one\"", "agent = \"one\"\non_fault = \"empty\""));
    std::fs::write(world.path("one.wasm"), on_console(3, "unreachable")).unwrap();
    let host = world.serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let on = |surface: &str| {
        let reply = runtime.block_on(host.decide(Ask { surface: surface.to_owned(), ..ask("nobody", 1) })).unwrap();
        reply.answer.degraded.first().map(|degraded| degraded.fault.clone())
    };
    for _ in 0..5 {
        assert_eq!(on("console").unwrap().kind, FaultKind::Trap);
    }
    let agent = Arc::clone(&host.active().unwrap().agents[0]);
    assert_eq!(agent.circuit(), Circuit::Open);
    let fault = on("home").unwrap();
    assert!(fault.message.contains("kept faulting"), "{fault}");
    // The next one that is asked faults again, and then one does not.
    wait_for("it is probed", || on("console").is_some_and(|fault| fault.kind == FaultKind::Trap));
    assert_eq!(agent.circuit(), Circuit::Open);
    wait_for("it is well", || on("home").is_none());
    assert_eq!(agent.circuit(), Circuit::Closed);
    assert!(on("home").is_none());
}

#[test]
fn what_no_plan_needs_is_swept_and_what_one_needs_is_not() {
    let world = small(3);
    let host = world.serving();
    drop(host);
    let retention = Retention { plans_max: 2, ..Retention::default() };
    let limits = Limits { warm_max: 0, ..Limits::default() };
    let host = support::open_retaining(&world.path("graph.toml"), &world.path("data"), limits, retention);
    host.activate().unwrap();
    for row in 4..8 {
        propose(&host, code(answers(row))).unwrap();
    }
    wait_for("the old ones are retired", || host.warm_generations().len() <= 1);
    let folder = world.path("data/components");
    let count = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(count(), 5);
    host.sweep().unwrap();
    assert_eq!(count(), 5, "what is new may be about to be used");
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(7_200);
    for entry in std::fs::read_dir(&folder).unwrap() {
        std::fs::File::options().append(true).open(entry.unwrap().path()).unwrap().set_modified(long_ago).unwrap();
    }
    let swept = host.sweep().unwrap();
    assert!(swept.components > 0 && swept.bytes > 0, "{swept:?}");
    let records = host.plan_records().unwrap();
    let kept: Vec<u64> = records.iter().map(|record| record.generation.0).collect();
    assert!(kept.ends_with(&[4, 5]) && kept.len() <= 3, "{kept:?}");
    assert_eq!(count(), kept.len());
    assert!(matches!(propose(&host, Change::Again(Generation(1))), Err(Refused::NoSuchPlan(_))));
    propose(&host, Change::Again(Generation(4))).unwrap();
    assert_eq!((row(&host), host.sweep().unwrap().plans), ("6".to_owned(), 1));
}

#[test]
fn without_a_number_one_goes_back_to_what_was_before_and_not_to_what_was_faulty() {
    let world = small(3);
    let host = world.serving();
    let previous = |generation| host.previous(Generation(generation)).unwrap().map(|generation| generation.0);
    propose(&host, code(answers(4))).unwrap();
    propose(&host, code(answers(5))).unwrap();
    assert_eq!([previous(3), previous(2), previous(1)], [Some(2), Some(1), None]);
    propose(&host, Change::Again(Generation(2))).unwrap();
    assert_eq!(previous(4), Some(1), "before what it repeats");
    propose(&host, code(answers(6))).unwrap();
    assert_eq!(previous(5), Some(4));
}
