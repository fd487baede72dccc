//! `POST /v1/decide`.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use greenroom_runtime::{Ask, LIMIT_MAX, Reply};
use serde::Serialize;
use serde_json::Value;

use super::fields::{Fields, found};
use super::{Fault, Mistake, Usage};
use crate::problem::Problem;

/// Items of an answer when the request does not say.
const LIMIT: u32 = 10;

/// What is asked, or all that is wrong with it.
pub(crate) fn ask(body: Value) -> Result<Ask, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut asked = Ask { limit: LIMIT, ..Ask::default() };
    if let Some(mut fields) = Fields::of(body, "", &mut mistakes) {
        let range = format!("a whole number from 1 to {LIMIT_MAX}");
        asked.subject = fields.id("subject");
        asked.limit = fields.whole("limit", &range).unwrap_or(LIMIT);
        if asked.limit == 0 || asked.limit > LIMIT_MAX {
            fields.wrong("limit", format!("expected {range}, found {}", asked.limit));
        }
        asked.surface = fields.text("surface").unwrap_or_default();
        asked.session_id = fields.id("session");
        asked.context = context(&mut fields);
        asked.exclude = fields.ids("exclude").unwrap_or_default();
        asked.allow = fields.ids("allow");
        asked.request_id = fields.id("request_id");
        asked.seed = fields.whole("seed", &format!("a whole number from 0 to {}", u64::MAX));
        fields.finish();
    }
    if mistakes.is_empty() { Ok(asked) } else { Err(mistakes) }
}

/// The context as agents get it: MessagePack, empty when nothing is in it.
fn context(fields: &mut Fields<'_>) -> Vec<u8> {
    match fields.value("context") {
        None => Vec::new(),
        Some(Value::Object(map)) if map.is_empty() => Vec::new(),
        Some(Value::Object(map)) => rmp_serde::to_vec(&map).unwrap_or_else(|error| {
            fields.wrong("context", format!("cannot be handed on: {error}"));
            Vec::new()
        }),
        Some(other) => {
            fields.wrong("context", format!("expected an object, found {}", found(&other)));
            Vec::new()
        }
    }
}

/// Whether the answer is to say what it cost: `?usage=1`.
pub(crate) fn wants_usage(parameters: Result<Query<Vec<(String, String)>>, QueryRejection>) -> Result<bool, Problem> {
    let wrong = |message: String| Problem::new(StatusCode::BAD_REQUEST, "malformed", message);
    let Query(parameters) = parameters.map_err(|rejection| wrong(rejection.body_text()))?;
    let mut usage = false;
    for (name, value) in parameters {
        usage = match (name.as_str(), value.as_str()) {
            ("usage", "1" | "true") => true,
            ("usage", "0" | "false") => false,
            ("usage", _) => return Err(wrong(format!("the query parameter `usage` is {value:?}, expected 1 or 0"))),
            _ => return Err(wrong(format!("unknown query parameter {name:?}; known here is `usage`"))),
        };
    }
    Ok(usage)
}

/// An answer to `POST /v1/decide` as it travels.
#[derive(Debug, Serialize)]
pub struct Decided<'r> {
    request_id: &'r str,
    generation: u64,
    plan: String,
    items: Vec<Item<'r>>,
    degraded: Vec<Degraded<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Used<'r>>,
}

#[derive(Debug, Serialize)]
struct Item<'r> {
    item: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'r str>,
    score: f32,
    from: Vec<&'r str>,
}

#[derive(Debug, Serialize)]
struct Degraded<'r> {
    node: &'r str,
    fault: Fault<'r>,
}

#[derive(Debug, Serialize)]
struct Used<'r> {
    total: Usage,
    nodes: Vec<NodeUsage<'r>>,
}

#[derive(Debug, Serialize)]
struct NodeUsage<'r> {
    node: &'r str,
    #[serde(flatten)]
    usage: Usage,
}

impl<'r> Decided<'r> {
    /// What to send of a reply; with what it cost when `usage` is wanted.
    #[must_use]
    pub fn new(reply: &'r Reply, usage: bool) -> Self {
        let answer = &reply.answer;
        let nodes = || answer.nodes.iter().map(|(node, used)| NodeUsage { node, usage: used.into() }).collect();
        let item = |item: &'r greenroom_runtime::Item| Item {
            item: &item.id,
            title: item.title.as_deref(),
            score: item.score,
            from: item.from.iter().map(|node| &**node).collect(),
        };
        Self {
            request_id: &reply.request_id,
            generation: answer.generation.0,
            plan: answer.plan.to_string(),
            items: reply.items.iter().map(item).collect(),
            degraded: answer
                .degraded
                .iter()
                .map(|d| Degraded { node: &d.node, fault: Fault::from(&d.fault) })
                .collect(),
            usage: usage.then(|| Used { total: (&answer.usage).into(), nodes: nodes() }),
        }
    }
}
