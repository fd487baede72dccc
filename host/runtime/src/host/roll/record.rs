//! The record of an activation, durable before anything serves.

use std::sync::PoisonError;
use std::time::Instant;

use greenroom_memory::keep_declared;
use greenroom_model::Generation;

use super::super::{Host, now_ms};
use super::{Change, Refused, Work};
use crate::active::PrepareError;
use crate::memory::declared;
use crate::plans::{Content, Gate, PlanRecord, Tally};

impl Host {
    pub(super) fn record(&self, work: &mut Work, generation: Generation) -> Result<(), Refused> {
        let began = Instant::now();
        if work.plan.is_none() {
            self.again(work)?;
        }
        let (Some(plan), Some(loaded)) = (&work.plan, &work.loaded) else { return Err(Refused::Gone) };
        let states = plan.agents.iter().filter_map(|agent| Some((agent.spec.name.clone(), agent.version.state?)));
        let content = Content {
            file_name: loaded.source.file_name.clone(),
            text: loaded.source.text.clone(),
            components: loaded.paths.clone(),
            states: states.collect(),
        };
        let gate = |(path, digest): (&String, _)| {
            let admitted = loaded.components.get(digest)?;
            Some(Gate { component: path.clone(), ..admitted.gate.clone() })
        };
        let proposal = &work.proposal;
        let record = PlanRecord {
            generation,
            plan: plan.digest,
            parent: work.parent,
            again: match proposal.change {
                Change::Again(generation) => Some(generation),
                _ => None,
            },
            author: proposal.author.clone(),
            reason: proposal.reason.clone(),
            content: content.digest(),
            versions: plan.versions(),
            gate: loaded.paths.iter().filter_map(gate).collect(),
            proposed_ms: work.proposed_ms,
            activated_ms: now_ms(),
            retired_ms: None,
            tally: Tally::default(),
            rolled_back: None,
            learned: matches!(proposal.change, Change::Learned(_)),
            proof: match &proposal.change {
                Change::Proven { proof, .. } => Some(proof.clone()),
                _ => None,
            },
        };
        keep_declared(&*self.inner.store.memory(), &declared(&plan.plan.namespaces)).map_err(PrepareError::from)?;
        let mut revision = self.inner.revision.lock().unwrap_or_else(PoisonError::into_inner);
        match self.inner.history.activate(&content, &record, *revision) {
            Ok((written, unfolding)) => {
                *revision = Some(written);
                work.unfolding = Some(unfolding);
            }
            Err(error) => {
                // Whatever is there now: the next one has to follow it.
                if let Ok(now) = self.inner.history.active() {
                    *revision = now.map(|(_, revision)| revision);
                }
                return Err(error.into());
            }
        }
        work.record = Some(record);
        work.took.record = began.elapsed();
        Ok(())
    }
}
