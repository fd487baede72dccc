//! What is written down in the knowledge base: what rounds began with, and what was judged.

use std::collections::BTreeMap;

use greenroom_evolve::knowledge::{Estimate, Judgement, Knowledge, Record};
use greenroom_evolve::proof::Judged;
use greenroom_evolve::study::{Cost, Data};
use greenroom_model::Digest;

use super::{Found, now_ms};
use crate::exit::Failure;

/// So many changes are named in a hypothesis; all of them are in the difference.
const NAMED: usize = 4;

/// Who found it, and on what.
pub(crate) struct Source<'a> {
    pub(crate) sampler: &'a str,
    pub(crate) seed: u64,
    pub(crate) data: &'a Data,
    pub(crate) metric: &'a str,
}

impl Source<'_> {
    /// The graph that an evolution began with.
    pub(crate) fn origin(&self, plan: Digest, value: f64, knowledge: &mut Knowledge) -> Result<(), Failure> {
        let record = Record {
            hypothesis: "the graph as it is".to_owned(),
            plan,
            parent: None,
            difference: Vec::new(),
            proposer: "an operator".to_owned(),
            trial: None,
            metrics: exactly(self.metric, value),
            ..self.blank(plan)
        };
        knowledge.add(record).map(drop).map_err(Failure::failed)
    }

    /// A graph that was found; `judged` says how it did where the search has not looked.
    pub(crate) fn found(
        &self,
        plan: Digest,
        found: &Found,
        judged: Option<(&Judged, Judgement)>,
        knowledge: &mut Knowledge,
    ) -> Result<(), Failure> {
        let mut changed: Vec<&str> = found.changes.iter().map(|change| change.what.as_str()).take(NAMED).collect();
        changed.extend((found.changes.len() > NAMED).then_some("more"));
        let mut metrics = exactly(self.metric, found.value);
        if let Some((judged, _)) = &judged {
            let Judged { difference, low, high, .. } = **judged;
            let more = format!("{} more than the origin", self.metric);
            metrics.insert(more, Estimate { value: difference, low, high });
        }
        let record = Record {
            hypothesis: format!("{} with other {}", self.metric, changed.join(", ")),
            plan,
            parent: Some(found.parent),
            difference: found.changes.clone(),
            trial: Some((found.round.clone(), found.number)),
            metrics,
            judgement: judged.map_or(Judgement::Tried, |(_, judgement)| judgement),
            ..self.blank(plan)
        };
        knowledge.add(record).map(drop).map_err(Failure::failed)
    }

    fn blank(&self, plan: Digest) -> Record {
        Record {
            hypothesis: String::new(),
            plan,
            parent: None,
            difference: Vec::new(),
            proposer: self.sampler.to_owned(),
            trial: None,
            data: self.data.clone(),
            seeds: vec![self.seed],
            metrics: BTreeMap::new(),
            cost: Cost::default(),
            judgement: Judgement::Tried,
            prior: None,
            time_ms: now_ms(),
        }
    }
}

/// A value of one evaluation: where it lies is not known better.
fn exactly(metric: &str, value: f64) -> BTreeMap<String, Estimate> {
    BTreeMap::from([(format!("{metric} where it was searched"), Estimate { value, low: value, high: value })])
}
