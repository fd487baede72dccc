//! Which components a graph takes, before anybody looks into them.

use std::cell::Cell;
use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use greenroom_graph::{Authored, ComponentRef, resolve};
use greenroom_model::{Digest, PublicKey, Signature, Signatures, signed_message};

use crate::components::{facts, found};

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()).unwrap()
}

/// The text of a file with signatures of `ease.wasm`, as the components of these tests have it.
fn signed(by: &[u8]) -> String {
    let message = signed_message(&ease());
    let mut signatures = Signatures::default();
    for seed in by {
        let bytes = SigningKey::from_bytes(&[*seed; 32]).sign(&message).to_bytes();
        signatures.add(Signature { key: key(*seed), bytes });
    }
    signatures.to_string()
}

fn ease() -> Digest {
    found("ease.wasm").unwrap().digest
}

fn graph(trust: &str, pin: &str) -> String {
    format!(
        "[graph]\nname = 'x'\noutput = 'ease'\ndeadline_ms = 9\n{trust}\n[agents.ease]\ncomponent = 'ease.wasm'\n{pin}\n\
         [nodes.ease]\nagent = 'ease'\n"
    )
}

fn trusting(seed: u8) -> String {
    format!("trust = ['{}']", key(seed))
}

/// Whether the component is taken, and all that is then wrong with the graph.
fn offered(text: &str, signatures: Result<String, String>) -> (bool, Vec<(String, usize)>, String) {
    let mut authored = Authored::parse("graph.toml", text).unwrap();
    let wanted: Vec<ComponentRef> = authored.components();
    let taken = authored.accepts(wanted.first().unwrap(), &ease(), || signatures.map(String::into_bytes));
    let looked_at = if taken {
        facts(&authored)
    } else {
        BTreeMap::from([("ease".to_owned(), Err("it was not looked into".to_owned()))])
    };
    match resolve(&authored, &looked_at) {
        Ok(_) => (taken, Vec::new(), String::new()),
        Err(mistakes) => {
            let told: Vec<_> = mistakes.iter().collect();
            let code = |code: &str| code.rsplit(':').next().unwrap_or_default().to_owned();
            let message = told.first().map(|it| it.message.clone()).unwrap_or_default();
            (taken, told.iter().map(|it| (code(&it.code), it.line)).collect(), message)
        }
    }
}

#[track_caller]
fn refused(text: &str, signatures: Result<String, String>, expected: (&str, usize), why: &str) {
    let (taken, mistakes, message) = offered(text, signatures);
    assert!(!taken);
    assert_eq!(mistakes, [(expected.0.to_owned(), expected.1)], "it is told once");
    assert!(message.contains(why), "{message}");
}

#[test]
fn a_graph_that_names_no_key_asks_for_no_signature() {
    let mut authored = Authored::parse("graph.toml", &graph("", "")).unwrap();
    assert!(authored.signatures().is_empty());
    let (wanted, asked) = (authored.components(), Cell::new(false));
    assert!(authored.accepts(&wanted[0], &ease(), || {
        asked.set(true);
        Err::<Vec<u8>, _>("none".to_owned())
    }));
    assert!(!asked.get());
}

#[test]
fn a_component_that_a_trusted_key_signed_is_taken() {
    assert_eq!(offered(&graph(&trusting(1), ""), Ok(signed(&[2, 1]))), (true, Vec::new(), String::new()));
    let pin = format!("digest = '{}'", ease());
    assert_eq!(offered(&graph(&trusting(1), &pin), Ok(signed(&[1]))), (true, Vec::new(), String::new()));
    let authored = Authored::parse("graph.toml", &graph(&trusting(1), "")).unwrap();
    assert_eq!(authored.signatures(), ["ease.wasm.sig"]);
}

#[test]
fn a_component_that_nobody_who_is_trusted_signed_is_not_looked_into() {
    let graph = graph(&trusting(1), "");
    refused(&graph, Ok(signed(&[2])), ("unsigned", 7), "which is not trusted");
    refused(
        &graph,
        Err("there is no file ease.wasm.sig".to_owned()),
        ("unsigned", 7),
        "there is no file ease.wasm.sig",
    );
    refused(&graph, Ok("ed25519".to_owned()), ("unsigned", 7), "line 1 is no signature");
    refused(&graph, Ok(" ".repeat(20_000)), ("unsigned", 7), "more than 16384 bytes");
    let other = Signature { key: key(1), bytes: [7; 64] };
    let mut forged = Signatures::default();
    forged.add(other);
    refused(&graph, Ok(forged.to_string()), ("unsigned", 7), "is not of this component");
}

#[test]
fn a_pin_holds_whoever_signed() {
    let pin = format!("digest = '{}'", Digest::of(b"another"));
    refused(&graph("", &pin), Ok(String::new()), ("pinned", 8), &ease().to_string());
    refused(&graph(&trusting(1), &pin), Ok(signed(&[1])), ("pinned", 8), &ease().to_string());
}

#[test]
fn where_a_key_or_a_pin_cannot_be_read_nothing_is_loaded() {
    refused(&graph("", "digest = 'latest'"), Ok(String::new()), ("bad_digest", 8), "is no digest");
    let trust = format!("trust = ['{}', 'ed25519:AAAA']", key(1));
    refused(&graph(&trust, ""), Ok(signed(&[1])), ("bad_key", 5), "this is no public key");
    refused(&graph("trust = 'everybody'", ""), Ok(signed(&[1])), ("wrong_type", 5), "`trust` is a string");
    refused(&graph("trust = []", ""), Ok(signed(&[1])), ("no_key", 5), "`trust` names no key");
}

#[test]
fn the_catalogue_is_held_to_the_same() {
    let text = format!("{}[catalogue.more]\ncomponent = 'als.wasm'\n", graph(&trusting(1), ""));
    let mut authored = Authored::parse("graph.toml", &text).unwrap();
    assert_eq!(authored.signatures(), ["als.wasm.sig", "ease.wasm.sig"]);
    let wanted = authored.components();
    let more = wanted.iter().find(|wanted| wanted.agent == "more").unwrap();
    assert!(!authored.accepts(more, &found("als.wasm").unwrap().digest, || Ok(signed(&[1]).into_bytes())));
    assert!(!authored.mistakes().is_empty());
}

#[test]
fn a_graph_that_trusts_keys_takes_no_script() {
    let text = graph(&trusting(1), "").replace("component = 'ease.wasm'", "script = 'ease.js'");
    refused(&text, Ok(signed(&[1])), ("unsigned", 7), "it is a script, which has no signature");
}
