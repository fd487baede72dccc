use serde_json::{Value, json};

use super::{Served, Setup};

/// A server that has answered the request `r1` with all items.
async fn served() -> Served {
    let served = Setup::default().serve().await;
    served.decided(json!({ "subject": "bob", "request_id": "r1" })).await;
    served
}

fn click(event_id: &str, item: &str) -> Value {
    json!({ "event_id": event_id, "request_id": "r1", "item": item, "kind": "click" })
}

#[tokio::test]
async fn feedback_is_joined_with_its_decision_once() {
    let served = served().await;
    let joined = json!([{ "event_id": "e1", "outcome": "joined", "position": 1 }]);
    assert_eq!(served.told(click("e1", "b")).await, joined);
    let repeated = json!([{ "event_id": "e1", "outcome": "repeated" }]);
    assert_eq!(served.told(click("e1", "b")).await, repeated);
    let counts = served.app.host.counts().unwrap();
    assert_eq!((counts.decisions, counts.joined, counts.repeated), (1, 1, 1));
}

#[tokio::test]
async fn what_is_acknowledged_is_in_the_log_with_the_subject_of_its_decision() {
    let served = served().await;
    served.told(click("e1", "b")).await;
    let store = served.app.host.store();
    let last = store.log().events(None, 100).unwrap().pop().unwrap();
    assert_eq!(last.event.id, "e1");
    assert_eq!(last.event.subject, store.subjects().row("bob"));
    assert_eq!(last.event.value, 1.0);
}

#[tokio::test]
async fn a_new_subject_becomes_known_by_feedback_on_its_first_answer() {
    let served = served().await;
    for number in 0..20 {
        let (subject, request) = (format!("new {number}"), format!("first {number}"));
        served.decided(json!({ "subject": subject, "request_id": request })).await;
        served.told(json!({ "event_id": request, "request_id": request, "item": "a", "kind": "click" })).await;
        let store = served.app.host.store();
        let last = store.log().events(None, 100).unwrap().pop().unwrap();
        assert!(last.event.subject.is_some() && last.event.subject == store.subjects().row(&subject), "{last:?}");
    }
}

#[tokio::test]
async fn a_batch_tells_what_became_of_each_event() {
    let served = served().await;
    let events = json!({ "events": [
        click("e1", "a"),
        { "event_id": "e2", "request_id": "nobody's", "item": "a", "kind": "view" },
        { "event_id": "e3", "subject": "ann", "item": "c", "kind": "rating", "value": 4.5 },
        { "event_id": "e4", "request_id": "r1", "item": "c", "kind": "purchase", "time": "2100-01-01T00:00:00Z" },
        click("e1", "a"),
    ] });
    let expected = json!([
        { "event_id": "e1", "outcome": "joined", "position": 0 },
        { "event_id": "e2", "outcome": "unknown_request" },
        { "event_id": "e3", "outcome": "organic" },
        { "event_id": "e4", "outcome": "late" },
        { "event_id": "e1", "outcome": "repeated" },
    ]);
    assert_eq!(served.told(events).await, expected);
    let feedback = served.get("/v1/status").await.body["feedback"].clone();
    assert_eq!((&feedback["unknown_request"], &feedback["late"]), (&json!(1), &json!(1)), "kept and counted");
}

#[tokio::test]
async fn an_item_that_was_not_in_the_answer_was_not_shown() {
    let served = Setup::default().serve().await;
    served.decided(json!({ "request_id": "r1", "limit": 1 })).await;
    assert_eq!(served.told(click("e1", "d")).await[0]["outcome"], "not_shown");
}

#[tokio::test]
async fn an_event_can_be_taken_back_before_and_after_it_comes() {
    let served = served().await;
    let retract = |id: &str| json!({ "event_id": id, "item": "a", "kind": "click", "retract": true });
    served.told(click("e1", "a")).await;
    assert_eq!(served.told(retract("e1")).await[0]["outcome"], "retracted");
    assert_eq!(served.told(retract("e2")).await[0]["outcome"], "retracts_unknown");
    assert_eq!(served.told(click("e2", "a")).await[0]["outcome"], "retracted");
    let bob = served.app.host.store().subjects().row("bob").unwrap();
    let history = served.app.host.store().log().history(bob, None, 100);
    assert_eq!(history.rows.len(), 1, "only what was imported stands");
}

#[tokio::test]
async fn times_are_rfc_3339_or_milliseconds() {
    let served = served().await;
    let times = [
        (json!("2026-01-31T12:00:00.25+01:00"), 1_769_857_200_250_i64),
        (json!("1969-12-31T23:59:59.999Z"), -1),
        (json!(1_769_857_200_250_i64), 1_769_857_200_250),
    ];
    for (number, (time, expected)) in times.into_iter().enumerate() {
        let event = json!({ "event_id": format!("t{number}"), "item": "a", "kind": "like", "time": time });
        served.told(event).await;
        let last = served.app.host.store().log().events(None, 100).unwrap().pop().unwrap();
        assert_eq!(last.event.event_time_ms, expected);
    }
}

#[tokio::test]
async fn a_wrong_event_keeps_its_whole_batch_out() {
    let served = served().await;
    // The decision that was made before is counted once it is durable.
    served.app.host.flush().await.unwrap();
    let before = served.app.host.counts().unwrap();
    let events = json!({ "events": [click("e1", "a"), click("e2", "unheard of")] });
    let answer = served.post("/v1/feedback", events).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_eq!(answer.body["error"]["mistakes"][0]["field"], "events[1].item");
    assert_eq!(served.app.host.counts().unwrap(), before);
}
