//! A state file as a trigger: what is in it is what the agent knows, whenever it changes and is whole.

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
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_kit::versioned::{self, EACH};
use greenroom_model::{Generation, State};
use greenroom_runtime::{
    Change, GraphText, Host, HostError, Part, PrepareError, Proposal, Quiet, Refused, sealed, unsealed,
};
use support::{World, ask};

const GRAPH: &str = r#"
[graph]
name = "given"
output = "one"
deadline_ms = 3000
exclude_seen = false

[agents.one]
component = "one.wasm"
state = "states/one.state"
instances = "pooled"

[nodes.one]
agent = "one"
"#;

/// As large as one likes: the agent looks at the first byte.
fn of(first: u8, size: usize) -> State {
    let (schema, mut bytes) = versioned::state(first);
    bytes.resize(size.max(1), 7);
    State { schema: schema.to_owned(), bytes }
}

fn world(graph: &str, component: &[u8]) -> World {
    let world = World::new(graph);
    fs::write(world.path("one.wasm"), component).unwrap();
    fs::write(world.path("items.csv"), versioned::items()).unwrap();
    fs::create_dir(world.path("states")).unwrap();
    world
}

/// Serves with the state 1, and watches its files.
fn watching() -> (World, Host) {
    let world = world(GRAPH, &versioned::code(0));
    fs::write(world.path("states/one.state"), sealed(&of(1, 1))).unwrap();
    let host = world.serving();
    host.watch_files(Duration::from_millis(30)).unwrap();
    (world, host)
}

fn decided(host: &Host) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(host.decide(ask("nobody", 3))).unwrap();
    reply.items.iter().map(|item| item.id.to_string()).collect()
}

/// The state that answers are made of.
fn serves(host: &Host) -> u32 {
    decided(host)[2].parse::<u32>().unwrap() - 2 * EACH
}

#[track_caller]
fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let by = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < by, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn refused(host: &Host, before: usize) -> String {
    wait_for("it is refused", || host.refusals().unwrap().len() > before);
    let refusals = host.refusals().unwrap();
    assert_eq!(refusals.len(), before + 1, "{refusals:#?}");
    refusals[before].why.clone()
}

fn propose(host: &Host, change: Change) -> Result<Generation, Refused> {
    let proposal = Proposal { parent: None, author: "test".to_owned(), reason: "a try".to_owned(), change };
    host.propose(proposal).map(|done| done.generation)
}

fn graph(text: &str, states: BTreeMap<String, Part>) -> Change {
    let graph = GraphText { file_name: "graph.toml".to_owned(), text: text.to_owned() };
    Change::Graph { graph, components: BTreeMap::new(), states }
}

