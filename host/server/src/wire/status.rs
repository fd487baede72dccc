//! `GET /v1/status`, `/healthz` and `/readyz`.

use greenroom_memory::Counts;
use greenroom_runtime::{ActivePlan, Agent, RefusedRecord, Source};
use serde::Serialize;

use super::Usage;
use super::plans::Refusal;
use crate::routes::App;

/// How a probe is answered.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    pub(crate) status: &'static str,
}

/// What runs and what it has done.
#[derive(Debug, Serialize)]
pub(crate) struct Status<'s> {
    graph: String,
    /// `ready`, `inactive` or `draining`.
    status: &'static str,
    generation: Option<u64>,
    plan: Option<String>,
    agents: Vec<AgentStatus<'s>>,
    /// Of the agents that learn on a cadence.
    learning: Vec<Cadence>,
    items: u32,
    subjects: u32,
    decisions: Decisions,
    feedback: Feedback,
    requests: Requests,
}

/// The same for operators.
#[derive(Debug, Serialize)]
pub(crate) struct Operated<'s> {
    #[serde(flatten)]
    status: Status<'s>,
    /// The latest change that was not taken.
    refused: Option<Refusal<'s>>,
}

impl<'s> Operated<'s> {
    pub(crate) fn new(status: Status<'s>, refused: Option<&'s RefusedRecord>) -> Self {
        Self { status, refused: refused.map(Refusal::from) }
    }
}

#[derive(Debug, Serialize)]
struct AgentStatus<'s> {
    agent: &'s str,
    version: String,
    component: String,
    params: String,
    state: Option<String>,
    /// Where instances come from: `image`, `stock` or `pool`.
    instances: &'static str,
    /// Why there is no image, when one was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_image: Option<String>,
    /// Whether it is asked where something else can be had instead: `closed`, `open` or `half-open`.
    circuit: &'static str,
    /// Of all requests since this version was made ready.
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Cadence {
    agent: String,
    every_s: u64,
    /// For how long its state is not known to have all that it was told.
    age_s: u64,
    /// It is older than twice its cadence.
    stale: bool,
    /// How many of its cadences it learns apart: more than one since what it learned was taken back.
    slowed: u32,
    /// Why it did not learn the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<greenroom_runtime::Cadence> for Cadence {
    fn from(cadence: greenroom_runtime::Cadence) -> Self {
        let greenroom_runtime::Cadence { agent, every_s, age_s, stale, slowed, error } = cadence;
        Self { agent, every_s, age_s, stale, slowed, error }
    }
}

#[derive(Debug, Serialize)]
struct Decisions {
    recorded: u64,
    repeated: u64,
}

#[derive(Debug, Serialize)]
struct Feedback {
    joined: u64,
    not_shown: u64,
    unknown_request: u64,
    late: u64,
    organic: u64,
    repeated: u64,
    retracted: u64,
    retracts_unknown: u64,
}

/// Of this process, now.
#[derive(Debug, Serialize)]
struct Requests {
    running: usize,
    waiting: usize,
    /// Since it was started.
    refused: u64,
}

impl<'s> Status<'s> {
    pub(crate) fn new(app: &'s App, plan: Option<&'s ActivePlan>, counts: &Counts) -> Self {
        let store = app.host.store();
        let agents = plan.map(|plan| plan.agents.as_slice()).unwrap_or_default();
        Self {
            graph: app.host.loaded().plan.name.clone(),
            status: match plan {
                _ if app.draining() => "draining",
                Some(_) => "ready",
                None => "inactive",
            },
            generation: plan.map(|plan| plan.generation.0),
            plan: plan.map(|plan| plan.digest.to_string()),
            agents: agents.iter().map(|agent| AgentStatus::from(&**agent)).collect(),
            learning: app.host.cadences().into_iter().map(Cadence::from).collect(),
            items: store.items().len(),
            subjects: store.subjects().len(),
            decisions: Decisions { recorded: counts.decisions, repeated: counts.decisions_repeated },
            feedback: Feedback {
                joined: counts.joined,
                not_shown: counts.not_shown,
                unknown_request: counts.unknown_request,
                late: counts.late,
                organic: counts.organic,
                repeated: counts.repeated,
                retracted: counts.retracted,
                retracts_unknown: counts.retracts_unknown,
            },
            requests: Requests {
                running: app.gate.running(),
                waiting: app.gate.waiting(),
                refused: app.gate.refused(),
            },
        }
    }
}

impl<'s> From<&'s Agent> for AgentStatus<'s> {
    fn from(agent: &'s Agent) -> Self {
        let (source, no_image) = agent.source();
        Self {
            agent: &agent.spec.name,
            version: agent.version.digest().to_string(),
            component: agent.version.component.to_string(),
            params: agent.version.params.to_string(),
            state: agent.version.state.as_ref().map(ToString::to_string),
            instances: match source {
                Source::Image => "image",
                Source::Stock => "stock",
                Source::Pool => "pool",
            },
            no_image,
            circuit: agent.circuit().name(),
            usage: (&agent.used()).into(),
        }
    }
}
