//! The shared memory layer as operators see it and change it.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::nats::{bucket, shared};
use crate::operating::serve;
use crate::scene::{GRAPH, Ran, Scene, signal};

const NAMESPACES: &str = r#"
[memory.profile]
kind = "kv"
bytes_max = "1KiB"

[memory.shown]
kind = "counter"
bytes_max = "1KiB"

[memory.notes]
kind = "log"
bytes_max = "1KiB"
retention_s = 3600
"#;

fn scene() -> Scene {
    Scene::trained(&format!("{GRAPH}{NAMESPACES}"))
}

pub(crate) fn memory(scene: &Scene, arguments: &[&str]) -> Ran {
    let (verb, rest) = arguments.split_first().unwrap();
    scene.run(&[&["memory", *verb, "graph.toml"], rest].concat())
}

fn revision(ran: Ran) -> u64 {
    ran.json()["revision"].as_u64().unwrap()
}

/// With the standard input.
fn given(scene: &Scene, arguments: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>) {
    let mut command = scene.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), output.stdout)
}

/// The same with a server and without one.
fn all_verbs(scene: &Scene) {
    let first = revision(memory(scene, &["put", "profile", "ada", "likes\n\u{1b}[2Jit", "--json"]));
    assert!(memory(scene, &["get", "profile", "ada"]).ok() == "likes\n\u{1b}[2Jit", "as it is, for programs");
    let found = memory(scene, &["get", "profile", "ada", "--json"]).json();
    assert_eq!(found, json!({ "key": "ada", "revision": first, "bytes": 12, "text": "likes\n\u{1b}[2Jit" }));
    let again = ["put", "profile", "ada", "2", "--json", "--expected"];
    assert!(revision(memory(scene, &[&again[..], &[&first.to_string()]].concat())) > first);
    let late = memory(scene, &[&again[..], &[&first.to_string()]].concat());
    assert!(late.code == Some(1) && late.err.contains("conflict: the key is at revision"), "{}", late.err);
    let bytes = [0, 159, 146, 150];
    assert_eq!(given(scene, &["memory", "put", "graph.toml", "profile", "raw", "-"], &bytes).0, Some(0));
    assert_eq!(given(scene, &["memory", "get", "graph.toml", "profile", "raw"], b"").1, bytes);
    let brief = memory(scene, &["put", "profile", "brief", "x", "--ttl-ms", "3600000"]);
    assert!(brief.ok().starts_with("revision "));
    let brief = memory(scene, &["get", "profile", "brief", "--json"]).json();
    assert!(brief["expires_ms"].as_i64().unwrap() > 1_700_000_000_000, "{brief}");

    memory(scene, &["add", "shown", "item/7"]).ok();
    assert_eq!(memory(scene, &["add", "shown", "item/7", "-3"]).ok(), "-2\n");
    assert_eq!(memory(scene, &["get", "shown", "item/7"]).ok(), "-2\n");
    let key = memory(scene, &["append", "notes", "ada/", "called"]).ok();
    assert!(key.starts_with("ada/") && memory(scene, &["get", "notes", key.trim()]).ok() == "called", "{key}");

    let page = memory(scene, &["scan", "profile", "--limit", "1"]).ok();
    let lines: Vec<&str> = page.lines().collect();
    assert!(lines[1].starts_with("ada") && lines[2] == "more follow: --after 'ada'", "{page}");
    let page = memory(scene, &["scan", "profile", "--after", "ada", "--json"]).json();
    let keys: Vec<&str> = page["entries"].as_array().unwrap().iter().map(|e| e["key"].as_str().unwrap()).collect();
    assert_eq!((keys, &page["next"]), (vec!["brief", "raw"], &Value::Null));
    assert_eq!(memory(scene, &["scan", "shown"]).ok().lines().last().unwrap().split_whitespace().last(), Some("-2"));

    let listed = memory(scene, &["ls"]).ok();
    let names: Vec<&str> = listed.lines().skip(1).map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["notes", "profile", "shown"], "and nothing that the host keeps: {listed}");
    let stat = memory(scene, &["stat"]).ok();
    assert!(stat.contains("keys of") && stat.contains(" in 3 namespaces"), "{stat}");
    assert_eq!(memory(scene, &["delete", "profile", "raw"]).ok(), "removed\n");
    assert_eq!(memory(scene, &["delete", "profile", "raw"]).ok(), "there was no such key\n");
    let checked = memory(scene, &["check"]).ok();
    assert!(checked.ends_with(": all whole\n"), "{checked}");
}

#[test]
fn operators_do_with_a_folder_what_they_do_with_a_server() {
    let scene = scene();
    all_verbs(&scene);
    let told = memory(&scene, &["tail", "--namespace", "shown"]).ok();
    assert_eq!(told.lines().count(), 2, "{told}");
    let (cursor, rest) = told.lines().next().unwrap().split_once("  ").unwrap();
    assert_eq!(rest, "written  shown  item/7");
    let after = memory(&scene, &["tail", "--namespace", "shown", "--after", cursor, "--json"]).json();
    assert_eq!((&after["key"], &after["removed"]), (&json!("item/7"), &json!(false)));
}

