use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Served, Setup};

fn items(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["item"].as_str().unwrap()).collect()
}

async fn served() -> Served {
    Setup::default().serve().await
}

#[tokio::test]
async fn items_come_with_titles_scores_and_the_nodes_they_are_from() {
    let served = served().await;
    let answer = served.decided(json!({ "subject": "bob", "limit": 2, "request_id": "r1" })).await;
    let active = served.app.host.active().unwrap();
    let plan = active.digest.to_string();
    let expected = json!({
        "request_id": "r1",
        "generation": 1,
        "plan": plan,
        "items": [
            { "item": "a", "title": "Ant", "score": 1.0, "from": ["list"] },
            { "item": "b", "title": "Bee", "score": 0.999, "from": ["list"] },
        ],
        "degraded": [],
        "versions": { "probe": active.agents[0].version.digest().to_string() },
    });
    let score = answer["items"][1]["score"].as_f64().unwrap();
    assert!((score - 0.999).abs() < 1e-6, "{score}");
    let mut answer = answer;
    answer["items"][1]["score"] = json!(0.999);
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn an_empty_request_is_one_for_ten_items_for_an_anonymous_subject() {
    let served = served().await;
    let answer = served.decided("{}").await;
    assert_eq!(items(&answer), ["a", "b", "c", "d"], "all but the delisted one");
    assert_eq!(answer["request_id"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn a_subject_that_nobody_knows_is_answered() {
    let answer = served().await.decided(json!({ "subject": "somebody new" })).await;
    assert_eq!(items(&answer), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn exclude_and_allow_bound_the_answer() {
    let served = served().await;
    assert_eq!(items(&served.decided(json!({ "exclude": ["a", "c"] })).await), ["b", "d"]);
    assert_eq!(items(&served.decided(json!({ "allow": ["d", "b"], "exclude": ["d"] })).await), ["b"]);
    assert_eq!(items(&served.decided(json!({ "allow": [] })).await), Vec::<&str>::new());
}

#[tokio::test]
async fn every_field_is_taken() {
    let served = served().await;
    let context = json!({ "device": "phone", "hour": 21, "tags": ["x", 1.5, null, true] });
    let body = json!({
        "subject": "zoe", "limit": 1, "surface": "home", "session": "s1", "context": context, "exclude": [],
        "allow": ["a"], "request_id": "r9", "seed": u64::MAX,
    });
    assert_eq!(items(&served.decided(body).await), ["a"]);
}

#[test]
fn the_context_is_handed_on_as_message_pack() {
    let context = json!({ "device": "phone", "hour": 21, "tags": ["x", 1.5, null, true], "in": { "deep": -1 } });
    let ask = greenroom_wire::ask(json!({ "context": context })).unwrap();
    assert_eq!(rmp_serde::from_slice::<Value>(&ask.context).unwrap(), context);
    let empty = greenroom_wire::ask(json!({ "context": {} })).unwrap();
    assert_eq!(empty.context, Vec::<u8>::new());
}

#[tokio::test]
async fn usage_is_told_when_asked_for() {
    let served = served().await;
    let answer = served.post("/v1/decide?usage=1", "{}").await.body;
    let usage = &answer["usage"];
    assert!(usage["total"]["fuel"].as_u64().unwrap() > 0);
    assert_eq!(usage["nodes"][0]["node"], "list");
    assert_eq!(usage["nodes"][0]["fuel"], usage["total"]["fuel"]);
    assert_eq!(served.post("/v1/decide?usage=0", "{}").await.body.get("usage"), None);
}

#[tokio::test]
async fn a_node_that_fails_with_a_fallback_degrades_the_answer() {
    let served = Setup { mode: "fault", fallback: true, ..Setup::default() }.serve().await;
    let answer = served.decided("{}").await;
    assert_eq!(answer["items"], json!([]));
    assert_eq!(answer["degraded"][0]["node"], "list");
    assert_eq!(answer["degraded"][0]["fault"]["source"], "guest");
    assert_eq!(answer["degraded"][0]["fault"]["message"], "the probe was told to fail");
}

#[tokio::test]
async fn the_status_tells_what_runs_and_what_it_has_done() {
    let served = served().await;
    served.decided(json!({ "request_id": "r1" })).await;
    served.app.host.flush().await.unwrap();
    let status = served.get("/v1/status").await.body;
    let plan = served.app.host.active().unwrap();
    let digest = |at: &str| status["agents"][0][at].as_str().unwrap().starts_with("sha256:");
    assert_eq!(status["graph"], "shop");
    assert_eq!(status["status"], "ready");
    assert_eq!(status["generation"], 1);
    assert_eq!(status["plan"], plan.digest.to_string());
    assert_eq!(status["agents"][0]["agent"], "probe");
    assert!(["version", "component", "params", "state"].into_iter().all(digest), "{status}");
    assert_eq!((&status["items"], &status["subjects"]), (&json!(5), &json!(2)));
    assert_eq!(status["decisions"], json!({ "recorded": 1, "repeated": 0 }));
    assert_eq!(status["feedback"]["organic"], 3);
    assert_eq!(status["requests"], json!({ "running": 0, "waiting": 0, "refused": 0 }));
}

#[tokio::test]
async fn it_is_healthy_at_once_and_ready_with_a_plan() {
    let served = Setup { active: false, ..Setup::default() }.serve().await;
    assert_eq!(served.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(served.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let status = served.get("/v1/status").await.body;
    assert_eq!((&status["status"], &status["generation"]), (&json!("inactive"), &Value::Null));
    let host = served.app.host.clone();
    let activate = move || {
        host.train(std::sync::Arc::new(greenroom_runtime::Quiet)).unwrap();
        host.activate().unwrap()
    };
    tokio::task::spawn_blocking(activate).await.unwrap();
    assert_eq!(served.get("/readyz").await.status, StatusCode::OK);
}
