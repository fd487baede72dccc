//! Ctrl-C while a graph is evolved: the first asks for a stop, the second ends it, and nothing is lost by either.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::scene::{GRAPH, Scene, probe, signal};

const EVOLVE: [&str; 12] = [
    "evolve",
    "graph.toml",
    "--events",
    "events.csv",
    "--items",
    "items.csv",
    "--sampler",
    "random",
    "--trials",
    "60",
    "--level",
    "individual",
];

/// Starts it; both of its outputs can be read.
fn started(mut command: Command) -> (Child, impl Iterator<Item = String>) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    (child, said)
}

fn rest(child: &mut Child) -> String {
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

/// What came of an evolution, without what depends on the clock, or on which pooled instance a request met: a new one takes some
/// fuel more.
fn came(scene: &Scene) -> (Value, Value, Vec<Value>) {
    let mut evolved = scene.run(&[&EVOLVE[..], &["--json"]].concat()).json();
    let known = scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    let mut records: Vec<Value> = known["records"].as_array().unwrap().clone();
    for record in &mut records {
        record["time_ms"] = 0.into();
        record["cost"] = Value::Null;
        record["digest"] = "".into();
    }
    records.sort_by_key(ToString::to_string);
    (evolved["evolution"].take(), evolved["validation"].take(), records)
}

#[test]
fn the_first_ctrl_c_stops_an_evolution_which_goes_on_to_the_same_end() {
    let undisturbed = Scene::new(GRAPH);
    let expected = came(&undisturbed);
    let scene = Scene::new(GRAPH);
    let (mut child, mut said) = started(scene.command(&EVOLVE));
    // Told of its first trial that is over.
    assert!(said.any(|line| line.contains("evolution.1-individual")));
    signal(&child, "INT");
    assert!(said.any(|line| line.starts_with("stopping: ")));
    let told = rest(&mut child);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}");
    assert!(
        told.contains("stopped after ") && told.contains(" of 60 trials; ndcg@10 of the graph as it is 0."),
        "{told}"
    );
    assert!(told.ends_with("nothing was judged yet: run it again with the same arguments, and it goes on\n"), "{told}");
    assert!(!scene.path("graph.evolved.toml").exists() && !scene.path("graph.evolution.html").exists());
    // What was over is known already, and nothing of it is tried again.
    let known = scene.run(&["knowledge", "ls", "graph.toml", "--json"]).json();
    let made = known["records"].as_array().unwrap().len() - 1;
    assert!(told.contains(&format!("stopped after {made} of 60")) && (1..60).contains(&made), "{made}: {told}");
    let found = came(&scene);
    assert_eq!((found.0, found.1), (expected.0, expected.1));
    for (found, expected) in found.2.iter().zip(&expected.2) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.2.len(), expected.2.len());
}

#[test]
fn the_second_ctrl_c_ends_an_evolution_at_once() {
    // The graph as it is takes longer than anybody waits.
    let scene = Scene::new(&probe("spin-configure"));
    let mut command = scene.command(&EVOLVE);
    command.env("RUST_LOG", "greenroom=debug");
    let (mut child, mut said) = started(command);
    assert!(said.any(|line| line.contains("Ctrl-C asks for a stop")));
    signal(&child, "INT");
    assert!(said.any(|line| line.starts_with("stopping: ")));
    assert_eq!(child.try_wait().unwrap(), None, "what runs is not ended");
    signal(&child, "INT");
    assert_eq!((rest(&mut child).as_str(), child.wait().unwrap().code()), ("", Some(130)));
}
