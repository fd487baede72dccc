//! What is said where there is no shared memory layer to connect to.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use greenroom_memory::{JetStream, JetStreamError, JetStreamSettings, KeyValue as _};

use crate::nats::{Server, bucket, shared};

fn at(server: impl std::fmt::Display) -> JetStreamSettings {
    JetStreamSettings { servers: vec![server.to_string()], wait_ms: 2_000, ..JetStreamSettings::default() }
}

/// Why it is refused, within a time that nobody minds.
#[track_caller]
fn refused(settings: &JetStreamSettings) -> (JetStreamError, String) {
    let began = Instant::now();
    let Err(error) = JetStream::connect(settings) else { panic!("it was let in") };
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}: {error}", began.elapsed());
    let text = error.to_string();
    (error, text)
}

/// A listener that answers whoever connects in some way.
fn listener(answer: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

#[test]
fn all_mistakes_of_settings_are_told_at_once() {
    let settings = JetStreamSettings {
        servers: vec![
            "http://ada:secret@localhost".to_owned(),
            "nats://localhost:4222".to_owned(),
            "nats://".to_owned(),
        ],
        bucket: "a.b".to_owned(),
        replicas: 0,
        wait_ms: 1,
        queue_max: 0,
        bytes_max: Some(u64::MAX),
        ..JetStreamSettings::default()
    };
    let (error, text) = refused(&settings);
    let JetStreamError::Settings { faults } = error else { panic!("{text}") };
    assert_eq!(faults.len(), 7, "{text}");
    for part in ["servers[0]", "servers[2]", "bucket", "replicas", "wait_ms", "queue_max", "bytes_max"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn where_nobody_listens_is_said() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let (error, text) = refused(&at(format!("nats://ada:secret@{free}")));
    assert!(matches!(error, JetStreamError::Unreachable { .. }), "{text}");
    assert!(text.contains(&free.to_string()) && !text.contains("secret"), "{text}");
}

#[test]
fn who_takes_the_connection_and_says_nothing_is_given_up() {
    let silent = listener(std::mem::forget);
    let (error, text) = refused(&at(format!("nats://{silent}")));
    assert!(matches!(error, JetStreamError::NotNats { .. }), "{text}");
}

#[test]
fn who_closes_the_connection_at_once_is_no_server() {
    let closing = listener(drop);
    let (error, text) = refused(&at(format!("nats://{closing}")));
    assert!(matches!(error, JetStreamError::NotNats { .. } | JetStreamError::Unreachable { .. }), "{text}");
}

#[test]
fn a_server_of_http_is_no_server() {
    let http = listener(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let _ = stream.read(&mut [0; 64]);
    });
    let (error, text) = refused(&at(format!("nats://{http}")));
    assert!(matches!(error, JetStreamError::NotNats { .. }), "{text}");
}

#[test]
fn who_greets_and_then_stalls_is_given_up() {
    let greeting = listener(|mut stream| {
        let info = r#"INFO {"server_id":"x","version":"2.15.0","max_payload":8388608,"headers":true,"jetstream":true}"#;
        let _ = stream.write_all(format!("{info}\r\n").as_bytes());
        std::mem::forget(stream);
    });
    let (_, text) = refused(&at(format!("nats://{greeting}")));
    assert!(text.contains(&greeting.to_string()), "{text}");
}

#[test]
fn an_old_server_is_told_by_its_version() {
    let old = listener(|mut stream| {
        let info =
            r#"INFO {"server_id":"x","version":"2.10.29","max_payload":8388608,"headers":true,"jetstream":true}"#;
        let _ = stream.write_all(format!("{info}\r\nPONG\r\n").as_bytes());
        std::mem::forget(stream);
    });
    let (error, text) = refused(&at(format!("nats://{old}")));
    assert!(matches!(&error, JetStreamError::TooOld { found, .. } if found == "2.10.29"), "{text}");
}

#[test]
fn a_wrong_password_is_refused_and_the_right_one_is_not() {
    let server = Server::start("authorization { user: ada, password: \"p@ss\" }");
    for wrong in ["", "ada:wrong@", "token@"] {
        let (error, text) = refused(&at(format!("nats://{wrong}{}", server.address())));
        assert!(matches!(error, JetStreamError::Refused { .. }), "{wrong}: {text}");
    }
    let kv = JetStream::connect(&at(format!("nats://ada:p%40ss@{}", server.address()))).unwrap();
    kv.put("profile", "k", b"x").wait().unwrap();
}

#[test]
fn credentials_that_are_missing_or_are_none_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        |name: &str| JetStreamSettings { credentials: Some(dir.path().join(name)), ..shared().settings(&bucket()) };
    let (error, text) = refused(&settings("missing.creds"));
    assert!(matches!(error, JetStreamError::File { .. }) && text.contains("missing.creds"), "{text}");
    fs::write(dir.path().join("bad.creds"), "no credentials").unwrap();
    let (error, text) = refused(&settings("bad.creds"));
    assert!(matches!(error, JetStreamError::File { .. }) && text.contains("bad.creds"), "{text}");
    let settings = JetStreamSettings { tls_ca: Some(dir.path().join("bad.creds")), ..shared().settings(&bucket()) };
    let (error, text) = refused(&settings);
    assert!(matches!(error, JetStreamError::File { .. }) && text.contains("PEM"), "{text}");
}

