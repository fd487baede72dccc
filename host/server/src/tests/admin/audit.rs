//! What is written down of changes and refusals.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::Run;
use crate::admin::{AUDIT_FILE, AdminSettings, Level, Office};

#[tokio::test]
async fn every_change_and_every_refusal_has_a_line() {
    let run = Run::new().await;
    run.send(Request::get("/v1/status").body(Body::empty()).unwrap()).await;
    run.send(run.request(Level::Read, "POST", "/v1/plans", "{}")).await;
    run.get("/v1/plans").await;
    run.good(run.post("/v1/plans", run.change(9_000, Some(1))).await);
    run.post("/v1/plans", run.change(8_000, Some(1))).await;
    run.post("/v1/plans", json!({ "graph": 1 })).await;
    run.good(run.post("/v1/rollback", json!({ "reason": "it was better" })).await);
    for _ in 0..3 {
        run.send(run.request(Level::Read, "POST", "/v1/plans", "{}")).await;
    }
    let denied = run.denied();
    assert_eq!(denied.iter().map(|line| line["times"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(4)], "{denied:?}");
    let found: Vec<(Option<String>, String, String)> = denied
        .into_iter()
        .chain(run.audit())
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            assert!(line["time"].as_str().unwrap().ends_with('Z'));
            (line["token"].as_str().map(ToOwned::to_owned), text("action"), text("outcome"))
        })
        .collect();
    let expected = [
        (None, "GET /v1/status", "401: there is no token"),
        (Some("one-who-may-read"), "POST /v1/plans", "403: has read, needs deploy"),
        (Some("one-who-may-deploy"), "POST /v1/plans", "200: generation 2, "),
        (
            Some("one-who-may-deploy"),
            "POST /v1/plans",
            "409: it was to follow generation 1, but generation 2 is active",
        ),
        (Some("one-who-may-deploy"), "POST /v1/plans", "422: `graph`: expected an object, found the number 1"),
        (Some("one-who-may-deploy"), "POST /v1/rollback", "200: generation 3, "),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((token, action, outcome), expected) in found.iter().zip(expected) {
        assert_eq!((token.as_deref(), action.as_str()), (expected.0, expected.1));
        assert!(outcome.starts_with(expected.2), "{outcome}");
    }
    let what = run.audit()[0]["what"].as_str().unwrap().to_owned();
    assert!(what.starts_with("graph.toml (") && what.ends_with(") after generation 1: to see"), "{what}");
}

#[tokio::test]
async fn no_token_is_written_down_anywhere() {
    let run = Run::new().await;
    let wrong = "greenroom_not-a-token";
    let request = Request::get("/v1/plans").header("authorization", format!("Bearer {wrong}"));
    run.send(request.body(Body::empty()).unwrap()).await;
    run.good(run.post("/v1/plans", run.change(9_000, None)).await);
    for entry in std::fs::read_dir(run.data()).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for token in run.tokens.values().map(String::as_str).chain([wrong]) {
            let there = bytes.windows(token.len()).any(|window| window == token.as_bytes());
            assert!(!there, "{}", path.display());
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let run = Run::new().await;
    // A disk that is full.
    let path = run.data().join(AUDIT_FILE);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let office = Office::open(&run.data(), AdminSettings::default()).unwrap();
    let desk = std::sync::Arc::new(crate::admin::Desk { app: std::sync::Arc::clone(&run.served.app), office });
    let run = Run { desk, ..run };
    for (path, body) in [("/v1/plans", run.change(9_000, None)), ("/v1/rollback", json!({ "to": 1 }))] {
        let answer = run.post(path, body).await;
        assert_eq!(answer.status, StatusCode::INSUFFICIENT_STORAGE, "{}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("nothing was changed: it could not be written to the audit log"), "{message}");
    }
    assert_eq!(run.put("/v1/components", b"\0asm....").await.status, StatusCode::INSUFFICIENT_STORAGE);
    assert_eq!(run.get("/v1/plans").await.status, StatusCode::OK, "reading changes nothing");
    assert_eq!((run.generation(), run.served.app.host.refusals().unwrap().len()), (1, 0));
}
