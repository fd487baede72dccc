//! Deploying, going back, and reading what was.

use std::sync::Arc;

use greenroom_model::Digest;
use serde_json::json;
use tower::ServiceExt as _;

use super::Run;
use crate::admin::{Desk, Level};
use crate::tests::until;

#[tokio::test]
async fn a_graph_is_deployed_compared_and_taken_back() {
    let run = Run::new().await;
    let done = run.good(run.post("/v1/plans", run.change(9_000, Some(1))).await);
    assert_eq!((&done["generation"], &done["changed"], &done["parent"]), (&json!(2), &json!(true), &json!(1)));
    assert!(done["took_ms"]["record"].as_f64().unwrap() > 0.0 && done["notes"].is_array(), "{done}");
    let same = run.good(run.post("/v1/plans", run.change(9_000, None)).await);
    assert_eq!((&same["generation"], &same["changed"]), (&json!(2), &json!(false)));

    let diff = run.good(run.get("/v1/diff?from=1&to=2").await);
    let lines: Vec<_> = diff["changes"].as_array().unwrap().iter().map(|change| change["line"].clone()).collect();
    assert_eq!(lines, ["~ graph: deadline_ms 10000 -> 9000"]);
    assert_eq!(diff["states"], json!([]));

    let back = run.good(run.post("/v1/rollback", json!({ "reason": "slower" })).await);
    assert_eq!((&back["generation"], &back["parent"]), (&json!(3), &json!(2)));
    let again = run.good(run.post("/v1/rollback", json!({ "to": 2 })).await);
    assert_eq!(again["generation"], json!(4));
    assert_eq!(run.generation(), 4);
}

#[tokio::test]
async fn history_is_read_newest_first_and_page_by_page() {
    let run = Run::new().await;
    for deadline_ms in [9_001, 9_002, 9_003, 9_004] {
        run.good(run.post("/v1/plans", run.change(deadline_ms, None)).await);
    }
    run.post("/v1/plans", run.change(8_000, Some(1))).await;
    let generations = |page: &serde_json::Value| -> Vec<u64> {
        page["plans"].as_array().unwrap().iter().map(|plan| plan["generation"].as_u64().unwrap()).collect()
    };
    let page = run.good(run.get("/v1/plans?limit=2").await);
    assert_eq!((generations(&page), &page["active"], &page["next"]), (vec![5, 4], &json!(5), &json!(4)));
    assert!(page["refused"][0]["why"].as_str().unwrap().contains("generation 5 is active"), "{page}");
    let newest = &page["plans"][0];
    let said = (&newest["author"], &newest["reason"], &newest["state"], &newest["parent"]);
    assert_eq!(said, (&json!("one-who-may-deploy"), &json!("to see"), &json!("active"), &json!(4)));
    assert_eq!(page["plans"][1]["state"], "warm");
    let page = run.good(run.get("/v1/plans?limit=2&before=4").await);
    assert_eq!((generations(&page), &page["next"]), (vec![3, 2], &json!(2)));
    let page = run.good(run.get("/v1/plans?limit=2&before=2").await);
    assert_eq!((generations(&page), &page["next"]), (vec![1], &json!(null)));

    let one = run.good(run.get("/v1/plans/3").await);
    assert!(one["content"]["text"].as_str().unwrap().contains("deadline_ms = 9002"), "{one}");
    let path = greenroom_kit::component("probe").display().to_string();
    assert_eq!(one["content"]["components"][&path], one["agents"]["probe"]["component"]);
    assert_eq!(one["content"]["states"]["probe"], one["agents"]["probe"]["state"]);
    assert!(one["gate"][0]["checks"].as_u64().unwrap() > 0);
    let status = run.good(run.get("/v1/status").await);
    assert_eq!((&status["generation"], &status["refused"]["author"]), (&json!(5), &json!("one-who-may-deploy")));
}

#[tokio::test]
async fn metrics_are_told_as_prometheus_reads_them() {
    let run = Run::new().await;
    let answer = run.get("/metrics").await;
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let metrics = greenroom_kit::exposition(answer.body.as_str().unwrap()).unwrap();
    assert!(metrics.contains_key("greenroom_requests_total"), "{}", answer.body);
}

