//! Files that are no component of this contract.

use std::fs;

use crate::scene::{GRAPH, Scene};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A scene with every kind of bad component.
fn scene() -> Scene {
    let scene = Scene::new(GRAPH);
    let whole = fs::read(scene.path("popularity.wasm")).unwrap();
    fs::create_dir(scene.path("folder.wasm")).unwrap();
    scene.write("empty.wasm", []);
    scene.write("text.wasm", "#!/bin/sh\n");
    scene.write("truncated.wasm", &whole[..1_000]);
    scene.write("core.wasm", wat("(module)"));
    scene.write("bare.wasm", wat("(component)"));
    scene
        .write("newer.wasm", wat(r#"(component (instance $i) (export "greenroom:agent/policy@0.9.0" (instance $i)))"#));
    scene.write("web.wasm", wat(r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance)))"#));
    scene
}

#[test]
fn each_bad_component_is_explained() {
    let scene = scene();
    for name in ["missing", "folder", "empty", "text", "truncated", "core", "bare", "newer", "web"] {
        scene.refused(&format!("component_{name}"), 3, &["inspect", &format!("{name}.wasm")]);
    }
}

#[test]
fn a_graph_tells_all_its_bad_components_at_once() {
    let scene = scene();
    let graph = GRAPH.replace("popularity.wasm", "missing.wasm").replace("item-knn.wasm", "truncated.wasm");
    scene.write("graph.toml", graph.replace("fusion.wasm", "newer.wasm"));
    let checked = scene.refused("components", 3, &["check", "graph.toml"]);
    scene.refused_alike(&checked, &["train", "graph.toml", "--events", "events.csv"]);
    scene.refused_alike(&checked, &["eval", "graph.toml", "--events", "events.csv"]);
    scene.refused_alike(&checked, &["decide", "graph.toml"]);
}

#[test]
fn what_is_packaged_from_no_module_is_explained_and_nothing_is_written() {
    let scene = Scene::new(GRAPH);
    scene.write("greenroom_text.wasm", "#!/bin/sh\n");
    scene.write("greenroom_bare.wasm", wat("(module (memory 1))"));
    fs::create_dir(scene.path("out")).unwrap();
    scene.refused("package_text", 3, &["package", "greenroom_text.wasm", "--out", "out"]);
    scene.refused("package_component", 3, &["package", "popularity.wasm", "--out", "out"]);
    scene.refused("package_bare", 3, &["package", "greenroom_bare.wasm", "--out", "out"]);
    scene.refused("package_missing", 3, &["package", "greenroom_missing.wasm", "--out", "out"]);
}

#[cfg(unix)]
#[test]
fn packaged_components_have_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new(GRAPH);
    let module = r#"(module
        (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "greenroom:agent/policy@0.2.0#decide") (param i32) (result i32) unreachable))"#;
    scene.write("greenroom_bare.wasm", wat(module));
    scene.run(&["package", "greenroom_bare.wasm", "--out", "out"]).ok();
    let mode = |name| fs::metadata(scene.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("out/bare.wasm"), mode("graph.toml"));
}

#[test]
fn an_agent_and_a_module_are_told_apart() {
    let scene = Scene::new(GRAPH);
    let agent = scene.run(&["inspect", "popularity.wasm", "--json"]).json();
    assert_eq!(agent["class"], "agent");
    assert_eq!(agent["exports"], serde_json::json!(["policy", "lifecycle", "learner"]));
    assert_eq!(agent["contract"], "greenroom:agent@0.2.0");
    assert_eq!(agent["descriptor"]["learning"], "onward");
    let router = greenroom_kit::component("router");
    let router = router.to_str().unwrap();
    let module = scene.run(&["inspect", router, "--json"]).json();
    assert_eq!(module["class"], "module");
    assert_eq!(module["criteria"][0]["met"], false);
    let text = scene.run(&["inspect", router]).ok();
    assert!(text.contains("no  closed loop: does not export `learner`"), "{text}");
    assert!(text.contains("parameter"), "{text}");
}
