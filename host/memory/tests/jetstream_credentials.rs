//! Credentials in a `.creds` file, as servers with operators, accounts and users ask for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod nats;

use std::fs;
use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use greenroom_memory::{JetStream, JetStreamError, JetStreamSettings, KeyValue as _};
use nkeys::KeyPair;

use crate::nats::Server;

/// A signed statement of one key about another.
fn statement(by: &KeyPair, about: &KeyPair, name: &str, more: &str) -> String {
    let (issuer, subject) = (by.public_key(), about.public_key());
    let claims = format!(
        r#"{{"jti":"{name}","iat":1700000000,"iss":"{issuer}","name":"{name}","sub":"{subject}","nats":{more}}}"#
    );
    let header = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let text = format!("{header}.{}", BASE64URL_NOPAD.encode(claims.as_bytes()));
    let signature = BASE64URL_NOPAD.encode(&by.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

/// Who may use a server: the operator's account, with JetStream or without.
struct Account {
    operator: KeyPair,
    account: KeyPair,
    storage: &'static str,
}

impl Account {
    fn new(storage: &'static str) -> Self {
        Self { operator: KeyPair::new_operator(), account: KeyPair::new_account(), storage }
    }

    fn server(&self) -> Server {
        let operator = statement(&self.operator, &self.operator, "operator", r#"{"type":"operator","version":2}"#);
        let limits = |storage: &str| {
            format!(
                r#"{{"limits":{{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1{}}},"type":"account","version":2}}"#,
                storage
            )
        };
        let system = KeyPair::new_account();
        let accounts = [(&self.account, self.storage), (&system, "")].map(|(account, storage)| {
            format!("{}: {}", account.public_key(), statement(&self.operator, account, "account", &limits(storage)))
        });
        Server::start(&format!(
            "operator: {operator}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{ {} }}",
            system.public_key(),
            accounts.join(", ")
        ))
    }

    /// The file of a user that an account vouches for.
    fn credentials(&self, server: &Server, by: &KeyPair, name: &str) -> PathBuf {
        let user = KeyPair::new_user();
        let unlimited = r#"{"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}"#;
        let (jwt, seed) = (statement(by, &user, "user", unlimited), user.seed().unwrap());
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n\
             ------END USER NKEY SEED------\n"
        );
        let path = server.dir().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn a_host_with_the_accounts_credentials_is_let_in_and_others_are_not() {
    let owner = Account::new(r#","mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1"#);
    let server = owner.server();
    let with = |credentials| JetStreamSettings { credentials, ..server.settings("b") };
    let good = owner.credentials(&server, &owner.account, "good.creds");
    let kv = JetStream::connect(&with(Some(good))).unwrap();
    kv.put("profile", "k", b"x").wait().unwrap();
    assert_eq!(kv.scan("profile", "", None, 10).unwrap().entries.len(), 1);

    let forged = owner.credentials(&server, &KeyPair::new_account(), "forged.creds");
    for credentials in [Some(forged), None] {
        let refused = JetStream::connect(&with(credentials)).err().unwrap();
        assert!(matches!(refused, JetStreamError::Refused { .. }), "{refused}");
    }
}

#[test]
fn an_account_without_jetstream_says_so() {
    let owner = Account::new("");
    let server = owner.server();
    let credentials = Some(owner.credentials(&server, &owner.account, "good.creds"));
    let refused = JetStream::connect(&JetStreamSettings { credentials, ..server.settings("b") }).err().unwrap();
    assert!(matches!(refused, JetStreamError::NoJetStream { .. }), "{refused}");
}
