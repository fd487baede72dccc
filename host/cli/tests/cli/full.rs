//! A disk that gets full while a host serves.
#![cfg(target_os = "linux")]

use std::process::Command;

use serde_json::Value;

use crate::operating::{Server, serve_by};
use crate::scene::{GRAPH, Scene, signal};
use crate::serving::{asked, fed};

/// From here on no file of the process gets larger than so: for it, the disk is full. `kib` is more than its small files have
/// and less than the store.
fn fill(server: &Server, kib: u32) {
    let (pid, limit) = (server.child.id().to_string(), format!("--fsize={}:unlimited", kib * 1024));
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
}

/// A host that is told of a file that is too large, as of a full disk, and not killed.
fn serve(scene: &Scene) -> Server {
    let command = scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0", "--settle-ms", "60000"]);
    let mut shell = Command::new("/bin/sh");
    // What is ignored stays so in what the shell becomes.
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    serve_by(scene, shell)
}

fn answer(server: &Server) -> Value {
    let (status, answer) = asked(&server.address, r#"{"subject":"s1","limit":3}"#);
    assert_eq!(status, 200, "{answer}");
    answer
}

fn tell(server: &Server, number: u32) -> u16 {
    let event = format!(r#"{{"event_id":"e{number}","subject":"s1","item":"i{}","kind":"click"}}"#, number % 36);
    fed(&server.address, &event).0
}

#[test]
fn a_full_disk_refuses_a_change_and_loses_nothing_that_was_acknowledged() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    for number in 0..20 {
        assert_eq!(tell(&server, number), 200);
    }
    scene.write("graph.toml", GRAPH.replacen("limit = 20", "limit = 10", 1));
    scene.run(&["deploy", "graph.toml"]).ok();
    let before = answer(&server);
    assert_eq!(before["generation"], 2);

    fill(&server, 16);
    scene.write("graph.toml", GRAPH.replacen("limit = 20", "limit = 5", 1));
    for _ in 0..2 {
        let ran = scene.run(&["deploy", "graph.toml", "--parent", "2", "--json"]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        // The terminal breaks it into lines.
        let told = ran.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(told.contains("the activation could not be recorded, since there is no room in"), "{told}");
        assert!(told.contains("File too large") && told.contains("make room, then start the host again"), "{told}");
    }
    let (items, now) = (&before["items"], answer(&server));
    assert_eq!((&now["generation"], &now["items"]), (&before["generation"], items), "what serves answers on");
    assert_eq!(tell(&server, 20), 503, "what is not on the disk is not acknowledged");
    signal(&server.child, "KILL");
    drop(server);

    let server = serve(&scene);
    let now = answer(&server);
    assert_eq!((&now["generation"], &now["items"]), (&before["generation"], items), "the change never was");
    let again = r#"{"events":[{"event_id":"e0","subject":"s1","item":"i0","kind":"click"},{"event_id":"e19","subject":"s1","item":"i19","kind":"click"}]}"#;
    let (_, told) = fed(&server.address, again);
    assert_eq!(
        (&told["events"][0]["outcome"], &told["events"][1]["outcome"]),
        (&"repeated".into(), &"repeated".into())
    );
    scene.run(&["deploy", "graph.toml", "--parent", "2"]).ok();
    assert_eq!(answer(&server)["generation"], 3);
}
