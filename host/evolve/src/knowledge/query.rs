//! What is asked of the knowledge base.

use std::collections::BTreeSet;

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
            next = records.iter().find_map(|found| found.record.parent);
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
        let (mut told, mut points, mut foreign) = (Vec::new(), BTreeSet::new(), 0);
        for (_, record) in self.all().into_iter().rev() {
            let Some(prior) = &record.prior else { continue };
            if prior.of != *of || prior.space != *space || prior.aims != aims {
                continue;
            }
            if !record.data.comparable(data) {
                foreign += 1;
            } else if points.insert(point_digest(&prior.point)?) {
                told.push((prior.point.clone(), prior.outcome.clone()));
            }
        }
        let numbered = told.into_iter().rev().zip(0..);
        Ok((numbered.map(|((point, outcome), number)| Told { number, point, outcome }).collect(), foreign))
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
