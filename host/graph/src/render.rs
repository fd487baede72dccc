//! A plan as text, for people who check a graph.

use std::fmt::Write as _;

use crate::plan::{Instances, Node, OnFault, Plan};
use crate::quantity;

impl Plan {
    /// A drawing: the nodes in layers that can run at once, each with what it takes and when it runs.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let bounds: Vec<String> = self
            .objective
            .subject_to
            .iter()
            .map(|bound| {
                let min = bound.min.map(|min| format!("{min} <= ")).unwrap_or_default();
                let max = bound.max.map(|max| format!(" <= {max}")).unwrap_or_default();
                format!(", {min}{}{max}", bound.metric)
            })
            .collect();
        let _ = writeln!(text, "graph {} ({})", self.name, self.digest().short());
        let _ = writeln!(
            text,
            "  maximises {}{}, within {} ms",
            self.objective.maximise.join(" and "),
            bounds.concat(),
            self.deadline_ms
        );
        for namespace in &self.namespaces {
            let kept = namespace.retention_s.map(|s| format!(", kept for {s} s")).unwrap_or_default();
            let owner = namespace.owner.as_ref().map(|owner| format!(", written by {owner}")).unwrap_or_default();
            let max = quantity::written(namespace.bytes_max);
            let space = namespace.space.map(|space| format!(" of {} by {}", space.dimension, space.metric.name()));
            let (name, kind, space) = (&namespace.name, namespace.kind.name(), space.unwrap_or_default());
            let _ = writeln!(text, "  memory {name}, {kind}{space}, at most {max}{kept}{owner}");
        }
        let name_width = self.nodes.iter().map(|node| node.name.chars().count()).max().unwrap_or_default();
        let agent_width = self.agents.iter().map(|agent| agent.name.chars().count()).max().unwrap_or_default();
        for (depth, layer) in self.layers().iter().enumerate() {
            let _ = writeln!(text, "\n{}", if depth == 0 { "first".to_owned() } else { format!("then, {depth}") });
            for (index, node) in layer.iter().filter_map(|index| Some((*index, self.nodes.get(*index)?))) {
                let agent = self.agent_of(node);
                let name = agent.map_or("", |agent| agent.name.as_str());
                let mark = if index == self.output { "=>" } else { "  " };
                let line =
                    format!("{mark} {:name_width$}  {name:agent_width$}  {}", node.name, self.particulars(index, node));
                let _ = writeln!(text, "{}", line.trim_end());
            }
        }
        text
    }

    /// What there is to say of a node.
    fn particulars(&self, index: usize, node: &Node) -> String {
        let name = |index: usize| self.nodes.get(index).map_or("", |node| node.name.as_str());
        let mut parts: Vec<String> = Vec::new();
        if !node.inputs.is_empty() {
            let edges = node.inputs.iter().map(|edge| match name(edge.node) {
                from if from == edge.port => from.to_owned(),
                from => format!("{}: {from}", edge.port),
            });
            parts.push(format!("<- {}", edges.collect::<Vec<_>>().join(", ")));
        }
        if let Some(guard) = &node.guard {
            parts.push(format!("when {} picks {}", name(guard.router), guard.branches.join(" or ")));
        }
        match node.limit {
            Some(limit) => parts.push(format!("{limit} rows")),
            None if index == self.output => parts.push("answers".to_owned()),
            None => parts.push(node.output.name().to_owned()),
        }
        parts.extend(node.deadline_ms.map(|deadline| format!("{deadline} ms")));
        match node.on_fault {
            OnFault::Fail => {}
            OnFault::Empty => parts.push("if it fails, empty".to_owned()),
            OnFault::Node(fallback) => parts.push(format!("if it fails, {}", name(fallback))),
        }
        if let Some(Instances::Pooled { max }) = self.agent_of(node).map(|agent| agent.instances) {
            parts.push(format!("{max} pooled"));
        }
        parts.join("; ")
    }
}
