//! Names are part of columns (`ease.score`), of files and of metrics, so they are plain words.

use super::Mistakes;
use crate::authored::Authored;
use crate::diagnostic::{Mistake, Span};

const LETTERS_MAX: usize = 64;

/// Checks the names that a file gives.
pub(crate) fn check(authored: &Authored, mistakes: &mut Mistakes) {
    let graph = authored.graph.name.iter().map(|name| ("a graph", name.value.as_str(), &name.span));
    let memory = authored.memory.iter().map(|(name, shape)| ("a namespace", name.as_str(), &shape.span));
    let agents = authored.agents.iter().map(|(name, shape)| ("an agent", name.as_str(), &shape.span));
    let catalogue = authored.catalogue.iter().map(|(name, shape)| ("an agent", name.as_str(), &shape.span));
    let nodes = authored.nodes.iter().map(|(name, shape)| ("a node", name.as_str(), &shape.span));
    let branches = authored.nodes.values().flat_map(|shape| &shape.branches);
    let branches = branches.map(|(branch, _)| ("a branch", branch.value.as_str(), &branch.span));
    for (what, name, span) in graph.chain(memory).chain(agents).chain(catalogue).chain(nodes).chain(branches) {
        mistakes.extend(wrong(what, name, span));
    }
    for (name, shape) in &authored.catalogue {
        if let Some(agent) = authored.agents.get(name) {
            let message = format!("the agent `{name}` is in the catalogue, too");
            mistakes.push(
                Mistake::error("named_twice", &shape.span, message, "expected a name that no agent has")
                    .also(&agent.span, "the agent that runs")
                    .help("an agent that runs need not be in the catalogue: rename one, or remove it here"),
            );
        }
    }
}

/// The mistake in a name, if there is one.
pub(crate) fn wrong(what: &str, name: &str, span: &Span) -> Option<Mistake> {
    if plain(name) {
        return None;
    }
    let mistake = Mistake::error(
        "bad_name",
        span,
        format!("{name:?} cannot be the name of {what}"),
        format!(
            "expected a lower-case letter, then letters, digits and single `_` or `-`, at most {LETTERS_MAX} in all"
        ),
    );
    let better = better(name);
    Some(mistake.help_maybe(plain(&better).then(|| format!("for instance `{better}`"))))
}

fn plain(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    name.len() <= LETTERS_MAX
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.split(['_', '-']).all(word)
}

fn better(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<&str>>().join("_")
}
