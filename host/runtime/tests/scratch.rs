//! What agents write while they are trained or evaluated is gone afterwards; what they write while they serve is not.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use greenroom_memory::{FILE, KeyValue, Page, Store};
use greenroom_model::Digest;
use greenroom_runtime::evaluation::{Exam, Ranked, p1};
use greenroom_runtime::events::{ReadOptions, read};
use greenroom_runtime::{Bench, Evaluated, Guests, Lessons, Quiet, States, Trained, Trainer, evaluate, load};
use greenroom_sandbox::Sandbox;
use support::{World, ask};

/// Two agents that learn from events, and one that learns from what the first says.
const WRITERS: &str = r#"
[graph]
name = "writers"
output = "c"
deadline_ms = 2000

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.a]
component = "COMPONENTS/probe.wasm"
params = { mode = "write", weight = 0.1 }
grants = { memory = ["probe:write"] }

[agents.b]
component = "COMPONENTS/probe.wasm"
params = { mode = "write", weight = 0.2 }
grants = { memory = ["probe:write"] }

[agents.c]
component = "COMPONENTS/probe.wasm"
params = { mode = "write", weight = 0.3 }
grants = { memory = ["probe:write"] }

[nodes.a]
agent = "a"

[nodes.b]
agent = "b"

[nodes.c]
agent = "c"
inputs = { a = "a", b = "b" }
"#;

/// Its first answer is row 0, its second row 1, as its namespace counts.
const COUNTING: &str = r#"
[graph]
name = "counting"
output = "count"
deadline_ms = 2000
exclude_seen = false

[memory.probe]
kind = "kv"
bytes_max = "1MiB"

[agents.probe]
component = "COMPONENTS/probe.wasm"
params = { mode = "memory" }
grants = { memory = ["probe:write"] }

[nodes.count]
agent = "probe"
"#;

fn sandbox() -> Sandbox {
    greenroom_sandbox::Config { cache_dir: None, ..greenroom_sandbox::Config::default() }.build().unwrap()
}

fn lessons(world: &World, store: &Store) -> Lessons {
    let split = p1(&read(&world.path("events.csv"), &ReadOptions::default()).unwrap().events).unwrap();
    let ids: Vec<&str> = split.items.iter().map(|id| &**id).collect();
    store.items().assign(&ids).wait().unwrap();
    Lessons {
        split: Arc::new(split),
        facts: Digest::of(b"none"),
        served: BTreeMap::new(),
        first_served: HashMap::new(),
    }
}

fn all(kv: &dyn KeyValue) -> Page {
    kv.scan("probe", "", None, 1000).unwrap()
}

#[test]
fn training_leaves_the_store_as_it_was_byte_for_byte_and_starts_from_it_each_time() {
    let world = World::new(WRITERS);
    let store = Store::open(&world.path("data")).unwrap();
    let lessons = lessons(&world, &store);
    let events = lessons.split.train.len() as u64;
    for (key, value) in [("learn", [7]), ("kept", [1])] {
        store.kv().put("probe", key, &value).wait().unwrap();
    }
    let bytes = || std::fs::read(world.path("data").join(FILE)).unwrap();
    let before = bytes();
    let guests = Guests::start(2).unwrap();
    let (sandbox, graph) = (sandbox(), world.path("graph.toml"));
    let loaded = guests.block_on(async move { load(&sandbox, &graph).await }).unwrap().unwrap();
    let train = |states: &Path| -> Vec<Trained> {
        let states = States::open(states).unwrap();
        let trainer =
            Trainer { guests: guests.clone(), states, store: store.clone(), progress: Arc::new(Quiet), outputs: None };
        trainer.train(&loaded, &lessons).unwrap().1
    };
    let first = train(&world.path("states"));
    assert!(bytes() == before);
    // An agent reads what is in the store, and nothing that another agent or an earlier training wrote.
    let learned: Vec<_> = first.iter().map(|trained| (trained.agent.as_str(), trained.report.examples)).collect();
    assert_eq!(learned[..2], [("a", events + 7), ("b", events + 7)]);
    let again = train(&world.path("states of another host"));
    let states = |all: &[Trained]| all.iter().map(|trained| trained.state).collect::<Vec<_>>();
    assert_eq!(states(&again), states(&first));
}

#[test]
fn a_host_trains_apart_from_its_store_and_serves_on_it() {
    let world = World::new(WRITERS);
    let host = world.serving();
    let kv = host.store().kv();
    let before = all(&*kv);
    std::fs::remove_dir_all(world.path("data/states/trainings")).unwrap();
    std::fs::create_dir(world.path("data/states/trainings")).unwrap();
    host.train(Arc::new(Quiet)).unwrap();
    assert_eq!(all(&*kv), before, "neither learning nor trying the states wrote anything");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(host.decide(ask("s0", 5))).unwrap();
    assert_ne!(all(&*kv), before, "serving did");
}

#[test]
fn the_arms_of_an_evaluation_do_not_share_what_they_write() {
    let world = World::new(COUNTING);
    let split = p1(&read(&world.path("events.csv"), &ReadOptions::default()).unwrap().events).unwrap();
    let exam = Exam::of("p1", split);
    std::fs::copy(world.path("graph.toml"), world.path("again.toml")).unwrap();
    let bench = Bench {
        sandbox: sandbox(),
        // One after the other, so that who gets which answer is known.
        guests: Guests::start(1).unwrap(),
        states: States::open(&world.path("states")).unwrap(),
        progress: Arc::new(Quiet),
    };
    let graphs = [world.path("graph.toml"), world.path("again.toml")];
    let graphs = [graphs[0].as_path(), graphs[1].as_path()];
    let Evaluated { report, answers, .. } = evaluate(&bench, &graphs, &exam, None, BTreeMap::new()).unwrap();
    assert_eq!(report.arms.len(), 4, "each graph and its one agent alone");
    let answered = |lists: &[Ranked]| lists.iter().map(|list| (list.user, list.items.clone())).collect::<Vec<_>>();
    assert!(answered(&answers[0]).iter().any(|(_, items)| !items.is_empty()));
    for other in &answers[1..] {
        assert_eq!(answered(other), answered(&answers[0]));
    }
}
