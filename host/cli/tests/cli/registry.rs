//! Components that are signed, brought to a registry, and had from there.

use std::fs;

use crate::scene::{GRAPH, Scene};

fn key(scene: &Scene, name: &str) -> String {
    scene.run(&["key", "new", name]).ok().trim().to_owned()
}

/// A graph that trusts one key.
fn trusting(key: &str) -> String {
    GRAPH.replace("deadline_ms = 2000", &format!("deadline_ms = 2000\ntrust = [\"{key}\"]"))
}

#[test]
fn a_graph_that_names_a_key_takes_what_it_signed_and_nothing_else() {
    let scene = Scene::new(GRAPH);
    let (trusted, other) = (key(&scene, "trusted.key"), key(&scene, "other.key"));
    assert!(trusted.starts_with("ed25519:") && trusted != other);
    assert_eq!(scene.run(&["key", "show", "trusted.key"]).ok().trim(), trusted);
    scene.write("graph.toml", trusting(&trusted));
    let unsigned = scene.run(&["check", "graph.toml"]);
    assert_eq!(unsigned.code, Some(3), "{}", unsigned.err);
    assert_eq!(unsigned.err.matches("nobody who is trusted vouches for").count(), 3, "{}", unsigned.err);
    for component in ["popularity.wasm", "item-knn.wasm", "fusion.wasm"] {
        scene.run(&["sign", component, "--key", "other.key"]).ok();
    }
    let others = scene.run(&["check", "graph.toml"]);
    assert_eq!(others.code, Some(3), "{}", others.err);
    for component in ["popularity.wasm", "item-knn.wasm", "fusion.wasm"] {
        scene.run(&["sign", component, "--key", "trusted.key"]).ok();
    }
    scene.run(&["check", "graph.toml"]).ok();
    // What was changed is another one.
    fs::copy(scene.path("probe.wasm"), scene.path("popularity.wasm")).unwrap();
    let changed = scene.run(&["check", "graph.toml"]);
    assert_eq!(changed.code, Some(3));
    assert!(changed.err.contains("popularity.wasm.sig"), "{}", changed.err);
}

#[test]
fn what_is_pulled_is_what_was_pushed_with_its_signatures() {
    let scene = Scene::new(GRAPH);
    let trusted = key(&scene, "trusted.key");
    let pushed = scene.run(&["push", "fusion.wasm", "oci:store:1", "--sign", "trusted.key", "--json"]).json();
    let pinned = pushed["pinned"].as_str().unwrap();
    let pulled = scene.run(&["pull", pinned, "--out", "had/fusion.wasm", "--trust", &trusted, "--json"]).json();
    assert_eq!(pulled["component"], pushed["component"]);
    assert_eq!(fs::read(scene.path("had/fusion.wasm")).unwrap(), fs::read(scene.path("fusion.wasm")).unwrap());
    assert!(fs::read_to_string(scene.path("had/fusion.wasm.sig")).unwrap().starts_with(&trusted));
    let again = scene.run(&["push", "had/fusion.wasm", "oci:store:2", "--json"]).json();
    assert_eq!(again["manifest"], pushed["manifest"], "the same component is the same manifest");
}

#[test]
fn what_is_not_as_it_should_be_is_not_written() {
    let scene = Scene::new(GRAPH);
    let (_, other) = (key(&scene, "trusted.key"), key(&scene, "other.key"));
    scene.run(&["push", "fusion.wasm", "oci:store:1", "--sign", "trusted.key"]).ok();
    let ended = |code: i32, arguments: &[&str]| {
        let before = scene.files();
        let ran = scene.run(arguments);
        assert_eq!(ran.code, Some(code), "{}", ran.err);
        assert_eq!(scene.files(), before);
    };
    let wrong = format!("sha256:{}", "0".repeat(64));
    ended(3, &["pull", "oci:store:1", "--out", "had.wasm", "--trust", &other]);
    ended(3, &["pull", "oci:store:1", "--out", "had.wasm", "--digest", &wrong]);
    ended(3, &["pull", "oci:store:1", "--out", "had.wasm", "--bytes-max", "10"]);
    ended(1, &["pull", "oci:store:2", "--out", "had.wasm"]);
    ended(2, &["pull", "registry.example.com/Fusion", "--out", "had.wasm"]);
    ended(3, &["push", "events.csv", "oci:store:1"]);
    ended(3, &["sign", "fusion.wasm", "--key", "events.csv"]);
    ended(1, &["key", "new", "trusted.key"]);
}