#[test]
fn a_server_without_tls_is_not_spoken_to_in_secret() {
    let (error, text) = refused(&at(format!("tls://{}", shared().address())));
    assert!(matches!(error, JetStreamError::Tls { .. }), "{text}");
}

#[test]
fn a_server_without_jetstream_says_so() {
    let server = Server::start_with("max_payload: 2MB");
    let (error, text) = refused(&server.settings("b"));
    assert!(matches!(error, JetStreamError::NoJetStream { .. }), "{text}");
}

#[test]
fn a_server_whose_messages_are_too_small_tells_what_to_configure() {
    let server = Server::start_with("jetstream { store_dir: \"DIR/store\" }");
    let (error, text) = refused(&server.settings("b"));
    assert!(matches!(error, JetStreamError::Payload { .. }), "{text}");
    assert!(text.contains("max_payload: 2MB"), "{text}");
}

/// Makes a stream by hand.
fn make(name: &str, subjects: &str) {
    let server = shared().address().to_string();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let context = async_nats::jetstream::new(async_nats::connect(server).await.unwrap());
        let config = async_nats::jetstream::stream::Config {
            name: name.to_owned(),
            subjects: vec![subjects.to_owned()],
            ..Default::default()
        };
        context.create_stream(config).await.unwrap();
    });
}

#[test]
fn a_stream_that_is_not_ours_is_left_alone() {
    let bucket = bucket();
    make(&format!("GREENROOM_{bucket}"), "other.>");
    let (error, text) = refused(&shared().settings(&bucket));
    let JetStreamError::Foreign { faults, .. } = error else { panic!("{text}") };
    assert!(faults.len() > 3, "{text}");
}

#[test]
fn a_stream_that_has_our_subjects_is_told() {
    let bucket = bucket();
    make("taken", &format!("greenroom.{bucket}.>"));
    let (error, text) = refused(&shared().settings(&bucket));
    assert!(matches!(error, JetStreamError::Foreign { .. }), "{text}");
}

#[test]
fn a_bucket_that_was_made_with_other_settings_says_which() {
    let settings = shared().settings(&bucket());
    drop(JetStream::connect(&settings).unwrap());
    let (error, text) = refused(&JetStreamSettings { bytes_max: Some(1 << 30), ..settings });
    assert!(
        matches!(error, JetStreamError::Foreign { .. }) && text.contains("max_bytes is -1, not 1073741824"),
        "{text}"
    );
}

#[test]
fn more_replicas_than_there_are_servers_are_refused() {
    let (error, text) = refused(&JetStreamSettings { replicas: 3, ..shared().settings(&bucket()) });
    assert!(matches!(error, JetStreamError::Server { .. }) && text.contains("replicas"), "{text}");
}
