//! What a person sees of an evolution: one HTML file that needs nothing else.
//!
//! Names and reasons in it come from guests and from other people's files, so all text is escaped on its way into the page
//! ([`text`]), and the page has no script.

mod cost;
mod failures;
mod front;
mod importance;
mod lineage;
mod page;
mod parameters;
mod plot;
mod progress;
mod proof;
mod series;
mod text;
mod trials;

use greenroom_model::Digest;

pub use importance::{Importance, importance};

use crate::Front;
use crate::knowledge::{Ancestor, Change};
use crate::proof::{Judgement, Terms};
use crate::study::Record;

/// An evolution, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What was evolved: the name of the evolution, or of the graph.
    pub title: &'a str,
    /// Its studies in their order, all with the same objectives. Levels alternate; the level of one is what its name ends
    /// in: `movies/1-individual`, `movies/2-composition`.
    pub studies: &'a [Record],
    /// What the plan that it began with has of the first objective in the search, in the objective's own direction.
    pub baseline: Option<f64>,
    /// What no other trial beats, where there are several objectives.
    pub front: Option<&'a Front>,
    /// How one got from that plan to the best one, the origin first.
    pub lineage: &'a [Step],
    /// How arms were judged.
    pub terms: Option<&'a Terms>,
    /// The best few on the validation part.
    pub validation: Option<&'a Judgement>,
    /// The best of them on the test part, if that was read.
    pub test: Option<&'a Judgement>,
}

/// A plan on the way from the origin to the best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The plan.
    pub plan: Digest,
    /// Where it comes from: `trial 17 of movies/1-individual`; empty where nothing is known.
    pub origin: String,
    /// Why it was tried; empty where nothing is known.
    pub hypothesis: String,
    /// What tells it from the step before.
    pub changes: Vec<Change>,
}

impl Step {
    /// The steps of a lineage as [`Knowledge::lineage`](crate::knowledge::Knowledge::lineage) has it, the origin first.
    #[must_use]
    pub fn of(lineage: &[Ancestor<'_>]) -> Vec<Self> {
        let step = |ancestor: &Ancestor<'_>| {
            let record = ancestor.records.first().map(|found| found.record);
            let trial = record.and_then(|record| record.trial.as_ref());
            Self {
                plan: ancestor.plan,
                origin: trial.map_or_else(String::new, |(study, number)| format!("trial {number} of {study}")),
                hypothesis: record.map_or_else(String::new, |record| record.hypothesis.clone()),
                changes: record.map_or_else(Vec::new, |record| record.difference.clone()),
            }
        };
        lineage.iter().rev().map(step).collect()
    }
}

/// The page. It is the same for the same report.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    page::html(report)
}