#[tokio::test]
async fn a_component_is_brought_first_and_then_named() {
    let run = Run::new().await;
    // The same code, and other bytes: with a custom section more.
    let mut bytes = std::fs::read(greenroom_kit::component("probe")).unwrap();
    bytes.extend([0, 5, 4, b'm', b'o', b'r', b'e']);
    let digest = Digest::of(&bytes).to_string();
    let path = format!("/v1/components/{digest}");
    assert_eq!(run.get(&path).await.status.as_u16(), 404);
    let name = greenroom_kit::component("probe").display().to_string();
    let mut body = run.change(10_000, None);
    body["components"] = json!({ name: digest });
    let refused = run.post("/v1/plans", &body).await;
    assert_eq!(refused.status.as_u16(), 422);
    let message = refused.body["error"]["mistakes"][0]["message"].as_str().unwrap();
    assert!(message.contains("which the host does not have"), "{}", refused.body);

    assert_eq!(run.good(run.put("/v1/components", &bytes).await)["digest"], json!(digest));
    assert_eq!(run.good(run.put("/v1/components", &bytes).await)["digest"], json!(digest), "again is no other one");
    assert_eq!(run.get(&path).await.status.as_u16(), 200);
    let done = run.good(run.post("/v1/plans", &body).await);
    let made = run.good(run.get(&format!("/v1/plans/{}", done["generation"])).await);
    assert_eq!(made["agents"]["probe"]["component"], json!(digest));
}

#[tokio::test]
async fn of_two_operators_at_once_one_is_told_of_the_other() {
    let run = Run::new().await;
    let (one, other) = tokio::join!(
        run.post("/v1/plans", run.change(9_001, Some(1))),
        run.post("/v1/plans", run.change(9_002, Some(1)))
    );
    let (done, told) = if one.status.as_u16() == 200 { (one, other) } else { (other, one) };
    assert_eq!((done.status.as_u16(), told.status.as_u16()), (200, 409), "{} {}", done.body, told.body);
    let error = &told.body["error"];
    assert_eq!((&error["code"], &error["active"]), (&json!("conflict"), &json!(2)));
    assert!(error["message"].as_str().unwrap().contains("by one-who-may-deploy (to see)"), "{error}");
    // Without a parent both are taken, in some order.
    let (one, other) =
        tokio::join!(run.post("/v1/plans", run.change(9_003, None)), run.post("/v1/plans", run.change(9_004, None)));
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200), "{} {}", one.body, other.body);
    assert_eq!(run.generation(), 4);
    // Who both see a faulty plan and go back want the one before it, not the one before that.
    let back = || run.post("/v1/rollback", json!({}));
    let (one, other) = tokio::join!(back(), back());
    let mut codes = [one.status.as_u16(), other.status.as_u16()];
    codes.sort_unstable();
    assert!(matches!(codes, [200, 409] | [200, 200]), "{} {}", one.body, other.body);
}

#[tokio::test]
async fn a_change_goes_on_when_its_caller_hangs_up() {
    let run = Run::new().await;
    let request = run.request(Level::Deploy, "POST", "/v1/plans", run.change(9_000, None));
    let router = Desk::router(&run.desk);
    let calling = tokio::spawn(async move { router.oneshot(request).await });
    until(|| run.desk.changes().running() == 1).await;
    calling.abort();
    run.desk.changes().idle().await;
    assert_eq!(run.generation(), 2);
    assert!(run.audit()[0]["outcome"].as_str().unwrap().starts_with("200: generation 2"), "{:?}", run.audit());
}

#[tokio::test]
async fn more_changes_than_may_wait_are_refused_and_so_are_all_when_the_host_is_about_to_end() {
    let run = Arc::new(Run::new().await);
    let mut passes = Vec::new();
    for _ in 0..4 {
        passes.push(run.desk.changes().enter().await.unwrap());
    }
    let change = |run: &Arc<Run>| {
        let run = Arc::clone(run);
        async move { run.post("/v1/plans", run.change(9_000, None)).await }
    };
    let waiting: Vec<_> = (0..16).map(|_| tokio::spawn(change(&run))).collect();
    until(|| run.desk.changes().waiting() == 16).await;
    let full = change(&run).await;
    assert_eq!((full.status.as_u16(), &full.body["error"]["code"]), (429, &json!("overloaded")));
    assert!(full.headers.contains_key("retry-after"));
    run.desk.changes().close();
    for told in waiting {
        let told = told.await.unwrap();
        assert_eq!((told.status.as_u16(), &told.body["error"]["code"]), (503, &json!("draining")));
    }
    assert_eq!((run.generation(), run.get("/v1/plans").await.status.as_u16()), (1, 200));
}

