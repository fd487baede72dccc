//! Every agent and node that is named exists.

use super::Mistakes;
use crate::authored::FaultShape;
use crate::diagnostic::Mistake;
use crate::reader::At;
use crate::suggest;
use crate::wiring::Wiring;

/// Finds names of nothing.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let authored = wiring.authored;
    let mut node = |written: &At<String>| {
        if !authored.nodes.contains_key(&written.value) {
            mistakes.push(unknown("node", written, authored.nodes.keys()));
        }
    };
    authored.graph.output.iter().for_each(&mut node);
    for shape in authored.nodes.values() {
        shape.inputs.iter().for_each(|(_, target)| node(target));
        shape.branches.iter().flat_map(|(_, members)| members).for_each(&mut node);
        if let Some(At { value: FaultShape::Node(target), .. }) = &shape.on_fault {
            node(target);
        }
    }
    for written in authored.nodes.values().filter_map(|shape| shape.agent.as_ref()) {
        if !authored.agents.contains_key(&written.value) {
            let mistake = unknown("agent", written, authored.agents.keys());
            mistakes.push(match authored.catalogue.contains_key(&written.value) {
                true => mistake.help(format!(
                    "it is in the catalogue, from which evolution chooses: to have it run, make it `[agents.{}]`",
                    written.value
                )),
                false => mistake,
            });
        }
    }
}

fn unknown<'k>(what: &str, written: &At<String>, known: impl Iterator<Item = &'k String>) -> Mistake {
    let (code, table) = match what {
        "agent" => ("unknown_agent", "agents"),
        _ => ("unknown_node", "nodes"),
    };
    let message = format!("there is no {what} `{}`", written.value);
    Mistake::error(code, &written.span, message, format!("expected the name of a table `[{table}.*]`"))
        .help_maybe(suggest::help(&written.value, known.map(String::as_str)))
}
