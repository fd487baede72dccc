//! Deny by default: what an agent may touch takes a request in its component and a grant in the file.

use std::collections::BTreeSet;

use greenroom_model::{Grant, Verb};

use super::Mistakes;
use crate::diagnostic::Mistake;
use crate::reader::At;
use crate::suggest;
use crate::wiring::{AgentPlace, Wiring};

/// The namespace of the catalog's facts, which every graph has.
const ITEMS: &str = "items";

/// Finds namespaces that take the name of the built-in one.
pub(crate) fn namespaces(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    if let Some(shape) = wiring.authored.memory.get(ITEMS) {
        mistakes.push(
            Mistake::error("reserved_namespace", &shape.span, "`items` is built in", "expected another name")
                .help("it holds the facts of the catalog and needs no declaration; grant it with \"items:read\""),
        );
    }
    for (name, shape) in &wiring.authored.memory {
        let Some(owner) = &shape.owner else { continue };
        let agents = || wiring.agents.iter().map(|agent| agent.name);
        if !agents().any(|agent| agent == owner.value) {
            let message = format!("the owner of the namespace `{name}`, `{}`, is no agent", owner.value);
            let near = suggest::nearest(&owner.value, agents()).map(|agent| format!("did you mean `{agent}`?"));
            mistakes.push(
                Mistake::error("unknown_agent", &owner.span, message, "expected an agent of this graph")
                    .help_maybe(near),
            );
        }
    }
}

/// The grants of an agent.
pub(crate) fn resolve(wiring: &Wiring<'_>, agent: &AgentPlace<'_>, mistakes: &mut Mistakes) -> Vec<Grant> {
    let mut grants = BTreeSet::new();
    let before = mistakes.len();
    for written in &agent.shape.grants {
        match read(wiring, agent.name, written) {
            Ok(grant) => {
                grants.insert(grant);
            }
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    let readable = mistakes.len() == before;
    requested(agent, &grants, readable, mistakes);
    grants.into_iter().collect()
}

fn read(wiring: &Wiring<'_>, agent: &str, written: &At<String>) -> Result<Grant, Box<Mistake>> {
    let Some(grant) = Grant::parse(&written.value) else {
        let message = format!("{:?} is no grant", written.value);
        let label = "expected \"NAMESPACE:VERB\" or \"NAMESPACE/PREFIX:VERB\", with read, append or write for VERB";
        let (keys, verb) = written.value.rsplit_once(':').unwrap_or((&written.value, "read"));
        let verb = suggest::nearest(verb, Verb::ALL.map(Verb::name));
        let meant = verb.map(|verb| format!("{}:{verb}", keys.trim_end_matches('/')));
        let meant = meant.filter(|meant| Grant::parse(meant).is_some());
        return Err(Box::new(
            Mistake::error("bad_grant", &written.span, message, label)
                .help_maybe(meant.map(|meant| format!("did you mean \"{meant}\"?"))),
        ));
    };
    if grant.namespace == ITEMS && !grant.prefix.is_empty() {
        let label = "expected \"items:read\"";
        return Err(Box::new(Mistake::error(
            "no_keys",
            &written.span,
            "the facts of items have no keys that could begin with something",
            label,
        )));
    }
    if grant.namespace == ITEMS && grant.verb != Verb::Read {
        let label = "expected \"items:read\"";
        return Err(Box::new(
            Mistake::error("read_only", &written.span, "the facts of items cannot be written by an agent", label)
                .help("they come with the data; to keep something, declare a namespace of its own"),
        ));
    }
    let memory = &wiring.authored.memory;
    if let Some(owner) = memory.get(&grant.namespace).and_then(|shape| shape.owner.as_ref())
        && grant.verb == Verb::Write
        && owner.value != agent
    {
        let message = format!("`{}` is owned by agent `{}`, and no other may write it", grant.namespace, owner.value);
        let label = "expected read or append";
        return Err(Box::new(
            Mistake::error("not_the_owner", &written.span, message, label)
                .help("let the owner write for it, or remove `owner` from the namespace"),
        ));
    }
    if grant.namespace != ITEMS && !memory.contains_key(&grant.namespace) {
        let message = format!("there is no namespace `{}`", grant.namespace);
        let names = memory.keys().map(String::as_str).chain([ITEMS]);
        let near = suggest::nearest(&grant.namespace, names).map(|name| format!("did you mean `{name}`?"));
        let declare = format!("declare it: `[memory.{}]` with `kind` and `bytes_max`", grant.namespace);
        return Err(Box::new(
            Mistake::error("unknown_namespace", &written.span, message, "expected a declared namespace, or `items`")
                .help(near.unwrap_or(declare)),
        ));
    }
    Ok(grant)
}

/// Compares what is granted with what the component asks for. Grants that are not readable may be the ones that it needs.
fn requested(agent: &AgentPlace<'_>, grants: &BTreeSet<Grant>, readable: bool, mistakes: &mut Mistakes) {
    let Some(facts) = agent.facts else { return };
    let imports = facts.interfaces.imports.iter().any(|import| import == "memory" || import.starts_with("memory/"));
    let wanted = facts.descriptor.as_ref().map(|descriptor| descriptor.facts.as_slice()).unwrap_or_default();
    let reads_items = grants.iter().any(|grant| grant.namespace == ITEMS);
    match agent.shape.grants.first() {
        None if imports && !facts.interfaces.script && !agent.shape.unread => {
            let message = format!("the component of agent `{}` imports `memory`, which is not granted", agent.name);
            let example = if wanted.is_empty() { "NAMESPACE:read" } else { "items:read" };
            mistakes.push(
                Mistake::error(
                    "not_granted",
                    &agent.shape.span,
                    message,
                    "expected grants of what it may read and write",
                )
                .help(format!("if it may, add `grants = {{ memory = [\"{example}\"] }}`")),
            );
        }
        Some(first) if !imports => {
            let message =
                format!("agent `{}` is granted memory, but its component does not import `memory`", agent.name);
            mistakes.push(
                Mistake::warning("never_requested", &first.span, message, "expected no grants")
                    .help("remove `grants`: what is not asked for need not be given"),
            );
        }
        Some(first) if readable && !wanted.is_empty() && !reads_items => {
            let names = suggest::list(wanted.iter().map(String::as_str));
            let message = format!("agent `{}` reads facts of items ({names}), which it may not", agent.name);
            mistakes.push(
                Mistake::warning("facts_not_granted", &first.span, message, "expected \"items:read\" among these")
                    .help("without it the agent works with what there is"),
            );
        }
        _ => {}
    }
}
