//! What changed from one plan to another, in the words of the graph file. Both plans are laid out as paths with values,
//! and the two sets are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use greenroom_model::{Budget, Digest, Exceeded, ParamValue};
use serde::Serialize;

use crate::authored::LIMITS;
use crate::plan::{Agent, Instances, Node, OnFault, Plan, Untrained};
use crate::quantity;

/// The kinds of thing that a graph file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    /// The graph itself.
    Graph,
    /// A namespace.
    Memory,
    /// An agent.
    Agent,
    /// A node, with its edges.
    Node,
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Graph => "graph",
            Self::Memory => "memory",
            Self::Agent => "agent",
            Self::Node => "node",
        })
    }
}

/// One difference between two plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is about.
    pub element: Element,
    /// Which one; empty for the graph.
    pub name: String,
    /// Which part, as in the graph file: `params.lambda`. None when the element as a whole came or went.
    pub part: Option<String>,
    /// None when it came.
    pub before: Option<String>,
    /// None when it went.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (&self.before, &self.after) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        };
        write!(f, "{sign} {}", self.element)?;
        if !self.name.is_empty() {
            write!(f, " {}", self.name)?;
        }
        if let Some(part) = &self.part {
            write!(f, ": {part}")?;
        }
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, " {before} -> {after}"),
            (Some(value), None) | (None, Some(value)) if !value.is_empty() => write!(f, " {value}"),
            _ => Ok(()),
        }
    }
}

/// What has to change in `old` to have `new`: by element, name and part. Empty when they are the same plan.
#[must_use]
pub fn diff(old: &Plan, new: &Plan) -> Vec<Change> {
    let (old, new) = (layout(old), layout(new));
    let empty = Parts::new();
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for key in keys {
        let (element, name) = key.clone();
        let whole = |before: bool, parts: &Parts| Change {
            element,
            name: name.clone(),
            part: None,
            before: before.then(|| headline(parts)),
            after: (!before).then(|| headline(parts)),
        };
        match (old.get(key), new.get(key)) {
            (Some(parts), None) => changes.push(whole(true, parts)),
            (None, Some(parts)) => changes.push(whole(false, parts)),
            (before, after) => {
                let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
                let parts: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for part in parts.into_iter().filter(|part| before.get(*part) != after.get(*part)) {
                    changes.push(Change {
                        element,
                        name: name.clone(),
                        part: Some(part.clone()),
                        before: before.get(part).cloned(),
                        after: after.get(part).cloned(),
                    });
                }
            }
        }
    }
    changes
}

type Key = (Element, String);
type Parts = BTreeMap<String, String>;

/// What a new or a removed element is, in short.
fn headline(parts: &Parts) -> String {
    ["agent", "component", "kind"].iter().find_map(|part| parts.get(*part)).cloned().unwrap_or_default()
}

fn layout(plan: &Plan) -> BTreeMap<Key, Parts> {
    let name = |index: usize| plan.nodes.get(index).map_or("", |node| node.name.as_str());
    let mut graph = Parts::from([
        ("name".to_owned(), plan.name.clone()),
        ("output".to_owned(), name(plan.output).to_owned()),
        ("deadline_ms".to_owned(), plan.deadline_ms.to_string()),
        ("budget.fuel".to_owned(), bound(plan.budget.fuel)),
        ("budget.host_calls_max".to_owned(), bound(plan.budget.host_calls_max)),
        ("budget.host_bytes_max".to_owned(), bound(plan.budget.host_bytes_max)),
        ("exclude_seen".to_owned(), plan.exclude_seen.to_string()),
        ("segments.cold".to_owned(), plan.segments.cold.to_string()),
        ("segments.light".to_owned(), plan.segments.light.to_string()),
        ("objective.maximise".to_owned(), plan.objective.maximise.join(", ")),
    ]);
    for bound in &plan.objective.subject_to {
        let part = |end: &str| format!("objective.subject_to.{}.{end}", bound.metric);
        graph.extend(bound.min.map(|min| (part("min"), min.to_string())));
        graph.extend(bound.max.map(|max| (part("max"), max.to_string())));
    }
    let mut all = BTreeMap::from([((Element::Graph, String::new()), graph)]);
    for namespace in &plan.namespaces {
        let mut parts = Parts::from([
            ("kind".to_owned(), namespace.kind.name().to_owned()),
            ("bytes_max".to_owned(), quantity::written(namespace.bytes_max)),
            ("schema".to_owned(), namespace.schema.to_string()),
        ]);
        parts.extend(namespace.retention_s.map(|retention| ("retention_s".to_owned(), retention.to_string())));
        parts.extend(namespace.owner.clone().map(|owner| ("owner".to_owned(), owner)));
        if let Some(space) = namespace.space {
            parts.insert("dimension".to_owned(), space.dimension.to_string());
            parts.insert("metric".to_owned(), space.metric.name().to_owned());
        }
        if !namespace.subject_keys.is_empty() {
            let keys: Vec<String> = namespace.subject_keys.iter().map(ToString::to_string).collect();
            parts.insert("subject_keys".to_owned(), keys.join(", "));
        }
        all.insert((Element::Memory, namespace.name.clone()), parts);
    }
    all.extend(plan.agents.iter().map(|it| ((Element::Agent, it.name.clone()), agent(it))));
    all.extend(plan.nodes.iter().map(|it| ((Element::Node, it.name.clone()), node(plan, it))));
    all
}

