//! Everything at once: the wiring, and the parameters of all agents that it may have, in one flat space.
//!
//! An agent that a point leaves out has no say there, and neither have its parameters: they are under the condition that it
//! is there, so that no sampler models what has no effect.

use greenroom_evolve::{Condition, Dimension, Domain, Point};
use greenroom_graph::Agent;
use greenroom_runtime::Loaded;

use super::of_agent;

/// The parameters of all agents that run, or that the catalogue offers and `wiring` may bring in.
pub(super) fn parameters(loaded: &Loaded, wiring: &[Dimension]) -> (Vec<Dimension>, Point) {
    let (mut dimensions, mut now) = (Vec::new(), Point::new());
    for agent in loaded.plan.agents.iter().chain(&loaded.plan.catalogue) {
        let places = places(loaded, agent, wiring);
        let condition = match places.as_slice() {
            [] => continue,
            [Place::When(condition)] => Some(condition.clone()),
            // No condition speaks of two dimensions: where it may be in several places, its parameters are there always, and
            // without effect where it is in none.
            _ => None,
        };
        let (more, more_now) = of_agent(loaded, agent);
        // Those with a condition of their own hang on one that has none.
        dimensions.extend(more.into_iter().map(|dimension| Dimension {
            condition: dimension.condition.clone().or_else(|| condition.clone()),
            ..dimension
        }));
        now.extend(more_now);
    }
    (dimensions, now)
}

/// Where an agent may be.
enum Place {
    Always,
    When(Condition),
}

fn places(loaded: &Loaded, agent: &Agent, wiring: &[Dimension]) -> Vec<Place> {
    let plan = &loaded.plan;
    let when = |dimension: String, value: &str| Condition { dimension, values: vec![value.to_owned()] };
    let offered = |name: &str| wiring.iter().any(|dimension| dimension.name == name);
    let mut places = Vec::new();
    for node in &plan.nodes {
        let has = plan.agent_of(node).is_some_and(|of| of.name == agent.name);
        let (whether, which) = (format!("use.{}", node.name), format!("node.{}.agent", node.name));
        let options = wiring.iter().filter(|dimension| dimension.name == which).find_map(|which| match &which.domain {
            Domain::Choice { options } => Some(options),
            _ => None,
        });
        match options {
            Some(options) if options.contains(&agent.name) => places.push(Place::When(when(which, &agent.name))),
            Some(_) => {}
            None if has && offered(&whether) => places.push(Place::When(when(whether, "true"))),
            None if has => places.push(Place::Always),
            None => {}
        }
    }
    let added = format!("use.{}", agent.name);
    if plan.node(&agent.name).is_none() && offered(&added) {
        places.push(Place::When(when(added, "true")));
    }
    places
}
