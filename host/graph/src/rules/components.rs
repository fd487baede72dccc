//! What an agent names is a component, and one that can do what it is there for.

use std::collections::BTreeSet;

use super::Mistakes;
use crate::diagnostic::Mistake;
use crate::wiring::{Facts, Wiring};

/// Reports components that could not be looked at, and those that cannot be nodes.
pub(crate) fn check(wiring: &Wiring<'_>, facts: &Facts, mistakes: &mut Mistakes) {
    for (name, shape) in wiring.authored.agents.iter().chain(&wiring.authored.catalogue) {
        let Some(component) = &shape.component else { continue };
        let why = match facts.get(name) {
            Some(Ok(_)) => continue,
            Some(Err(why)) => why.as_str(),
            None => "nobody has looked at it",
        };
        let message = format!("the component of agent `{name}` cannot be used: {why}");
        mistakes.push(Mistake::error("component", &component.span, message, "expected a Greenroom component"));
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
