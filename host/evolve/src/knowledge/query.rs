//! What is asked of the knowledge base.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::Digest;

use super::record::{Judgement, Record};
use super::{Knowledge, point_digest};
use crate::records::RecordError;
use crate::study::Data;
use crate::{Outcome, Point, Told};

/// A record, and whether it is of data that can't be compared with those it was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// The record.
    pub record: &'a Record,
    /// Whether its events or its protocol are others.
    pub foreign: bool,
}

/// A plan in a lineage.
#[derive(Debug, Clone, PartialEq)]
pub struct Ancestor<'a> {
    /// The plan.
    pub plan: Digest,
    /// What is known of it, the oldest first; nothing where the base begins after it.
    pub records: Vec<Found<'a>>,
}

impl Knowledge {
    /// A plan, what it was made from, and so on back to its origin. A plan that is its own ancestor ends it.
    #[must_use]
    pub fn lineage(&self, plan: &Digest, data: &Data) -> Vec<Ancestor<'_>> {
        let all = self.all();
        let (mut lineage, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = Some(*plan);
        while let Some(plan) = next.filter(|plan| seen.insert(*plan)) {
            let of_plan = all.iter().filter(|(_, record)| record.plan == plan);
            let records: Vec<Found<'_>> = of_plan.map(|(digest, record)| found(digest, record, data)).collect();
            // That a search has come upon a plan again does not make it younger: an origin stays one, and no plan is made
            // from itself.
            let origin = records.iter().any(|found| found.record.parent.is_none());
            let mut parents = records.iter().filter_map(|found| found.record.parent);
            next = parents.find(|parent| *parent != plan && !origin);
            lineage.push(Ancestor { plan, records });
        }
        lineage
    }

    /// What a sampler may begin with: what became of points of this space, for this agent, on comparable data and with the
    /// same aims, the oldest first and each point as it was judged last. Beside it how many more there are on other data.
    ///
    /// # Errors
    /// As [`point_digest`].
    pub fn priors(
        &self,
        of: &Digest,
        space: &Digest,
        aims: &str,
        data: &Data,
    ) -> Result<(Vec<Told>, usize), RecordError> {
        let (found, foreign) = self.tried(of, space, aims, data)?;
        let priors = found.into_iter().filter_map(|found| found.record.prior.as_ref());
        let told = priors.zip(0..).map(|(prior, number)| {
            let (point, outcome) = (prior.point.clone(), prior.outcome.clone());
            Told { number, point, outcome }
        });
        Ok((told.collect(), foreign))
    }

    /// The records that [`priors`](Self::priors) are of.
    ///
    /// # Errors
    /// As [`point_digest`].
    pub fn tried(
        &self,
        of: &Digest,
        space: &Digest,
        aims: &str,
        data: &Data,
    ) -> Result<(Vec<Found<'_>>, usize), RecordError> {
        let (mut tried, mut points, mut foreign) = (Vec::new(), BTreeSet::new(), 0);
        for (digest, record) in self.all().into_iter().rev() {
            let Some(prior) = &record.prior else { continue };
            if prior.of != *of || prior.space != *space || prior.aims != aims {
                continue;
            }
            if !record.data.comparable(data) {
                foreign += 1;
            } else if points.insert(point_digest(&prior.point)?) {
                tried.push(Found { digest, record, foreign: false });
            }
        }
        tried.reverse();
        Ok((tried, foreign))
    }

    /// What need not be tried again: plans of these agents that have failed on comparable data [as they would
    /// again](crate::Failure::recurs), each with the oldest record of it. One that has been evaluated as well is not among them.
    #[must_use]
    pub fn hopeless(&self, of: &Digest, data: &Data) -> BTreeMap<Digest, Found<'_>> {
        let (mut hopeless, mut evaluated) = (BTreeMap::new(), BTreeSet::new());
        for (digest, record) in self.all() {
            if record.prior.as_ref().is_none_or(|prior| prior.of != *of) || !record.data.comparable(data) {
                continue;
            }
            match &record.judgement {
                Judgement::Failed { failure, .. } if failure.recurs() => {
                    hopeless.entry(record.plan).or_insert(Found { digest, record, foreign: false });
                }
                Judgement::Failed { .. } => {}
                _ => drop(evaluated.insert(record.plan)),
            }
        }
        hopeless.retain(|plan, _| !evaluated.contains(plan));
        hopeless
    }

    /// Where a point of this agent has failed before, the oldest first. That agents refuse it or trap does not depend on
    /// data as values do, so those on other data are there too, and marked.
    ///
    /// # Errors
    /// As [`point_digest`].
    pub fn failures(&self, of: &Digest, point: &Point, data: &Data) -> Result<Vec<Found<'_>>, RecordError> {
        let wanted = point_digest(point)?;
        let mut failures = Vec::new();
        for (digest, record) in self.all() {
            let Some(prior) = record.prior.as_ref().filter(|prior| prior.of == *of) else { continue };
            let failed =
                matches!(record.judgement, Judgement::Failed { .. }) || matches!(prior.outcome, Outcome::Failed { .. });
            if failed && point_digest(&prior.point)? == wanted {
                failures.push(found(digest, record, data));
            }
        }
        Ok(failures)
    }
}

fn found<'a>(digest: &'a Digest, record: &'a Record, data: &Data) -> Found<'a> {
    Found { digest, record, foreign: !record.data.comparable(data) }
}
