//! Plans as operators are told of them.

use std::collections::BTreeMap;
use std::time::Duration;

use greenroom_graph::Element;
use greenroom_model::{Digest, Evidence, Generation, Version};
use greenroom_runtime::{Activated, Content, Differences, Gate, Host, PlanRecord, RefusedRecord, Tally, Took};
use serde::Serialize;

/// What serves now, and what could at once.
pub(crate) struct Now {
    active: Option<u64>,
    warm: Vec<u64>,
}

impl Now {
    pub(crate) fn of(host: &Host) -> Self {
        let active = host.active().map(|plan| plan.generation.0);
        Self { active, warm: host.warm_generations().into_iter().map(|generation| generation.0).collect() }
    }

    fn state(&self, record: &PlanRecord) -> &'static str {
        let generation = record.generation.0;
        if self.active == Some(generation) {
            "active"
        } else if record.rolled_back.is_some() {
            "rolled_back"
        } else if self.warm.contains(&generation) {
            "warm"
        } else {
            "retired"
        }
    }
}

/// What was active, the newest first.
#[derive(Debug, Serialize)]
pub struct Plans<'p> {
    active: Option<u64>,
    warm: Vec<u64>,
    plans: Vec<Record<'p>>,
    /// What to say as `before` for more; none at the end.
    next: Option<u64>,
    refused: Vec<Refusal<'p>>,
}

/// Refusals of one answer.
const REFUSED: usize = 10;

impl<'p> Plans<'p> {
    /// What to send of a host that serves nothing: what is to serve again is active, and nothing is warm.
    #[must_use]
    pub fn at_rest(records: &'p [PlanRecord], refused: &'p [RefusedRecord], limit: usize, before: Option<u64>) -> Self {
        let now = Now { active: records.last().map(|record| record.generation.0), warm: Vec::new() };
        Self::new(records, refused, &now, limit, before)
    }

    pub(crate) fn new(
        records: &'p [PlanRecord],
        refused: &'p [RefusedRecord],
        now: &Now,
        limit: usize,
        before: Option<u64>,
    ) -> Self {
        let older = |record: &&PlanRecord| before.is_none_or(|before| record.generation.0 < before);
        let mut wanted = records.iter().rev().filter(older);
        let plans: Vec<Record<'_>> = wanted.by_ref().take(limit).map(|record| Record::new(record, now)).collect();
        let next = wanted.next().and(plans.last().map(|last| last.generation));
        Self {
            active: now.active,
            warm: now.warm.clone(),
            plans,
            next,
            refused: refused.iter().rev().take(REFUSED).map(Refusal::from).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Record<'p> {
    generation: u64,
    plan: String,
    /// `active`, `warm`, `retired` or `rolled_back`.
    state: &'static str,
    parent: Option<u64>,
    again: Option<u64>,
    author: &'p str,
    reason: &'p str,
    proposed_ms: i64,
    activated_ms: i64,
    retired_ms: Option<i64>,
    requests: u64,
    degraded: u64,
    failed: u64,
    faults: u64,
    rolled_back: Option<&'p str>,
    /// What speaks for it, of one that was proven.
    proof: Option<&'p Evidence>,
}

impl<'p> Record<'p> {
    fn new(record: &'p PlanRecord, now: &Now) -> Self {
        let Tally { requests, degraded, failed, faults } = record.tally;
        Self {
            generation: record.generation.0,
            plan: record.plan.to_string(),
            state: now.state(record),
            parent: record.parent.map(|parent| parent.0),
            again: record.again.map(|again| again.0),
            author: &record.author,
            reason: &record.reason,
            proposed_ms: record.proposed_ms,
            activated_ms: record.activated_ms,
            retired_ms: record.retired_ms,
            requests,
            degraded,
            failed,
            faults,
            rolled_back: record.rolled_back.as_deref(),
            proof: record.proof.as_deref(),
        }
    }
}

/// A change that was not taken.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal<'p> {
    time_ms: i64,
    author: &'p str,
    reason: &'p str,
    why: &'p str,
    active: Option<u64>,
}

impl<'p> From<&'p RefusedRecord> for Refusal<'p> {
    fn from(record: &'p RefusedRecord) -> Self {
        let RefusedRecord { time_ms, author, reason, why, active } = record;
        Self { time_ms: *time_ms, author, reason, why, active: active.map(|active| active.0) }
    }
}

/// A plan with all that it is made of.
#[derive(Debug, Serialize)]
pub(crate) struct Made<'p> {
    #[serde(flatten)]
    record: Record<'p>,
    agents: BTreeMap<&'p str, AgentVersion>,
    gate: Vec<Passed<'p>>,
    /// None when it is not kept any more.
    content: Option<Graph<'p>>,
}

#[derive(Debug, Serialize)]
struct AgentVersion {
    version: String,
    component: String,
    params: String,
    state: Option<String>,
}

#[derive(Debug, Serialize)]
struct Passed<'p> {
    component: &'p str,
    digest: String,
    kept: bool,
    load_us: u64,
    checks: usize,
}

