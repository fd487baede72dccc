//! Where settings come from, and which of them win.

use crate::scene::{GRAPH, Scene};

fn origin(document: &serde_json::Value, key: &str) -> (serde_json::Value, String) {
    (document[key]["value"].clone(), document[key]["origin"]["source"].as_str().unwrap().to_owned())
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file_which_wins_over_defaults() {
    let scene = Scene::new(GRAPH);
    scene.write("greenroom.toml", "tick_ms = 2\nqueue_max = 10\ndrain_s = 11\ndata_dir = \"here\"\n");
    let mut command = scene.command(&["config", "--json", "--drain-s", "13"]);
    command.env("GREENROOM_QUEUE_MAX", "12").env("GREENROOM_DRAIN_S", "12");
    let document: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    assert_eq!(origin(&document, "body_bytes_max"), (1_048_576.into(), "default".to_owned()));
    assert_eq!(origin(&document, "tick_ms"), (2.into(), "file".to_owned()));
    assert_eq!(origin(&document, "queue_max"), (12.into(), "environment".to_owned()));
    assert_eq!(origin(&document, "drain_s"), (13.into(), "flag".to_owned()));
    assert_eq!(document.as_object().unwrap().len(), 33);
}

#[test]
fn folders_in_a_file_are_relative_to_it() {
    let scene = Scene::new(GRAPH);
    std::fs::create_dir(scene.path("etc")).unwrap();
    scene.write("etc/host.toml", "data_dir = \"data\"\n");
    let document = scene.run(&["config", "--json", "--config", "etc/host.toml"]).json();
    assert_eq!(document["data_dir"]["value"], "etc/data");
}

#[test]
fn all_mistakes_of_all_sources_are_told_at_once() {
    let scene = Scene::new(GRAPH);
    scene.write("host.toml", "quue_max = 4\ntick_ms = 0\nlisten = 8080\ncache_dir = 5\ncolour = \"red\"\n");
    let mut command = scene.command(&["config", "--config", "host.toml", "--listen", "here"]);
    command.env("GREENROOM_DRAIN_S", "soon");
    let shown = "GREENROOM_DRAIN_S=soon greenroom config --config host.toml --listen here";
    scene.refused_with("settings", 3, command, shown);
    scene.refused("settings_flags", 2, &["check", "graph.toml", "--tick-ms", "0"]);
    scene.refused("settings_missing", 3, &["config", "--config", "hosts.toml"]);
    scene.write("host.toml", "tick_ms = \n");
    scene.refused("settings_syntax", 3, &["config", "--config", "host.toml"]);
}

#[test]
fn every_setting_has_a_flag_and_a_line_in_the_documentation() {
    let scene = Scene::new(GRAPH);
    let help = scene.run(&["config", "--help"]).ok();
    let text = include_str!("../../../../docs/cli.md");
    for key in scene.run(&["config", "--json"]).json().as_object().unwrap().keys() {
        assert!(help.contains(&format!("--{} ", key.replace('_', "-"))), "{key}: {help}");
        assert!(text.contains(&format!("| `{key}` |")), "{key}");
    }
}
