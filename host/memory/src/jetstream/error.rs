//! Why a shared memory layer could not be reached.

use std::io;
use std::path::PathBuf;

/// Why [`JetStream::connect`](super::JetStream::connect) failed. Servers are told without the passwords of their addresses.
#[derive(Debug, thiserror::Error)]
pub enum JetStreamError {
    /// Settings that can't be right; all of them are told.
    #[error("settings of the shared memory layer: {}", faults.join("; "))]
    Settings {
        /// What, what was found and what was expected.
        faults: Vec<String>,
    },
    /// A file that was named can't be used.
    #[error("{what} {}: {why}; name one that this process may read, or leave it out", path.display())]
    File {
        /// What it was to hold.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody answers there.
    #[error("no NATS server at {servers}: {why}; start nats-server there with JetStream, or correct the address")]
    Unreachable {
        /// Where it was looked for.
        servers: String,
        /// What was found instead.
        why: String,
    },
    /// Whoever answers there speaks something else.
    #[error(
        "what answers at {servers} is no NATS server: {why}; name the address that clients of NATS use, mostly port 4222"
    )]
    NotNats {
        /// Where.
        servers: String,
        /// What it said.
        why: String,
    },
    /// The connection could not be made secret.
    #[error(
        "no TLS with {servers}: {why}; give the certificate of its authority as tls_ca, and the name that it was made for"
    )]
    Tls {
        /// Where.
        servers: String,
        /// What went wrong.
        why: String,
    },
    /// The server does not let this host in.
    #[error("{servers} refused the credentials: {why}; give a valid .creds file, or user and password in the address")]
    Refused {
        /// Where.
        servers: String,
        /// What it said.
        why: String,
    },
    /// The server is too old.
    #[error("{servers} is NATS {found}: version 2.11 or newer is needed, which lets keys expire; update it")]
    TooOld {
        /// Where.
        servers: String,
        /// Its version.
        found: String,
    },
    /// The largest value would not get through.
    #[error(
        "{servers} takes messages of {found} bytes, and the largest value needs {needed}: set `max_payload: 2MB` in the server's \
         configuration"
    )]
    Payload {
        /// Where.
        servers: String,
        /// Bytes of a message that it takes.
        found: usize,
        /// Bytes that are needed.
        needed: usize,
    },
    /// The server keeps nothing.
    #[error(
        "{servers} has no JetStream: {why}; start it with `-js`, or with `jetstream {{}}` in its configuration and for this account"
    )]
    NoJetStream {
        /// Where.
        servers: String,
        /// What it said.
        why: String,
    },
    /// JetStream is there and does not work yet.
    #[error(
        "JetStream of {servers} is not ready: {why}; start so many servers of the cluster that they can elect a leader, and try again"
    )]
    NotReady {
        /// Where.
        servers: String,
        /// What it said.
        why: String,
    },
    /// There is something else of that name.
    #[error("the stream {stream} is none that this version made with these settings: {}; use another bucket, or the settings that it has", faults.join("; "))]
    Foreign {
        /// Its name.
        stream: String,
        /// What differs.
        faults: Vec<String>,
    },
    /// The server did not do what it was asked.
    #[error("{asked}: {why}")]
    Server {
        /// What it was asked.
        asked: String,
        /// What it said.
        why: String,
    },
    /// The system gave no threads.
    #[error("can't start the threads of the shared memory layer")]
    System(#[from] io::Error),
}
