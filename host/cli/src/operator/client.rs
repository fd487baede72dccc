//! Calls to a server's operators' API.

use std::io::ErrorKind;
use std::time::Duration;

use greenroom_model::text::shown;
use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, Body, Error};

use super::told;
use crate::exit::Failure;

/// How long it may take until somebody is there. A roll-out takes as long as it takes.
const CONNECT: Duration = Duration::from_secs(5);

/// Bytes of an answer.
const ANSWER_MAX: u64 = 64 << 20;

/// Someone to call.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A token is for the server alone.
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            // The host closes those that are idle, maybe just when one is needed.
            .max_idle_connections(0)
            .build();
        Self { agent: config.into(), base: base.to_owned(), token: token.to_owned() }
    }

    /// What it answers; none when it has no such thing.
    pub(crate) fn find(&self, path: &str) -> Result<Option<Value>, Failure> {
        let (status, body) = self.send("GET", path, None, Vec::new())?;
        if status == 404 { Ok(None) } else { good(status, body).map(Some) }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        let (status, body) = self.send("GET", path, None, Vec::new())?;
        good(status, body)
    }

    /// Status and body of a change, which may be refused.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), Failure> {
        self.send("POST", path, Some("application/json"), body.to_string().into_bytes())
    }

    pub(crate) fn put(&self, path: &str, kind: &str, bytes: Vec<u8>) -> Result<Value, Failure> {
        let (status, body) = self.send("PUT", path, Some(kind), bytes)?;
        good(status, body)
    }

    fn send(&self, method: &str, path: &str, kind: Option<&str>, body: Vec<u8>) -> Result<(u16, Value), Failure> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        // What is refused by its size alone is not sent.
        let request = if method == "PUT" { request.header("expect", "100-continue") } else { request };
        // Nothing of it may be in the message: it has the token.
        let wrong =
            |_| Failure::arguments("the token, or where the server is, cannot be sent: it has characters that cannot");
        let answer = if kind.is_some() {
            self.agent.run(request.body(body).map_err(wrong)?)
        } else {
            self.agent.run(request.body(()).map_err(wrong)?)
        };
        let answer = answer.map_err(|error| self.unreachable(&error, method != "GET"))?;
        self.read(answer, method != "GET")
    }

    fn read(&self, mut answer: Response<Body>, changes: bool) -> Result<(u16, Value), Failure> {
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
        let bytes = bytes.map_err(|error| self.unreachable(&error, changes))?;
        match serde_json::from_slice(&bytes) {
            Ok(body) => Ok((status, body)),
            Err(_) => Err(Failure::failed(format!(
                "{} does not answer as a Greenroom host does to its operators (status {status}): is it the address that \
                 callers have?",
                self.base
            ))),
        }
    }

    fn unreachable(&self, error: &Error, changes: bool) -> Failure {
        let base = &self.base;
        let never = match error {
            Error::ConnectionFailed | Error::HostNotFound | Error::Timeout(_) => true,
            Error::Io(error) => matches!(
                error.kind(),
                ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable
            ),
            _ => false,
        };
        let why = shown(&error.to_string());
        if never {
            return Failure::failed(format!("nobody answers at {base}: {why}"));
        }
        let then = if changes { "; `greenroom plans` tells whether it did what it was asked" } else { "" };
        Failure::failed(format!("the server at {base} went away before it had answered: {why}{then}"))
    }
}

fn good(status: u16, body: Value) -> Result<Value, Failure> {
    if status == 200 { Ok(body) } else { Err(told::refused(&body, None)) }
}
