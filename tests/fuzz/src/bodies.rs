//! A body ends in something that is asked or told within the rules, or in all that is wrong with it.

use greenroom_model::{Ask, Told};
use greenroom_wire::{Back, Mistake, Proposed, ask, back, json, proposed, told};
use serde_json::Value;

use crate::words::{id, readable};

/// The end of the year 9999.
const TIME_MS_MAX: i64 = 253_402_300_799_999;

const ASK: [&str; 9] = ["subject", "limit", "surface", "session", "context", "exclude", "allow", "request_id", "seed"];
const TOLD: [&str; 8] = ["event_id", "request_id", "subject", "item", "kind", "value", "time", "retract"];

/// Reads a body as each request that has one.
pub fn read(body: &[u8]) {
    let document = match json(body) {
        Ok(document) => document,
        Err(message) => return readable(&message),
    };
    match ask(document.clone()) {
        Ok(asked) => may_be_asked(&document, &asked),
        Err(mistakes) => refused(&mistakes),
    }
    match told(document.clone()) {
        Ok(batch) => {
            let list = document.get("events").and_then(Value::as_array);
            assert_eq!(batch.alone, list.is_none());
            let events = list.map_or(std::slice::from_ref(&document), Vec::as_slice);
            assert_eq!(batch.told.len(), events.len(), "an event was lost");
            batch.told.iter().zip(events).for_each(|(told, event)| may_be_told(event, told));
        }
        Err(mistakes) => refused(&mistakes),
    }
    match proposed(document.clone()) {
        Ok(read) => may_be_proposed(&document, &read),
        Err(mistakes) => refused(&mistakes),
    }
    match back(document.clone()) {
        Ok(read) => may_go_back(&document, &read),
        Err(mistakes) => refused(&mistakes),
    }
}

fn refused(mistakes: &[Mistake]) {
    assert!((1..=100).contains(&mistakes.len()), "refused for {} reasons", mistakes.len());
    for mistake in mistakes {
        readable(&mistake.message);
        readable(mistake);
    }
}

/// A field that is there and not `null`.
fn said<'v>(object: &'v Value, field: &str) -> Option<&'v Value> {
    object.get(field).filter(|value| !value.is_null())
}

fn knows(object: &Value, known: &[&str]) {
    let names = object.as_object().expect("only an object is taken");
    assert!(names.keys().all(|name| known.contains(&name.as_str())), "an unknown field was taken");
}

fn text<'v>(object: &'v Value, field: &str) -> Option<&'v str> {
    said(object, field).and_then(Value::as_str)
}

fn texts(object: &Value, field: &str) -> Option<Vec<String>> {
    said(object, field).map(|value| serde_json::from_value(value.clone()).expect("only texts are taken"))
}

fn may_be_asked(object: &Value, asked: &Ask) {
    knows(object, &ASK);
    assert!((1..=1_000).contains(&asked.limit), "{} items", asked.limit);
    assert_eq!(said(object, "limit").map_or(Some(10), Value::as_u64), Some(u64::from(asked.limit)));
    assert_eq!(said(object, "seed").and_then(Value::as_u64), asked.seed);
    for (field, found) in
        [("subject", &asked.subject), ("session", &asked.session_id), ("request_id", &asked.request_id)]
    {
        assert_eq!(text(object, field), found.as_deref(), "{field}");
        found.iter().for_each(|found| id(found));
    }
    assert_eq!(text(object, "surface").unwrap_or_default(), asked.surface);
    assert!(asked.surface.len() <= 256 && !asked.surface.chars().any(char::is_control));
    assert_eq!(texts(object, "exclude").unwrap_or_default(), asked.exclude);
    assert_eq!(texts(object, "allow"), asked.allow);
    asked.exclude.iter().chain(asked.allow.iter().flatten()).for_each(|item| id(item));
    let context = said(object, "context").filter(|context| *context != &Value::Object(serde_json::Map::new()));
    let handed_on = (!asked.context.is_empty()).then(|| rmp_serde::from_slice::<Value>(&asked.context));
    match (context, handed_on) {
        (None, None) => {}
        (Some(context), Some(Ok(handed_on))) => assert_eq!(*context, handed_on),
        other => panic!("the context is not handed on as it is: {other:?}"),
    }
}

fn may_be_told(event: &Value, told: &Told) {
    knows(event, &TOLD);
    for (field, found) in [("event_id", &told.event_id), ("item", &told.item)] {
        assert_eq!(text(event, field), Some(found.as_str()), "{field}");
        id(found);
    }
    for (field, found) in [("request_id", &told.request_id), ("subject", &told.subject)] {
        assert_eq!(text(event, field), found.as_deref(), "{field}");
        found.iter().for_each(|found| id(found));
    }
    assert!(told.value.is_finite(), "{}", told.value);
    assert_eq!(said(event, "time").is_some(), told.time_ms.is_some());
    assert!(told.time_ms.is_none_or(|time| (-TIME_MS_MAX..=TIME_MS_MAX).contains(&time)), "{:?}", told.time_ms);
    assert_eq!(said(event, "retract").and_then(Value::as_bool).unwrap_or_default(), told.retract);
}

fn may_be_proposed(object: &Value, read: &Proposed) {
    knows(object, &["graph", "components", "states", "parent", "reason"]);
    knows(&object["graph"], &["file_name", "text"]);
    assert_eq!(text(&object["graph"], "text"), Some(read.text.as_str()));
    assert_eq!(text(&object["graph"], "file_name").unwrap_or("graph.toml"), read.file_name);
    for (name, read) in [("components", &read.components), ("states", &read.states)] {
        let digests = said(object, name).and_then(Value::as_object);
        assert_eq!(digests.map_or(0, serde_json::Map::len), read.len());
        for (path, digest) in read {
            assert!(digest.to_string().eq_ignore_ascii_case(object[name][path].as_str().expect("only texts")));
        }
    }
    assert_eq!(said(object, "parent").and_then(Value::as_u64), read.parent.map(|parent| parent.0));
    one_line(object, &read.reason);
}

fn may_go_back(object: &Value, read: &Back) {
    knows(object, &["to", "reason"]);
    assert_eq!(said(object, "to").and_then(Value::as_u64), read.to.map(|to| to.0));
    one_line(object, &read.reason);
}

fn one_line(object: &Value, reason: &str) {
    assert_eq!(text(object, "reason").unwrap_or_default(), reason);
    assert!(reason.len() <= 2_048 && !reason.chars().any(char::is_control));
}
