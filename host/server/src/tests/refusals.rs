//! Every refusal, as it goes over the wire, in one file that a reviewer can read.

use axum::body::Body;
use axum::http::{Request, header};
use axum::response::IntoResponse as _;
use greenroom_model::{Fault, FaultKind};
use greenroom_runtime::AskError;
use serde_json::{Value, json};

use super::{Served, Setup, post};
use crate::problem::Problem;

/// The requests and their answers, as text.
struct Record<'s> {
    served: &'s Served,
    text: String,
}

impl Record<'_> {
    async fn send(&mut self, what: &str, request: Request<Body>) {
        let line = format!("{} {}", request.method(), request.uri());
        let answer = self.served.send(request).await;
        let header = |name| {
            let value = answer.headers.get(&name).map(|value| value.to_str().unwrap());
            value.map(|value| format!("{name}: {value}\n")).unwrap_or_default()
        };
        let headers = header(header::ALLOW) + &header(header::RETRY_AFTER);
        let body = serde_json::to_string_pretty(&answer.body).unwrap();
        self.text += &format!("# {what}: {line}\n{}\n{headers}{body}\n\n", answer.status);
    }

    async fn post(&mut self, what: &str, path: &str, body: impl ToString) {
        self.send(what, post(path, body)).await;
    }

    async fn decide(&mut self, what: &str, body: impl ToString) {
        self.post(what, "/v1/decide", body).await;
    }

    async fn feedback(&mut self, what: &str, body: impl ToString) {
        self.post(what, "/v1/feedback", body).await;
    }
}

#[tokio::test]
async fn requests_that_cannot_be_answered_are_told_why() {
    let served = Setup::default().serve().await;
    let mut all = Record { served: &served, text: String::new() };

    let typed = |kind: Option<&str>| {
        let request = Request::post("/v1/decide");
        let request = kind.into_iter().fold(request, |request, kind| request.header(header::CONTENT_TYPE, kind));
        request.body(Body::from("{}")).unwrap()
    };
    all.send("no content type", typed(None)).await;
    all.send("another content type", typed(Some("text/plain; charset=utf-8"))).await;
    all.decide("nothing", "").await;
    all.decide("not JSON", "{\n  \"subject\": \"ann\",\n  \"limit\": ten\n}").await;
    all.decide("breaks off", "{\"subject\": \"ann\"").await;
    all.decide("too large", json!({ "surface": "x".repeat(2_000) })).await;
    let said = Request::post("/v1/decide").header(header::CONTENT_TYPE, "application/json");
    let said = said.header(header::CONTENT_LENGTH, 5_000).body(Body::empty()).unwrap();
    all.send("too large by its own word", said).await;
    all.decide("no object", "[1, 2]").await;
    all.decide("a typo", json!({ "subjct": "ann" })).await;
    all.decide("an unknown field", json!({ "colour": "red" })).await;
    let several = json!({
        "subject": 15, "limit": 0, "session": "", "context": "phone", "exclude": ["a", 3], "allow": "a", "seed": -1,
        "request_id": "r\n1",
    });
    all.decide("several mistakes", several).await;
    all.decide("too many", json!({ "limit": 1_001 })).await;
    all.decide("unknown and delisted items", json!({ "exclude": ["nothing"], "allow": ["a", "e", "zzz"] })).await;
    all.post("an unknown query parameter", "/v1/decide?verbose=1", "{}").await;
    all.post("a query parameter that cannot be", "/v1/decide?usage=maybe", "{}").await;

    all.feedback("an event without anything", "{}").await;
    let wrong = json!({
        "event_id": "e1", "item": "a", "kind": "clik", "value": 1e300, "time": "yesterday", "retract": "yes", "user": "u",
    });
    all.feedback("an event with mistakes", wrong).await;
    let batch = json!({ "events": [
        { "event_id": "e1", "item": "a", "kind": "click" },
        { "event_id": "e2", "item": "a", "kind": "applause" },
        "click",
    ], "event": 1 });
    all.feedback("a batch with mistakes", batch).await;
    all.feedback("no events", json!({ "events": [] })).await;
    let items = json!({ "events": [
        { "event_id": "e1", "item": "nothing", "kind": "click" },
        { "event_id": "e2", "item": "e", "kind": "click" },
    ] });
    all.feedback("unknown and delisted items", items).await;
    all.feedback("one unknown item", json!({ "event_id": "e1", "item": "nothing", "kind": "click" })).await;

    all.send("an unknown path", Request::get("/v2/decide").body(Body::empty()).unwrap()).await;
    all.send("a wrong method", Request::get("/v1/decide").body(Body::empty()).unwrap()).await;
    insta::assert_snapshot!(all.text);
}

#[tokio::test]
async fn hosts_that_cannot_answer_say_why() {
    let served = Setup { active: false, ..Setup::default() }.serve().await;
    let mut all = Record { served: &served, text: String::new() };
    all.decide("no plan", "{}").await;
    all.send("no plan", Request::get("/readyz").body(Body::empty()).unwrap()).await;
    let text = all.text;

    let served = Setup { mode: "fault", ..Setup::default() }.serve().await;
    let mut all = Record { served: &served, text };
    all.decide("an agent that fails without a fallback", "{}").await;
    insta::assert_snapshot!(all.text);
}

#[tokio::test]
async fn the_fault_of_a_host_that_may_recover_is_worth_another_try() {
    let problem = Problem::from(AskError::Fault(Fault::host(FaultKind::Exhausted, "no instance was free")));
    let response = problem.retry_after(3).into_response();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()[header::RETRY_AFTER], "3");
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["error"]["code"], "unavailable");
    assert_eq!(body["error"]["fault"]["kind"], "exhausted");
}
