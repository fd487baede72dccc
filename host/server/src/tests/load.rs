use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::http::header;
use serde_json::json;
use tokio::sync::oneshot;

use super::{Served, Setup, until};
use crate::Settings;
use crate::gate::{Gate, Refused};
use crate::problem::Problem;

/// One at work, one in the queue.
fn narrow() -> Setup {
    let setup = Setup::default();
    Setup { settings: Settings { concurrency_max: 1, queue_max: 1, ..setup.settings.clone() }, ..setup }
}

#[tokio::test]
async fn one_more_than_the_queue_takes_is_refused_with_when_to_come_again() {
    let served = Arc::new(narrow().serve().await);
    let pass = served.app.gate.enter().await.unwrap();
    let queued = tokio::spawn({
        let served = Arc::clone(&served);
        async move { served.post("/v1/decide", "{}").await }
    });
    until(|| served.app.gate.waiting() == 1).await;

    let refused = served.post("/v1/decide", "{}").await;
    assert_eq!(refused.status.as_u16(), 429);
    assert_eq!(refused.headers[header::RETRY_AFTER], "7");
    assert_eq!(served.get("/healthz").await.status.as_u16(), 200, "probes do not queue");

    drop(pass);
    assert_eq!(queued.await.unwrap().status.as_u16(), 200, "the one in the queue had its turn");
    let requests = served.get("/v1/status").await.body["requests"].clone();
    assert_eq!(requests, json!({ "running": 0, "waiting": 0, "refused": 1 }));

    assert_eq!(served.post("/v1/decide", "{").await.status.as_u16(), 400);
    assert_eq!(served.post("/v1/decide", r#"{"limit":0}"#).await.status.as_u16(), 422);
    let metrics = greenroom_kit::exposition(&served.app.host.metrics()).unwrap();
    let counted = |outcome| metrics["greenroom_requests_total"].value("", &[("outcome", outcome)]);
    assert_eq!((counted("ok"), counted("refused")), (Some(1.0), Some(3.0)));
}

/// Stalls the store's writer when dropped on it, until the other end is gone.
struct Stall(Sender<()>, Receiver<()>);

impl Drop for Stall {
    fn drop(&mut self) {
        self.0.send(()).unwrap();
        let _ = self.1.recv();
    }
}

/// Fills the queue of a writer that stands still until what this gives is dropped.
async fn fill_queue(served: &Served) -> Sender<()> {
    served.decided(json!({ "request_id": "r1" })).await;
    let log = served.app.host.store().log();
    log.flush().await.unwrap();
    let record = log.decision("r1").unwrap().unwrap();
    let ((stalls, stalled), (go, wait)) = (channel(), channel());
    log.append_decision_holding(record.clone(), Stall(stalls, wait)).unwrap();
    stalled.recv().unwrap();
    while log.append_decision(record.clone()).is_ok() {}
    go
}

#[tokio::test]
async fn what_finds_the_queue_of_writes_full_is_refused_at_once_with_when_to_come_again() {
    let served = Setup::default().serve().await;
    let go = fill_queue(&served).await;
    let asked = [
        ("/v1/decide", json!({})),
        ("/v1/feedback", json!({ "event_id": "e1", "item": "a", "kind": "click" })),
        ("/v1/feedback", json!({ "event_id": "e2", "item": "a", "kind": "click", "subject": "new" })),
        ("/v1/feedback", json!({ "event_id": "e3", "item": "a", "kind": "click", "request_id": "not read yet" })),
    ];
    for (path, body) in &asked {
        let refused = served.post(path, body).await;
        assert_eq!(refused.status.as_u16(), 503, "{path} {body}");
        assert_eq!(refused.headers[header::RETRY_AFTER], "7");
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("the queue of 4096 writes is full"), "{message}");
    }
    drop(go);
    served.app.host.flush().await.unwrap();
    for (path, body) in &asked {
        assert_eq!(served.post(path, body).await.status.as_u16(), 200, "{path} {body}");
    }
}

#[tokio::test]
async fn a_guest_that_writes_hears_that_the_queue_is_full() {
    let served = Setup { mode: "memory", ..Setup::default() }.serve().await;
    let _go = fill_queue(&served).await;
    let fault = served.post("/v1/decide", "{}").await.body["error"]["fault"].clone();
    assert_eq!((&fault["source"], &fault["kind"]), (&json!("guest"), &json!("unavailable")));
    assert!(fault["message"].as_str().unwrap().contains("the queue of 4096 writes is full"), "{fault}");
}

#[tokio::test]
async fn a_wrong_body_is_refused_without_a_place_in_the_queue() {
    let served = narrow().serve().await;
    let _pass = served.app.gate.enter().await.unwrap();
    assert_eq!(served.post("/v1/decide", "{").await.status.as_u16(), 400);
    assert_eq!(served.post("/v1/feedback", "{}").await.status.as_u16(), 422);
}

#[tokio::test]
async fn those_in_the_queue_have_their_turn_in_order() {
    let gate = Arc::new(Gate::new(1, 3));
    let pass = gate.enter().await.unwrap();
    let (turns, mut taken) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..3 {
        let (entering, turns) = (Arc::clone(&gate), turns.clone());
        tokio::spawn(async move {
            let _pass = entering.enter().await.unwrap();
            turns.send(number).unwrap();
        });
        until(|| gate.waiting() == number + 1).await;
    }
    drop((pass, turns));
    let mut order = Vec::new();
    while let Some(number) = taken.recv().await {
        order.push(number);
    }
    assert_eq!(order, [0, 1, 2]);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_queue() {
    let gate = Arc::new(Gate::new(1, 1));
    let _pass = gate.enter().await.unwrap();
    let caller = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { gate.enter().await }
    });
    until(|| gate.waiting() == 1).await;
    caller.abort();
    until(|| gate.waiting() == 0).await;
}

#[tokio::test]
async fn work_that_has_begun_is_finished_although_its_caller_hangs_up() {
    let served = narrow().serve().await;
    let (go, gone) = oneshot::channel::<()>();
    let (finished, finish) = oneshot::channel::<()>();
    let app = Arc::clone(&served.app);
    let caller = tokio::spawn(async move {
        let work = async move {
            gone.await.unwrap();
            finished.send(()).unwrap();
            Ok::<(), Problem>(())
        };
        app.admitted(work).await
    });
    until(|| served.app.gate.running() == 1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(served.app.gate.running(), 1, "it holds its pass");
    go.send(()).unwrap();
    finish.await.unwrap();
    served.app.gate.idle().await;
}

#[tokio::test]
async fn work_that_panics_is_an_answer_and_gives_its_pass_back() {
    let served = narrow().serve().await;
    let work = async { if served_is_broken() { panic!("a defect") } else { Ok::<(), Problem>(()) } };
    let problem = served.app.admitted(work).await.unwrap_err();
    assert!(format!("{problem:?}").contains("internal"), "{problem:?}");
    served.app.gate.idle().await;
}

fn served_is_broken() -> bool {
    true
}

#[tokio::test]
async fn a_closed_gate_turns_away_those_in_the_queue() {
    let gate = Arc::new(Gate::new(1, 1));
    let _pass = gate.enter().await.unwrap();
    let waiting = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { gate.enter().await.map(drop) }
    });
    until(|| gate.waiting() == 1).await;
    gate.close();
    assert_eq!(waiting.await.unwrap(), Err(Refused::Closed));
}
