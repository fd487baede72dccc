//! A graph file that is being changed: everything that is not changed stays as it was written, comments too.

use greenroom_model::ParamValue;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

/// The text of a graph file, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Draft(DocumentMut);

impl Draft {
    /// None when it is not TOML.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    pub(super) fn section(&mut self, section: &str) -> Option<&mut dyn TableLike> {
        self.0.get_mut(section)?.as_table_like_mut()
    }

    pub(super) fn table(&mut self, section: &str, name: &str) -> Option<&mut dyn TableLike> {
        self.section(section)?.get_mut(name)?.as_table_like_mut()
    }

    pub(super) fn node_names(&self) -> Vec<String> {
        let nodes = self.0.get("nodes").and_then(Item::as_table_like);
        nodes.map(|nodes| nodes.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
    }

    /// Sets a parameter of an agent, one of the catalogue too.
    pub(super) fn set_param(&mut self, agent: &str, name: &str, to: &ParamValue) {
        let section = if self.table("agents", agent).is_some() { "agents" } else { "catalogue" };
        let to: Value = match to {
            ParamValue::Boolean(x) => (*x).into(),
            ParamValue::Integer(x) => (*x).into(),
            ParamValue::Float(x) => (*x).into(),
            ParamValue::Text(x) => x.as_str().into(),
            // Not searched, so that nobody asks for it.
            ParamValue::Rows(_) | ParamValue::Items(_) | ParamValue::Numbers(_) | ParamValue::Named(_) => return,
        };
        let Some(agent) = self.table(section, agent) else { return };
        let params = agent.entry("params").or_insert_with(|| value(InlineTable::new()));
        if let Some(params) = params.as_table_like_mut() {
            params.insert(name, value(to));
        }
    }

    /// The output is asked for what the request asks for.
    pub(super) fn set_limit(&mut self, node: &str, limit: i64) {
        let output = self.0.get("graph").and_then(|graph| graph.get("output")).and_then(Item::as_str);
        if output == Some(node) {
            return;
        }
        if let Some(node) = self.table("nodes", node) {
            node.insert("limit", value(limit));
        }
    }

    pub(super) fn set_agent(&mut self, node: &str, agent: &str) {
        if let Some(node) = self.table("nodes", node) {
            node.insert("agent", value(agent));
        }
    }

    /// The nodes that a node takes from, in the order of its ports as they are written.
    pub(super) fn inputs(&self, node: &str) -> Vec<String> {
        let node = self.0.get("nodes").and_then(|nodes| nodes.get(node));
        let inputs = node.and_then(|node| node.get("inputs")).and_then(Item::as_table_like);
        let all = inputs.into_iter().flat_map(|inputs| inputs.iter().filter_map(|(_, from)| from.as_str()));
        all.map(ToOwned::to_owned).collect()
    }

    /// Moves an agent from the catalogue to those that run, or back.
    pub(super) fn move_agent(&mut self, agent: &str, from: &str, to: &str) {
        let Some(mut moved) = self.section(from).and_then(|section| section.remove(agent)) else { return };
        if let Some(table) = moved.as_table_mut() {
            // It keeps its comment, and comes last.
            table.set_position(None);
        }
        let section = self.0.entry(to).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        if let Some(section) = section.as_table_like_mut() {
            section.insert(agent, moved);
        }
        if self.section(from).is_some_and(|section| section.is_empty()) {
            self.0.remove(from);
        }
    }

    /// Whether a node has the agent.
    pub(super) fn uses(&self, agent: &str) -> bool {
        let nodes = self.0.get("nodes").and_then(Item::as_table_like);
        let of = |node: &Item| node.get("agent").and_then(Item::as_str) == Some(agent);
        nodes.is_some_and(|nodes| nodes.iter().any(|(_, node)| of(node)))
    }

    /// Adds a node that takes nothing, gives no more than `limit` rows to each hub and nothing when it fails.
    pub(super) fn add_source(&mut self, node: &str, agent: &str, limit: i64, hubs: &[String]) {
        let mut table = Table::new();
        table.insert("agent", value(agent));
        table.insert("limit", value(limit));
        table.insert("on_fault", value("empty"));
        if let Some(nodes) = self.section("nodes") {
            nodes.insert(node, Item::Table(table));
        }
        for hub in hubs {
            let Some(hub) = self.table("nodes", hub) else { continue };
            let inputs = hub.entry("inputs").or_insert_with(|| value(InlineTable::new()));
            if let Some(inputs) = inputs.as_table_like_mut() {
                inputs.insert(node, value(node));
            }
        }
    }

    /// Adds a node that takes what is the output now, becomes the output, and leaves it as it was when it fails. What was the output is
    /// asked for `limit` rows.
    pub(super) fn append(&mut self, node: &str, agent: &str, port: &str, limit: i64) {
        let Some(graph) = self.section("graph") else { return };
        let Some(before) = graph.get("output").and_then(Item::as_str).map(ToOwned::to_owned) else { return };
        graph.insert("output", value(node));
        if let Some(before) = self.table("nodes", &before) {
            before.insert("limit", value(limit));
        }
        let mut table = Table::new();
        table.insert("agent", value(agent));
        table.insert("inputs", value(InlineTable::from_iter([(port, before.as_str())])));
        table.insert("on_fault", value(InlineTable::from_iter([("node", before.as_str())])));
        if let Some(nodes) = self.section("nodes") {
            nodes.insert(node, Item::Table(table));
        }
    }

    /// Removes a node. Whoever took from it takes from `instead`, or no more.
    pub(super) fn drop_node(&mut self, gone: &str, instead: Option<&str>) {
        if let Some(nodes) = self.section("nodes") {
            nodes.remove(gone);
        }
        let is_gone = |item: &Item| item.as_str() == Some(gone);
        for name in self.node_names() {
            let Some(node) = self.table("nodes", &name) else { continue };
            if let Some(inputs) = node.get_mut("inputs").and_then(Item::as_table_like_mut) {
                let ports: Vec<String> =
                    inputs.iter().filter(|(_, from)| is_gone(from)).map(|(port, _)| port.to_owned()).collect();
                for port in ports {
                    match instead {
                        Some(instead) => inputs.insert(&port, value(instead)),
                        None => inputs.remove(&port),
                    };
                }
            }
            if node.get("on_fault").and_then(|fault| fault.get("node")).is_some_and(is_gone) {
                let fallback = instead.map(|instead| InlineTable::from_iter([("node", instead)]));
                node.insert("on_fault", fallback.map_or_else(|| value("empty"), value));
            }
            if let Some(branches) = node.get_mut("branches").and_then(Item::as_table_like_mut) {
                for (_, members) in branches.iter_mut() {
                    if let Some(members) = members.as_array_mut() {
                        members.retain(|member| member.as_str() != Some(gone));
                    }
                }
            }
        }
        if let (Some(graph), Some(instead)) = (self.section("graph"), instead)
            && graph.get("output").is_some_and(is_gone)
        {
            graph.insert("output", value(instead));
            if let Some(node) = self.table("nodes", instead) {
                node.remove("limit");
            }
        }
    }

    /// The nodes of a branch; none when there is no such branch.
    pub(super) fn branch(&self, router: &str, branch: &str) -> Option<Vec<String>> {
        let router = self.0.get("nodes").and_then(|nodes| nodes.get(router))?;
        let members = router.get("branches")?.get(branch)?.as_array()?;
        Some(members.iter().filter_map(|member| member.as_str().map(ToOwned::to_owned)).collect())
    }

    /// Makes a branch lead to these nodes; without nodes there is no such branch.
    pub(super) fn set_branch(&mut self, router: &str, branch: &str, to: Option<Vec<String>>) {
        let Some(router) = self.table("nodes", router) else { return };
        let Some(branches) = router.get_mut("branches").and_then(Item::as_table_like_mut) else { return };
        match to {
            Some(to) => branches.insert(branch, value(to.into_iter().collect::<Array>())),
            None => branches.remove(branch),
        };
    }
}