#[derive(Debug, Serialize)]
struct Graph<'p> {
    file_name: &'p str,
    text: &'p str,
    components: BTreeMap<&'p str, String>,
    states: BTreeMap<&'p str, String>,
}

impl<'p> Made<'p> {
    pub(crate) fn new(record: &'p PlanRecord, content: Option<&'p Content>, now: &Now) -> Self {
        let version = |version: &Version| AgentVersion {
            version: version.digest().to_string(),
            component: version.component.to_string(),
            params: version.params.to_string(),
            state: version.state.map(|state| state.to_string()),
        };
        let passed = |gate: &'p Gate| Passed {
            component: &gate.component,
            digest: gate.digest.to_string(),
            kept: gate.kept,
            load_us: gate.load_us,
            checks: gate.checks,
        };
        fn digests(of: &BTreeMap<String, Digest>) -> BTreeMap<&str, String> {
            of.iter().map(|(name, digest)| (name.as_str(), digest.to_string())).collect()
        }
        Self {
            record: Record::new(record, now),
            agents: record.versions.iter().map(|(agent, of)| (agent.as_str(), version(of))).collect(),
            gate: record.gate.iter().map(passed).collect(),
            content: content.map(|content| Graph {
                file_name: &content.file_name,
                text: &content.text,
                components: digests(&content.components),
                states: digests(&content.states),
            }),
        }
    }
}

/// What tells one plan from another.
#[derive(Debug, Serialize)]
pub struct Compared<'p> {
    from: u64,
    to: u64,
    changes: Vec<Changed<'p>>,
    states: Vec<StateChanged<'p>>,
}

#[derive(Debug, Serialize)]
struct Changed<'p> {
    element: &'static str,
    name: &'p str,
    part: Option<&'p str>,
    before: Option<&'p str>,
    after: Option<&'p str>,
    /// The same in a line.
    line: String,
}

#[derive(Debug, Serialize)]
struct StateChanged<'p> {
    agent: &'p str,
    before: Option<String>,
    after: Option<String>,
}

impl<'p> Compared<'p> {
    /// What to send of it.
    #[must_use]
    pub fn new(from: Generation, to: Generation, differences: &'p Differences) -> Self {
        let changed = |change: &'p greenroom_graph::Change| Changed {
            element: match change.element {
                Element::Graph => "graph",
                Element::Memory => "memory",
                Element::Agent => "agent",
                Element::Node => "node",
            },
            name: &change.name,
            part: change.part.as_deref(),
            before: change.before.as_deref(),
            after: change.after.as_deref(),
            line: change.to_string(),
        };
        let state = |change: &'p greenroom_runtime::StateChange| StateChanged {
            agent: &change.agent,
            before: change.before.map(|digest| digest.to_string()),
            after: change.after.map(|digest| digest.to_string()),
        };
        Self {
            from: from.0,
            to: to.0,
            changes: differences.changes.iter().map(changed).collect(),
            states: differences.states.iter().map(state).collect(),
        }
    }
}

/// What came of a proposal.
#[derive(Debug, Serialize)]
pub struct Deployed<'p> {
    generation: u64,
    plan: String,
    changed: bool,
    /// What was active before it.
    parent: Option<u64>,
    notes: &'p [String],
    took_ms: TookMs,
}

#[derive(Debug, Serialize)]
struct TookMs {
    admit: f64,
    warm: f64,
    record: f64,
    store: f64,
}

impl<'p> Deployed<'p> {
    /// What to send of it.
    #[must_use]
    pub fn new(done: &'p Activated, parent: Option<Generation>) -> Self {
        let Took { admit, warm, record, store } = done.took;
        Self {
            generation: done.generation.0,
            plan: done.plan.to_string(),
            changed: done.changed,
            parent: parent.map(|parent| parent.0),
            notes: &done.notes,
            took_ms: TookMs { admit: ms(admit), warm: ms(warm), record: ms(record), store: ms(store) },
        }
    }
}

/// Milliseconds to the microsecond.
fn ms(took: Duration) -> f64 {
    took.as_micros() as f64 / 1_000.0
}

/// A component that the host has.
#[derive(Debug, Serialize)]
pub(crate) struct Kept {
    digest: String,
}

impl Kept {
    pub(crate) fn new(digest: Digest) -> Self {
        Self { digest: digest.to_string() }
    }
}

/// What `POST /v1/gc` swept.
#[derive(Debug, Serialize)]
pub struct Swept {
    plans: usize,
    components: usize,
    states: usize,
    compiled: usize,
    decisions: u64,
    uploads: u64,
    bytes: u64,
}

impl From<greenroom_runtime::Swept> for Swept {
    fn from(swept: greenroom_runtime::Swept) -> Self {
        let greenroom_runtime::Swept { plans, components, states, compiled, decisions, uploads, bytes } = swept;
        Self { plans, components, states, compiled, decisions, uploads, bytes }
    }
}
