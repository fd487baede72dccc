//! What is kept of an evolution, beside the records of its studies.

use std::collections::BTreeMap;

use greenroom_evolve::Front;
use greenroom_evolve::proof::Proof;
use greenroom_evolve::study::Data;
use greenroom_memory::KeyValue;
use serde::{Deserialize, Serialize};

use super::Plan;
use super::candidate::Level;
use super::turn::Turn;
use crate::exit::Failure;

/// No graph can declare a name with an `@`.
pub(super) const SPACE: &str = "@evolutions";

/// What an evolution came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evolution {
    pub(crate) name: String,
    pub(crate) seed: u64,
    pub(crate) sampler: String,
    pub(crate) data: Data,
    /// What the graph had that it began with, on the part that was searched on.
    pub(crate) baseline: f64,
    /// The inner rewards of that graph, on the same part.
    #[serde(default)]
    pub(crate) inner: BTreeMap<String, f64>,
    /// What no other beats, where there are several objectives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) front: Option<Front>,
    /// One study each.
    pub(crate) rounds: Vec<Round>,
    /// What the controller decided beside.
    pub(crate) notes: Vec<String>,
    /// The graph that it began with.
    pub(crate) origin: String,
    /// What is worth a proof, if anything is.
    pub(crate) candidate: Option<Candidate>,
    pub(crate) proof: Option<Proof>,
}

/// A level that was searched for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// The name of its study.
    pub(crate) study: String,
    pub(crate) level: Level,
    /// The inner reward that it went by, if it went by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    pub(crate) trials: u64,
    /// The best value of the outer reward so far when it ended; of several objectives, the hypervolume.
    pub(crate) best: f64,
    /// Why it ended.
    pub(crate) reason: String,
    /// Trials of the past that its sampler began with.
    #[serde(default)]
    pub(crate) known: usize,
    /// More of them that are of other data, and so of no use.
    #[serde(default)]
    pub(crate) foreign: usize,
}

/// The graph that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Candidate {
    pub(crate) text: String,
    pub(crate) study: String,
    pub(crate) trial: u64,
}

impl Evolution {
    pub(super) fn new(plan: &Plan<'_>, baseline: f64, inner: BTreeMap<String, f64>, origin: &str) -> Self {
        Self {
            name: plan.name.to_owned(),
            seed: plan.seed,
            sampler: plan.sampler.to_owned(),
            data: plan.data.clone(),
            baseline,
            inner,
            front: None,
            rounds: Vec::new(),
            notes: Vec::new(),
            origin: origin.to_owned(),
            candidate: None,
            proof: None,
        }
    }

    pub(super) fn note(&mut self, level: Level, why: &str) {
        let note = format!("{}: {why}", level.name());
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(crate) fn keep(&self, kv: &dyn KeyValue) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(self).map_err(Failure::failed)?;
        kv.put(SPACE, &self.name, &bytes).wait().map(drop).map_err(Failure::failed)
    }

    pub(crate) fn read(kv: &dyn KeyValue, name: &str) -> Result<Option<Self>, Failure> {
        let found = kv.get(SPACE, name).map_err(Failure::failed)?;
        let wrong = |error| Failure::failed(format!("the record of evolution `{name}` cannot be read: {error}"));
        found.map(|entry| serde_json::from_slice(&entry.value).map_err(wrong)).transpose()
    }
}

impl Round {
    pub(super) fn new(study: &str, turn: &Turn) -> Self {
        let by = turn.by.as_ref().map(|aim| aim.objective.name.clone());
        let (study, level) = (study.to_owned(), turn.level);
        Self { study, level, by, trials: 0, best: 0.0, reason: String::new(), known: 0, foreign: 0 }
    }
}
