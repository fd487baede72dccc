//! What is written down in the knowledge base: what an evolution began with, every trial, and what was judged.

use std::collections::BTreeMap;

use greenroom_evolve::knowledge::{Change, Estimate, Judgement, Prior, Record, space_digest};
use greenroom_evolve::proof::{Judged, Unusable};
use greenroom_evolve::study::{Config, Cost, Data, Direction, Trial};
use greenroom_evolve::{Failure as Class, Outcome, Score};
use greenroom_model::Digest;
use greenroom_runtime::Loaded;

use super::candidate::{Level, Maker, Scope};
use super::chosen::SEEDS;
use super::past::{no_plan, plan_of};
use super::reward::OUTER;
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
    /// The graph that an evolution began with at some time.
    pub(crate) fn origin(&self, plan: Digest, value: f64, began_ms: i64) -> Record {
        Record {
            hypothesis: "the graph as it is".to_owned(),
            plan,
            parent: None,
            difference: Vec::new(),
            proposer: "an operator".to_owned(),
            trial: None,
            metrics: exactly(self.metric, value),
            time_ms: began_ms,
            ..self.blank(plan)
        }
    }

    /// A graph that was judged where the search has not looked.
    pub(crate) fn judged(&self, plan: Digest, found: &Found, judged: &Judged, judgement: Judgement) -> Record {
        let mut metrics = exactly(self.metric, found.value);
        let Judged { difference, low, high, .. } = *judged;
        let more = format!("{} more than the origin", self.metric);
        metrics.insert(more, Estimate { value: difference, low, high });
        Record {
            hypothesis: hypothesis(self.metric, &found.changes),
            plan,
            parent: Some(found.parent),
            difference: found.changes.clone(),
            trial: Some((found.round.clone(), found.number)),
            metrics,
            seeds: self.declared(),
            judgement,
            ..self.blank(plan)
        }
    }

    /// A graph that was found, and could not be judged where the search has not looked.
    pub(crate) fn unusable(&self, plan: Digest, found: &Found, why: &Unusable) -> Record {
        let failure = match why {
            Unusable::Failed { failure, .. } => *failure,
            Unusable::Beyond { .. } => Class::Budget,
            _ => Class::Undefined,
        };
        Record {
            hypothesis: hypothesis(self.metric, &found.changes),
            plan,
            parent: Some(found.parent),
            difference: found.changes.clone(),
            trial: Some((found.round.clone(), found.number)),
            metrics: exactly(self.metric, found.value),
            seeds: self.declared(),
            judgement: Judgement::Failed { failure, why: why.to_string() },
            ..self.blank(plan)
        }
    }

    /// That of the search, and all that were declared for what is judged.
    fn declared(&self) -> Vec<u64> {
        std::iter::once(self.seed).chain(SEEDS).collect()
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

/// Whose space that of a graph at a level is: of its agents by name, with what the graph file says that they have learned, and of
/// those in the catalogue where they may be chosen.
pub(super) fn whose(loaded: &Loaded, level: Level) -> Digest {
    let plan = &loaded.plan;
    let choice = if level == Level::Individual { &[] } else { plan.catalogue.as_slice() };
    let agents: BTreeMap<&str, Digest> =
        plan.agents.iter().chain(choice).map(|agent| (agent.name.as_str(), agent.component)).collect();
    let mut parts: Vec<&[u8]> = vec![level.name().as_bytes()];
    for (name, component) in &agents {
        parts.extend([name.as_bytes(), component.bytes().as_slice()]);
    }
    for (name, given) in &loaded.given {
        parts.extend([b"given".as_slice(), name.as_bytes(), given.digest.bytes().as_slice()]);
    }
    Digest::of_parts(parts)
}

/// The trials of a study that are over. Of the same study they are the same, byte for byte: they were over when they were over.
pub(super) fn trials(
    maker: &Maker,
    scope: &Scope,
    (whose, parent): (Digest, Digest),
    config: &Config,
    trials: &[Trial],
) -> Result<Vec<Record>, Failure> {
    let space = space_digest(&scope.space).map_err(Failure::failed)?;
    let metric = config.objectives.first().map_or("", |objective| objective.name.as_str());
    let record = |trial: &Trial| {
        let (over, told) = (trial.over()?, trial.told(u64::MAX)?);
        let changes = scope.changes(&trial.point);
        Some(Record {
            hypothesis: hypothesis(metric, &changes),
            plan: scope.text(&trial.point).map_or_else(|why| no_plan(&why), |text| plan_of(maker, &text)),
            parent: Some(parent),
            difference: changes,
            proposer: config.sampler.clone(),
            trial: Some((config.name.clone(), trial.number)),
            data: config.data.clone(),
            seeds: vec![trial.seed],
            metrics: metrics(config, &told.outcome, &over.inner),
            cost: trial.cost(u64::MAX),
            judgement: Judgement::from(&told.outcome),
            prior: Some(Prior {
                of: whose,
                space,
                point: trial.point.clone(),
                aims: config.aims(),
                outcome: told.outcome,
            }),
            time_ms: over.over_ms,
        })
    };
    Ok(trials.iter().filter_map(record).collect())
}

/// What a trial came to, as the objectives have it; of one that was given up, at which rung.
fn metrics(config: &Config, outcome: &Outcome, inner: &BTreeMap<String, f64>) -> BTreeMap<String, Estimate> {
    let (values, suffix) = match outcome {
        Outcome::Complete { values, .. } => (values.as_slice(), String::new()),
        Outcome::Pruned { rung, values } => {
            (values.as_slice(), format!(" at rung {} of {}", rung + 1, config.rungs.len()))
        }
        Outcome::Failed { .. } => (&[][..], String::new()),
    };
    let own = |direction, value: f64| if direction == Direction::Minimise { -value } else { value };
    let objectives = config.objectives.iter().zip(values);
    let objectives =
        objectives.map(|(objective, value)| (format!("{}{suffix}", objective.name), own(objective.direction, *value)));
    let complete = Score::of(outcome).is_some();
    let inner = inner.iter().filter(|_| complete).map(|(name, value)| {
        // Where a study goes by an inner reward the outer ones stand beside.
        (name.strip_prefix(OUTER).unwrap_or(name).to_owned(), *value)
    });
    inner.chain(objectives).map(|(name, value)| (name, Estimate { value, low: value, high: value })).collect()
}

/// Why something was tried, in a line.
fn hypothesis(metric: &str, changes: &[Change]) -> String {
    let mut changed: Vec<&str> = changes.iter().map(|change| change.what.as_str()).take(NAMED).collect();
    changed.extend((changes.len() > NAMED).then_some("more"));
    if changed.is_empty() {
        return format!("{metric} with nothing changed");
    }
    format!("{metric} with other {}", changed.join(", "))
}

/// A value of one evaluation: where it lies is not known better.
fn exactly(metric: &str, value: f64) -> BTreeMap<String, Estimate> {
    BTreeMap::from([(format!("{metric} where it was searched"), Estimate { value, low: value, high: value })])
}
