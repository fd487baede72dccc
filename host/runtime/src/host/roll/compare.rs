//! What tells one recorded plan from another.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_graph::{Change, diff};
use greenroom_model::{Digest, Generation};

use super::super::Host;
use super::Refused;
use crate::plans::{Content, HistoryError, PlanRecord};

/// What tells one plan from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences {
    /// In the words of the graph file.
    pub changes: Vec<Change>,
    /// Learned states.
    pub states: Vec<StateChange>,
}

/// An agent whose learned state differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// Which.
    pub agent: String,
    /// None when there was none.
    pub before: Option<Digest>,
    /// None when there is none.
    pub after: Option<Digest>,
}

impl Host {
    /// What has to change in one generation to have the other. Plans whose components are not ready are loaded, which may
    /// take as long as proposing them would.
    ///
    /// # Errors
    /// When one of them is unknown, or cannot be had any more.
    pub fn differences(&self, from: Generation, to: Generation) -> Result<Differences, Refused> {
        let ((old, before), (new, after)) = (self.recorded_graph(from)?, self.recorded_graph(to)?);
        Ok(Differences { changes: diff(&before.plan, &after.plan), states: states(&old.states, &new.states) })
    }

    /// What a generation is made of; none when that is not kept any more.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan_content(&self, record: &PlanRecord) -> Result<Option<Content>, HistoryError> {
        self.inner.history.content(&record.content)
    }
}

fn states(old: &BTreeMap<String, Digest>, new: &BTreeMap<String, Digest>) -> Vec<StateChange> {
    let agents: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let change = |agent: &String| {
        let (before, after) = (old.get(agent).copied(), new.get(agent).copied());
        (before != after).then(|| StateChange { agent: agent.clone(), before, after })
    };
    agents.into_iter().filter_map(change).collect()
}
