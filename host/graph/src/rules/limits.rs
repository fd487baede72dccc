//! Rows and times of nodes and of the graph are neither zero nor absurd, and a part gets no more time than the whole.

use greenroom_model::PayloadKind;

use super::{Mistakes, noun};
use crate::authored::InstancesShape;
use crate::diagnostic::Mistake;
use crate::quantity;
use crate::reader::At;
use crate::wiring::Wiring;

/// The most rows that a node may be asked for.
const ROWS_MAX: u64 = 100_000;
/// A day: more is a mistake in the unit.
pub(crate) const DEADLINE_MS_MAX: u64 = 86_400_000;
/// Ninety days: whoever learns more seldom does it by hand.
const CADENCE_S_MAX: u64 = 90 * 86_400;
/// Kept instances take memory for as long as the host runs.
const INSTANCES_MAX: u64 = 1024;

/// Checks limits, deadlines and instance counts.
pub(crate) fn check(wiring: &Wiring<'_>, mistakes: &mut Mistakes) {
    let graph = &wiring.authored.graph;
    range("deadline_ms", graph.deadline_ms.as_ref(), 1, DEADLINE_MS_MAX, mistakes);
    for (index, place) in wiring.nodes.iter().enumerate() {
        range("limit", place.shape.limit.as_ref(), 1, ROWS_MAX, mistakes);
        let other = wiring.kind(index).filter(|kind| *kind != PayloadKind::Candidates);
        if let (Some(limit), Some(kind)) = (&place.shape.limit, other) {
            let message = format!("node `{}` has a `limit`, but returns {}", place.name, noun(kind));
            let label = "expected a limit only where candidates are returned";
            mistakes
                .push(Mistake::error("limit_without_rows", &limit.span, message, label).help("remove `limit` here"));
        }
        let Some(deadline) = &place.shape.deadline_ms else { continue };
        range("deadline_ms", Some(deadline), 1, DEADLINE_MS_MAX, mistakes);
        if let Some(whole) = graph.deadline_ms.as_ref().filter(|whole| whole.value > 0 && deadline.value > whole.value)
        {
            let message = format!("node `{}` has {} ms, the whole graph {}", place.name, deadline.value, whole.value);
            mistakes.push(
                Mistake::error(
                    "deadline_too_long",
                    &deadline.span,
                    message,
                    format!("expected at most {}", whole.value),
                )
                .also(&whole.span, "the graph's deadline")
                .help("shorten this one, or give the graph more time"),
            );
        }
    }
    for agent in &wiring.agents {
        range("instances_max", agent.shape.instances_max.as_ref(), 1, INSTANCES_MAX, mistakes);
        range("learn_every_s", agent.shape.learn_every_s.as_ref(), 1, CADENCE_S_MAX, mistakes);
        let learns = agent.facts.is_none_or(|facts| facts.interfaces.learner);
        let every = agent.shape.learn_every_s.as_ref().map(|at| ("learn_every_s", &at.span));
        let untrained = agent.shape.untrained.as_ref().map(|at| ("untrained", &at.span));
        let state = agent.shape.state.as_ref().map(|at| ("state", &at.span));
        for (key, span) in every.into_iter().chain(untrained).chain(state).filter(|_| !learns) {
            let message = format!("agent `{}` has `{key}`, but its component does not learn", agent.name);
            let label = "expected only where the component exports `learner`";
            mistakes.push(Mistake::error("never_learns", span, message, label).help(format!("remove `{key}`")));
        }
        if let (Some((_, every)), Some((_, state))) = (every, state) {
            let message = format!("agent `{}` has its state from a file, and learns on a cadence", agent.name);
            let label = "expected only where the state is not that of a file";
            mistakes.push(
                Mistake::error("state_and_cadence", every, message, label)
                    .also(state, "the file that has its state")
                    .help("what it learned would be replaced by what is in the file: remove one of the two"),
            );
        }
        let kept = agent.shape.instances.as_ref().is_some_and(|at| at.value != InstancesShape::Fresh);
        if let Some(max) = agent.shape.instances_max.as_ref().filter(|_| !kept) {
            let message = format!("agent `{}` keeps no instances, so there is no most of them", agent.name);
            mistakes.push(
                Mistake::error(
                    "instances_not_kept",
                    &max.span,
                    message,
                    "expected only with instances = \"pooled\" or \"stocked\"",
                )
                .help("add `instances = \"pooled\"`, or remove `instances_max`"),
            );
        }
    }
}

/// Checks bytes against bounds.
pub(crate) fn size_range(key: &str, found: Option<&At<u64>>, min: u64, max: u64, mistakes: &mut Mistakes) {
    if let Some(at) = found.filter(|at| !(min..=max).contains(&at.value)) {
        let message = format!("`{key}` is {}", quantity::written(at.value));
        let label = format!("expected {} to {}", quantity::written(min), quantity::written(max));
        mistakes.push(Mistake::error("out_of_range", &at.span, message, label));
    }
}

/// Checks a number against bounds.
pub(crate) fn range(key: &str, found: Option<&At<u64>>, min: u64, max: u64, mistakes: &mut Mistakes) {
    if let Some(at) = found.filter(|at| !(min..=max).contains(&at.value)) {
        let message = format!("`{key}` is {}", at.value);
        mistakes.push(Mistake::error("out_of_range", &at.span, message, format!("expected {min} to {max}")));
    }
}