#[test]
fn a_state_file_that_changes_serves_however_it_was_written() {
    let (world, host) = watching();
    let path = world.path("states/one.state");
    assert_eq!(serves(&host), 1);
    // In place: it is cut off first.
    fs::write(&path, sealed(&of(2, 1))).unwrap();
    wait_for("written in place", || serves(&host) == 2);
    // By a rename.
    fs::write(world.path("states/new"), sealed(&of(3, 1))).unwrap();
    fs::rename(world.path("states/new"), &path).unwrap();
    wait_for("renamed over", || serves(&host) == 3);
    // Slowly.
    let mut file = fs::File::create(&path).unwrap();
    for part in sealed(&of(4, 100_000)).chunks(20_000) {
        file.write_all(part).unwrap();
        file.flush().unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    wait_for("written in pieces", || serves(&host) == 4);
    // As it lies in the folder of states.
    let state = greenroom_runtime::States::open(&world.path("other")).unwrap().put(&of(5, 1)).unwrap();
    fs::rename(world.path("other").join(state.hex()), &path).unwrap();
    wait_for("without a seal", || serves(&host) == 5);
    let records = host.plan_records().unwrap();
    let told = |record: &greenroom_runtime::PlanRecord| record.reason == "states/one.state changed";
    assert!(records[1..].iter().all(|record| record.author == "files" && told(record)), "{records:#?}");
    assert!(host.refusals().unwrap().is_empty(), "half a file was taken for a whole one: {:?}", host.refusals());
    let version = records.last().unwrap().versions["one"];
    assert_eq!(version.state, Some(state));
    assert_eq!(version.component, records[0].versions["one"].component);
    // The path is no part of the plan.
    fs::rename(&path, world.path("moved.state")).unwrap();
    fs::write(world.path("graph.toml"), GRAPH.replace("states/one.state", "moved.state")).unwrap();
    let digest = host.active().unwrap().digest;
    fs::write(world.path("moved.state"), sealed(&of(6, 1))).unwrap();
    wait_for("the new path is watched", || serves(&host) == 6);
    fs::write(world.path("moved.state"), sealed(&of(5, 1))).unwrap();
    wait_for("it is back", || serves(&host) == 5);
    assert_eq!(host.active().unwrap().digest, digest);
}

#[test]
fn a_damaged_state_file_is_refused_and_what_serves_stays() {
    let (world, host) = watching();
    let path = world.path("states/one.state");
    let plan = host.active().unwrap().digest;
    let same = || assert_eq!((serves(&host), host.active().unwrap().generation), (1, Generation(1)));
    let file = sealed(&of(2, 1_000));
    fs::write(&path, &file[..600]).unwrap();
    let told = refused(&host, 0);
    assert!(told.contains("graph.toml:10:9") && told.contains("states/one.state cannot be taken"), "{told}");
    assert!(told.contains("not written to its end"), "{told}");
    same();
    let mut other = file.clone();
    other[900] ^= 1;
    fs::write(&path, other).unwrap();
    assert!(refused(&host, 1).contains("damaged"));
    same();
    fs::write(&path, "").unwrap();
    assert!(refused(&host, 2).contains("it is empty"));
    fs::remove_file(&path).unwrap();
    assert!(refused(&host, 3).contains("there is no file"));
    fs::create_dir(&path).unwrap();
    assert!(refused(&host, 4).contains("is a folder"));
    fs::remove_dir(&path).unwrap();
    fs::write(&path, [&[200, 0, 0, 0][..], &[b'x'; 100]].concat()).unwrap();
    assert!(refused(&host, 5).contains("within its head"));
    same();
    assert_eq!(host.active().unwrap().digest, plan);
    fs::write(&path, file).unwrap();
    wait_for("a whole one serves", || serves(&host) == 2);
}

#[test]
fn a_host_comes_up_with_the_state_also_when_its_file_is_gone() {
    let (world, host) = watching();
    let path = world.path("states/one.state");
    fs::write(&path, sealed(&of(9, 1))).unwrap();
    wait_for("it serves", || serves(&host) == 9);
    let generation = host.active().unwrap().generation;
    drop(host);
    fs::remove_file(&path).unwrap();
    let host = world.open_again();
    assert_eq!(host.resume().unwrap(), Some(generation));
    assert_eq!(serves(&host), 9);
    host.watch_files(Duration::from_millis(30)).unwrap();
    assert!(refused(&host, 0).contains("there is no file"));
    propose(&host, Change::Again(Generation(1))).unwrap();
    assert_eq!(serves(&host), 1, "what was before is kept too");
    fs::write(&path, sealed(&of(3, 1))).unwrap();
    wait_for("its file is there again", || serves(&host) == 3);
}

#[test]
fn a_state_that_the_agent_does_not_take_is_refused_by_the_name_of_its_file() {
    let learned = {
        let text = GRAPH.replace("state = \"states/one.state\"\n", "");
        let world = world(&text, &built("popularity"));
        let host = world.serving();
        host.learned_state(&host.active().unwrap().agents[0].version.state.unwrap()).unwrap()
    };
    let world = world(GRAPH, &built("popularity"));
    let path = world.path("states/one.state");
    fs::write(&path, sealed(&learned)).unwrap();
    let host = world.serving();
    let before = decided(&host);
    host.watch_files(Duration::from_millis(30)).unwrap();
    fs::write(&path, sealed(&of(1, 1))).unwrap();
    let told = refused(&host, 0);
    assert!(told.contains("its state in `states/one.state`") && told.contains("invalid-state"), "{told}");
    assert_eq!((decided(&host), host.active().unwrap().generation), (before, Generation(1)));
    drop(host);
    let host = world.open();
    let refused = host.activate().unwrap_err();
    assert!(matches!(&refused, HostError::Prepare(PrepareError::Given { agent, .. }) if agent == "one"), "{refused}");
    assert_eq!(host.resume().unwrap(), Some(Generation(1)));
}

#[test]
fn a_state_is_proposed_by_its_digest_once_it_was_brought() {
    let (_world, host) = watching();
    let digest = host.keep_state(&sealed(&of(8, 1))).unwrap();
    assert!(host.has_state(&digest));
    let states = BTreeMap::from([("states/one.state".to_owned(), Part::Kept(digest))]);
    propose(&host, graph(GRAPH, states)).unwrap();
    assert_eq!(serves(&host), 8);
    // What is not in a change is as it is.
    let other = GRAPH.replace("3000", "2000");
    propose(&host, graph(&other, BTreeMap::new())).unwrap();
    assert_eq!(serves(&host), 8);
    let absent = of(20, 1).digest();
    let states = BTreeMap::from([("states/one.state".to_owned(), Part::Kept(absent))]);
    let told = propose(&host, graph(&other, states)).unwrap_err().to_string();
    assert!(told.contains("which the host does not have"), "{told}");
    let told = propose(&host, graph(&GRAPH.replace("one.state", "two.state"), BTreeMap::new())).unwrap_err();
    assert!(told.to_string().contains("states/two.state is not among the states"), "{told}");
    assert!(host.keep_state(b"\0asm").is_err());
}

fn built(name: &str) -> Vec<u8> {
    fs::read(greenroom_kit::component(name)).unwrap()
}

const FUSED: &str = r#"
[graph]
name = "fused"
output = "fuse"
deadline_ms = 3000

[agents.popularity]
component = "COMPONENTS/popularity.wasm"

[agents.fusion]
component = "COMPONENTS/fusion.wasm"

[nodes.popular]
agent = "popularity"

[nodes.fuse]
agent = "fusion"
inputs = { popular = "popular" }
"#;

#[test]
fn an_agent_that_has_its_state_from_a_file_does_not_learn_and_the_others_do() {
    let learns = World::new(FUSED);
    let host = learns.serving();
    let state = |host: &Host, at: usize| host.active().unwrap().agents[at].state().unwrap().clone();
    let popularity = state(&host, 1);
    drop(host);
    let world = World::new(&FUSED.replace("popularity.wasm\"", "popularity.wasm\"\nstate = \"p.state\""));
    fs::write(world.path("p.state"), sealed(&popularity)).unwrap();
    let host = world.serving();
    assert_eq!(unsealed(&sealed(&popularity)).as_ref(), Ok(&*state(&host, 1)));
    let trained = host.train(Arc::new(Quiet)).unwrap();
    assert_eq!(trained.iter().map(|trained| &*trained.agent).collect::<Vec<_>>(), ["fusion"]);
    assert_eq!(host.activate().unwrap(), Generation(1));
}
