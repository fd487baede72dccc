//! Learned states as files: written by one host, given to another by its graph file.
#![cfg(unix)]

use std::fs;

use serde_json::Value;

use crate::operating::serve;
use crate::scene::{GRAPH, Scene};

fn given() -> String {
    GRAPH.replace("component = \"item-knn.wasm\"", "component = \"item-knn.wasm\"\nstate = \"knn.state\"")
}

fn answer(scene: &Scene) -> (Value, Value) {
    let mut reply = scene.run(&["decide", "graph.toml", "--subject", "s1", "--json"]).json();
    (reply["items"].take(), reply["generation"].take())
}

/// What an agent learns from half of the events.
fn learn_less(scene: &Scene) {
    let events = fs::read_to_string(scene.path("events.csv")).unwrap();
    let half: String = events.lines().take(events.lines().count() / 2).map(|line| format!("{line}\n")).collect();
    scene.write("half.csv", half);
    scene.write("half.toml", GRAPH);
    scene.run(&["train", "half.toml", "--events", "half.csv", "--data-dir", "half"]).ok();
    scene.run(&["export", "half.toml", "item-knn", "knn.state", "--data-dir", "half"]).ok();
}

#[test]
fn an_exported_state_is_what_the_agent_knows() {
    let scene = Scene::trained(GRAPH);
    let before = answer(&scene);
    let said = scene.run(&["export", "graph.toml", "item-knn", "knn.state"]).ok();
    assert!(said.starts_with("the state ") && said.contains(" of agent item-knn in generation 1: "), "{said}");
    scene.write("graph.toml", given());
    assert_eq!(answer(&scene), before, "the same plan");
    let text = scene.run(&["check", "graph.toml"]).ok();
    assert!(text.contains("agent item-knn has its state from knn.state ("), "{text}");
    let checked = scene.run(&["check", "graph.toml", "--json"]).json();
    assert_eq!(checked["agents"][1]["state"]["path"], "knn.state", "{checked}");
    let trained = scene.run(&["train", "graph.toml", "--json"]).json();
    assert_eq!((&trained["given"][0]["agent"], trained["trained"].as_array().unwrap().len()), (&"item-knn".into(), 2));
    let text = scene.run(&["train", "graph.toml"]).ok();
    assert!(
        text.contains("agent item-knn has its state from knn.state (") && text.contains("does not learn"),
        "{text}"
    );

    let before = answer(&scene);
    learn_less(&scene);
    let after = answer(&scene);
    assert_eq!(after.1, before.1.as_u64().unwrap() + 1);
    assert_ne!(after.0, before.0);
    let report = scene.run(&["eval", "graph.toml", "--events", "events.csv", "--json"]).json();
    let notes = report["notes"].to_string();
    assert!(notes.contains("item-knn: its state is that of knn.state"), "{notes}");
}

#[test]
fn a_state_file_that_cannot_be_taken_is_named() {
    let scene = Scene::trained(GRAPH);
    let before = answer(&scene);
    scene.run(&["export", "graph.toml", "item-knn", "knn.state"]).ok();
    let whole = fs::read(scene.path("knn.state")).unwrap();
    scene.write("graph.toml", given());
    let cases: [(&str, &dyn Fn()); 3] = [
        ("knn.state cannot be taken: it is damaged", &|| scene.write("knn.state", &whole[..whole.len() / 2])),
        ("there is no file knn.state", &|| fs::remove_file(scene.path("knn.state")).unwrap()),
        ("its state in `knn.state`: invalid-state", &|| {
            scene.write("graph.toml", GRAPH);
            scene.run(&["export", "graph.toml", "popularity", "knn.state"]).ok();
            scene.write("graph.toml", given());
        }),
    ];
    for (said, make) in cases {
        make();
        for command in [&["check", "graph.toml"][..], &["decide", "graph.toml"], &["train", "graph.toml"]] {
            let ran = scene.run(command);
            assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{command:?}: {}", ran.err);
            // The message may be wrapped.
            let err: String = ran.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
            assert!(err.contains(said), "{command:?}: {err}");
        }
    }
    scene.write("graph.toml", GRAPH);
    assert_eq!(answer(&scene), before);
    let ran = scene.run(&["export", "graph.toml", "ghost", "x.state"]);
    assert!(ran.code == Some(2) && ran.err.contains("no agent `ghost`"), "{}", ran.err);
}

#[test]
fn a_state_is_deployed_with_the_graph_that_gives_it() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    scene.run(&["export", "graph.toml", "item-knn", "knn.state"]).ok();
    scene.write("graph.toml", given());
    assert_eq!(scene.run(&["deploy", "graph.toml"]).ok(), "generation 1 is that already: nothing was changed\n");
    learn_less(&scene);
    let done = scene.run(&["deploy", "graph.toml", "--json"]).json();
    assert_eq!((&done["done"]["generation"], done["uploaded"].as_array().unwrap().len()), (&2.into(), 1), "{done}");
    assert_eq!(
        (&done["diff"]["states"][0]["agent"], &done["uploaded"][0]),
        (&"item-knn".into(), &done["diff"]["states"][0]["after"])
    );
    scene.write("knn.state", "no state");
    let ran = scene.run(&["deploy", "graph.toml"]);
    assert!(ran.code == Some(3) && ran.err.contains("agent `item-knn`: knn.state cannot be taken"), "{}", ran.err);
    drop(server);
}
