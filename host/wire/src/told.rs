//! The body of `POST /v1/feedback`.

use greenroom_model::{EventKind, Told};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Mistake;
use crate::fields::{Fields, found};
use crate::mistake::Mistakes;

const KINDS: &[(&str, EventKind)] = &[
    ("click", EventKind::Click),
    ("rating", EventKind::Rating),
    ("like", EventKind::Like),
    ("dislike", EventKind::Dislike),
    ("purchase", EventKind::Purchase),
    ("view", EventKind::View),
    ("dismissal", EventKind::Dismissal),
    ("other", EventKind::Other),
];

/// The end of the year 9999.
const TIME_MS_MAX: i64 = 253_402_300_799_999;

/// What a body tells.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Its events, in its order.
    pub told: Vec<Told>,
    /// The body was one event, not a list of them.
    pub alone: bool,
}

/// What is told.
///
/// # Errors
/// All that is wrong with it, but for what comes after the first [`crate::MISTAKES_MAX`].
pub fn told(body: Value) -> Result<Batch, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let alone = body.get("events").is_none();
    let events = if alone { vec![body] } else { listed(body, &mut mistakes) };
    let mut told = Vec::with_capacity(events.len());
    for (at, value) in events.into_iter().enumerate() {
        if mistakes.full() {
            break;
        }
        let path = if alone { String::new() } else { format!("events[{at}]") };
        told.extend(event(value, &path, &mut mistakes));
    }
    mistakes.or(Batch { told, alone })
}

/// The events of a list.
fn listed(body: Value, mistakes: &mut Mistakes) -> Vec<Value> {
    let Some(mut fields) = Fields::of(body, "", mistakes) else { return Vec::new() };
    let events = match fields.value("events") {
        Some(Value::Array(events)) if !events.is_empty() => events,
        other => {
            let found = other.map_or_else(|| "null".to_owned(), |value| found(&value));
            fields.wrong("events", format!("expected an array of at least one event, found {found}"));
            Vec::new()
        }
    };
    fields.finish();
    events
}

fn event(value: Value, path: &str, mistakes: &mut Mistakes) -> Option<Told> {
    let mut fields = Fields::of(value, path, mistakes)?;
    let event_id = fields.required_id("event_id");
    let request_id = fields.id("request_id");
    let subject = fields.id("subject");
    let item = fields.required_id("item");
    let kind = fields.word("kind", KINDS);
    let value = fields.number("value").unwrap_or(1.0);
    let time_ms = time(&mut fields);
    let retract = fields.truth("retract").unwrap_or_default();
    fields.finish();
    Some(Told { event_id: event_id?, request_id, subject, item: item?, kind: kind?, value, time_ms, retract })
}

fn time(fields: &mut Fields<'_>) -> Option<i64> {
    let value = fields.value("time")?;
    let time = match &value {
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .and_then(|time| i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).ok()),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    let time = time.filter(|time| (-TIME_MS_MAX..=TIME_MS_MAX).contains(time));
    if time.is_none() {
        let expected = "a time such as \"2026-01-31T12:00:00Z\" (RFC 3339) or whole milliseconds since 1970";
        fields.wrong("time", format!("expected {expected}, found {}", found(&value)));
    }
    time
}
