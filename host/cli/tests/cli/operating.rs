//! Deploying to a server that runs, going back, and reading what was.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::{fs, thread};

use crate::scene::{GRAPH, Ran, Scene, signal};
use crate::serving::asked;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is deployed is to come from the command, not from files that are watched.
pub(crate) fn serve(scene: &Scene) -> Server {
    serve_by(scene, scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0", "--settle-ms", "60000"]))
}

/// The same by another command that becomes it.
pub(crate) fn serve_by(scene: &Scene, command: Command) -> Server {
    let (child, line) = scene.start(command, "serving", false);
    Server { child, address: line.rsplit("http://").next().unwrap().to_owned() }
}

fn limited(limit: u32) -> String {
    GRAPH.replacen("limit = 20", &format!("limit = {limit}"), 1)
}

/// Where the server said that it is.
fn administered(scene: &Scene) -> String {
    let text = fs::read_to_string(scene.path(".greenroom/admin")).unwrap();
    format!("http://{}", text.split_whitespace().next().unwrap())
}

fn generation(server: &Server) -> u64 {
    asked(&server.address, r#"{"subject":"s1"}"#).1["generation"].as_u64().unwrap()
}

#[test]
fn a_change_is_deployed_to_a_server_that_runs_and_taken_back() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    scene.write("graph.toml", limited(10));
    let text = scene.run(&["deploy", "graph.toml", "--reason", "fewer popular ones"]).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["generation 2 serves, after generation 1", "~ node popular: limit 20 -> 10"], "{text}");
    assert!(lines[2].ends_with("to take over"), "{text}");
    assert_eq!(generation(&server), 2);
    let same = scene.run(&["deploy", "graph.toml"]).ok();
    assert_eq!(same, "generation 2 is that already: nothing was changed\n");

    // New code comes along, and nothing that the host has.
    let mut bytes = fs::read(scene.path("fusion.wasm")).unwrap();
    bytes.extend([0, 5, 4, b'm', b'o', b'r', b'e']);
    scene.write("fusion.wasm", bytes);
    let done = scene.run(&["deploy", "graph.toml", "--json"]).json();
    assert_eq!((&done["done"]["generation"], done["uploaded"].as_array().unwrap().len()), (&3.into(), 1), "{done}");
    assert!(done["diff"]["changes"][0]["line"].as_str().unwrap().starts_with("~ agent fusion: component "), "{done}");

    let back = scene.run(&["rollback", "graph.toml", "--reason", "it was better"]).ok();
    assert!(back.starts_with("generation 4 serves, after generation 3\n~ agent fusion: component "), "{back}");
    let back = scene.run(&["rollback", "graph.toml", "1", "--json"]).json();
    assert_eq!(back["done"]["generation"], 5);
    assert_eq!(generation(&server), 5);
    assert_eq!(scene.run(&["diff", "graph.toml", "1", "5"]).ok(), "nothing\n");
    assert_eq!(scene.run(&["diff", "graph.toml", "1", "2"]).ok(), "~ node popular: limit 20 -> 10\n");

    let plans = scene.run(&["plans", "graph.toml", "--limit", "4"]).ok();
    let lines: Vec<&str> = plans.lines().collect();
    assert!(lines[0].starts_with("#  since (UTC)") && lines[1].starts_with("5  20"), "{plans}");
    assert!(lines[1].contains("operator") && lines[1].ends_with("active"), "{plans}");
    assert!(lines[2].contains("it was better") && lines[4].contains("fewer popular ones"), "{plans}");
    assert_eq!(lines[5], "there are more: --before 2", "{plans}");
    let status = scene.run(&["status", "graph.toml"]).ok();
    assert!(status.starts_with("small is ready, generation 5, plan "), "{status}");
    assert_eq!(scene.run(&["status", "graph.toml", "--json"]).json()["generation"], 5);
    let audit = fs::read_to_string(scene.path(".greenroom/audit.log")).unwrap();
    // Four proposals, one upload, two ways back; one of the proposals changed nothing.
    assert_eq!(audit.lines().filter(|line| line.contains("\"outcome\":\"200")).count(), 6, "{audit}");
}

