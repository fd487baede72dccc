//! Data folders and what was learned in them.

use std::fs;

use crate::scene::{GRAPH, Scene, probe};

fn answer(scene: &Scene) -> serde_json::Value {
    let mut reply = scene.run(&["decide", "graph.toml", "--subject", "s1", "--json"]).json();
    reply["items"].take()
}

#[test]
fn asking_before_training_says_how_to_train_and_makes_no_data() {
    let scene = Scene::new(GRAPH);
    scene.refused("untrained_decide", 1, &["decide", "graph.toml", "--subject", "s1"]);
    scene.refused("untrained_serve", 1, &["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    scene.refused("untrained_train", 1, &["train", "graph.toml"]);
}

#[test]
fn a_graph_that_changed_since_it_was_trained_names_the_agents_that_have_to_learn() {
    let scene = Scene::trained(GRAPH);
    scene.write("graph.toml", GRAPH.replace("neighbours = 20", "neighbours = 30"));
    let ran = scene.run(&["decide", "graph.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("item-knn") && !ran.err.contains("popularity"), "{}", ran.err);
    assert!(ran.err.contains("greenroom train"), "{}", ran.err);
}

#[test]
fn a_state_from_another_agent_is_refused_and_the_one_before_serves_on() {
    let scene = Scene::trained(GRAPH);
    let before = answer(&scene);
    let trainings = scene.path(".greenroom/states/trainings");
    let files: Vec<_> = fs::read_dir(&trainings).unwrap().map(|entry| entry.unwrap().path()).collect();
    let contents: Vec<_> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, content) in files.iter().zip(contents.iter().cycle().skip(1)) {
        fs::write(path, content).unwrap();
    }
    let ran = scene.run(&["train", "graph.toml"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("invalid-state") && ran.err.contains("remove the folder `states`"), "{}", ran.err);
    assert_eq!(answer(&scene), before);
}

#[test]
fn a_broken_state_is_learned_anew() {
    let scene = Scene::trained(GRAPH);
    let before = answer(&scene);
    for entry in fs::read_dir(scene.path(".greenroom/states")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let content = fs::read(&path).unwrap();
            fs::write(&path, &content[..content.len() / 2]).unwrap();
        }
    }
    let ran = scene.run(&["decide", "graph.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("greenroom train"), "{}", ran.err);
    let trained = scene.run(&["train", "graph.toml"]).ok();
    assert!(trained.contains("learned") && !trained.contains("kept"), "{trained}");
    assert_eq!(answer(&scene), before);
}

#[test]
fn what_was_learned_is_not_learned_twice() {
    let scene = Scene::trained(GRAPH);
    let again = scene.run(&["train", "graph.toml", "--events", "events.csv", "--items", "items.csv", "--json"]).json();
    assert_eq!(again["imported"]["repeated"], again["imported"]["events"]);
    assert!(again["trained"].as_array().unwrap().iter().all(|agent| agent["kept"] == true), "{again}");
    assert_eq!(again["generation"], 1);
}

#[test]
fn a_data_folder_in_use_is_said() {
    let scene = Scene::trained(GRAPH);
    let listening = scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    let (mut server, _) = scene.start(listening, "serving", false);
    scene.refused("data_in_use", 5, &["decide", "graph.toml"]);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_data_folder_that_is_something_else_is_left_alone() {
    let scene = Scene::new(GRAPH);
    fs::create_dir(scene.path("data")).unwrap();
    scene.write("data/greenroom.redb", "someone's notes");
    let before = scene.files();
    let ran = scene.run(&["train", "graph.toml", "--events", "events.csv", "--data", "data"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.err.contains("data/greenroom.redb"), "{}", ran.err);
    assert!(before == scene.files());
}

#[test]
fn an_agent_that_fails_ends_the_command_with_its_own_code() {
    let scene = Scene::trained(&probe("honest"));
    scene.run(&["decide", "graph.toml"]).ok();
    for (mode, said) in
        [("trap", "trap"), ("panic", "told to panic"), ("nan", "invalid-output"), ("fault", "told to fail")]
    {
        scene.write("graph.toml", probe(mode));
        scene.run(&["train", "graph.toml"]).ok();
        let ran = scene.run(&["decide", "graph.toml", "--subject", "s1"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(4), ""), "{mode}: {}", ran.err);
        assert!(ran.err.contains(said), "{mode}: {}", ran.err);
    }
    let ran = scene.run(&["eval", "graph.toml", "--events", "events.csv"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("every request failed"), "{}", ran.err);
}

#[test]
fn a_node_that_fails_degrades_the_answer_and_it_says_why() {
    let graph =
        GRAPH.replace("[nodes.alike]\nagent = \"item-knn\"", "[nodes.alike]\nagent = \"probe\"\non_fault = \"empty\"");
    let graph = graph.replace(
        "[agents.item-knn]\ncomponent = \"item-knn.wasm\"\nparams = { neighbours = 20 }",
        "[agents.probe]\ncomponent = \"probe.wasm\"\nparams = { mode = \"fault\" }\ngrants = { memory = [\"probe:write\"] }",
    );
    let scene = Scene::trained(&format!("{graph}\n[memory.probe]\nkind = \"kv\"\nbytes_max = \"1MiB\"\n"));
    let text = scene.run(&["decide", "graph.toml", "--subject", "s1"]).ok();
    assert!(text.contains("degraded: node alike: unavailable: the probe was told to fail"), "{text}");
    let reply = scene.run(&["decide", "graph.toml", "--subject", "s1", "--json"]).json();
    assert_eq!(reply["degraded"][0]["node"], "alike");
}
