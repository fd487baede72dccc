//! Registries that are asked over HTTP.

use std::net::TcpListener;

use greenroom_model::{Digest, Signatures};
use greenroom_registry::{Access, Credentials, Wanted, pull, push};

use super::server::{Manners, Server};
use super::{COMPONENT, bring, get, keeps_what_it_is_given, refused, says};

const REPOSITORY: &str = "agents/ease";

#[test]
fn a_registry_keeps_what_it_is_given() {
    let server = Server::start(Manners { referrers: true, ..Manners::default() });
    keeps_what_it_is_given(&server.name(REPOSITORY));
}

#[test]
fn a_registry_that_does_not_know_what_refers_to_what_keeps_signatures_as_well() {
    keeps_what_it_is_given(&Server::start(Manners::default()).name(REPOSITORY));
}

#[test]
fn what_a_registry_has_is_not_brought_again() {
    let server = Server::start(Manners::default());
    let name = server.name(REPOSITORY);
    bring(&name, &Signatures::default()).unwrap();
    server.state.lock().unwrap().asked.clear();
    bring(&name, &Signatures::default()).unwrap();
    let asked = server.state.lock().unwrap().asked.clone();
    assert!(!asked.iter().any(|asked| asked.starts_with("POST")), "{asked:?}");
}

#[test]
fn a_registry_that_lies_is_not_believed() {
    let server = Server::start(Manners::default());
    let name = server.name(REPOSITORY);
    let pushed = bring(&name, &Signatures::default()).unwrap();
    server.behave(Manners { changes_blobs: true, ..Manners::default() });
    refused(get(&name), "where its manifest says");
    server.behave(Manners { endless: true, ..Manners::default() });
    refused(get(&name), "it answers with more than");
    server.behave(Manners::default());
    let pinned = format!("{name}@{}", pushed.manifest);
    server.put_manifest(&pushed.manifest.to_string(), b"{}");
    refused(get(&pinned), &format!("its manifest is {}, expected {}", Digest::of(b"{}"), pushed.manifest));
    server.put_manifest("latest", b"no JSON");
    refused(get(&name), "its manifest cannot be read");
    server.put_manifest("latest", &vec![b' '; (4 << 20) + 1]);
    refused(get(&name), "it answers with more than");
}

#[test]
fn what_is_no_component_is_told_as_what_it_is() {
    let server = Server::start(Manners::default());
    let name = server.name(REPOSITORY);
    let some = format!("\"digest\":\"{}\",\"size\":1", Digest::of(b"x"));
    let manifest = |config: &str, layers: &str| {
        format!("{{\"schemaVersion\":2,\"config\":{{\"mediaType\":\"{config}\",{some}}},\"layers\":[{layers}]}}")
    };
    let image = "application/vnd.oci.image.config.v1+json";
    server.put_manifest("latest", manifest(image, "").as_bytes());
    refused(get(&name), "expected a WebAssembly component");
    let wasm = "application/vnd.wasm.config.v0+json";
    server.put_manifest("latest", manifest(wasm, "").as_bytes());
    refused(get(&name), "it has 0 layers, expected one component");
    server.put_manifest("latest", manifest(wasm, &format!("{{\"mediaType\":\"text/plain\",{some}}}")).as_bytes());
    refused(get(&name), "its layer is \"text/plain\", expected \"application/wasm\"");
}

#[test]
fn a_registry_that_wants_to_know_who_asks_is_told() {
    let server = Server::start(Manners { guarded: true, ..Manners::default() });
    let name = server.name(REPOSITORY);
    refused(get(&name), "refuses to give a token (status 401): UNAUTHORIZED");
    refused(get(&name), "`--user`");
    let credentials = Credentials { user: "user".to_owned(), password: "password".to_owned() };
    let access = Access { credentials: Some(credentials), plain_http: false };
    let reference = name.parse().unwrap();
    push(&reference, &access, COMPONENT, &says(), &Signatures::default()).unwrap();
    assert_eq!(pull(&reference, &access, &Wanted::default()).unwrap().bytes, COMPONENT);
}

#[test]
fn a_registry_that_is_not_there_is_told_as_that() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    refused(get(&format!("{address}/{REPOSITORY}")), &format!("{address} cannot be reached"));
}