fn bound(value: u64) -> String {
    if value == u64::MAX { "none".to_owned() } else { value.to_string() }
}

fn agent(agent: &Agent) -> Parts {
    let mut parts = Parts::from([("component".to_owned(), agent.component.short())]);
    parts.extend(agent.params.iter().map(|(name, value)| (format!("params.{name}"), written(value))));
    for grant in &agent.grants {
        parts.insert(format!("grants.memory {grant}"), String::new());
    }
    let budgets = &agent.budgets;
    budget("budget", &budgets.decide, &mut parts);
    budget("budget.learn", &budgets.learn, &mut parts);
    budget("budget.fit", &budgets.fit, &mut parts);
    budget("budget.instantiate", &budgets.instantiate, &mut parts);
    budget("budget.configure", &budgets.configure, &mut parts);
    budget("budget.restore", &budgets.restore, &mut parts);
    parts.extend(agent.round.fuel.map(|fuel| ("budget.round.fuel".to_owned(), fuel.to_string())));
    parts.extend(agent.round.wall_s.map(|wall| ("budget.round.wall_s".to_owned(), wall.to_string())));
    if let Some(rate) = agent.rate {
        let exceeded = if rate.throttle { "throttle" } else { "reject" };
        parts.insert("rate".to_owned(), format!("{} fuel a second, {exceeded}", rate.fuel_per_s));
    }
    let instances = match agent.instances {
        Instances::Fresh => "fresh".to_owned(),
        Instances::Stocked { max } => format!("stocked, {max} ready"),
        Instances::Pooled { max } => format!("pooled, at most {max}"),
    };
    parts.insert("instances".to_owned(), instances);
    parts.extend(agent.learn_every_s.map(|every| ("learn_every_s".to_owned(), every.to_string())));
    if agent.untrained == Untrained::Refuse {
        parts.insert("untrained".to_owned(), "refuse".to_owned());
    }
    parts
}

fn budget(place: &str, budget: &Budget, parts: &mut Parts) {
    parts.extend(LIMITS.iter().map(|limit| {
        let value = (limit.get)(budget);
        let value = if limit.is_size { quantity::written(value) } else { value.to_string() };
        (format!("{place}.{}", limit.key), value)
    }));
    let exceeded = match budget.exceeded {
        Exceeded::Trap => "trap",
        Exceeded::Reject => "reject",
    };
    parts.insert(format!("{place}.exceeded"), exceeded.to_owned());
}

fn node(plan: &Plan, node: &Node) -> Parts {
    let name = |index: usize| plan.nodes.get(index).map_or("", |node| node.name.as_str());
    let mut parts = Parts::new();
    parts.extend(plan.agent_of(node).map(|agent| ("agent".to_owned(), agent.name.clone())));
    parts.extend(node.inputs.iter().map(|edge| (format!("inputs.{}", edge.port), name(edge.node).to_owned())));
    parts.extend(node.limit.map(|limit| ("limit".to_owned(), limit.to_string())));
    parts.extend(node.deadline_ms.map(|deadline| ("deadline_ms".to_owned(), deadline.to_string())));
    let on_fault = match node.on_fault {
        OnFault::Fail => "fail".to_owned(),
        OnFault::Empty => "empty".to_owned(),
        OnFault::Node(fallback) => format!("node {}", name(fallback)),
    };
    parts.insert("on_fault".to_owned(), on_fault);
    parts.insert("on_violation".to_owned(), if node.drops_rows { "drop" } else { "fail" }.to_owned());
    if !node.branches.is_empty() {
        parts.insert("branches".to_owned(), node.branches.join(", "));
    }
    if let Some(guard) = &node.guard {
        parts.insert("runs".to_owned(), format!("when {} picks {}", name(guard.router), guard.branches.join(" or ")));
    }
    parts
}

/// A value as in a graph file; long lists by their length and what they hash to, so that a difference shows.
fn written(value: &ParamValue) -> String {
    let list = |texts: Vec<String>| match texts.len() {
        0..=8 => format!("[{}]", texts.join(", ")),
        length => format!("{length} values ({})", Digest::of(texts.join("\n").as_bytes()).short()),
    };
    match value {
        ParamValue::Items(ids) => list(ids.iter().map(|id| format!("{id:?}")).collect()),
        ParamValue::Rows(rows) => list(rows.iter().map(u32::to_string).collect()),
        ParamValue::Numbers(numbers) => list(numbers.iter().map(f64::to_string).collect()),
        ParamValue::Named(named) => list(named.iter().map(|(name, number)| format!("{name} = {number}")).collect()),
        other => other.to_string(),
    }
}
