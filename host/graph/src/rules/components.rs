//! What an agent names is a component, and one that can do what it is there for.

use std::collections::BTreeSet;

use super::Mistakes;
use crate::authored::mismatch;
use crate::diagnostic::Mistake;
use crate::reader::At;
use crate::wiring::{Facts, Wiring};

/// Reports components that could not be looked at, and those that cannot be nodes.
pub(crate) fn check(wiring: &Wiring<'_>, facts: &Facts, mistakes: &mut Mistakes) {
    for (name, shape) in wiring.authored.agents.iter().chain(&wiring.authored.catalogue) {
        let Some(component) = shape.file() else { continue };
        if wiring.authored.refused.contains(name) {
            continue;
        }
        let why = match (facts.get(name), &shape.digest) {
            (Some(Ok(found)), Some(pinned)) if pinned.value != found.digest => {
                mistakes.push(mismatch(name, pinned, &found.digest));
                continue;
            }
            (Some(Ok(_)), _) => continue,
            (Some(Err(_)), _) if is_elsewhere(&component.value) => {
                mistakes.push(elsewhere(name, component));
                continue;
            }
            (Some(Err(why)), _) => why.as_str(),
            (None, _) => "nobody has looked at it",
        };
        let (what, expected) = if shape.component.is_some() {
            ("component", "expected a Greenroom component")
        } else {
            ("script", "expected a script that an interpreter of this host takes")
        };
        let message = format!("the {what} of agent `{name}` cannot be used: {why}");
        mistakes.push(Mistake::error(what, &component.span, message, expected));
    }
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for place in &wiring.nodes {
        let (Some(written), Some(index)) = (&place.shape.agent, place.agent) else { continue };
        let cannot = wiring.facts(place).is_some_and(|facts| !facts.interfaces.policy);
        if cannot && told.insert(index) {
            let name = wiring.agents.get(index).map_or("", |agent| agent.name);
            let message = format!("agent `{name}` cannot be a node: its component does not export `policy`");
            mistakes.push(Mistake::error("no_policy", &written.span, message, "expected an agent that decides").help(
                "a component is a node through its `decide`; export the interface `policy`, or use another agent",
            ));
        }
    }
}

/// Whether it names a component of a registry: no path of a file is written so, or hardly one.
fn is_elsewhere(written: &str) -> bool {
    let last = written.rsplit('/').next().unwrap_or_default();
    written.starts_with("oci:") || written.contains("@sha256:") || (written.contains('/') && last.contains(':'))
}

/// Files are what is watched, pinned and kept with a plan; loading a graph asks nobody.
fn elsewhere(agent: &str, component: &At<String>) -> Mistake {
    let message = format!("the component of agent `{agent}` is in a registry, from where no graph is loaded");
    Mistake::error("in_a_registry", &component.span, message, "expected the path of a file").help(format!(
        "fetch it with `greenroom pull {} --out components/{agent}.wasm`, write `component = \"components/{agent}.wasm\"`, and \
         pin it with `digest`",
        component.value
    ))
}
