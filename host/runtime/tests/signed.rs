//! A graph that names keys: what nobody who is trusted signed is looked into on no way that it may come.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

mod support;

use std::fs;
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use greenroom_model::{Digest, Generation, PublicKey, Signature, Signatures, signed_message};
use greenroom_runtime::{Change, Host, Proposal};
use support::World;
use support::small::{GRAPH, answers, row, wait_for};

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()).unwrap()
}

fn signed(seed: u8, component: &[u8]) -> String {
    let bytes = SigningKey::from_bytes(&[seed; 32]).sign(&signed_message(&Digest::of(component))).to_bytes();
    let mut signatures = Signatures::default();
    signatures.add(Signature { key: key(seed), bytes });
    signatures.to_string()
}

fn trusting(seed: u8) -> String {
    GRAPH.replace("deadline_ms = 3000", &format!("deadline_ms = 3000\ntrust = [\"{}\"]", key(seed)))
}

/// The signature first, as `greenroom pull` writes them.
fn put(world: &World, seed: u8, component: &[u8]) {
    fs::write(world.path("one.wasm.sig"), signed(seed, component)).unwrap();
    fs::write(world.path("one.wasm"), component).unwrap();
}

fn serving(world: &World) -> Host {
    put(world, 1, &answers(3));
    let host = world.serving();
    host.watch_files(Duration::from_millis(30)).unwrap();
    assert_eq!(row(&host), "3");
    host
}

#[test]
fn a_change_that_nobody_who_is_trusted_signed_is_refused_and_what_serves_stays() {
    let world = World::new(&trusting(1));
    let host = serving(&world);
    put(&world, 2, &answers(4));
    let refused = |why: &str| host.refusals().unwrap().iter().any(|refusal| refusal.why.contains(why));
    wait_for("it is refused", || refused("which is not trusted"));
    assert_eq!((row(&host), host.active().unwrap().generation), ("3".to_owned(), Generation(1)));
    fs::remove_file(world.path("one.wasm.sig")).unwrap();
    wait_for("it is refused", || refused("there is no file"));
    // The signature alone is a change too.
    fs::write(world.path("one.wasm.sig"), signed(1, &answers(4))).unwrap();
    wait_for("it serves", || row(&host) == "4");
}

#[test]
fn what_was_active_is_had_again_with_its_signatures() {
    let world = World::new(&trusting(1));
    let host = serving(&world);
    put(&world, 1, &answers(5));
    wait_for("it serves", || row(&host) == "5");
    // By a host that goes on: the files are signed for what served after it.
    let (author, reason) = ("test".to_owned(), String::new());
    host.propose(Proposal { parent: None, author, reason, change: Change::Again(Generation(1)) }).unwrap();
    assert_eq!(row(&host), "3");
    drop(host);
    // By one that begins: what the files say now is of no use.
    fs::remove_file(world.path("one.wasm.sig")).unwrap();
    let host = world.open_again();
    host.resume().unwrap();
    assert_eq!(row(&host), "3");
}
