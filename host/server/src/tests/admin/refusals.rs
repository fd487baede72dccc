//! Every refusal of the operator's API, as it goes over the wire.

use axum::body::Body;
use axum::http::{Request, header};
use axum::response::IntoResponse as _;
use greenroom_model::{Digest, Doubt, Fault, FaultKind, Generation};
use greenroom_runtime::{LoadGraphError, PrepareError, Refused};
use serde_json::json;

use super::Run;
use crate::admin::{AdminSettings, Level, TOKENS_FILE};
use crate::problem::Problem;
use crate::tests::Setup;

struct Record<'r> {
    run: &'r Run,
    text: String,
}

impl Record<'_> {
    async fn send(&mut self, what: &str, request: Request<Body>) {
        let line = format!("{} {}", request.method(), request.uri());
        let answer = self.run.send(request).await;
        let header = |name| {
            let value = answer.headers.get(&name).map(|value| value.to_str().unwrap());
            value.map(|value| format!("{name}: {value}\n")).unwrap_or_default()
        };
        let headers = header(header::ALLOW) + &header(header::RETRY_AFTER) + &header(header::WWW_AUTHENTICATE);
        let body = serde_json::to_string_pretty(&answer.body).unwrap();
        // Where the components of this machine are, and what they are made of.
        let component = greenroom_kit::component("probe").display().to_string();
        let body = body.replace(&component, "probe.wasm");
        // Where a mistake is in bytes depends on how long that path is.
        let fixed = |line: &str| match line.trim_start().starts_with("\"offset\":") {
            true => format!("{}\"offset\": 0,", &line[..line.len() - line.trim_start().len()]),
            false => line.to_owned(),
        };
        let body = body.lines().map(fixed).collect::<Vec<_>>().join("\n");
        self.text += &format!("# {what}: {line}\n{}\n{headers}{body}\n\n", answer.status);
    }

    async fn get(&mut self, what: &str, path: &str) {
        self.send(what, self.run.request(Level::Read, "GET", path, "")).await;
    }

    async fn post(&mut self, what: &str, path: &str, body: impl ToString) {
        self.send(what, self.run.request(Level::Deploy, "POST", path, body)).await;
    }
}

#[tokio::test]
async fn calls_that_cannot_be_answered_are_told_why() {
    let settings = AdminSettings { component_bytes_max: 100, ..AdminSettings::default() };
    let run = Run::with(Setup::default(), settings).await;
    let mut all = Record { run: &run, text: String::new() };
    all.send("no token", Request::get("/v1/plans").body(Body::empty()).unwrap()).await;
    let wrong = Request::get("/v1/plans").header(header::AUTHORIZATION, "Bearer greenroom_12");
    all.send("a wrong token", wrong.body(Body::empty()).unwrap()).await;
    all.send("too low a level", run.request(Level::Read, "POST", "/v1/rollback", "{}")).await;
    all.get("an unknown path", "/v1/plan").await;
    all.get("a wrong method", "/v1/rollback").await;
    all.get("an unknown parameter", "/v1/plans?since=1").await;
    all.get("a limit that cannot be", "/v1/plans?limit=0").await;
    all.get("no generation", "/v1/plans/newest").await;
    all.get("an unknown generation", "/v1/plans/9").await;
    all.get("half a comparison", "/v1/diff?from=1").await;
    all.get("a comparison with nothing", "/v1/diff?from=1&to=9").await;
    all.get("no digest", "/v1/components/latest").await;
    all.get("an unknown component", &format!("/v1/components/sha256:{}", "0".repeat(64))).await;

    all.post("not JSON", "/v1/plans", "{").await;
    let typed = Request::post("/v1/plans").header(header::CONTENT_TYPE, "text/plain");
    let typed = typed.header(header::AUTHORIZATION, format!("Bearer {}", run.tokens[&Level::Deploy]));
    all.send("another content type", typed.body(Body::from("{}")).unwrap()).await;
    all.post("mistakes in the body", "/v1/plans", json!({ "grap": 1, "parent": "one" })).await;
    all.post("no graph file", "/v1/plans", json!({ "graph": { "text": "[graph" } })).await;
    let text = run.graph().replace("output = \"list\"", "output = \"lost\"").replace("\"fresh\"", "\"frsh\"");
    all.post("a graph with mistakes", "/v1/plans", json!({ "graph": { "text": text } })).await;
    let text = run.graph().replace("\"shop\"", "\"store\"");
    all.post("another graph", "/v1/plans", json!({ "graph": { "text": text } })).await;
    let graph = run.graph() + "#";
    let text = format!("{graph}{}", " ".repeat(600_000 - graph.len()));
    all.post("a graph that is too large", "/v1/plans", json!({ "graph": { "text": text } })).await;
    all.post("nothing to go back to", "/v1/rollback", "{}").await;
    all.post("back to nothing", "/v1/rollback", json!({ "to": 9 })).await;
    run.good(run.post("/v1/plans", run.change(9_000, Some(1))).await);
    let conflict = run.post("/v1/plans", run.change(8_000, Some(1))).await.body["error"].clone();
    assert_eq!((&conflict["code"], &conflict["active"]), (&json!("conflict"), &json!(2)));

    let put = |bytes: &[u8]| {
        let request = Request::put("/v1/components");
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", run.tokens[&Level::Deploy]));
        request.body(Body::from(bytes.to_vec())).unwrap()
    };
    all.send("no component", put(b"\x7fELF\0\0\0\0\0")).await;
    all.send("too large", put(&[0; 101])).await;
    std::fs::write(run.data().join(TOKENS_FILE), "ann read\n").unwrap();
    all.get("tokens that cannot be read", "/v1/plans").await;
    insta::assert_snapshot!(all.text);
}

