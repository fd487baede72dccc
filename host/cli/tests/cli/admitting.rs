//! Who is admitted, and what is told of it.

use std::fs;

use serde_json::Value;

use crate::scene::{GRAPH, Scene, probe};

#[test]
fn an_honest_agent_is_admitted_once() {
    let scene = Scene::new(GRAPH);
    let admit = |arguments: &[&str]| {
        let cache = scene.path("cache");
        scene.run(&[&["admit", "popularity.wasm", "--cache-dir", cache.to_str().unwrap()], arguments].concat())
    };
    let first = admit(&["--json"]).json();
    assert_eq!((&first["admitted"], &first["kept"], &first["class"]), (&true.into(), &false.into(), &"agent".into()));
    let functions = first["limits"].as_array().unwrap().iter().find(|limit| limit["what"] == "functions").unwrap();
    assert!(functions["found"].as_u64().unwrap() > 100 && functions["limit"] == 200_000, "{functions}");
    assert!(first["compiled_bytes"].as_u64().unwrap() > 10_000);
    assert_eq!(first["trial"][0]["name"], "describe");
    assert!(first["trial"].as_array().unwrap().iter().all(|step| step["outcome"] == "passed"), "{first:#}");
    let second = admit(&["--json"]).json();
    assert_eq!(second["kept"], true);
    assert_eq!(second["trial"], first["trial"]);
    let text = admit(&[]).ok();
    for expected in ["verdict    admitted, in an earlier run\n", "decide: a limit of 0", "elements of tables"] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
}

#[test]
fn an_agent_that_fails_its_trial_is_refused_with_the_whole_report() {
    let scene = Scene::new(GRAPH);
    let ran = scene.run(&["admit", "brittle.wasm", "--json"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["admitted"], false);
    assert!(report["trial"].as_array().unwrap().iter().any(|step| step["outcome"] == "failed"), "{report:#}");
    let why = "brittle.wasm is not admitted: configure at ";
    assert!(ran.err.contains(why) && ran.err.contains("at load = 2: trap: "), "{}", ran.err);
}

#[test]
fn a_graph_with_an_agent_that_fails_its_trial_is_refused() {
    let scene = Scene::new(&GRAPH.replace("popularity.wasm", "brittle.wasm"));
    for command in ["check", "train", "decide", "serve"] {
        let ran = scene.run(&[command, "graph.toml"]);
        assert_eq!(ran.code, Some(3), "{command}: {}", ran.err);
        assert!(ran.err.contains("brittle.wasm is not admitted: configure at "), "{command}: {}", ran.err);
    }
}

#[test]
fn what_is_refused_before_it_is_compiled_is_explained() {
    let scene = Scene::new(GRAPH);
    let whole = fs::read(scene.path("popularity.wasm")).unwrap();
    scene.write("truncated.wasm", &whole[..1_000]);
    let large = "(component (core module $m (table 200000 funcref) (memory 1)) (core instance (instantiate $m)))";
    scene.write("large.wasm", wat::parse_str(large).unwrap());
    scene.refused("admit_truncated", 3, &["admit", "truncated.wasm"]);
    scene.refused("admit_large", 3, &["admit", "large.wasm"]);
    scene.refused("admit_missing", 3, &["admit", "missing.wasm"]);
    let ran = scene.run(&["admit", "large.wasm", "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code, Some(3));
    assert_eq!(report["refused"][0]["what"], "elements of tables");
    assert_eq!(report["refused"][0]["found"], 200_000);
}

#[test]
fn what_a_graph_grants_to_a_component_is_told() {
    let scene = Scene::new(&probe("honest"));
    let ran = scene.run(&["admit", "probe.wasm", "--graph", "graph.toml", "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["grants"][0]["agent"], "probe");
    assert_eq!(report["grants"][0]["grants"][0], "probe:write");
    let text = scene.run(&["admit", "popularity.wasm", "--graph", "graph.toml"]).ok();
    assert!(text.contains("granted    nothing: no agent of the graph is of this component"), "{text}");
}
