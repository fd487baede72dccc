//! The operator's API as operators see it.

mod audit;
mod levels;
mod refusals;
mod socket;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Answer, Served, Setup};
use crate::admin::{AUDIT_FILE, AdminSettings, DENIED_FILE, Desk, Level, Office, Tokens};

/// A host with an operator of each level.
struct Run {
    served: Served,
    desk: Arc<Desk>,
    tokens: BTreeMap<Level, String>,
}

impl Run {
    async fn new() -> Self {
        Self::with(Setup::default(), AdminSettings::default()).await
    }

    async fn with(setup: Setup, settings: AdminSettings) -> Self {
        let served = setup.serve().await;
        let data = served.folder.path().join("data");
        let token = |level: Level| (level, Tokens::add(&data, &format!("one-who-may-{level}"), level).unwrap());
        let tokens = Level::ALL.map(token).into();
        let office = Office::open(&data, settings).unwrap();
        let desk = Arc::new(Desk { app: Arc::clone(&served.app), office });
        Self { served, desk, tokens }
    }

    fn data(&self) -> PathBuf {
        self.served.folder.path().join("data")
    }

    fn graph(&self) -> String {
        std::fs::read_to_string(self.served.folder.path().join("graph.toml")).unwrap()
    }

    fn generation(&self) -> u64 {
        self.served.app.host.active().unwrap().generation.0
    }

    fn audit(&self) -> Vec<Value> {
        self.lines(AUDIT_FILE)
    }

    fn denied(&self) -> Vec<Value> {
        self.lines(DENIED_FILE)
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.data().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = Desk::router(&self.desk).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = |bytes: &[u8]| Value::String(String::from_utf8(bytes.to_vec()).unwrap());
        let json = parts.headers[header::CONTENT_TYPE] == "application/json";
        let body = if json { serde_json::from_slice(&bytes).unwrap() } else { text(&bytes) };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    fn request(&self, level: Level, method: &str, path: &str, body: impl ToString) -> Request<Body> {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.tokens[&level]));
        request.body(Body::from(body.to_string())).unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Level::Read, "GET", path, "")).await
    }

    async fn post(&self, path: &str, body: impl ToString) -> Answer {
        self.send(self.request(Level::Deploy, "POST", path, body)).await
    }

    async fn put(&self, path: &str, bytes: &[u8]) -> Answer {
        let request = Request::put(path).body(Body::from(bytes.to_vec())).unwrap();
        let (mut parts, body) = request.into_parts();
        let token = format!("Bearer {}", self.tokens[&Level::Deploy]);
        parts.headers.insert(header::AUTHORIZATION, token.parse().unwrap());
        self.send(Request::from_parts(parts, body)).await
    }

    /// The graph with another deadline.
    fn change(&self, deadline_ms: u32, parent: Option<u64>) -> Value {
        let text = self.graph().replace("deadline_ms = 10_000", &format!("deadline_ms = {deadline_ms}"));
        json!({ "graph": { "file_name": "graph.toml", "text": text }, "parent": parent, "reason": "to see" })
    }

    #[track_caller]
    fn good(&self, answer: Answer) -> Value {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body
    }
}