#[tokio::test]
async fn a_host_without_a_plan_has_nothing_to_go_back_from() {
    let run = Run::with(Setup { active: false, ..Setup::default() }, AdminSettings::default()).await;
    let mut all = Record { run: &run, text: String::new() };
    all.post("no plan", "/v1/rollback", "{}").await;
    insta::assert_snapshot!(all.text);
}

#[test]
fn each_refusal_of_the_host_has_a_status_of_its_kind() {
    let generation = Generation(3);
    let io = |kind| std::io::Error::new(kind, "so it is");
    let fault = Box::new(Fault::host(FaultKind::Exhausted, "no instance was free"));
    let cases = [
        (Refused::Conflict { parent: Some(generation), active: None }, 409, "conflict"),
        (
            Refused::Graph(LoadGraphError::Read { path: "a".into(), source: io(std::io::ErrorKind::NotFound) }),
            422,
            "invalid",
        ),
        (Refused::Renamed { expected: "a".to_owned(), found: "b".to_owned() }, 422, "invalid"),
        (Refused::NoSuchAgent("a".to_owned()), 422, "invalid"),
        (Refused::Prepare(PrepareError::Agent { agent: "a".to_owned(), fault: *fault }), 422, "not_prepared"),
        (Refused::Untrained { agent: "a".to_owned(), why: "new".to_owned(), refuses: true }, 422, "untrained"),
        (Refused::Unproven(vec![Doubt::NoSeeds]), 422, "unproven"),
        (Refused::ProvenOther { proven: Digest::of(b"a"), found: Digest::of(b"b") }, 422, "unproven"),
        (Refused::ProvenBefore { base: Digest::of(b"a"), active: None }, 409, "conflict"),
        (Refused::Learn("no events".to_owned()), 422, "not_learned"),
        (Refused::NoSuchPlan(generation), 404, "not_found"),
        (Refused::Lost { generation, why: "gone".to_owned() }, 410, "lost"),
        (Refused::Inactive, 503, "inactive"),
        (Refused::NoRoom { path: "a".into(), why: "full".to_owned(), free: String::new() }, 507, "not_recorded"),
        (Refused::TooLarge("the graph file".to_owned()), 422, "invalid"),
        (Refused::Keep(io(std::io::ErrorKind::StorageFull)), 507, "not_recorded"),
        (Refused::Keep(io(std::io::ErrorKind::FileTooLarge)), 507, "not_recorded"),
        (Refused::Keep(io(std::io::ErrorKind::PermissionDenied)), 503, "not_recorded"),
        (Refused::Gone, 503, "gone"),
    ];
    for (refused, status, code) in cases {
        let told = refused.to_string();
        let problem = Problem::from(refused);
        assert_eq!(problem.code(), code, "{told}");
        assert_eq!(problem.into_response().status().as_u16(), status, "{told}");
    }
}