#[test]
fn operators_do_with_a_server_what_they_do_with_a_folder() {
    let scene = scene();
    let server = serve(&scene);
    let mut command = scene.command(&["memory", "tail", "graph.toml", "--json"]);
    let mut tail = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // Once it follows, it tells what is written from then on: what comes first is written until it is heard.
    let writes = std::sync::atomic::AtomicBool::new(true);
    let first = std::thread::scope(|scope| {
        scope.spawn(|| {
            while writes.load(std::sync::atomic::Ordering::Relaxed) {
                memory(&scene, &["put", "profile", "early", "x"]).ok();
            }
        });
        let first = lines.next().unwrap().unwrap();
        writes.store(false, std::sync::atomic::Ordering::Relaxed);
        first
    });
    assert_eq!(serde_json::from_str::<Value>(&first).unwrap()["key"], "early");
    memory(&scene, &["delete", "profile", "early"]).ok();
    all_verbs(&scene);
    let told: Vec<Value> = lines
        .by_ref()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .filter(|change| change["key"] != "early")
        .take(8)
        .collect();
    let keys: Vec<&str> = told.iter().map(|change| change["key"].as_str().unwrap()).collect();
    assert_eq!(keys[..6], ["ada", "ada", "raw", "brief", "item/7", "item/7"], "{keys:?}");
    assert!(keys[6].starts_with("ada/") && keys[7] == "raw" && told[7]["removed"] == true, "{keys:?}");
    signal(&tail, "INT");
    assert!(!tail.wait().unwrap().success(), "Ctrl-C ends it");

    // Who serves has the file to itself.
    for verb in [&["compact"][..], &["restore", "monday.redb"]] {
        let ran = memory(&scene, verb);
        assert!(
            ran.code == Some(5) && ran.err.contains("a server runs on this data folder"),
            "{:?} {}",
            ran.code,
            ran.err
        );
    }
    memory(&scene, &["backup", "monday.redb"]).ok();
    let audited = std::fs::read_to_string(scene.path(".greenroom/audit.log")).unwrap();
    assert!(audited.contains(r#"memory put \"profile\" \"ada\""#) && audited.contains("memory backup"), "{audited}");
    assert!(!audited.contains("likes"), "values are what people did: {audited}");
    memory(&scene, &["delete", "profile", "ada"]).ok();
    drop(server);
    scene.run(&["memory", "restore", "graph.toml", "monday.redb", "--replace"]).ok();
    assert_eq!(memory(&scene, &["get", "profile", "ada"]).ok(), "2");
    assert!(scene.path(".greenroom/greenroom.redb.replaced").is_file());
}

#[test]
fn what_cannot_be_done_is_told() {
    let scene = scene();
    memory(&scene, &["put", "profile", "ada", "x"]).ok();
    memory(&scene, &["backup", "monday.redb"]).ok();
    let large = "x".repeat(2_000);
    let refused = [
        ("memory_unknown_namespace", 1, &["get", "profiles", "ada"][..]),
        ("memory_unknown_key", 1, &["get", "profile", "bob"]),
        ("memory_of_the_host", 1, &["scan", "@plans"]),
        ("memory_wrong_kind", 2, &["put", "shown", "ada", "x"]),
        ("memory_quota", 1, &["put", "profile", "ada", &large]),
        ("memory_there_already", 1, &["put", "profile", "ada", "x", "--expected", "0"]),
        ("memory_limit", 2, &["scan", "profile", "--limit", "0"]),
        ("memory_no_cursor", 2, &["tail", "--after", "12"]),
        ("memory_other_store", 1, &["tail", "--after", "1-00000000000000aa"]),
        ("memory_backup_there", 1, &["backup", "monday.redb"]),
        ("memory_restore_there", 1, &["restore", "monday.redb"]),
        ("memory_restore_none", 3, &["restore", "tuesday.redb", "--replace"]),
        ("memory_restore_foreign", 3, &["restore", "events.csv", "--replace"]),
    ];
    for (name, code, arguments) in refused {
        let ran = memory(&scene, arguments);
        // Where the store is and how far it came is another one each time.
        let folder = scene.path("").display().to_string();
        let mut err = ran.err.replace(&folder, "");
        if name == "memory_other_store" {
            let at = err.find("follow from ").unwrap();
            err.replace_range(at + 12..at + 12 + 18, "CURSOR");
            err = err.replace('\n', " ").split_whitespace().collect::<Vec<_>>().join(" ");
            err = err.split(" CURSOR").next().unwrap().to_owned();
        }
        let shown = arguments.iter().map(|word| if word.len() > 99 { "xxx..." } else { word }).collect::<Vec<_>>();
        scene.told(name, code, Ran { err, ..ran }, &format!("greenroom memory {}", shown.join(" ")));
    }
    let new = Scene::new(&format!("{GRAPH}{NAMESPACES}"));
    new.refused("memory_no_store", 1, &["memory", "ls", "graph.toml"]);
    new.refused("memory_check_no_store", 1, &["memory", "check", "graph.toml"]);
    new.refused("memory_compact_no_store", 1, &["memory", "compact", "graph.toml"]);
}

#[test]
fn a_damaged_store_is_found_and_a_backup_brings_it_back() {
    let scene = scene();
    for number in 0..40 {
        memory(&scene, &["put", "profile", &format!("{number:02}"), "x"]).ok();
    }
    memory(&scene, &["backup", "monday.redb"]).ok();
    memory(&scene, &["compact"]).ok();
    let path = scene.path(".greenroom/greenroom.redb");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(8).position(|window| window == b"profile0").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let ran = memory(&scene, &["check"]);
    assert!(ran.code == Some(3) && ran.err.contains("damaged"), "{:?} {}", ran.code, ran.err);
    memory(&scene, &["restore", "monday.redb", "--replace"]).ok();
    assert!(memory(&scene, &["check"]).ok().ends_with(": all whole\n"));
    assert_eq!(memory(&scene, &["get", "profile", "39"]).ok(), "x");
}

/// One that is set so.
fn sharing(settings: &str) -> Scene {
    let scene = scene();
    scene.write("greenroom.toml", settings);
    scene
}

#[test]
fn hosts_share_a_memory_layer() {
    let servers = format!("memory_servers = \"nats://{}\"\n", shared().address());
    let settings = format!("{servers}memory_bucket = \"{}\"\n", bucket());
    let (one, other) = (sharing(&settings), sharing(&settings));
    let apart = sharing(&format!("{servers}memory_bucket = \"{}\"\n", bucket()));
    let first = revision(memory(&one, &["put", "profile", "ada", "1", "--json"]));
    assert_eq!(memory(&other, &["get", "profile", "ada"]).ok(), "1");
    assert_eq!(memory(&apart, &["get", "profile", "ada"]).code, Some(1), "another layer of the same servers");
    let _server = serve(&other);
    memory(&other, &["put", "profile", "ada", "2", "--expected", &first.to_string()]).ok();
    let late = memory(&one, &["put", "profile", "ada", "3", "--expected", &first.to_string()]);
    assert!(late.code == Some(1) && late.err.contains("conflict: the key is at revision"), "{}", late.err);
    for scene in [&one, &other] {
        memory(scene, &["add", "shown", "item/7", "2"]).ok();
        memory(scene, &["append", "notes", "ada/", "called"]).ok();
    }
    assert_eq!(memory(&one, &["get", "shown", "item/7"]).ok(), "4\n");
    assert_eq!(memory(&one, &["scan", "notes", "--json"]).json()["entries"].as_array().unwrap().len(), 2);
    let large = "x".repeat(2_000);
    let full = memory(&one, &["put", "profile", "large", &large]);
    assert!(full.code == Some(1) && full.err.contains("is full"), "{}", full.err);
    let listed = memory(&other, &["ls", "--json"]).json();
    assert_eq!(listed["namespaces"][0]["keys"], 2, "{listed}");
    for scene in [&one, &other] {
        let told = memory(scene, &["tail", "--after", "1-00000000000000aa"]);
        assert!(told.code == Some(1) && told.err.contains("is another store's"), "{}", told.err);
    }
}

#[test]
fn a_host_of_an_earlier_schema_is_kept_from_what_a_later_one_wrote() {
    let settings = format!("memory_servers = \"nats://{}\"\nmemory_bucket = \"{}\"\n", shared().address(), bucket());
    let earlier = sharing(&settings);
    // It was activated before it shared anything.
    let later =
        Scene::trained(&format!("{GRAPH}{NAMESPACES}").replace("[memory.profile]", "[memory.profile]\nschema = 3"));
    later.write("greenroom.toml", settings);
    let _server = serve(&later);
    memory(&later, &["put", "profile", "ada", "of schema 3"]).ok();
    let ran = earlier.run(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(3), ""), "{}", ran.err);
    assert!(ran.err.contains("\"profile\" was written with schema 3, and the graph says 1"), "{}", ran.err);
}

#[test]
fn servers_of_a_memory_layer_that_are_none_are_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = sharing(&format!("memory_servers = \"nats://ada:secret@{free}\"\nmemory_wait_ms = 500\n"));
    for arguments in [&["memory", "ls", "graph.toml"][..], &["decide", "graph.toml"], &["serve", "graph.toml"]] {
        let ran = refused.run(arguments);
        assert!(ran.code == Some(1) && ran.err.contains("no NATS server at"), "{:?} {}", ran.code, ran.err);
        assert!(!ran.err.contains("secret"), "{}", ran.err);
    }
    let shown = refused.run(&["config"]).ok();
    assert!(shown.contains(&format!("nats://...@{free}")) && !shown.contains("secret"), "{shown}");
    let wrong = sharing("memory_servers = \"localhost:4222, tls://\"\nmemory_bucket = \"a b\"\n");
    let ran = memory(&wrong, &["ls"]);
    wrong.told("memory_wrong_servers", 2, ran, "greenroom memory ls graph.toml");
}
