//! What an evolution knows from before it began: where its samplers begin, and what has failed and is not paid for again.
//!
//! The knowledge base grows while an evolution runs, and other evolutions write into it between a kill and the run that goes
//! on. So it is written down at which revision of the store an evolution began, and it knows what there was by then.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_evolve::knowledge::{self, Knowledge, space_digest};
use greenroom_evolve::study::{Config, Data, Record};
use greenroom_evolve::{Failure as Class, Outcome, Score, Told, best};
use greenroom_memory::KeyValue;
use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use super::candidate::{Maker, Scope};
use super::kept::SPACE;
use super::{Found, Plan};
use crate::exit::Failure;

/// How many trials of the past a sampler is given at the most: none of them models more than about as many.
const WARM_MAX: usize = 100;
/// And bytes of them: they are a part of the study's record, of which the store takes a megabyte.
const WARM_BYTES_MAX: usize = 256 << 10;
/// Of how many it is looked which are best, each beside each: of more, the best by the first objective.
const RANKED_MAX: usize = 1_000;
/// How many graphs of the past are judged beside those that are found, at the most.
const JUDGED_MAX: usize = 5;

/// Under what conditions an evolution began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    /// Whether it was to know anything.
    warm: bool,
    /// What was written later it does not know.
    revision: u64,
}

/// What is known from before.
pub(crate) struct Past {
    knowledge: Knowledge,
    data: Data,
}

/// Where a round begins.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// For the sampler.
    pub(super) told: Vec<Told>,
    /// Graphs that are known to be better than the one that the round begins with, the best first.
    pub(super) better: Vec<Found>,
    /// Trials in the same space that are not used, since they are of other data.
    pub(super) foreign: usize,
}

/// What plans have failed, by plan: in which record, how and why.
pub(super) type Hopeless = BTreeMap<Digest, (Digest, Class, String)>;

impl Past {
    /// What an evolution may know: what there was when it began, or nothing where it is to be independent.
    pub(crate) fn of(kv: &Arc<dyn KeyValue>, plan: &Plan<'_>) -> Result<Self, Failure> {
        let key = format!("{}/given", plan.name);
        let given = match kv.get(SPACE, &key).map_err(Failure::failed)? {
            Some(entry) => serde_json::from_slice(&entry.value).map_err(|error| {
                Failure::failed(format!("what evolution `{}` began with cannot be read: {error}", plan.name))
            })?,
            None => {
                let known = plan.warm && !begun(kv, plan.name)?;
                let revision = if known { kv.revision().map_err(Failure::failed)? } else { 0 };
                let given = Given { warm: plan.warm, revision };
                let bytes = serde_json::to_vec(&given).map_err(Failure::failed)?;
                kv.put(SPACE, &key, &bytes).wait().map_err(Failure::failed)?;
                given
            }
        };
        if given.warm != plan.warm {
            let how = if given.warm { "without" } else { "with" };
            return Err(Failure::failed(format!(
                "evolution `{}` was begun {how} `--no-warm`: give it another name, or go on {how} it",
                plan.name
            )));
        }
        let knowledge = Knowledge::as_of(Arc::clone(kv), given.revision).map_err(Failure::failed)?;
        Ok(Self { knowledge, data: plan.data.clone() })
    }

    /// Where a round of a scope begins, whose graph is of the plan `parent` and has the value `began`.
    pub(super) fn hints(
        &self,
        maker: &Maker,
        scope: &Scope,
        whose: &Digest,
        config: &Config,
        (parent, began): (Digest, f64),
    ) -> Result<Hints, Failure> {
        let space = space_digest(&scope.space).map_err(Failure::failed)?;
        let (mut tried, foreign) =
            self.knowledge.tried(whose, &space, &config.aims(), &self.data).map_err(Failure::failed)?;
        tried.retain(|found| {
            // What failed by chance says nothing of a point; and what the graph has now is told anew.
            let telling = |outcome: &Outcome| match outcome {
                Outcome::Failed { failure, .. } => !matches!(failure, Class::Host | Class::Deadline),
                Outcome::Complete { .. } | Outcome::Pruned { .. } => true,
            };
            found.record.prior.as_ref().is_some_and(|prior| prior.point != scope.now && telling(&prior.outcome))
        });
        let (ranked, told) = chosen(&tried)?;
        let mut better = Vec::new();
        for record in ranked.into_iter().map(|found| found.record) {
            let Some((prior, value)) = record.prior.as_ref().zip(kept(record)).filter(|(_, value)| *value > began)
            else {
                break;
            };
            let (Some((round, number)), Ok(text)) = (&record.trial, scope.text(&prior.point)) else { continue };
            // Elsewhere the same point may have been another graph: one with another wiring, or other budgets.
            if plan_of(maker, &text) != record.plan {
                continue;
            }
            let (round, number, changes) = (round.clone(), *number, scope.changes(&prior.point));
            let values = Score::of(&prior.outcome).map(|score| score.values).unwrap_or_default();
            // A node's name and a metric; the objectives have one word.
            let inner = record.metrics.iter().filter(|(name, _)| name.contains(' '));
            let inner = inner.map(|(name, estimate)| (name.clone(), estimate.value)).collect();
            better.push(Found { text, value, values, inner, round, number, changes, parent });
            if better.len() == JUDGED_MAX {
                break;
            }
        }
        Ok(Hints { told, better, foreign })
    }

