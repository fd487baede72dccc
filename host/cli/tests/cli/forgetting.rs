//! A subject is forgotten, on a folder and through a server.
#![cfg(unix)]

use serde_json::Value;

use crate::memory::memory;
use crate::operating::serve;
use crate::scene::{GRAPH, Scene, probe};
use crate::serving::asked;

const NAMESPACES: &str = r#"
[memory.profile]
kind = "kv"
bytes_max = "1MiB"
subject_keys = ["{subject}", "{subject}/*"]

[memory.notes]
kind = "log"
bytes_max = "1MiB"
subject_keys = ["{subject}"]

[memory.weather]
kind = "kv"
bytes_max = "1MiB"
"#;

fn filled(scene: &Scene) {
    for key in ["s1", "s1/likes", "s10"] {
        memory(scene, &["put", "profile", key, "x"]).ok();
        memory(scene, &["append", "notes", key, "x"]).ok();
    }
    memory(scene, &["put", "weather", "oslo", "rain"]).ok();
}

fn remains(done: &Value) -> String {
    done["remains"].to_string()
}

#[test]
fn what_a_folder_knows_of_a_subject_goes() {
    let scene = Scene::trained(&format!("{}{NAMESPACES}", probe("panic")));
    filled(&scene);
    // A fault, which leaves a recording with the subject in it.
    assert_eq!(scene.run(&["decide", "graph.toml", "--subject", "s1"]).code, Some(4));
    let recordings = || std::fs::read_dir(scene.path(".greenroom/replays")).unwrap().count();
    assert_eq!(recordings(), 1);
    let other = scene.run(&["forget", "graph.toml", "s10", "--json"]).json();
    assert_eq!((&other["recordings"], recordings()), (&0.into(), 1));
    let done = scene.run(&["forget", "graph.toml", "s1", "--json"]).json();
    assert_eq!((&done["known"], &done["events"], &done["recordings"]), (&true.into(), &8.into(), &1.into()), "{done}");
    assert_eq!((&done["keys"]["profile"], &done["keys"]["notes"], recordings()), (&2.into(), &1.into(), 0));
    let remains = remains(&done);
    assert!(remains.contains("(`subject_keys`): weather") && remains.contains("greenroom train"), "{remains}");
    let left = |name: &str| memory(&scene, &["scan", name, "--json"]).json()["entries"].as_array().unwrap().len();
    assert_eq!((left("profile"), left("notes"), left("weather")), (0, 1, 1), "notes of s1/likes stay");
    assert!(memory(&scene, &["check"]).ok().ends_with(": all whole\n"));
    let text = scene.run(&["forget", "graph.toml", "s1"]).ok();
    assert!(
        text.starts_with("removed 0 events, 0 decisions, 0 keys, 0 recordings\nthe log knew no such subject\n"),
        "{text}"
    );
    let wrong = scene.run(&["forget", "graph.toml", "s\n1"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("control characters"), "{}", wrong.err);
}

#[test]
fn a_server_forgets_while_it_serves_and_learns_without_it() {
    let scene = Scene::trained(&format!("{GRAPH}{NAMESPACES}"));
    let server = serve(&scene);
    filled(&scene);
    let ask = |subject: &str| asked(&server.address, &format!(r#"{{"subject":"{subject}"}}"#)).1;
    let request = ask("s1")["request_id"].as_str().unwrap().to_owned();
    ask("s2");
    let done = scene.run(&["forget", "graph.toml", "s1", "--json"]).json();
    assert_eq!((&done["known"], &done["events"], &done["decisions"]), (&true.into(), &8.into(), &1.into()), "{done}");
    // Somebody new, of whom nothing is known.
    let again = ask("s1");
    assert!(again["request_id"] != request && !again["items"].as_array().unwrap().is_empty(), "{again}");
    // Who only ever asked.
    ask("nobody-yet");
    let done = scene.run(&["forget", "graph.toml", "nobody-yet", "--json"]).json();
    assert_eq!((&done["known"], &done["decisions"]), (&true.into(), &1.into()), "{done}");
    drop(server);
    let audited = std::fs::read_to_string(scene.path(".greenroom/audit.log")).unwrap();
    assert!(audited.contains("memory forget sha256:"), "{audited}");
    scene.run(&["train", "graph.toml"]).ok();
    assert!(memory(&scene, &["check"]).ok().ends_with(": all whole\n"));
}
