//! Adding an agent to a graph file by hand: where it goes, and who takes from it.

use toml_edit::{Array, InlineTable, Item, Table, value};

use super::draft::Draft;

/// An agent that is to be added.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// Names the agent and its node.
    pub name: &'a str,
    /// What it is made of, as the graph file is to name it.
    pub file: &'a str,
    /// Whether that is the text of a script.
    pub script: bool,
    /// What it needs to be granted of memory.
    pub grants: &'a [String],
    /// How its instances are had, when not as usual.
    pub instances: Option<&'a str>,
    /// Where it goes.
    pub place: Place<'a>,
}

/// Where an agent goes.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// Behind a node: whoever took from that takes from it, and it falls back to that.
    After {
        /// The node.
        node: &'a str,
        /// Its port for what comes from there.
        port: &'a str,
    },
    /// Before a node that takes from any number of ports: one more source for it.
    Into(&'a str),
}

/// Rows that a node is asked for when nobody said.
const LIMIT: i64 = 100;

/// The text of a graph file with one more agent in it.
///
/// # Errors
/// What is in the way, in words.
pub fn add(text: &str, added: &Added<'_>) -> Result<String, String> {
    let mut draft = Draft::parse(text).ok_or("the graph file is not TOML: `greenroom check` says where")?;
    let nodes = draft.node_names();
    let listed = || nodes.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (Place::After { node, .. } | Place::Into(node)) = added.place;
    if !nodes.iter().any(|name| name == node) {
        return Err(format!("there is no node `{node}` in the graph: it has {}", listed()));
    }
    for section in ["agents", "catalogue", "nodes"] {
        if draft.table(section, added.name).is_some() {
            return Err(format!("[{section}.{}] is there already: give the agent another name", added.name));
        }
    }
    draft.add_agent(added);
    match added.place {
        Place::After { node, port } => draft.insert_after(added.name, port, node),
        Place::Into(node) => {
            draft.add_source(added.name, added.name, LIMIT, &[node.to_owned()]);
            let inputs = draft.table("nodes", node).and_then(|node| node.get_mut("inputs"));
            if let Some(inputs) = inputs.and_then(Item::as_inline_table_mut) {
                inputs.fmt();
            }
        }
    }
    Ok(draft.text())
}

impl Draft {
    fn add_agent(&mut self, added: &Added<'_>) {
        let mut table = Table::new();
        table.insert(if added.script { "script" } else { "component" }, value(added.file));
        if !added.grants.is_empty() {
            let grants: Array = added.grants.iter().map(String::as_str).collect();
            table.insert("grants", value(InlineTable::from_iter([("memory", grants)])));
        }
        if let Some(instances) = added.instances {
            table.insert("instances", value(instances));
        }
        if let Some(agents) = self.section("agents") {
            agents.insert(added.name, Item::Table(table));
        }
    }

    fn insert_after(&mut self, node: &str, port: &str, before: &str) {
        let is_before = |item: &Item| item.as_str() == Some(before);
        for name in self.node_names() {
            let inputs = self.table("nodes", &name).and_then(|node| node.get_mut("inputs"));
            let Some(inputs) = inputs.and_then(Item::as_table_like_mut) else { continue };
            let ports: Vec<String> =
                inputs.iter().filter(|(_, from)| is_before(from)).map(|(port, _)| port.to_owned()).collect();
            for port in ports {
                inputs.insert(&port, value(node));
            }
        }
        let was_output = self.section("graph").is_some_and(|graph| graph.get("output").is_some_and(is_before));
        if was_output && let Some(graph) = self.section("graph") {
            graph.insert("output", value(node));
        }
        let mut limit = None;
        if let Some(before) = self.table("nodes", before) {
            limit = before.get("limit").and_then(Item::as_integer);
            if was_output && limit.is_none() {
                // Only the output is asked for what the request asks for.
                before.insert("limit", value(LIMIT));
            }
        }
        let mut table = Table::new();
        table.insert("agent", value(node));
        table.insert("inputs", value(InlineTable::from_iter([(port, before)])));
        if let Some(limit) = limit.filter(|_| !was_output) {
            table.insert("limit", value(limit));
        }
        table.insert("on_fault", value(InlineTable::from_iter([("node", before)])));
        if let Some(nodes) = self.section("nodes") {
            nodes.insert(node, Item::Table(table));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = "# Mine.\n[graph]\nname = \"g\"\noutput = \"last\"\n\n[agents.a]\ncomponent = \"a.wasm\"\n\n\
                         [nodes.first]\nagent = \"a\"\nlimit = 50\n\n[nodes.last]\nagent = \"a\" # Stays.\ninputs = { x = \"first\" }\n";

    fn added<'a>(name: &'a str, place: Place<'a>) -> Added<'a> {
        Added { name, file: "build/new.wasm", script: false, grants: &[], instances: None, place }
    }

    #[test]
    fn what_is_added_behind_the_output_becomes_it() {
        let grants = ["items:read".to_owned()];
        let place = Place::After { node: "last", port: "ranked" };
        let text = add(GRAPH, &Added { grants: &grants, instances: Some("pooled"), ..added("new", place) }).unwrap();
        assert!(
            text.starts_with("# Mine.\n") && text.contains("output = \"new\"") && text.contains("# Stays."),
            "{text}"
        );
        let agent = "[agents.new]\ncomponent = \"build/new.wasm\"\ngrants = { memory = [\"items:read\"] }\ninstances = \"pooled\"\n";
        assert!(text.contains(agent), "{text}");
        let node = "[nodes.new]\nagent = \"new\"\ninputs = { ranked = \"last\" }\non_fault = { node = \"last\" }\n";
        assert!(text.contains(node), "{text}");
        assert!(text.contains("limit = 100"), "{text}");
    }

    #[test]
    fn what_is_added_in_the_middle_is_taken_from() {
        let text = add(GRAPH, &added("new", Place::After { node: "first", port: "ranked" })).unwrap();
        assert!(text.contains("inputs = { x = \"new\" }") && text.contains("output = \"last\""), "{text}");
        assert!(text.contains("inputs = { ranked = \"first\" }\nlimit = 50\n"), "{text}");
    }

    #[test]
    fn a_source_is_one_more_port() {
        let text = add(GRAPH, &added("new", Place::Into("last"))).unwrap();
        assert!(text.contains("inputs = { x = \"first\", new = \"new\" }"), "{text}");
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let nowhere = add(GRAPH, &added("new", Place::Into("middle"))).unwrap_err();
        assert_eq!(nowhere, "there is no node `middle` in the graph: it has `first`, `last`");
        let twice = add(GRAPH, &added("a", Place::Into("last"))).unwrap_err();
        assert_eq!(twice, "[agents.a] is there already: give the agent another name");
    }
}
