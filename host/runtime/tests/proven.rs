//! What is proposed for the sake of a proof serves only if the proof is one, and of this graph against the one that serves.

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

use greenroom_kit::versioned;
use greenroom_model::{Compared, Digest, Evidence, Generation, State};
use greenroom_runtime::{Activated, Change, GraphText, Host, Part, Proposal, Refused, sealed};
use support::World;

const GRAPH: &str = r#"
[graph]
name = "proven"
output = "one"
deadline_ms = 3000
exclude_seen = false

[agents.one]
component = "one.wasm"
state = "one.state"
instances = "pooled"

[nodes.one]
agent = "one"
"#;

fn state(first: u8) -> State {
    let (schema, bytes) = versioned::state(first);
    State { schema: schema.to_owned(), bytes }
}

/// Serves with the state 1.
fn serving(graph: &str) -> (World, Host) {
    let world = World::new(graph);
    fs::write(world.path("one.wasm"), versioned::code(0)).unwrap();
    fs::write(world.path("items.csv"), versioned::items()).unwrap();
    fs::write(world.path("one.state"), sealed(&state(1))).unwrap();
    let host = world.serving();
    (world, host)
}

/// With another deadline.
fn other(deadline_ms: u32) -> String {
    GRAPH.replace("3000", &deadline_ms.to_string())
}

fn text(text: &str) -> GraphText {
    GraphText { file_name: "graph.toml".to_owned(), text: text.to_owned() }
}

fn plain(graph: &str) -> Change {
    Change::Graph { graph: text(graph), components: BTreeMap::new(), states: BTreeMap::new() }
}

fn proven(graph: &str, proof: Evidence) -> Change {
    let (components, states) = (BTreeMap::new(), BTreeMap::new());
    Change::Proven { graph: text(graph), components, states, proof: Box::new(proof) }
}

fn propose(host: &Host, change: Change) -> Result<Activated, Refused> {
    host.propose(Proposal { parent: None, author: "ann".to_owned(), reason: "to see".to_owned(), change })
}

/// What a graph is called in proofs: it serves for a moment, and then what served before does again.
fn called(host: &Host, graph: &str) -> Digest {
    let before = host.active().unwrap().generation;
    let tried = propose(host, plain(graph)).unwrap();
    let digest = host.loaded().digest();
    if tried.changed {
        propose(host, Change::Again(before)).unwrap();
    }
    digest
}

fn proof(candidate: Digest, base: Digest) -> Evidence {
    let part = |arms, low| Compared {
        users: 60,
        arms,
        baseline: 0.1,
        mean: 0.11,
        difference: 0.01,
        low: Some(low),
        high: Some(0.02),
    };
    Evidence {
        study: "evolution".to_owned(),
        metric: "ndcg@10".to_owned(),
        candidate,
        base,
        events: Digest::of(b"events"),
        protocol: "p1".to_owned(),
        seeds: vec![1, 2, 3, 4, 5],
        level: 0.025,
        validation: part(5, 0.002),
        test: part(1, -0.001),
    }
}

#[test]
fn what_is_proven_serves_and_its_proof_stays_with_it() {
    let (world, host) = serving(GRAPH);
    let base = host.loaded().digest();
    let of = proof(called(&host, &other(2000)), base);
    let done = propose(&host, proven(&other(2000), of.clone())).unwrap();
    assert!(done.changed);
    let again = propose(&host, proven(&other(2000), of.clone())).unwrap();
    assert_eq!((again.generation, again.changed), (done.generation, false), "it is active already");
    let kept = |host: &Host, generation| host.plan_record(generation).unwrap().unwrap().proof;
    assert_eq!(kept(&host, done.generation).as_deref(), Some(&of));
    drop(host);
    let host = world.open_again();
    assert_eq!(host.resume().unwrap(), Some(done.generation));
    assert_eq!(kept(&host, done.generation).as_deref(), Some(&of), "a restart does not lose it");
    let again = propose(&host, proven(&other(2000), of.clone())).unwrap();
    assert_eq!((again.generation, again.changed), (done.generation, false), "after a restart too");
    // What serves next has no proof of its own, and what served keeps its.
    let back = propose(&host, Change::Again(Generation(1))).unwrap();
    assert_eq!(kept(&host, back.generation), None);
    assert_eq!(kept(&host, done.generation).as_deref(), Some(&of));
}

