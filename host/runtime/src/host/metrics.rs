//! What a host tells of itself in numbers.

use std::sync::Arc;
use std::time::SystemTime;

use greenroom_graph::Plan;
use greenroom_memory::Outcome;
use greenroom_telemetry::{Breaker, Lookups, PlanSeries, Reading, Telemetry};

use super::feedback::FeedbackError;
use super::{Host, Inner};
use crate::agent::Agent;
use crate::breaker::Circuit;

impl Inner {
    /// Where the calls of a plan that is to serve are counted.
    pub(super) fn series(&self, plan: &Plan) -> Arc<PlanSeries> {
        let agent = |node| plan.agent_of(node).map_or("", |agent| agent.name.as_str());
        self.telemetry.plan(plan.nodes.iter().map(|node| (node.name.as_str(), agent(node))))
    }
}

impl Host {
    /// All metrics, as Prometheus reads them.
    #[must_use]
    pub fn metrics(&self) -> String {
        let Inner { sandbox, store, .. } = &*self.inner;
        let capacity = u64::from(sandbox.pool_instances());
        let lookups = |of: greenroom_sandbox::Lookups| Lookups { hits: of.hits, misses: of.misses };
        let (components, verdicts) = sandbox.lookups().unzip();
        let active = self.active();
        for node in active.iter().flat_map(|plan| &plan.plan.nodes) {
            let agent = active.as_ref().and_then(|plan| plan.agents.get(node.agent));
            let state = match agent.map_or(Circuit::Closed, |agent| agent.circuit()) {
                Circuit::Closed => Breaker::Closed,
                Circuit::Open => Breaker::Open,
                Circuit::HalfOpen => Breaker::HalfOpen,
            };
            self.inner.telemetry.breaker(&node.name, state);
        }
        // When what is in a file was learned nobody knows.
        let learns = |agent: &&Arc<Agent>| agent.state().is_some() && agent.spec.state_path.is_none();
        for agent in active.iter().flat_map(|plan| &plan.agents).filter(learns) {
            if let Some(at) = SystemTime::now().checked_sub(self.age(&agent.spec)) {
                self.inner.telemetry.model(&agent.spec.name, at);
            }
        }
        self.inner.telemetry.text(&Reading {
            instances_live: capacity.saturating_sub(sandbox.free_slots() as u64),
            instances_capacity: capacity,
            generation: self.active().map_or(0, |plan| plan.generation.0),
            components: components.map(lookups),
            verdicts: verdicts.map(lookups),
            writes_queued: store.log().writes_queued() as u64,
        })
    }

    /// Where the host counts: for what happens around it.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.inner.telemetry
    }

    /// Counts events by what became of them.
    pub(super) fn count(&self, events: usize, kept: Result<&[Outcome], &FeedbackError>) {
        let telemetry = &self.inner.telemetry;
        match kept {
            Ok(outcomes) => outcomes.iter().for_each(|outcome| telemetry.feedback(name(outcome), 1)),
            Err(FeedbackError::Invalid(_)) => telemetry.feedback("invalid", events as u64),
            Err(FeedbackError::Unavailable(_)) => telemetry.feedback("unavailable", events as u64),
        }
    }
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Joined { .. } => "joined",
        Outcome::NotShown => "not_shown",
        Outcome::UnknownRequest => "unknown_request",
        Outcome::Late => "late",
        Outcome::Organic => "organic",
        Outcome::Repeated => "repeated",
        Outcome::Retracted => "retracted",
        Outcome::RetractsUnknown => "retracts_unknown",
    }
}
