//! What a new component or graph would break.

use std::fs;
use std::path::Path;

use crate::scene::{GRAPH, Ran, Scene};

/// A scene with a component of each contract, an older graph, and files that are neither.
fn scene() -> Scene {
    let scene = Scene::new(GRAPH);
    for name in ["first-contract", "second-contract"] {
        fs::copy(greenroom_kit::component(name), scene.path(&format!("{name}.wasm"))).unwrap();
    }
    scene
}

/// Digests of components change with every build.
fn without_digests(text: &str) -> String {
    let digest = |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').map(|word| if digest(&word) { "DIGEST" } else { word }).collect();
        words.join(" ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What is printed of a comparison is in `golden/NAME.txt`, which `UPDATE_GOLDEN=1` writes anew.
#[track_caller]
fn check(scene: &Scene, name: &str, old: &str, new: &str) -> Ran {
    let ran = scene.run(&["compat", old, new]);
    let (out, err) = (without_digests(&ran.out), without_digests(&ran.err));
    let found = format!("$ greenroom compat {old} {new}\n{out}\n{}\n-> {}\n", err.trim(), ran.code.unwrap());
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(found == expected, "{name}\nexpected:\n{expected}\nfound:\n{found}");
    ran
}

#[test]
fn a_component_is_compared_with_what_it_would_replace() {
    let scene = scene();
    check(&scene, "compat_same", "popularity.wasm", "popularity.wasm");
    check(&scene, "compat_other", "item-knn.wasm", "popularity.wasm");
    let newer = check(&scene, "compat_contract", "first-contract.wasm", "second-contract.wasm");
    assert_eq!(newer.code, Some(0), "nothing of it is breaking");
}

#[test]
fn a_graph_is_compared_with_what_it_would_replace() {
    let scene = scene();
    scene.write("new.toml", GRAPH.replace("neighbours = 20", "neighbours = 30").replace("limit = 20", "limit = 10"));
    assert_eq!(check(&scene, "compat_graph", "graph.toml", "new.toml").code, Some(0));
    let memory = "[memory.notes]\nkind = \"kv\"\nbytes_max = \"1MiB\"\n\n[agents.popularity]\ngrants = { memory = [\"notes:read\"] }";
    scene.write("granted.toml", GRAPH.replace("[agents.popularity]", memory));
    check(&scene, "compat_grants", "granted.toml", "graph.toml");
}

#[test]
fn what_cannot_be_compared_is_explained() {
    let scene = scene();
    scene.refused("compat_kinds", 2, &["compat", "graph.toml", "popularity.wasm"]);
    scene.refused("compat_missing", 3, &["compat", "popularity.wasm", "missing.wasm"]);
    scene.write("text.wasm", "#!/bin/sh\n");
    scene.refused("compat_text", 3, &["compat", "popularity.wasm", "text.wasm"]);
    scene.write("broken.toml", GRAPH.replace("output = \"fuse\"", "output = \"fused\""));
    scene.refused("compat_broken", 3, &["compat", "graph.toml", "broken.toml"]);
}

#[test]
fn a_comparison_is_told_in_json_too() {
    let scene = scene();
    let ran = scene.run(&["compat", "item-knn.wasm", "popularity.wasm", "--json"]);
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["kind"], &told["compatible"]), (&"component".into(), &false.into()));
    assert!(told["old"]["digest"].as_str().unwrap().starts_with("sha256:"));
    let first = &told["findings"][0];
    assert_eq!(first["severity"], "breaking");
    assert_eq!((&first["element"], &first["after"]), (&"parameter metric".into(), &serde_json::Value::Null));
    assert!(first["advice"].as_str().unwrap().contains("remove it"), "{first}");
    let same = scene.run(&["compat", "graph.toml", "graph.toml", "--json"]).json();
    assert_eq!(
        (&same["kind"], &same["compatible"], &same["findings"]),
        (&"graph".into(), &true.into(), &serde_json::json!([]))
    );
}
