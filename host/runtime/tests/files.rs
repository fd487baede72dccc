//! A host that watches its files: what is whole and good serves, what is not is told, and what served stays.

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
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use greenroom_model::{EventKind, Generation};
use greenroom_runtime::{Change, GraphText, Host, Part, Proposal, Quiet, Told};
use support::small::{self, GRAPH, row, wait_for};
use support::{World, ask};

/// Answers this row; `size` bytes of a custom section make the component as large as one likes.
fn answers(row: u32, size: usize) -> Vec<u8> {
    let mut component = small::answers(row);
    if size > 0 {
        let mut section = vec![1, b'x'];
        section.resize(2 + size, 7);
        component.push(0);
        let mut length = section.len();
        while length >= 0x80 {
            component.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        component.push(length as u8);
        component.extend(section);
    }
    component
}

fn watching(world: &World) -> Host {
    fs::write(world.path("one.wasm"), answers(3, 0)).unwrap();
    let host = world.serving();
    host.watch_files(Duration::from_millis(30)).unwrap();
    host
}

/// Waits for another refusal, and says what it is.
#[track_caller]
fn refused(host: &Host, before: usize) -> String {
    wait_for("it is refused", || host.refusals().unwrap().len() > before);
    let refusals = host.refusals().unwrap();
    assert_eq!(refusals.len(), before + 1, "{refusals:#?}");
    refusals[before].why.clone()
}

#[test]
fn a_component_that_changes_serves_however_it_was_written() {
    let world = World::new(GRAPH);
    let host = watching(&world);
    let path = world.path("one.wasm");
    // In place.
    fs::write(&path, answers(4, 0)).unwrap();
    wait_for("written in place", || row(&host) == "4");
    // By a rename.
    fs::write(world.path("new.wasm"), answers(5, 0)).unwrap();
    fs::rename(world.path("new.wasm"), &path).unwrap();
    wait_for("renamed over", || row(&host) == "5");
    // Gone, and there again, and written twice.
    fs::remove_file(&path).unwrap();
    fs::write(&path, answers(7, 0)).unwrap();
    fs::write(&path, answers(6, 0)).unwrap();
    wait_for("removed and written", || row(&host) == "6");
    // Slowly.
    let whole = answers(8, 100_000);
    let mut file = fs::File::create(&path).unwrap();
    for part in whole.chunks(20_000) {
        file.write_all(part).unwrap();
        file.flush().unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    wait_for("written in pieces", || row(&host) == "8");
    let records = host.plan_records().unwrap();
    assert!(records[1..].iter().all(|record| record.author == "files" && record.reason.contains("one.wasm")));
    assert!(host.refusals().unwrap().is_empty(), "half a file was taken for a whole one: {:?}", host.refusals());
}

#[test]
fn bad_files_are_told_and_what_serves_stays() {
    let world = World::new(GRAPH);
    let host = watching(&world);
    let (component, graph) = (world.path("one.wasm"), world.path("graph.toml"));
    let same = || assert_eq!((row(&host), host.active().unwrap().generation), ("3".to_owned(), Generation(1)));
    fs::write(&component, &answers(4, 0)[..50]).unwrap();
    assert!(refused(&host, 0).contains("is not usable"));
    same();
    fs::remove_file(&component).unwrap();
    assert!(refused(&host, 1).contains("there is no file"));
    same();
    fs::create_dir(&component).unwrap();
    assert!(refused(&host, 2).contains("is a folder"));
    same();
    fs::remove_dir(&component).unwrap();
    fs::write(&component, answers(3, 0)).unwrap();
    fs::write(&graph, GRAPH.replace("output = \"one\"", "output = \"two\"\nlimit = 3")).unwrap();
    let told = refused(&host, 3);
    assert!(told.contains("graph.toml:4:") && told.contains("two") && told.contains("limit"), "{told}");
    same();
    fs::write(&graph, [b'#', 0xff, b'\n']).unwrap();
    assert!(refused(&host, 4).contains("is no text"));
    fs::remove_file(&graph).unwrap();
    assert!(refused(&host, 5).contains("there is no file"));
    same();
    // And back to good.
    fs::write(&graph, GRAPH.replace("3000", "2000")).unwrap();
    wait_for("it serves", || host.active().unwrap().generation == Generation(2));
    assert_eq!(host.active().unwrap().plan.deadline_ms, 2000);
    assert_eq!(host.refusals().unwrap().len(), 6);
}

#[test]
fn a_graph_that_names_another_component_takes_it_with_it() {
    let world = World::new(GRAPH);
    let host = watching(&world);
    fs::create_dir(world.path("more")).unwrap();
    fs::write(world.path("more/two.wasm"), answers(9, 0)).unwrap();
    fs::write(world.path("graph.toml"), GRAPH.replace("one.wasm", "more/two.wasm")).unwrap();
    wait_for("it serves", || row(&host) == "9");
    fs::write(world.path("more/two.wasm"), answers(10, 0)).unwrap();
    wait_for("the new one is watched", || row(&host) == "10");
}

#[test]
fn a_restart_neither_undoes_a_change_nor_misses_one() {
    let world = World::new(GRAPH);
    let host = watching(&world);
    let components = BTreeMap::from([("one.wasm".to_owned(), Part::Bytes(answers(4, 0).into()))]);
    let graph = GraphText { file_name: "graph.toml".to_owned(), text: GRAPH.to_owned() };
    let change = Change::Graph { graph, components, states: BTreeMap::new() };
    host.propose(Proposal { parent: None, author: "me".to_owned(), reason: "a try".to_owned(), change }).unwrap();
    assert_eq!(row(&host), "4");
    drop(host);
    let host = world.open();
    host.resume().unwrap();
    host.watch_files(Duration::from_millis(30)).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        (row(&host), host.active().unwrap().generation),
        ("4".to_owned(), Generation(2)),
        "files say what they said"
    );
    drop(host);
    fs::write(world.path("one.wasm"), answers(5, 0)).unwrap();
    let host = world.open();
    host.resume().unwrap();
    assert_eq!(row(&host), "4");
    host.watch_files(Duration::from_millis(30)).unwrap();
    wait_for("what changed meanwhile serves", || row(&host) == "5");
    drop(host);
    // A host that goes down while its files are broken comes up again.
    fs::write(world.path("graph.toml"), "[graph").unwrap();
    let host = world.open_again();
    assert_eq!(host.resume().unwrap(), Some(Generation(3)));
    assert_eq!(row(&host), "5");
    host.watch_files(Duration::from_millis(30)).unwrap();
    assert!(refused(&host, 0).contains("graph.toml:1:"));
    drop(host);
    // Nor does another name bring it down, or make it forget what it was.
    fs::write(world.path("graph.toml"), GRAPH.replace("\"small\"", "\"large\"")).unwrap();
    let host = world.open_again();
    assert_eq!(host.resume().unwrap(), Some(Generation(3)));
    host.watch_files(Duration::from_millis(30)).unwrap();
    assert!(refused(&host, 1).contains("named `large`"));
    fs::write(world.path("graph.toml"), GRAPH).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(row(&host), "5");
}

const LEARNS: &str = r#"
[graph]
name = "learns"
output = "fuse"
deadline_ms = 3000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"
learn_every_s = 1

[agents.knn]
component = "COMPONENTS/item-knn.wasm"
instances = "pooled"

[agents.fusion]
component = "COMPONENTS/fusion.wasm"
instances = "pooled"
learn_every_s = 2

[nodes.popularity]
agent = "popularity"

[nodes.knn]
agent = "knn"

[nodes.fuse]
agent = "fusion"
inputs = { popularity = "popularity", knn = "knn" }
"#;

#[test]
fn what_agents_learn_while_they_serve_is_what_a_replay_of_the_log_teaches() {
    let world = World::new(LEARNS);
    let host = world.serving();
    let state = |host: &Host, agent: &str| {
        let plan = host.active().unwrap();
        let found = plan.agents.iter().find(|a| a.spec.name == agent).unwrap();
        found.state().unwrap().clone()
    };
    let before = (state(&host, "popularity"), state(&host, "knn"));
    host.keep().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for n in 0..40 {
        let reply = runtime.block_on(host.decide(ask(&format!("s{n}"), 3))).unwrap();
        assert!(reply.answer.degraded.is_empty());
        let told = Told {
            event_id: format!("e{n}"),
            request_id: Some(reply.request_id.to_string()),
            subject: Some(format!("s{n}")),
            item: reply.items[0].id.to_string(),
            kind: EventKind::Like,
            value: 1.0,
            time_ms: None,
            retract: false,
        };
        runtime.block_on(host.feedback(vec![told])).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    let last = host.store().log().last_cursor().unwrap().unwrap();
    let learned = |agent: &str| {
        let records = host.plan_records().unwrap();
        let of = format!("up to event {last}");
        records.iter().any(|r| r.author == "learners" && r.reason.contains(agent) && r.reason.ends_with(&of))
    };
    wait_for("both learned everything", || learned("popularity") && learned("fusion"));
    assert_ne!(state(&host, "popularity").bytes, before.0.bytes);
    assert_eq!(state(&host, "knn").bytes, before.1.bytes, "it has no cadence");
    let paces = host.cadences();
    assert_eq!(paces.iter().map(|pace| &*pace.agent).collect::<Vec<_>>(), ["fusion", "popularity"]);
    assert!(paces.iter().all(|pace| !pace.stale && pace.error.is_none()), "{paces:?}");
    assert!(host.refusals().unwrap().is_empty(), "{:?}", host.refusals());
    let live = (state(&host, "popularity"), state(&host, "fusion"));
    runtime.block_on(host.flush()).unwrap();
    drop(host);
    // Another host with the same log, and nothing that was learned.
    wait_for("it is closed", || greenroom_memory::Store::open(&world.path("data")).is_ok());
    fs::create_dir(world.path("other")).unwrap();
    fs::copy(world.path("data/greenroom.redb"), world.path("other/greenroom.redb")).unwrap();
    let other = support::open(&world.path("graph.toml"), &world.path("other"));
    other.train(std::sync::Arc::new(Quiet)).unwrap();
    other.activate().unwrap();
    assert!(state(&other, "popularity").bytes == live.0.bytes, "popularity");
    assert!(state(&other, "fusion").bytes == live.1.bytes, "fusion");
}

#[test]
fn a_model_that_cannot_be_renewed_is_told_of() {
    // Learning takes more than this, and what it is prepared with does not.
    let world =
        World::new(&LEARNS.replace("learn_every_s = 1", "learn_every_s = 1\nbudget = { learn = { fuel = 150_000 } }"));
    let events = fs::read_to_string(world.path("events.csv")).unwrap();
    let few: String = events.lines().take(30).map(|line| format!("{line}\n")).collect();
    fs::write(world.path("events.csv"), few).unwrap();
    let host = world.serving();
    host.keep().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let many: Vec<Told> = (0..2_000)
        .map(|n| Told {
            event_id: format!("e{n}"),
            request_id: None,
            subject: Some(format!("t{}", n % 100)),
            item: (n % 30).to_string(),
            kind: EventKind::Like,
            value: 1.0,
            time_ms: Some(1_000_000 + n),
            retract: false,
        })
        .collect();
    runtime.block_on(host.feedback(many)).unwrap();
    wait_for("it is stale", || host.cadences().iter().any(|pace| pace.agent == "popularity" && pace.stale));
    let cadences = host.cadences();
    let pace = cadences.iter().find(|pace| pace.agent == "popularity").unwrap();
    assert!(pace.error.as_ref().is_some_and(|why| why.contains("fuel")), "{pace:?}");
    assert_eq!(runtime.block_on(host.decide(ask("s1", 3))).unwrap().items.len(), 3, "it serves with what it has");
}
