//! Recordings of calls, and running them again.

use std::fs;

use serde_json::Value;

use crate::scene::{GRAPH, Scene, probe};

#[test]
fn a_recorded_request_is_run_again_node_by_node_and_against_another_component() {
    let scene = Scene::trained(GRAPH);
    scene.run(&["decide", "graph.toml", "--subject", "s1", "--record", "calls"]).ok();
    for node in ["alike", "fuse", "popular"] {
        let text = scene.run(&["replay", &format!("calls/{node}.replay")]).ok();
        assert!(text.contains("as recorded") && !text.contains("not as recorded"), "{text}");
    }
    let report = scene.run(&["replay", "calls/alike.replay", "--json"]).json();
    assert_eq!((&report["recorded"]["agent"], &report["now"]["same"]), (&"item-knn".into(), &true.into()));
    let rows = &report["now"]["ended"]["decided"]["payload"]["candidates"]["rows"];
    assert!(!rows.as_array().unwrap().is_empty(), "{report:#}");
    // A component that takes other parameters says so, and the command says that an agent failed.
    let ran = scene.run(&["replay", "calls/alike.replay", "--against", "fusion.wasm"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.out.contains("against    fault "), "{}", ran.out);
    let same = scene.run(&["replay", "calls/popular.replay", "--against", "popularity.wasm"]).ok();
    assert!(same.contains("against    20 rows, as recorded"), "{same}");
}

#[test]
fn a_fault_leaves_a_recording_that_fails_again_with_its_report() {
    let scene = Scene::trained(&probe("panic"));
    let ran = scene.run(&["decide", "graph.toml", "--subject", "s1"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    let files: Vec<_> = fs::read_dir(scene.path(".greenroom/replays")).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let file = format!(".greenroom/replays/{}", files[0].file_name().unwrap().to_str().unwrap());
    assert!(ran.err.contains(&format!("greenroom replay {file}")), "{}", ran.err);
    let text = scene.run(&["replay", &file]).ok();
    for expected in ["now        fault trap: decide trapped: ", "the probe was told to panic", "backtrace  "] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(text.contains("host calls log ") || text.contains("log "), "a panic logs first:\n{text}");
    // Without recordings there is nothing to keep.
    fs::remove_dir_all(scene.path(".greenroom/replays")).unwrap();
    scene.run(&["decide", "graph.toml", "--subject", "s1", "--replays-max", "0"]);
    assert!(!scene.path(".greenroom/replays").exists());
}

#[test]
fn what_is_no_recording_is_refused() {
    let scene = Scene::new(GRAPH);
    scene.refused("replay_missing", 3, &["replay", "nothing.replay"]);
    scene.refused("replay_other", 3, &["replay", "graph.toml"]);
    scene.write("cut.replay", b"GRNplay\n\x84");
    scene.refused("replay_cut", 3, &["replay", "cut.replay"]);
}

#[test]
fn a_grant_that_is_taken_back_is_gone_at_the_next_start_and_given_again() {
    let scene = Scene::trained(&probe("memory"));
    let decide = || scene.run(&["decide", "graph.toml", "--subject", "s1"]);
    decide().ok();
    let said = scene.run(&["revoke", "graph.toml", "probe", "probe:write"]).ok();
    assert_eq!(said, "taken back from probe: probe:write\n");
    let ran = decide();
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    assert!(ran.err.contains("probe:read is not granted to `probe`"), "{}", ran.err);
    let listed = scene.run(&["revoke", "graph.toml", "--json"]).json();
    assert_eq!(listed["revoked"][0], serde_json::json!({ "agent": "probe", "grant": "probe:write" }));
    scene.run(&["revoke", "graph.toml", "probe", "--undo"]).ok();
    decide().ok();
    assert_eq!(scene.run(&["revoke", "graph.toml"]).ok(), "nothing was taken back\n");
}

#[test]
fn what_cannot_be_taken_back_is_told_with_what_can() {
    let scene = Scene::trained(&probe("memory"));
    scene.refused("revoke_unknown_agent", 2, &["revoke", "graph.toml", "prob"]);
    scene.refused("revoke_not_granted", 2, &["revoke", "graph.toml", "probe", "probe:read"]);
    scene.write(".greenroom/revoked", "probe\n");
    scene.refused("revoke_broken_file", 3, &["decide", "graph.toml"]);
}

#[cfg(unix)]
#[test]
fn a_host_that_serves_heeds_what_is_taken_back() {
    let scene = Scene::trained(&probe("write"));
    let command = scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    let (mut server, line) = scene.start(command, "serving probing", false);
    let address = line.rsplit("http://").next().unwrap();
    let status = || -> (u16, Value) { crate::serving::asked(address, r#"{"subject":"s1","limit":3}"#) };
    assert_eq!(status().0, 200);
    scene.run(&["revoke", "graph.toml", "probe"]).ok();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let refused = loop {
        let (code, body) = status();
        if code != 200 || std::time::Instant::now() > until {
            break (code, body);
        }
    };
    assert!(refused.0 >= 500 && refused.1.to_string().contains("not granted"), "{refused:?}");
    crate::scene::signal(&server, "TERM");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
