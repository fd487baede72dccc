//! One call of one node, from its budget to a payload that was checked.

use std::sync::Arc;
use std::time::Instant;

use greenroom_graph::{Node, OnFault, RequestBudget};
use greenroom_model::{Decision, Fault, FaultKind, FaultSource, Input, Payload, PolicyRecord, Usage};
use tracing::Instrument as _;

use super::judge::Rules;
use super::outputs::Kept;
use super::{Done, Shared};
use crate::agent::Asked;
use crate::replay::{Ended, Recording};

/// How a call ended.
pub(super) struct Called {
    pub(super) result: Result<(Payload, Option<PolicyRecord>), Fault>,
    pub(super) inputs: Vec<Input>,
    pub(super) usage: Usage,
    /// If the request asks for it.
    pub(super) recording: Option<Recording>,
}

impl Shared {
    pub(super) async fn run(self: Arc<Self>, index: usize, inputs: Vec<Input>, share: RequestBudget) -> Done {
        let began = Instant::now();
        let remembered = self.request.remembered.as_ref();
        let known = remembered.and_then(|(remembered, question)| remembered.get(index, *question));
        let called = match (known, self.plan.plan.nodes.get(index)) {
            (Some(Kept { result, usage }), _) => Called { result, inputs, usage, recording: None },
            (None, Some(node)) => {
                let agent = self.plan.agents.get(node.agent);
                let span = tracing::debug_span!(
                    "node",
                    node = %node.name,
                    generation = self.plan.generation.0,
                    version = agent.map(|agent| tracing::field::display(agent.version.digest().short())),
                );
                let called = self.call(node, inputs, share).instrument(span).await;
                if let Some((remembered, question)) = remembered {
                    let kept = Kept { result: called.result.clone(), usage: called.usage.clone() };
                    remembered.keep(index, *question, &kept);
                }
                called
            }
            (None, None) => {
                let result = Err(Fault::host(FaultKind::Internal, "no such node"));
                Called { result, inputs, usage: Usage::default(), recording: None }
            }
        };
        // Whoever evaluates is not served.
        if let Some(series) = self.plan.series.as_ref().filter(|_| !self.request.patient) {
            series.called(index, began.elapsed(), called.usage.fuel, called.result.as_ref().err());
        }
        Done { node: index, share, called }
    }

    async fn call(&self, node: &Node, inputs: Vec<Input>, share: RequestBudget) -> Called {
        let stopped = |fault, inputs| Called { result: Err(fault), inputs, usage: Usage::default(), recording: None };
        let Some(agent) = self.plan.agents.get(node.agent) else {
            return stopped(Fault::host(FaultKind::Internal, "no such agent"), inputs);
        };
        // Whoever has nothing else to offer is asked all the same. And whoever evaluates wants to know.
        let guarded = node.on_fault != OnFault::Fail && !self.request.patient;
        let leave = match guarded.then(|| agent.breaker.leave(Instant::now())).transpose() {
            Ok(leave) => leave,
            Err(wait) => {
                let message = format!(
                    "`{}` kept faulting, and is not asked for another {} ms",
                    agent.spec.name,
                    wait.as_millis()
                );
                return stopped(Fault::guest(FaultKind::Unavailable, message), inputs);
            }
        };
        // Whoever evaluates waits for nobody, and takes nothing from those who are served.
        let rate = agent.rate.as_ref().filter(|_| !self.request.patient);
        if let Some(rate) = rate
            && let Err(fault) = rate.admit(&agent.spec.name, self.left()).await
        {
            return stopped(fault, inputs);
        }
        let budget = match self.budget(node, &agent.spec.budgets.decide, share) {
            Ok(budget) => budget,
            Err(fault) => return stopped(fault, inputs),
        };
        let limit = self.limit(node);
        let rules = Rules { output: node.output, limit, rows: self.row_count, drops_rows: node.drops_rows };
        let seen = self.observation(agent.history_max(), limit, inputs);
        let granted = (agent.grants().now(), agent.source().0);
        let Asked { decided, mut usage, heard } = agent.decide_with(&seen, &budget, self.memory.as_ref()).await;
        if let Some(rate) = rate {
            rate.spend(usage.fuel);
        }
        let mut broken = Usage::default();
        let result = decided.and_then(|decision| rules.judge(decision, &mut broken));
        if broken.violations > 0 {
            usage += &broken;
            agent.count(&broken);
        }
        let record = || {
            let place = (self.plan.digest, self.plan.generation);
            Recording::new(agent, &granted, &node.name, place, rules, (&budget, &seen), &heard, Ended::from(&result))
        };
        let recording = self.request.record.then(record);
        let failed = result.as_ref().err().filter(|fault| fault.source == FaultSource::Guest);
        match (leave, &result) {
            (Some(leave), Ok(_)) => {
                let closes = leave.well();
                if closes {
                    tracing::info!(agent = %agent.spec.name, node = %node.name, "well again: asked as before");
                }
            }
            (Some(leave), Err(fault)) if failed.is_some() => {
                if let Some(wait) = leave.faulted(Instant::now()) {
                    let (agent, ms) = (&agent.spec.name, wait.as_millis() as u64);
                    tracing::warn!(%agent, node = %node.name, ms, %fault, "keeps faulting: not asked for a while");
                }
            }
            // A fault of the host says nothing about the agent.
            _ => {}
        }
        let replays = self.plan.replays.as_ref().zip(failed);
        let replay = replays.and_then(|(to, fault)| to.keep(&agent.version.digest(), &node.name, fault, record));
        let result = result.map_err(|mut fault| {
            fault.report.get_or_insert_default().replay = replay;
            fault
        });
        let result = result.map(|Decision { mut payload, policy }| {
            if let (Payload::Candidates(candidates), Some(bit)) = (&mut payload, node.source) {
                candidates.sources = vec![1_u64.checked_shl(bit).unwrap_or(0); candidates.rows.len()];
            }
            (payload, policy)
        });
        Called { result, inputs: seen.inputs, usage, recording }
    }
}
