//! Blobs and vectors as operators see them, on a folder and through a server.
#![cfg(unix)]

use serde_json::{Value, json};

use crate::memory::memory;
use crate::operating::serve;
use crate::scene::{GRAPH, Scene, probe};

const NAMESPACES: &str = r#"
[memory.models]
kind = "blob"
bytes_max = "8MiB"

[memory.taste]
kind = "vector"
bytes_max = "1MiB"
dimension = 2
metric = "euclidean"
"#;

fn scene() -> Scene {
    Scene::trained(&format!("{GRAPH}{NAMESPACES}"))
}

fn all_verbs(scene: &Scene) {
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 253) as u8).collect();
    scene.write("model.bin", &content);
    let digest = memory(scene, &["upload", "models", "model.bin"]).ok();
    let digest = digest.trim();
    assert!(digest.starts_with("sha256:"), "{digest}");
    let again = memory(scene, &["upload", "models", "model.bin", "--json"]).json();
    assert_eq!(again, json!({ "key": digest, "bytes": 3_000_000, "existed": true }));
    let printed = scene.command(&["memory", "get", "graph.toml", "models", digest]).output().unwrap();
    assert!(printed.stdout == content, "{} bytes: {:?}", printed.stdout.len(), printed.stderr);
    let listed = memory(scene, &["scan", "models"]).ok();
    assert!(listed.lines().nth(1).unwrap().starts_with(digest) && listed.contains("3000000"), "{listed}");
    scene.write("small.bin", b"small");
    let brief = memory(scene, &["upload", "models", "small.bin", "--ttl-ms", "3600000"]).ok();
    let brief = memory(scene, &["get", "models", brief.trim(), "--json"]).json();
    assert!(brief["expires_ms"].as_i64().unwrap() > 1_700_000_000_000, "{brief}");
    for wrong in [
        &["put", "models", "own", "text"][..],
        &["get", "models", "sha256:12"],
        &["scan", "models", "--prefix", "sha256:1"],
        &["put", "taste", "ada", "[1, 2]"],
        &["put", "taste", "ada", r#"{"vector": [1, 2, 3]}"#],
        &["nearest", "taste", "[1]"],
    ] {
        let ran = memory(scene, wrong);
        assert!(matches!(ran.code, Some(2 | 3)) && ran.out.is_empty() && !ran.err.is_empty(), "{wrong:?}: {ran:?}");
    }
    assert_eq!(memory(scene, &["delete", "models", digest]).ok(), "removed\n");
    assert_eq!(memory(scene, &["delete", "models", digest]).ok(), "there was no such key\n");
    assert_eq!(memory(scene, &["get", "models", digest]).code, Some(1));

    let put = |key: &str, value: Value| {
        memory(scene, &["put", "taste", key, &value.to_string()]).ok();
    };
    put("ada", json!({ "vector": [1, 0.5], "labels": ["drama"], "payload": "likes it" }));
    put("bo", json!({ "vector": [4, 4] }));
    assert_eq!(memory(scene, &["get", "taste", "ada"]).ok(), "[1.0,0.5]\n");
    let near = memory(scene, &["nearest", "taste", "[4, 3]", "--json"]).json();
    let keys: Vec<&str> = near["near"].as_array().unwrap().iter().map(|near| near["key"].as_str().unwrap()).collect();
    assert_eq!((keys, near["near"][0]["distance"].as_f64()), (vec!["bo", "ada"], Some(1.0)));
    let near = memory(scene, &["nearest", "taste", "bo", "--label", "drama"]).ok();
    assert!(near.lines().count() == 2 && near.contains("likes it"), "{near}");
    let listed = memory(scene, &["scan", "taste", "--limit", "1"]).ok();
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[1].contains("[1.0, 0.5]") && lines[2] == "more follow: --after 'ada'", "{listed}");
    assert_eq!(memory(scene, &["delete", "taste", "ada"]).ok(), "removed\n");
    assert_eq!(memory(scene, &["nearest", "taste", "[4, 3]", "--prefix", "a"]).ok(), "there is none\n");
    assert_eq!(memory(scene, &["nearest", "taste", "ada"]).code, Some(1));
    let checked = memory(scene, &["check"]).ok();
    assert!(checked.ends_with(": all whole\n"), "{checked}");
}

#[test]
fn operators_see_blobs_and_vectors_of_a_folder() {
    all_verbs(&scene());
}

#[test]
fn operators_see_blobs_and_vectors_of_a_server() {
    let scene = scene();
    let server = serve(&scene);
    all_verbs(&scene);
    drop(server);
    let audited = std::fs::read_to_string(scene.path(".greenroom/audit.log")).unwrap();
    assert!(audited.contains(r#"memory upload \"models\", 3000000 bytes"#), "{audited}");
}

/// A graph that says another dimension would find nothing of what is there.
#[test]
fn another_dimension_is_refused_as_long_as_there_are_vectors() {
    let scene = scene();
    let _server = serve(&scene);
    memory(&scene, &["put", "taste", "ada", r#"{"vector": [1, 2]}"#]).ok();
    scene.write("graph.toml", format!("{GRAPH}{NAMESPACES}").replace("dimension = 2", "dimension = 3"));
    let refused = scene.run(&["deploy", "graph.toml"]);
    assert!(refused.code != Some(0), "{refused:?}");
    assert!(refused.err.contains("holds vectors of 2 numbers, and the graph says 3"), "{}", refused.err);
    let near = memory(&scene, &["nearest", "taste", "[1, 1]", "--json"]).json();
    assert_eq!(near["near"][0]["key"], "ada", "what served serves on");
}

/// What memory answered of blobs and vectors is in the recording, and a content that is uploaded is compared.
#[test]
fn a_recorded_call_uploads_and_searches_again_without_a_memory() {
    let spaces = NAMESPACES.replace("euclidean", "cosine").replace("memory.taste]", "memory.tastes]");
    let grants = r#"memory = ["probe:write", "models:write", "tastes:append", "tastes/ada:write"]"#;
    let graph = probe("contents").replace(r#"memory = ["probe:write"]"#, grants);
    let scene = Scene::trained(&format!("{graph}{spaces}"));
    scene.run(&["decide", "graph.toml", "--subject", "s1", "--record", "calls"]).ok();
    let text = scene.run(&["replay", "calls/probe.replay"]).ok();
    assert!(text.contains("as recorded") && !text.contains("not as recorded"), "{text}");
}
