//! Who refers to whom. A name that is a typo is taken for what it was probably meant to be: the typo is one mistake, and
//! should not make ten more of the nodes behind it.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::{Descriptor, PayloadKind};

use crate::authored::{AgentShape, Authored, NodeShape};
use crate::plan::ComponentFacts;
use crate::reader::At;
use crate::suggest;

pub(crate) type Facts = BTreeMap<String, Result<ComponentFacts, String>>;

/// A graph file whose names have been looked up. Indices are in the order of names.
pub(crate) struct Wiring<'a> {
    pub(crate) authored: &'a Authored,
    /// Those of the catalogue come last: no node refers to them.
    pub(crate) agents: Vec<AgentPlace<'a>>,
    pub(crate) nodes: Vec<Place<'a>>,
    pub(crate) output: Option<usize>,
    /// The nodes that neither are in a cycle nor come after one, dependencies first.
    pub(crate) order: Vec<usize>,
}

pub(crate) struct AgentPlace<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: &'a AgentShape,
    /// None when the component could not be looked at.
    pub(crate) facts: Option<&'a ComponentFacts>,
}

pub(crate) struct Place<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: &'a NodeShape,
    pub(crate) agent: Option<usize>,
    pub(crate) inputs: Vec<Link<'a>>,
    /// Where it is named in branches, as far as those may be of routers.
    pub(crate) guards: Vec<Mention<'a>>,
}

/// An input as written.
pub(crate) struct Link<'a> {
    pub(crate) port: &'a At<String>,
    pub(crate) target: &'a At<String>,
    pub(crate) to: Option<usize>,
}

/// A node's name in a branch.
pub(crate) struct Mention<'a> {
    pub(crate) router: usize,
    pub(crate) branch: &'a str,
    pub(crate) written: &'a At<String>,
}

impl<'a> Wiring<'a> {
    pub(crate) fn new(authored: &'a Authored, facts: &'a Facts) -> Self {
        let agents: Vec<AgentPlace<'a>> = authored
            .agents
            .iter()
            .chain(&authored.catalogue)
            .map(|(name, shape)| AgentPlace {
                name,
                shape,
                facts: facts.get(name).and_then(|found| found.as_ref().ok()),
            })
            .collect();
        let mut nodes: Vec<Place<'a>> = authored
            .nodes
            .iter()
            .map(|(name, shape)| {
                let agent = shape.agent.as_ref().and_then(|written| find(&authored.agents, &written.value));
                let link = |(port, target): &'a (At<String>, At<String>)| Link {
                    port,
                    target,
                    to: find(&authored.nodes, &target.value),
                };
                Place { name, shape, agent, inputs: shape.inputs.iter().map(link).collect(), guards: Vec::new() }
            })
            .collect();
        for (router, shape) in authored.nodes.values().enumerate() {
            for (branch, members) in &shape.branches {
                for written in members {
                    let place = find(&authored.nodes, &written.value).and_then(|index| nodes.get_mut(index));
                    if let Some(place) = place {
                        place.guards.push(Mention { router, branch: &branch.value, written });
                    }
                }
            }
        }
        let routes = |router: usize| {
            let facts = agents.get(nodes.get(router)?.agent?)?.facts?;
            Some(facts.descriptor.as_ref().is_some_and(|descriptor| descriptor.output == PayloadKind::Route))
        };
        let routers: Vec<bool> = (0..nodes.len()).map(|node| routes(node).unwrap_or(true)).collect();
        for place in &mut nodes {
            place.guards.retain(|mention| routers.get(mention.router) == Some(&true));
        }
        let output = authored.graph.output.as_ref().and_then(|written| find(&authored.nodes, &written.value));
        let order = order(&nodes);
        Self { authored, agents, nodes, output, order }
    }

    pub(crate) fn place(&self, node: usize) -> Option<&Place<'a>> {
        self.nodes.get(node)
    }

    /// What is known of a node's component.
    pub(crate) fn facts(&self, place: &Place<'a>) -> Option<&'a ComponentFacts> {
        self.agents.get(place.agent?)?.facts
    }

    /// What a node's agent says of itself.
    pub(crate) fn descriptor(&self, place: &Place<'a>) -> Option<&'a Descriptor> {
        self.facts(place)?.descriptor.as_ref()
    }

    /// What a node returns: candidates, when its component has no descriptor.
    pub(crate) fn kind(&self, node: usize) -> Option<PayloadKind> {
        let facts = self.facts(self.place(node)?)?;
        Some(facts.descriptor.as_ref().map_or(PayloadKind::Candidates, |descriptor| descriptor.output))
    }

    /// Whether `used` ran whenever `user` does: it always runs, or for each branch for which `user` does.
    pub(crate) fn runs_with(&self, user: usize, used: usize) -> bool {
        let (Some(user), Some(used)) = (self.place(user), self.place(used)) else { return true };
        let branches = |place: &Place<'a>| -> BTreeSet<(usize, &'a str)> {
            place.guards.iter().map(|mention| (mention.router, mention.branch)).collect()
        };
        let (needed, given) = (branches(used), branches(user));
        needed.is_empty() || (!given.is_empty() && given.is_subset(&needed))
    }

    /// The nodes that a node takes from, directly or not.
    pub(crate) fn ancestors(&self, node: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![node];
        while let Some(place) = open.pop().and_then(|node| self.place(node)) {
            for to in place.inputs.iter().filter_map(|link| link.to) {
                if found.insert(to) {
                    open.push(to);
                }
            }
        }
        found
    }
}

impl Place<'_> {
    /// Whatever has to be finished before it starts.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().filter_map(|link| link.to).chain(self.guards.iter().map(|mention| mention.router))
    }
}

/// The index of a name, or of the name that was probably meant.
fn find<T>(shapes: &BTreeMap<String, T>, written: &str) -> Option<usize> {
    let names = || shapes.keys().map(String::as_str);
    let index = |wanted: &str| names().position(|name| name == wanted);
    index(written).or_else(|| index(suggest::nearest(written, names())?))
}

/// Dependencies first; of those that are ready, the first by name.
fn order(nodes: &[Place<'_>]) -> Vec<usize> {
    let mut waiting: BTreeMap<usize, BTreeSet<usize>> =
        nodes.iter().enumerate().map(|(index, place)| (index, place.dependencies().collect())).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(ready) = waiting.iter().find(|(_, before)| before.is_empty()).map(|(index, _)| *index) {
        waiting.remove(&ready);
        for before in waiting.values_mut() {
            before.remove(&ready);
        }
        order.push(ready);
    }
    order
}