#[test]
fn mistakes_of_a_graph_are_told_as_check_tells_them() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    scene.write(
        "graph.toml",
        GRAPH.replace("agent = \"popularity\"", "agent = \"popularty\"").replace("limit", "limits")
            // This one has two places.
            + "deadline_ms = 3000\n",
    );
    let (deployed, checked) = (scene.run(&["deploy", "graph.toml"]), scene.run(&["check", "graph.toml"]));
    assert_eq!((deployed.code, deployed.out.as_str()), (Some(3), ""), "{}", deployed.err);
    assert_eq!(deployed.err, checked.err);
    assert!(deployed.err.contains("the graph's deadline"), "{}", deployed.err);
    let (deployed, checked) =
        (scene.run(&["deploy", "graph.toml", "--json"]), scene.run(&["check", "graph.toml", "--json"]));
    let mistakes = |ran: &Ran| -> Vec<(serde_json::Value, serde_json::Value)> {
        let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let place = |mistake: &serde_json::Value| (mistake["line"].clone(), mistake["code"].clone());
        document["mistakes"].as_array().unwrap().iter().map(place).collect()
    };
    assert_eq!((deployed.code, mistakes(&deployed)), (Some(3), mistakes(&checked)));
    // What is no TOML, or not there, is told without a call.
    scene.write("graph.toml", "[graph\n");
    let (deployed, checked) = (scene.run(&["deploy", "graph.toml"]), scene.run(&["check", "graph.toml"]));
    assert_eq!((deployed.code, &deployed.err), (Some(3), &checked.err));
    scene.write("graph.toml", GRAPH.replace("fusion.wasm", "gone.wasm").replace("item-knn.wasm", "lost.wasm"));
    scene.told("deploy_components", 3, scene.run(&["deploy", "graph.toml"]), "greenroom deploy graph.toml");
    assert_eq!(generation(&server), 1);
}

#[test]
fn a_component_that_is_too_large_is_refused_by_its_size() {
    let scene = Scene::trained(GRAPH);
    let bytes_max = ["--component-bytes-max", "2048"];
    let serve = ["serve", "graph.toml", "--listen", "127.0.0.1:0", "--settle-ms", "60000"];
    let (child, line) = scene.start(scene.command(&[&serve[..], &bytes_max].concat()), "serving", false);
    let server = Server { child, address: line.rsplit("http://").next().unwrap().to_owned() };
    let mut bytes = fs::read(scene.path("fusion.wasm")).unwrap();
    // A custom section of 32 MiB.
    bytes.extend([0, 0x80, 0x80, 0x80, 0x10, 4, b'm', b'o', b'r', b'e']);
    bytes.resize(bytes.len() - 5 + (32 << 20), 0);
    scene.write("fusion.wasm", bytes);
    let ran = scene.run(&["deploy", "graph.toml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let why = "fusion.wasm: the body is larger than 2048 bytes; `component_bytes_max` is as large";
    assert!(ran.err.contains(why), "{}", ran.err);
    assert_eq!(generation(&server), 1);
}

#[test]
fn of_two_operators_the_second_is_told_of_the_first() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    scene.write("graph.toml", limited(10));
    scene.run(&["deploy", "graph.toml", "--parent", "1", "--reason", "first"]).ok();
    scene.write("graph.toml", limited(5));
    let ran = scene.run(&["deploy", "graph.toml", "--parent", "1"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("generation 2 is active") && ran.err.contains("by operator (first)"), "{}", ran.err);
    assert_eq!(generation(&server), 2);
    let plans = scene.run(&["plans", "graph.toml"]).ok();
    assert!(plans.lines().last().unwrap().contains("operator: it was to follow generation 1"), "{plans}");
    let ran = scene.run(&["rollback", "graph.toml", "9"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("there is no generation 9 to go back to"), "{}", ran.err);
}

#[test]
fn history_is_read_and_gone_back_in_without_a_server() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    scene.write("graph.toml", limited(10));
    scene.run(&["deploy", "graph.toml"]).ok();
    let mut server = server;
    signal(&server.child, "TERM");
    assert!(server.child.wait().unwrap().success());
    assert!(!scene.path(".greenroom/admin").exists(), "it said that it ended");
    let plans = scene.run(&["plans", "graph.toml"]).ok();
    assert!(plans.lines().nth(1).unwrap().ends_with("active"), "{plans}");
    assert_eq!(scene.run(&["diff", "graph.toml", "1", "2"]).ok(), "~ node popular: limit 20 -> 10\n");
    let ran = scene.run(&["diff", "graph.toml", "1", "7"]);
    assert!(ran.code == Some(1) && ran.err.contains("no generation 7"), "{}", ran.err);
    let back = scene.run(&["rollback", "graph.toml", "--reason", "at rest"]).ok();
    assert!(back.starts_with("generation 3 serves, after generation 2\n~ node popular: limit 10 -> 20\n"), "{back}");
    let server = serve(&scene);
    assert_eq!(generation(&server), 3, "the next server serves it");
}

#[test]
fn without_a_server_it_is_said_how_to_have_one() {
    let scene = Scene::trained(GRAPH);
    scene.refused("deploy_no_server", 1, &["deploy", "graph.toml"]);
    scene.refused("status_no_server", 1, &["status", "graph.toml"]);
    let mut server = serve(&scene);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    scene.write(".greenroom/admin", "127.0.0.1:8081 77\n");
    scene.refused("deploy_stale", 1, &["deploy", "graph.toml"]);
    scene.run(&["plans", "graph.toml"]).ok();
    let new = Scene::new(GRAPH);
    new.refused("plans_nothing", 1, &["plans", "graph.toml"]);
    new.refused("rollback_nothing", 1, &["rollback", "graph.toml"]);
}

#[test]
fn an_address_for_operators_that_cannot_be_is_said() {
    let scene = Scene::trained(GRAPH);
    let same = ["serve", "graph.toml", "--listen", "127.0.0.1:9999", "--admin-listen", "127.0.0.1:9999"];
    scene.refused("serve_same_address", 2, &same);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = scene.run(&["serve", "graph.toml", "--listen", "127.0.0.1:0", "--admin-listen", &address]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    assert!(ran.err.contains(&format!("{address} is in use")), "{}", ran.err);
}

/// Runs a command against a server at `url`, with some token.
fn against(scene: &Scene, url: &str, arguments: &[&str]) -> Ran {
    let arguments = [arguments, &["--to", url]].concat();
    let mut command = scene.command(&arguments);
    command.env("GREENROOM_TOKEN", "greenroom_secret");
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.err.contains("secret") && !ran.out.contains("secret"), "{ran:?}");
    ran
}

/// Something that takes one call and does what it is told.
fn pretended(then: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let connection = listener.accept().unwrap().0;
        let mut head = BufReader::new(connection.try_clone().unwrap()).lines();
        while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        then(connection);
    });
    url
}