#[tokio::test]
async fn a_state_is_brought_before_it_is_proposed() {
    let run = Run::new().await;
    let state = greenroom_model::State { schema: "probe/1".to_owned(), bytes: 7_u64.to_le_bytes().to_vec() };
    let digest = state.digest().to_string();
    assert_eq!(run.get(&format!("/v1/states/{digest}")).await.status.as_u16(), 404);
    let refused = run.put("/v1/states", b"\0asm").await;
    assert_eq!((refused.status.as_u16(), &refused.body["error"]["code"]), (422, &json!("invalid")));
    let kept = run.good(run.put("/v1/states", &greenroom_runtime::sealed(&state)).await);
    assert_eq!(kept["digest"], json!(digest));
    run.good(run.get(&format!("/v1/states/{digest}")).await);
    let mut change = run.change(10_000, None);
    let text = run.graph().replace("[agents.probe]", "[agents.probe]\nstate = \"probe.state\"");
    assert_ne!(text, run.graph());
    change["graph"]["text"] = json!(text);
    let refused = run.post("/v1/plans", &change).await;
    assert!(refused.body["error"]["mistakes"][0]["message"].as_str().unwrap().contains("probe.state is not among"));
    change["states"] = json!({ "probe.state": digest });
    assert_eq!(run.good(run.post("/v1/plans", &change).await)["generation"], json!(2));
    let one = run.good(run.get("/v1/plans/2").await);
    assert_eq!(one["agents"]["probe"]["state"], json!(digest));
}

#[tokio::test]
async fn a_proof_comes_with_its_graph_and_is_shown_with_the_plan() {
    let run = Run::new().await;
    let digest = || run.served.app.host.loaded().digest().to_string();
    let base = digest();
    run.good(run.post("/v1/plans", run.change(9_000, None)).await);
    let candidate = digest();
    run.good(run.post("/v1/rollback", json!({ "to": 1 })).await);
    let part = json!({
        "users": 60, "arms": 2, "baseline": 0.1, "mean": 0.11, "difference": 0.01, "low": 0.002, "high": 0.018,
    });
    let proof = json!({
        "study": "evolution", "metric": "ndcg@10", "candidate": candidate, "base": base, "events": candidate,
        "protocol": "p1", "seeds": [1, 2], "level": 0.025, "validation": part, "test": part,
    });
    let with = |proof: &serde_json::Value| {
        let mut body = run.change(9_000, None);
        body["proof"] = proof.clone();
        body
    };
    let refused = |answer: super::Answer, status: u16, code: &str| {
        assert_eq!((answer.status.as_u16(), &answer.body["error"]["code"]), (status, &json!(code)), "{}", answer.body);
        answer.body["error"].clone()
    };
    let mut other = proof.clone();
    other["test"]["difference"] = json!(-0.01);
    refused(run.post("/v1/plans", with(&other)).await, 422, "unproven");
    other = proof.clone();
    other["candidate"] = json!(base);
    other["base"] = json!(candidate);
    refused(run.post("/v1/plans", with(&other)).await, 422, "unproven");
    other = proof.clone();
    other["base"] = proof["events"].clone();
    other["candidate"] = json!(Digest::of(b"another"));
    refused(run.post("/v1/plans", with(&other)).await, 422, "unproven");
    other = proof.clone();
    other["base"] = json!(Digest::of(b"another"));
    let error = refused(run.post("/v1/plans", with(&other)).await, 409, "conflict");
    assert_eq!(error["active"], json!(3));
    other["verdict"] = json!("better");
    let error = refused(run.post("/v1/plans", with(&other)).await, 422, "invalid");
    assert_eq!(error["mistakes"][0]["field"], json!("proof.verdict"));
    let denied = run.send(run.request(Level::Read, "POST", "/v1/plans", with(&proof))).await;
    refused(denied, 403, "forbidden");
    assert_eq!(run.generation(), 3);

    let done = run.good(run.post("/v1/plans", with(&proof)).await);
    assert_eq!((&done["generation"], &done["changed"]), (&json!(4), &json!(true)));
    let plans = run.good(run.get("/v1/plans").await);
    assert_eq!((&plans["plans"][0]["proof"], &plans["plans"][1]["proof"]), (&proof, &json!(null)));
    assert_eq!(run.good(run.get("/v1/plans/4").await)["proof"], proof);
    let what = run.audit().last().unwrap()["what"].as_str().unwrap().to_owned();
    assert!(what.contains(" with a proof after whatever is active: to see"), "{what}");
    let again = run.good(run.post("/v1/plans", with(&proof)).await);
    assert_eq!((&again["generation"], &again["changed"]), (&json!(4), &json!(false)));
}
