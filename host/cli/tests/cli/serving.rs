//! Serving, and being told to stop.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::scene::{GRAPH, Scene, probe, signal};

/// Status and answer of `POST /v1/decide`.
pub(crate) fn asked(address: &str, body: &str) -> (u16, Value) {
    posted(address, "/v1/decide", body)
}

/// Status and answer of `POST /v1/feedback`.
pub(crate) fn fed(address: &str, body: &str) -> (u16, Value) {
    posted(address, "/v1/feedback", body)
}

fn posted(address: &str, path: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}");
    said(address, &head, body)
}

/// Status and answer of a `GET`.
pub(crate) fn got(address: &str, path: &str) -> (u16, Value) {
    said(address, &format!("GET {path} HTTP/1.1"), "")
}

fn said(address: &str, head: &str, body: &str) -> (u16, Value) {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "{head}\r\nhost: {address}\r\nconnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn a_port_in_use_is_said() {
    let scene = Scene::trained(GRAPH);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let before = scene.files();
    let ran = scene.run(&["serve", "graph.toml", "--listen", &address]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(5), ""), "{}", ran.err);
    assert!(ran.err.contains(&format!("{address} is in use")), "{}", ran.err);
    assert!(before == scene.files());
}

#[test]
fn a_server_answers_and_stops_when_told() {
    let scene = Scene::trained(GRAPH);
    for name in ["TERM", "INT"] {
        let command = scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
        let (mut server, line) = scene.start(command, "serving small", false);
        let address = line.rsplit("http://").next().unwrap();
        let (code, answer) = asked(address, r#"{"subject":"s1","limit":3}"#);
        assert_eq!(code, 200, "{answer}");
        assert!(answer.to_string().contains("\"title\":\"Title"), "{answer}");
        signal(&server, name);
        assert_eq!(server.wait().unwrap().code(), Some(0), "SIG{name}");
    }
}

#[test]
fn ctrl_c_ends_a_command_at_once_and_leaves_files_whole() {
    let scene = Scene::trained(&probe("honest"));
    scene.write("graph.toml", probe("spin-configure"));
    let mut command = scene.command(&["train", "graph.toml"]);
    command.env("RUST_LOG", "greenroom=debug");
    let (mut child, _) = scene.start(command, "Ctrl-C ends this command", true);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    scene.write("graph.toml", probe("honest"));
    scene.run(&["decide", "graph.toml"]).ok();
}
