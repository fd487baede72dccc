//! The plan: what a graph file becomes once every name is an index and every default is filled in. Immutable; a change
//! is a new plan.

use greenroom_model::{
    Budgets, Descriptor, Digest, Grant, Interfaces, NamespaceKind, Params, PayloadKind, SubjectKeys, VectorSpace,
};
use serde::Serialize;

use crate::Diagnostics;

/// What is known of an agent's component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentFacts {
    /// Of its bytes.
    pub digest: Digest,
    /// What it exports and imports.
    pub interfaces: Interfaces,
    /// What it says of itself; none for a component without `lifecycle`.
    pub descriptor: Option<Descriptor>,
}

/// A graph that can be executed.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The graph's name.
    pub name: String,
    /// By name, ascending. Each is used by some node.
    pub agents: Vec<Agent>,
    /// By name, ascending: agents that do not run, and that composition may add. No part of what the plan is: its digest does
    /// not know of them.
    pub catalogue: Vec<Agent>,
    /// In an order in which inputs and routers stand before whoever depends on them. The same for the same graph,
    /// however its file is laid out.
    pub nodes: Vec<Node>,
    /// The node whose candidates are the answer.
    pub output: usize,
    /// For a whole request.
    pub deadline_ms: u64,
    /// For a whole request.
    pub budget: RequestBudget,
    /// Whether the rows of the subject's history go into `excluded`.
    pub exclude_seen: bool,
    /// Where one kind of subject ends and the next begins.
    pub segments: Segments,
    /// What the system is for.
    pub objective: Objective,
    /// By name, ascending.
    pub namespaces: Vec<Namespace>,
    /// What is allowed but looks wrong. Empty when nothing does.
    pub warnings: Diagnostics,
}

/// A component with its parameters, grants and budgets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agent {
    /// Its name in the graph file.
    pub name: String,
    /// As written: relative to the graph file.
    pub component_path: String,
    /// Of the component's bytes.
    pub component: Digest,
    /// The file that its learned state is in, as written: relative to the graph file; none: it learns.
    pub state_path: Option<String>,
    /// What the component exports and imports.
    pub interfaces: Interfaces,
    /// What the component says of itself; none without `lifecycle`.
    pub descriptor: Option<Descriptor>,
    /// Checked, defaults filled in whether or not their condition holds. Items and numbers have no default and are
    /// absent when the file does not give them. Items are external ids.
    pub params: Params,
    /// Ascending, none twice.
    pub grants: Vec<Grant>,
    /// For each call.
    pub budgets: Budgets,
    /// For all calls of a round of learning together.
    pub round: Round,
    /// What all its calls together may use; none: as much as they get.
    pub rate: Option<Rate>,
    /// How its instances are had.
    pub instances: Instances,
    /// How often it learns what was told meanwhile, beside serving; none: when somebody has it learn.
    pub learn_every_s: Option<u64>,
    /// What happens when a change leaves it without a state that it takes.
    pub untrained: Untrained,
}

/// What happens to a change that leaves an agent without a learned state: because its code declines the one that there is,
/// because parameters or grants that shape states changed, or because it is new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Untrained {
    /// It learns from the log, beside serving, and the change waits for it.
    #[default]
    Learn,
    /// The change is refused.
    Refuse,
}

/// What an agent may use each time that it learns, over all its batches and `fit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Units of fuel; none: what its calls may use.
    pub fuel: Option<u64>,
    /// Seconds of wall time; none: what its calls may use.
    pub wall_s: Option<u64>,
}

impl Round {
    /// No bound but those of its calls.
    pub const NONE: Self = Self { fuel: None, wall_s: None };
}

/// What an agent may use over all requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Units of fuel a second. A second's worth may be used at once.
    pub fuel_per_s: u64,
    /// Whether a call that finds nothing left waits, within its deadline. Otherwise it fails.
    pub throttle: bool,
}

/// What the nodes of a request may use together. Each gets what its own budget has, or its part of what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RequestBudget {
    /// Units of fuel.
    pub fuel: u64,
    /// Calls of imports.
    pub host_calls_max: u64,
    /// Bytes through imports.
    pub host_bytes_max: u64,
}

impl RequestBudget {
    /// No bound but those of the nodes.
    pub const NONE: Self = Self { fuel: u64::MAX, host_calls_max: u64::MAX, host_bytes_max: u64::MAX };
}

/// How instances are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Instances {
    /// One for each call: a copy of the agent's warm image, or, where there is none, made ready ahead of it.
    Fresh,
    /// One for each call, made ready ahead of it.
    Stocked {
        /// How many stand ready.
        max: u32,
    },
    /// Kept and used again: isolation between requests is the agent's promise.
    Pooled {
        /// How many are kept.
        max: u32,
    },
}

