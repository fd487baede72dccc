//! Graph files that cannot be executed.

use crate::scene::{GRAPH, Scene};

const BAD: &str = r#"[graph]
name = "small"
output = "fusee"
deadline_ms = 2000
objectiv = { maximise = "ndcg@10" }

[agents.popularity]
component = "popularity.wasm"
params = { window_days = -5 }

[agents.unused]
component = "item-knn.wasm"

[agents.fusion]
component = "fusion.wasm"

[nodes.popular]
agent = "popularty"
limit = 20

[nodes.fuse]
agent = "fusion"
inputs = { popular = "popular", again = "last" }

[nodes.last]
agent = "fusion"
inputs = { fused = "fuse" }
"#;

#[test]
fn every_command_tells_all_mistakes_of_a_graph_at_once() {
    let scene = Scene::new(BAD);
    let checked = scene.refused("graph", 3, &["check", "graph.toml"]);
    scene.refused_alike(&checked, &["train", "graph.toml", "--events", "events.csv"]);
    scene.refused_alike(&checked, &["eval", "graph.toml", "--events", "events.csv"]);
    scene.refused_alike(&checked, &["decide", "graph.toml", "--subject", "s1"]);
    scene.refused_alike(&checked, &["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
}

#[test]
fn a_graph_that_is_not_there_is_named() {
    let scene = Scene::new(GRAPH);
    scene.write("empty.toml", "");
    scene.refused("graph_missing", 3, &["check", "grahp.toml"]);
    scene.refused("graph_folder", 3, &["check", "."]);
    scene.refused("graph_empty", 3, &["check", "empty.toml"]);
}

#[test]
fn scripts_read_mistakes_as_json() {
    let scene = Scene::new(BAD);
    let ran = scene.run(&["check", "graph.toml", "--json"]);
    assert_eq!(ran.code, Some(3));
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["ok"], false);
    let first = &document["mistakes"][0];
    assert_eq!((&first["line"], &first["severity"]), (&3.into(), &"error".into()));
}

#[test]
fn a_good_graph_is_drawn() {
    let scene = Scene::new(GRAPH);
    let text = scene.run(&["check", "graph.toml"]).ok();
    for part in ["graph small", "=> fuse", "<- alike, popular", "popularity.wasm"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document = scene.run(&["check", "graph.toml", "--json"]).json();
    assert_eq!((&document["ok"], &document["output"]), (&true.into(), &"fuse".into()));
}
