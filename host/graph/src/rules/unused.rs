//! What is in the file does something: an agent that no node uses, or a node that the output does not depend on, is a
//! connection that was forgotten. Where a connection is there but could not be read, nothing is said.

use std::collections::BTreeSet;

use greenroom_model::PayloadKind;

use super::Mistakes;
use crate::diagnostic::Mistake;
use crate::wiring::Wiring;

/// Finds agents, nodes and namespaces without effect.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    agents(wiring, mistakes);
    nodes(wiring, mistakes);
    namespaces(wiring, mistakes);
}

fn agents(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    if wiring.nodes.iter().any(|place| place.shape.agent.is_none()) {
        return;
    }
    let used: BTreeSet<usize> = wiring.nodes.iter().filter_map(|place| place.agent).collect();
    let wired = wiring.agents.iter().take(wiring.authored.agents.len());
    for (_, agent) in wired.enumerate().filter(|(index, _)| !used.contains(index)) {
        let message = format!("no node uses the agent `{}`", agent.name);
        mistakes.push(
            Mistake::error("unused_agent", &agent.shape.span, message, "expected a node that uses it")
                .help(format!(
                    "add a node with `agent = \"{0}\"`, make it `[catalogue.{0}]` for evolution to choose from, or remove it",
                    agent.name
                )),
        );
    }
}

fn nodes(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let Some(output) = wiring.output.filter(|_| !wiring.nodes.iter().any(|place| place.shape.unread)) else { return };
    let mut reached = BTreeSet::from([output]);
    let mut open = vec![output];
    while let Some(place) = open.pop().and_then(|node| wiring.place(node)) {
        for before in place.dependencies() {
            if reached.insert(before) {
                open.push(before);
            }
        }
    }
    let name = wiring.place(output).map_or("", |place| place.name);
    for (index, place) in wiring.nodes.iter().enumerate().filter(|(index, _)| !reached.contains(index)) {
        let message = format!("nothing that node `{}` returns reaches the output `{name}`", place.name);
        let help = match wiring.kind(index) {
            Some(PayloadKind::Route) => "name the nodes that it picks from in `branches`, or remove it",
            _ => "connect it to an input of a node on the way to the output, or remove it",
        };
        mistakes.push(
            Mistake::error("dead_node", &place.shape.span, message, "expected a way from here to the output")
                .help(help),
        );
    }
}

fn namespaces(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    if wiring.agents.iter().any(|agent| agent.shape.unread) {
        return;
    }
    let granted: BTreeSet<&str> = wiring
        .agents
        .iter()
        .flat_map(|agent| &agent.shape.grants)
        .filter_map(|grant| grant.value.split([':', '/']).next())
        .collect();
    let known = || wiring.authored.memory.keys().map(String::as_str);
    let meant: BTreeSet<&str> = granted.iter().filter_map(|name| crate::suggest::nearest(name, known())).collect();
    for (name, shape) in &wiring.authored.memory {
        if name != "items" && !meant.contains(name.as_str()) {
            let message = format!("no agent may read or write the namespace `{name}`");
            mistakes.push(
                Mistake::warning("unused_namespace", &shape.span, message, "expected a grant of it")
                    .help(format!("add `grants = {{ memory = [\"{name}:read\"] }}` to an agent, or remove it")),
            );
        }
    }
}
