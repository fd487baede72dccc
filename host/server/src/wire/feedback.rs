//! `POST /v1/feedback`.

use greenroom_memory::Outcome;
use greenroom_model::EventKind;
use greenroom_runtime::{FeedbackError, FeedbackMistake, Told};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Mistake;
use super::fields::{Fields, found};
use crate::problem::Problem;

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
pub(crate) struct Batch {
    pub(crate) told: Vec<Told>,
    /// The body was one event, not a list of them.
    pub(crate) alone: bool,
}

/// Feedback that the host refused.
pub(crate) struct Refused {
    pub(crate) error: FeedbackError,
    pub(crate) alone: bool,
}

/// What is told, or all that is wrong with it.
pub(crate) fn told(body: Value) -> Result<Batch, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let alone = body.get("events").is_none();
    let events = if alone { vec![(String::new(), body)] } else { listed(body, &mut mistakes) };
    let told: Vec<Told> = events.into_iter().filter_map(|(path, value)| event(value, &path, &mut mistakes)).collect();
    if mistakes.is_empty() { Ok(Batch { told, alone }) } else { Err(mistakes) }
}

/// The events of a list, each with where it is.
fn listed(body: Value, mistakes: &mut Vec<Mistake>) -> Vec<(String, Value)> {
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
    events.into_iter().enumerate().map(|(at, value)| (format!("events[{at}]"), value)).collect()
}

fn event(value: Value, path: &str, mistakes: &mut Vec<Mistake>) -> Option<Told> {
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

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused.error {
            FeedbackError::Invalid(mistakes) => {
                Self::invalid(mistakes.into_iter().map(|mistake| refused_field(mistake, refused.alone)).collect())
            }
            FeedbackError::Unavailable(reason) => {
                Self::unavailable(format!("the feedback could not be kept: {reason}"))
            }
        }
    }
}

fn refused_field(mistake: FeedbackMistake, alone: bool) -> Mistake {
    let FeedbackMistake { place, field, message } = mistake;
    let field = if alone { field.to_owned() } else { format!("events[{place}].{field}") };
    Mistake { field, message }
}

/// What became of events.
#[derive(Debug, Serialize)]
pub(crate) struct Kept<'k> {
    events: Vec<KeptEvent<'k>>,
}

#[derive(Debug, Serialize)]
struct KeptEvent<'k> {
    event_id: &'k str,
    outcome: &'static str,
    /// Where its item was shown, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
}

impl<'k> Kept<'k> {
    pub(crate) fn new(ids: &'k [String], outcomes: &[Outcome]) -> Self {
        let event = |(event_id, outcome): (&'k String, &Outcome)| {
            let (outcome, position) = match *outcome {
                Outcome::Joined { position } => ("joined", Some(position)),
                Outcome::NotShown => ("not_shown", None),
                Outcome::UnknownRequest => ("unknown_request", None),
                Outcome::Late => ("late", None),
                Outcome::Organic => ("organic", None),
                Outcome::Repeated => ("repeated", None),
                Outcome::Retracted => ("retracted", None),
                Outcome::RetractsUnknown => ("retracts_unknown", None),
            };
            KeptEvent { event_id, outcome, position }
        };
        Self { events: ids.iter().zip(outcomes).map(event).collect() }
    }
}
