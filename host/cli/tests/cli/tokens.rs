//! Who may operate a host.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::operating::serve;
use crate::scene::{GRAPH, Ran, Scene};

/// Runs a command with a token.
fn with(scene: &Scene, token: &str, arguments: &[&str]) -> Ran {
    let mut command = scene.command(arguments);
    let output = command.env("GREENROOM_TOKEN", token).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_token_goes_as_far_as_its_level_and_for_as_long_as_it_is_there() {
    let scene = Scene::trained(GRAPH);
    let _server = serve(&scene);
    let add = |name: &str, level: &str| scene.run(&["token", "graph.toml", "add", name, level]).ok().trim().to_owned();
    let (ann, bob) = (add("ann", "read"), add("bob", "deploy"));
    assert!(ann.starts_with("greenroom_") && ann.len() == 74, "{ann}");
    assert_eq!(
        scene.run(&["token", "graph.toml"]).ok(),
        "name      level\noperator  administer\nann       read\nbob       deploy\n"
    );
    with(&scene, &ann, &["plans", "graph.toml"]).ok();
    let ran = with(&scene, &ann, &["rollback", "graph.toml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("the token `ann` has the level `read`, and this needs `deploy`"), "{}", ran.err);
    scene.write("graph.toml", GRAPH.replacen("limit = 20", "limit = 10", 1));
    with(&scene, &bob, &["deploy", "graph.toml"]).ok();
    let plans = with(&scene, &ann, &["plans", "graph.toml", "--json"]).json();
    assert_eq!(plans["plans"][0]["author"], "bob");

    scene.run(&["token", "graph.toml", "remove", "bob"]).ok();
    let ran = with(&scene, &bob, &["rollback", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains("nobody knows the token"), "{}", ran.err);
    for (path, content) in scene.files() {
        let text = String::from_utf8_lossy(&content.unwrap_or_default()).into_owned();
        assert!(!text.contains(&ann) && !text.contains(&bob), "{}", path.display());
    }
}

#[test]
fn tokens_that_cannot_be_are_told() {
    let scene = Scene::trained(GRAPH);
    fs::create_dir_all(scene.path(".greenroom")).unwrap();
    scene.refused("token_name", 2, &["token", "graph.toml", "add", "c/d", "read"]);
    scene.refused("token_level", 2, &["token", "graph.toml", "add", "ann", "owner"]);
    scene.refused("token_unknown", 2, &["token", "graph.toml", "remove", "ann"]);
    let hash = "ab".repeat(32);
    let path = scene.path(".greenroom/tokens");
    scene.write(".greenroom/tokens", format!("ann read {hash}\nann deploy {hash}\nbob raed 12\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    scene.refused("token_lines", 3, &["token", "graph.toml"]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    scene.refused("token_open", 3, &["token", "graph.toml"]);
    let ran = scene.run(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
    assert!(ran.err.contains("may be read or written by others (mode 644)"), "{}", ran.err);
    Scene::new(GRAPH).refused("token_no_data", 1, &["token", "graph.toml", "add", "ann", "read"]);
}
