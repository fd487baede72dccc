//! What `POST /v1/decide` answers.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use greenroom_runtime::Reply;
use serde::Serialize;

use super::{Fault, Usage};
use crate::problem::Problem;

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
    /// By agent, of those that were asked: the digest of its version.
    versions: BTreeMap<&'r str, String>,
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
            versions: answer.versions.iter().map(|(agent, version)| (&**agent, version.to_string())).collect(),
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