    /// Plans of these agents that need not be tried.
    pub(super) fn hopeless(&self, whose: &Digest) -> Hopeless {
        let why = |found: knowledge::Found<'_>| match &found.record.judgement {
            knowledge::Judgement::Failed { failure, why } => Some((*found.digest, *failure, why.clone())),
            _ => None,
        };
        let all = self.knowledge.hopeless(whose, &self.data).into_iter();
        all.filter_map(|(plan, found)| Some((plan, why(found)?))).collect()
    }
}

/// Whether there is a study of this evolution.
fn begun(kv: &Arc<dyn KeyValue>, name: &str) -> Result<bool, Failure> {
    let names = Record::names(Arc::clone(kv)).map_err(|error| Failure::failed(error.to_string()))?;
    let round = |study: &String| {
        let rest = study.strip_prefix(name)?.strip_prefix('.')?;
        rest.split_once('-')?.0.parse::<u64>().ok()
    };
    Ok(names.iter().any(|study| round(study).is_some()))
}

/// The value of a record that keeps to the constraints.
fn kept(record: &knowledge::Record) -> Option<f64> {
    let score = Score::of(&record.prior.as_ref()?.outcome)?;
    (score.excess() <= 0.0).then_some(score.values.first().copied()).flatten()
}

/// Those that keep to the constraints, the best first; and what a sampler is told of: the best, and of the others the latest, as
/// many of both, the oldest first.
fn chosen<'a>(tried: &[knowledge::Found<'a>]) -> Result<(Vec<knowledge::Found<'a>>, Vec<Told>), Failure> {
    let score = |found: &knowledge::Found<'_>| Score::of(&found.record.prior.as_ref()?.outcome);
    let mut scored: Vec<(usize, Score)> =
        tried.iter().enumerate().filter_map(|(place, found)| Some((place, score(found)?))).collect();
    if scored.len() > RANKED_MAX {
        let first = |score: &Score| score.values.first().copied().unwrap_or(f64::NEG_INFINITY);
        scored.sort_by(|(_, a), (_, b)| a.excess().total_cmp(&b.excess()).then(first(b).total_cmp(&first(a))));
        scored.truncate(RANKED_MAX);
    }
    let (places, scores): (Vec<usize>, Vec<Score>) = scored.into_iter().unzip();
    let ranked: Vec<usize> = best(&scores, scores.len()).into_iter().filter_map(|at| places.get(at).copied()).collect();
    let top = ranked.iter().copied().take(WARM_MAX / 2);
    let latest = (0..tried.len()).rev().filter(|place| !ranked.iter().take(WARM_MAX / 2).any(|top| top == place));
    let (mut wanted, mut bytes) = (Vec::new(), 0);
    for place in top.chain(latest).take(WARM_MAX) {
        let Some(prior) = tried.get(place).and_then(|found| found.record.prior.as_ref()) else { continue };
        let told = Told { number: 0, point: prior.point.clone(), outcome: prior.outcome.clone() };
        bytes += rmp_serde::to_vec_named(&told).map_err(Failure::failed)?.len();
        if bytes > WARM_BYTES_MAX {
            break;
        }
        wanted.push((place, told));
    }
    wanted.sort_by_key(|(place, _)| *place);
    // The graph as it is comes before them.
    let told = wanted.into_iter().zip(1..).map(|((_, told), number)| Told { number, ..told }).collect();
    let found = ranked.into_iter().filter_map(|place| tried.get(place).copied());
    Ok((found.filter(|found| kept(found.record).is_some()).collect(), told))
}

/// The plan of a graph file; for one that does not resolve, what stands for it.
pub(super) fn plan_of(maker: &Maker, text: &str) -> Digest {
    maker.load(text).map_or_else(|_| no_plan(text), |loaded| loaded.digest())
}

/// What stands for the plan of a graph file that does not resolve.
pub(super) fn no_plan(text: &str) -> Digest {
    Digest::of_parts([b"no plan".as_slice(), text.as_bytes()])
}
