use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Served, Setup};

/// A server that has answered the request `r1` with all items.
async fn served() -> Served {
    let served = Setup::default().serve().await;
    served.decided(json!({ "subject": "bob", "request_id": "r1" })).await;
    served
}

/// The answer to `r1`, as if it had been given so long ago under another name.
async fn answered_before(served: &Served, request_id: &str, ago: Duration) {
    let log = served.app.host.store().log();
    log.flush().await.unwrap();
    let mut record = log.decision("r1").unwrap().unwrap();
    record.request_id = request_id.to_owned();
    record.time_ms -= i64::try_from(ago.as_millis()).unwrap();
    log.append_decision(record).unwrap();
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
    answered_before(&served, "yesterday's", Duration::from_secs(24 * 3_600)).await;
    let events = json!({ "events": [
        click("e1", "a"),
        { "event_id": "e2", "request_id": "nobody's", "item": "a", "kind": "view" },
        { "event_id": "e3", "subject": "ann", "item": "c", "kind": "rating", "value": 4.5 },
        { "event_id": "e4", "request_id": "yesterday's", "item": "c", "kind": "purchase" },
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
async fn an_event_that_is_more_than_an_hour_ahead_is_refused() {
    let served = served().await;
    let event = |id: &str, time_ms: u128| json!({ "event_id": id, "item": "a", "kind": "click", "time": time_ms });
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let year_2100 = 4_102_444_800_000;
    assert_eq!(served.told(event("e1", now + 3_000_000)).await[0]["outcome"], "organic", "clocks differ");
    let events = json!({ "events": [click("e2", "a"), event("e3", now + 4_000_000), event("e4", year_2100)] });
    let answer = served.post("/v1/feedback", events).await;
    assert_eq!(answer.status.as_u16(), 422);
    let mistakes = &answer.body["error"]["mistakes"];
    assert_eq!((&mistakes[0]["field"], &mistakes[1]["field"]), (&json!("events[1].time"), &json!("events[2].time")));
    let message = mistakes[1]["message"].as_str().unwrap();
    let clock = now.to_string();
    let expected = ["4102444800000 is too far ahead", &clock[..6], "milliseconds since 1970, at most 3600000 more"];
    assert!(expected.iter().all(|part| message.contains(part)), "{message}");
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