#[test]
fn servers_that_are_none_or_go_away_are_told_apart() {
    let scene = Scene::new(GRAPH);
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let ran = against(&scene, &nobody, &["plans", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains(&format!("nobody answers at {nobody}")), "{}", ran.err);

    let url = pretended(drop);
    let ran = against(&scene, &url, &["rollback", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains("went away before it had answered"), "{}", ran.err);
    assert!(ran.err.contains("`greenroom plans` tells whether it did"), "{}", ran.err);

    let done = r#"{"generation":2,"parent":1,"changed":true,"notes":[],"took_ms":{}}"#;
    let done = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{done}", done.len());
    let url = pretended(move |mut connection| connection.write_all(done.as_bytes()).unwrap());
    let ran = against(&scene, &url, &["rollback", "graph.toml"]);
    assert!(
        ran.err.starts_with(&format!("warning: what it changed could not be had: nobody answers at {url}")),
        "{ran:?}"
    );
    assert!(ran.ok().starts_with("generation 2 serves, after generation 1\n"), "it is done, whatever it changed");

    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"active\":";
    let url = pretended(|mut connection| connection.write_all(half.as_bytes()).unwrap());
    let ran = against(&scene, &url, &["plans", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains("went away before it had answered"), "{}", ran.err);
    assert!(!ran.err.contains("tells whether"), "it changed nothing: {}", ran.err);

    let page = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>";
    let url = pretended(|mut connection| connection.write_all(page.as_bytes()).unwrap());
    let ran = against(&scene, &url, &["plans", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains("does not answer as a Greenroom host does"), "{}", ran.err);

    scene.refused("to_without_token", 2, &["plans", "graph.toml", "--to", "http://127.0.0.1:1"]);
    let ran = against(&scene, "https://127.0.0.1:1", &["plans", "graph.toml"]);
    assert!(ran.code == Some(2) && ran.err.contains("expected http://"), "{}", ran.err);
}

#[test]
fn ctrl_c_leaves_the_host_to_it_and_says_so() {
    let scene = Scene::new(GRAPH);
    let (told, called) = std::sync::mpsc::channel();
    let url = pretended(move |mut connection| {
        told.send(()).unwrap();
        // Until the command ends.
        let _ = connection.read_to_end(&mut Vec::new());
    });
    let mut command = scene.command(&["rollback", "graph.toml", "--to", &url]);
    command.env("GREENROOM_TOKEN", "greenroom_secret").env("RUST_LOG", "greenroom=debug");
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("Ctrl-C ends this command")));
    called.recv().unwrap();
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(said.last().unwrap(), "the host goes on with it: `greenroom plans` tells what came of it");
}

#[test]
fn a_server_is_reached_by_its_address_with_a_token_of_a_file() {
    let scene = Scene::trained(GRAPH);
    let server = serve(&scene);
    let url = administered(&scene);
    fs::copy(scene.path(".greenroom/operator.token"), scene.path("mine")).unwrap();
    let elsewhere = ["plans", "elsewhere.toml", "--to", &url, "--token-file", "mine", "--json"];
    assert_eq!(scene.run(&elsewhere).json()["active"], 1);
    scene.write("mine", "two words\n");
    let ran = scene.run(&elsewhere);
    assert!(ran.code == Some(3) && ran.err.contains("mine has no token"), "{}", ran.err);
    // Callers' address is not the operators'.
    let ran = against(&scene, &format!("http://{}", server.address), &["plans", "graph.toml"]);
    assert!(ran.code == Some(1) && ran.err.contains("there is nothing at /v1/plans"), "{}", ran.err);
}
