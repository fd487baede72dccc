//! What is searched in one turn of a level, and by which reward.
//!
//! An agent's own metric (its inner reward) is less noisy for its parameters than what the whole graph has, and says nothing of
//! what the graph is for. So it may say what is tried next and what is given up; what later turns begin with, and what
//! is judged, goes by the outer reward alone.

use std::collections::BTreeMap;

use greenroom_evolve::study::{Direction, Objective};
use greenroom_model::RewardLevel;
use greenroom_runtime::{Loaded, more_is_better};

use super::candidate::{Level, Maker, Scope};
use crate::exit::Failure;

/// One study, while a level is searched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    pub(super) level: Level,
    /// By which inner reward, if by one.
    pub(super) by: Option<InnerAim>,
    /// Agents whose parameters are searched in turns of their own.
    apart: Vec<String>,
}

/// A metric of one node's own decisions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InnerAim {
    pub(super) agent: String,
    /// As in trials: `rerank diversity@10`.
    pub(super) objective: Objective,
}

impl InnerAim {
    /// As studies have it: larger is better. The other way around, too.
    pub(super) fn oriented(&self, value: f64) -> f64 {
        match self.objective.direction {
            Direction::Maximise => value,
            Direction::Minimise => -value,
        }
    }
}

/// The turns of a level. With `inner`, an agent whose metric is its own has a turn by that; those that coordinate others, and
/// those without a metric, have one together by the outer reward.
pub(super) fn turns(maker: &Maker, text: &str, level: Level, inner: bool) -> Result<Vec<Turn>, Failure> {
    let aims = match level {
        Level::Individual if inner => aims(&maker.load(text).map_err(Failure::failed)?),
        Level::Individual | Level::Compositional | Level::Joint => Vec::new(),
    };
    let apart: Vec<String> = aims.iter().map(|aim| aim.agent.clone()).collect();
    let by_inner = aims.into_iter().map(|aim| Turn { level, by: Some(aim), apart: Vec::new() });
    Ok(by_inner.chain([Turn { level, by: None, apart }]).collect())
}

/// Of each agent with a metric of its own that can be had, at the first node that it has.
fn aims(loaded: &Loaded) -> Vec<InnerAim> {
    let aim = |agent: &greenroom_graph::Agent| {
        let descriptor =
            agent.descriptor.as_ref().filter(|descriptor| descriptor.reward_level == RewardLevel::Inner)?;
        let direction = match more_is_better(&descriptor.inner_metric)? {
            true => Direction::Maximise,
            false => Direction::Minimise,
        };
        let of = |node: &&greenroom_graph::Node| loaded.plan.agent_of(node).is_some_and(|its| its.name == agent.name);
        let node = loaded.plan.nodes.iter().find(of)?;
        let name = format!("{} {}", node.name, descriptor.inner_metric);
        Some(InnerAim { agent: agent.name.clone(), objective: Objective { name, direction } })
    };
    loaded.plan.agents.iter().filter_map(aim).collect()
}

impl Turn {
    /// What a study of it is after.
    pub(super) fn objectives(&self, outer: Vec<Objective>) -> Vec<Objective> {
        self.by.as_ref().map_or(outer, |aim| vec![aim.objective.clone()])
    }

    /// What a graph has of that, larger is better. None when it has no such inner reward.
    pub(super) fn goes_by(&self, inner: &BTreeMap<String, f64>, outer: &[f64]) -> Option<Vec<f64>> {
        match &self.by {
            Some(aim) => inner.get(&aim.objective.name).map(|value| vec![aim.oriented(*value)]),
            None => Some(outer.to_vec()),
        }
    }

    /// None when there is nothing to change.
    pub(super) fn scope(&self, maker: &Maker, text: &str) -> Result<Option<Scope>, Failure> {
        Scope::of_agents(maker, text, self.level, &|agent| match &self.by {
            Some(aim) => aim.agent == agent,
            None => !self.apart.iter().any(|apart| apart == agent),
        })
    }
}
