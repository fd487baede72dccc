//! A part of a plan as a plan of its own: how an agent is evaluated alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Edge, Guard, Node, OnFault, Plan};
use greenroom_model::PayloadKind;

impl Plan {
    /// The plan in which a node is the output: with what it takes from, and nothing else. It runs for every request,
    /// whatever a router picks, and is asked for what the request asks for. None when there is no such node, or when it
    /// returns no candidates.
    #[must_use]
    pub fn only(&self, node: &str) -> Option<Self> {
        let output = self.node(node)?;
        if self.nodes.get(output)?.output != PayloadKind::Candidates {
            return None;
        }
        let waived = self.routers(output);
        let kept = self.needed(output, &waived);
        let agents: BTreeSet<usize> = kept.iter().filter_map(|index| Some(self.nodes.get(*index)?.agent)).collect();
        let node_at: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let agent_at: BTreeMap<usize, usize> = agents.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let mut sources = 0;
        let nodes = kept.iter().map(|index| {
            let node = self.nodes.get(*index)?;
            let source = node.source.map(|_| sources);
            sources += u32::from(source.is_some());
            let edge = |edge: &Edge| Some(Edge { port: edge.port.clone(), node: *node_at.get(&edge.node)? });
            let last = *index == output;
            Some(Node {
                agent: *agent_at.get(&node.agent)?,
                inputs: node.inputs.iter().map(edge).collect::<Option<_>>()?,
                limit: node.limit.filter(|_| !last),
                on_fault: match node.on_fault {
                    OnFault::Node(fallback) => OnFault::Node(*node_at.get(&fallback)?),
                    other => other,
                },
                guard: node.guard.as_ref().filter(|guard| !waived.contains(&guard.router)).and_then(|guard| {
                    Some(Guard { router: *node_at.get(&guard.router)?, branches: guard.branches.clone() })
                }),
                source,
                ..node.clone()
            })
        });
        let nodes = nodes.collect::<Option<Vec<Node>>>()?;
        let agents: Vec<_> = agents.iter().filter_map(|index| self.agents.get(*index)).cloned().collect();
        let granted =
            |name: &String| agents.iter().flat_map(|agent| &agent.grants).any(|grant| grant.namespace == *name);
        Some(Self {
            name: self.name.clone(),
            nodes,
            output: *node_at.get(&output)?,
            deadline_ms: self.deadline_ms,
            budget: self.budget,
            exclude_seen: self.exclude_seen,
            segments: self.segments,
            objective: self.objective.clone(),
            namespaces: self.namespaces.iter().filter(|namespace| granted(&namespace.name)).cloned().collect(),
            warnings: self.warnings.clone(),
            agents,
            catalogue: Vec::new(),
        })
    }

    /// The router that decides about a node, the one that decides about that, and so on: they are not asked.
    fn routers(&self, node: usize) -> BTreeSet<usize> {
        let router = |index: usize| Some(self.nodes.get(index)?.guard.as_ref()?.router);
        std::iter::successors(router(node), |index| router(*index)).collect()
    }

    /// A node and what it depends on, but for the decisions of waived routers.
    fn needed(&self, output: usize, waived: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut needed = BTreeSet::from([output]);
        let mut open = vec![output];
        while let Some(node) = open.pop().and_then(|index| self.nodes.get(index)) {
            let router = node.guard.iter().map(|guard| guard.router).filter(|router| !waived.contains(router));
            for before in node.inputs.iter().map(|edge| edge.node).chain(router) {
                if needed.insert(before) {
                    open.push(before);
                }
            }
        }
        needed
    }
}