#[test]
fn what_is_no_proof_of_it_activates_nothing() {
    let (_world, host) = serving(GRAPH);
    let base = host.loaded().digest();
    let of = || proof(called(&host, &other(2000)), base);
    let serves = host.active().unwrap().digest;
    #[track_caller]
    fn refused(host: &Host, graph: &str, proof: Evidence, expected: &[&str]) {
        let before = host.active().unwrap().generation;
        let refused = propose(host, proven(graph, proof)).unwrap_err().to_string();
        assert!(expected.iter().all(|expected| refused.contains(expected)), "{refused}");
        assert_eq!(host.active().unwrap().generation, before, "{refused}");
        assert_eq!(host.refusals().unwrap().last().unwrap().why, refused, "it is written down");
    }
    let mut negative = of();
    (negative.test.difference, negative.test.mean) = (-0.01, 0.09);
    negative.test.low = None;
    refused(&host, &other(2000), negative, &["no proof", "the test part contradicts it"]);
    let mut undecided = of();
    undecided.validation.low = Some(-0.002);
    refused(&host, &other(2000), undecided, &["on the validation part it is not better"]);
    let mut forged = of();
    (forged.validation.difference, forged.level) = (0.5, 0.2);
    let both = ["a level of 0.2", "the validation part does not add up"];
    refused(&host, &other(2000), forged, &both);
    let third = called(&host, &other(1000));
    let found = of().candidate.short();
    let apart = ["of another graph", &third.short(), &found];
    refused(&host, &other(2000), Evidence { candidate: third, ..of() }, &apart);
    refused(&host, &other(1000), of(), &["of another graph"]);
    let against = Evidence { base: third, ..of() };
    let told = ["better than the graph", &third.short(), "another one is active", "by ann (to see)"];
    refused(&host, &other(2000), against, &told);
    assert_eq!(host.active().unwrap().digest, serves);
    assert!(host.plan_records().unwrap().iter().all(|record| record.proof.is_none()));
}

#[test]
fn a_state_that_the_graph_gives_is_part_of_what_is_proven() {
    let (_world, host) = serving(GRAPH);
    let base = host.loaded().digest();
    let of = proof(called(&host, &other(2000)), base);
    let with = |first: u8, of: &Evidence| {
        let kept = host.keep_state(&sealed(&state(first))).unwrap();
        let Change::Proven { graph, components, proof, .. } = proven(&other(2000), of.clone()) else { panic!() };
        let states = BTreeMap::from([("one.state".to_owned(), Part::Kept(kept))]);
        Change::Proven { graph, components, states, proof }
    };
    let told = propose(&host, with(2, &of)).unwrap_err();
    assert!(matches!(told, Refused::ProvenOther { proven, .. } if proven == of.candidate), "{told}");
    // What serves has another state by now than what it was proven against.
    let states = BTreeMap::from([("one.state".to_owned(), Part::Bytes(sealed(&state(3)).into()))]);
    let changed = Change::Graph { graph: text(GRAPH), components: BTreeMap::new(), states };
    let changed = propose(&host, changed).unwrap();
    let told = propose(&host, with(1, &of)).unwrap_err();
    let Refused::ProvenBefore { base: against, active: Some(now) } = told else { panic!("{told}") };
    assert_eq!((against, now.generation), (base, changed.generation));
    propose(&host, Change::Again(Generation(1))).unwrap();
    assert!(propose(&host, with(1, &of)).unwrap().changed, "what it was proven against serves again");
}

#[test]
fn agents_that_learn_meanwhile_do_not_outdate_a_proof() {
    let learns = |deadline_ms: u32| other(deadline_ms).replace("state = \"one.state\"\n", "");
    let (_world, host) = serving(&learns(3000));
    let base = host.loaded().digest();
    let of = proof(called(&host, &learns(2000)), base);
    let learned = host.keep_state(&sealed(&state(7))).unwrap();
    let plan = host.active().unwrap().digest;
    propose(&host, Change::States(BTreeMap::from([("one".to_owned(), learned)]))).unwrap();
    assert_ne!(host.active().unwrap().digest, plan);
    let done = propose(&host, proven(&learns(2000), of)).unwrap();
    let record = host.plan_record(done.generation).unwrap().unwrap();
    assert_eq!(record.versions["one"].state, Some(learned), "what was learned is taken along");
    assert!(record.proof.is_some());
}

#[test]
fn of_two_proofs_against_the_same_graph_one_is_taken() {
    let (_world, host) = serving(GRAPH);
    let base = host.loaded().digest();
    let of = |deadline_ms| (other(deadline_ms), proof(called(&host, &other(deadline_ms)), base));
    let rivals = [of(2000), of(1000)];
    let done: Vec<Result<Activated, Refused>> = std::thread::scope(|scope| {
        let host = &host;
        let racing = rivals.map(|(graph, of)| scope.spawn(move || propose(host, proven(&graph, of))));
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let taken: Vec<&Activated> = done.iter().filter_map(|done| done.as_ref().ok()).collect();
    assert_eq!(taken.len(), 1, "{done:?}");
    let refused = done.iter().find_map(|done| done.as_ref().err()).unwrap();
    let Refused::ProvenBefore { active: Some(now), .. } = refused else { panic!("{refused}") };
    assert_eq!(now.generation, taken[0].generation);
    assert_eq!(host.active().unwrap().generation, taken[0].generation);
}
