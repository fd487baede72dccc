//! Budgets are limits that can be kept: not zero where nothing runs without, and not so large that they are none.

use greenroom_model::{Budget, Budgets};

use super::Mistakes;
use super::limits::{range, size_range};
use crate::authored::{AgentShape, BudgetShape, GraphShape, LIMITS, RoundShape};
use crate::diagnostic::Mistake;
use crate::plan::{Rate, RequestBudget, Round};
use crate::reader::At;
use crate::wiring::{AgentPlace, Wiring};

/// Years of computing: more is no limit.
const FUEL_MAX: u64 = 1_000_000_000_000_000_000;
/// A week: more is a mistake in the unit.
const WALL_S_MAX: u64 = 7 * 86_400;
/// More than a machine computes.
const FUEL_PER_S_MAX: u64 = 1_000_000_000_000_000;

/// The budgets of an agent: what the file says, on top of the defaults.
pub(crate) fn resolve(wiring: &Wiring<'_>, agent: &AgentPlace<'_>, mistakes: &mut Mistakes) -> Budgets {
    let usual = Budgets::default();
    let shape = &agent.shape.budget;
    let whole = wiring.authored.graph.deadline_ms.as_ref();
    if let (Some(own), Some(whole)) = (shape.decide.of("deadline_ms"), whole)
        && whole.value > 0
        && own.value > whole.value
    {
        let message =
            format!("agent `{}` may decide for {} ms, the whole graph for {}", agent.name, own.value, whole.value);
        mistakes.push(
            Mistake::warning("deadline_too_long", &own.span, message, format!("expected at most {}", whole.value))
                .help("the shorter one holds"),
        );
    }
    Budgets {
        instantiate: budget(&shape.instantiate, usual.instantiate, mistakes),
        configure: budget(&shape.configure, usual.configure, mistakes),
        restore: budget(&shape.restore, usual.restore, mistakes),
        learn: budget(&shape.learn, usual.learn, mistakes),
        fit: budget(&shape.fit, usual.fit, mistakes),
        decide: budget(&shape.decide, usual.decide, mistakes),
    }
}

/// What an agent may use each time that it learns.
pub(crate) fn round(agent: &AgentPlace<'_>, mistakes: &mut Mistakes) -> Round {
    let RoundShape { fuel, wall_s } = &agent.shape.budget.round;
    range("fuel", fuel.as_ref(), 1, FUEL_MAX, mistakes);
    range("wall_s", wall_s.as_ref(), 1, WALL_S_MAX, mistakes);
    let learns = agent.facts.is_none_or(|facts| facts.interfaces.learner);
    if let Some(at) = fuel.as_ref().or(wall_s.as_ref()).filter(|_| !learns) {
        let message = format!("agent `{}` has `budget.round`, but its component does not learn", agent.name);
        let label = "expected only where the component exports `learner`";
        mistakes.push(Mistake::error("never_learns", &at.span, message, label).help("remove `round`"));
    }
    Round { fuel: fuel.as_ref().map(|at| at.value), wall_s: wall_s.as_ref().map(|at| at.value) }
}

/// What the nodes of a request may use together.
pub(crate) fn request(graph: &GraphShape, mistakes: &mut Mistakes) -> RequestBudget {
    let mut bound = |key: &str, found: &Option<At<u64>>| {
        let limit = LIMITS.iter().find(|limit| limit.key == key);
        if let Some(limit) = limit {
            let check = if limit.is_size { size_range } else { range };
            check(key, found.as_ref(), limit.min, limit.max, mistakes);
        }
        found.as_ref().map_or(u64::MAX, |at| at.value)
    };
    RequestBudget {
        fuel: bound("fuel", &graph.fuel),
        host_calls_max: bound("host_calls_max", &graph.host_calls_max),
        host_bytes_max: bound("host_bytes_max", &graph.host_bytes_max),
    }
}

/// What all calls of an agent together may use.
pub(crate) fn rate(shape: &AgentShape, mistakes: &mut Mistakes) -> Option<Rate> {
    let fuel_per_s = shape.fuel_per_s.as_ref()?;
    range("fuel_per_s", Some(fuel_per_s), 1, FUEL_PER_S_MAX, mistakes);
    Some(Rate { fuel_per_s: fuel_per_s.value, throttle: shape.throttle.as_ref().is_none_or(|at| at.value) })
}

fn budget(shape: &BudgetShape, usual: Budget, mistakes: &mut Mistakes) -> Budget {
    let mut budget = usual;
    for (limit, at) in shape.given() {
        let check = if limit.is_size { size_range } else { range };
        check(limit.key, Some(at), limit.min, limit.max, mistakes);
        (limit.put)(&mut budget, at.value);
    }
    budget.exceeded = shape.exceeded.as_ref().map_or(usual.exceeded, |at| at.value);
    budget
}