/// A place in the graph.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Its name in the graph file.
    pub name: String,
    /// Index into [`Plan::agents`].
    pub agent: usize,
    /// By port, ascending.
    pub inputs: Vec<Edge>,
    /// What it returns.
    pub output: PayloadKind,
    /// How many rows it is asked for. None on the output node, and on nodes that return no candidates: they get the
    /// request's limit.
    pub limit: Option<u32>,
    /// Beside the budget of its agent and the deadline of the request.
    pub deadline_ms: Option<u64>,
    /// What happens when it fails.
    pub on_fault: OnFault,
    /// Whether rows that break a rule are dropped from what it returns. Otherwise it fails.
    pub drops_rows: bool,
    /// The branches of a router, ascending; empty on other nodes. When a router picks no branch that is named here,
    /// `default` runs, if it is named.
    pub branches: Vec<String>,
    /// Who decides whether it runs. None: it always does.
    pub guard: Option<Guard>,
    /// Its bit in the sources of candidates: set on nodes that return candidates and take none.
    pub source: Option<u32>,
}

/// A connection to a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The port of the node that has this edge.
    pub port: String,
    /// Where the payload comes from: index into [`Plan::nodes`]. It may not have run, when it has a guard; the port is
    /// optional or `*` then, or this node has a guard that implies it.
    pub node: usize,
}

/// What happens when a node fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFault {
    /// The request fails.
    Fail,
    /// No candidates; on a router: no branch picked, so that `default` runs.
    Empty,
    /// The payload of that node, an ancestor with the same kind of payload.
    Node(usize),
}

/// A node runs only when one of these branches is picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guard {
    /// Index into [`Plan::nodes`].
    pub router: usize,
    /// Ascending.
    pub branches: Vec<String>,
}

/// How many events make a subject cold, light or heavy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// The most events of a cold subject.
    pub cold: u32,
    /// The most events of a light subject.
    pub light: u32,
}

impl Default for Segments {
    fn default() -> Self {
        Self { cold: 10, light: 50 }
    }
}

impl Segments {
    /// The segment of a subject with so many events: `new`, `cold`, `light` or `heavy`.
    #[must_use]
    pub fn of(&self, events: usize) -> &'static str {
        match u32::try_from(events) {
            Ok(0) => "new",
            Ok(events) if events <= self.cold => "cold",
            Ok(events) if events <= self.light => "light",
            _ => "heavy",
        }
    }
}

/// What the system is for: the outer reward.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Objective {
    /// Metrics, for instance `ndcg@10`, one or more. The first decides what is proven to be better. One alone is written as a
    /// string.
    #[serde(serialize_with = "one_or_more")]
    pub maximise: Vec<String>,
    /// What has to hold beside.
    pub subject_to: Vec<Bound>,
}

fn one_or_more<S: serde::Serializer>(metrics: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match metrics {
        [one] => serializer.serialize_str(one),
        several => serializer.collect_seq(several),
    }
}

impl Default for Objective {
    fn default() -> Self {
        Self { maximise: vec!["ndcg@10".to_owned()], subject_to: Vec::new() }
    }
}

/// A bound on a metric; at least one of `min` and `max` is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// The metric.
    pub metric: String,
    /// At least.
    pub min: Option<f64>,
    /// At most.
    pub max: Option<f64>,
}

/// A part of the shared memory layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: NamespaceKind,
    /// How many bytes of keys and values it may hold.
    pub bytes_max: u64,
    /// Seconds after which what was written is gone; none for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_s: Option<u64>,
    /// Which version of what its values mean this is; a store that has a later one is not written by this graph.
    pub schema: u32,
    /// The agent that alone may be granted to write it; none for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What its vectors are, for one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub space: Option<VectorSpace>,
    /// Its keys that are about a subject; none for a namespace that is about none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_keys: Vec<SubjectKeys>,
}

impl Namespace {
    /// Whether it says no more than how large it may be.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { name: _, kind, bytes_max: _, retention_s, schema, owner, space, subject_keys } = self;
        let first = *kind == NamespaceKind::Kv && retention_s.is_none() && *schema == 1 && owner.is_none();
        first && space.is_none() && subject_keys.is_empty()
    }
}

impl Plan {
    /// The agent of a node.
    #[must_use]
    pub fn agent_of(&self, node: &Node) -> Option<&Agent> {
        self.agents.get(node.agent)
    }

    /// The index of a node.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.name == name)
    }

    /// The sources, in the order of their bits: indices into [`Plan::nodes`].
    #[must_use]
    pub fn sources(&self) -> Vec<usize> {
        let mut sources: Vec<(u32, usize)> =
            self.nodes.iter().enumerate().filter_map(|(index, node)| Some((node.source?, index))).collect();
        sources.sort_unstable();
        sources.into_iter().map(|(_, index)| index).collect()
    }

    /// Nodes that can run at once, in turn: each layer depends on earlier ones only.
    #[must_use]
    pub fn layers(&self) -> Vec<Vec<usize>> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut layers: Vec<Vec<usize>> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let depth =
                node.dependencies().filter_map(|before| depths.get(before)).map(|depth| depth + 1).max().unwrap_or(0);
            depths.push(depth);
            if layers.len() <= depth {
                layers.resize_with(depth + 1, Vec::new);
            }
            if let Some(layer) = layers.get_mut(depth) {
                layer.push(index);
            }
        }
        layers
    }
}

impl Node {
    /// Whatever has to be finished before it starts: its inputs and its router.
    pub fn dependencies(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().map(|edge| edge.node).chain(self.guard.iter().map(|guard| guard.router))
    }
}
