//! Budgets are limits that can be kept: not zero where nothing runs without, and not so large that they are none.

use greenroom_model::{Budget, Budgets};

use super::Mistakes;
use super::limits::{DEADLINE_MS_MAX, range, size_range};
use crate::authored::BudgetShape;
use crate::diagnostic::Mistake;
use crate::reader::At;
use crate::wiring::{AgentPlace, Wiring};

/// Days of computing.
const FUEL_MAX: u64 = 1_000_000_000_000_000;
/// A page of wasm: nothing starts with less.
const MEMORY_MIN: u64 = 64 << 10;
const MEMORY_MAX: u64 = 64 << 30;
const HOST_CALLS_MAX: u64 = 1_000_000_000_000;
const HOST_BYTES_MAX: u64 = 1 << 40;
const LOG_BYTES_MAX: u64 = 1 << 30;

/// The budgets of an agent: what the file says, on top of the defaults.
pub(crate) fn resolve(wiring: &Wiring<'_>, agent: &AgentPlace<'_>, mistakes: &mut Mistakes) -> Budgets {
    let usual = Budgets::default();
    let shape = &agent.shape.budget;
    let whole = wiring.authored.graph.deadline_ms.as_ref();
    if let (Some(own), Some(whole)) = (&shape.decide.deadline_ms, whole)
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
        configure: budget(&shape.configure, usual.configure, mistakes),
        restore: budget(&shape.restore, usual.restore, mistakes),
        learn: budget(&shape.learn, usual.learn, mistakes),
        fit: budget(&shape.fit, usual.fit, mistakes),
        decide: budget(&shape.decide, usual.decide, mistakes),
    }
}

fn budget(shape: &BudgetShape, usual: Budget, mistakes: &mut Mistakes) -> Budget {
    let mut limit = |check: Check, key: &str, at: &Option<At<u64>>, min: u64, max: u64, usual: u64| {
        check(key, at.as_ref(), min, max, mistakes);
        at.as_ref().map_or(usual, |at| at.value)
    };
    let BudgetShape { fuel, deadline_ms, memory_max, host_calls_max, host_bytes_max, log_bytes_max } = shape;
    Budget {
        fuel: limit(range, "fuel", fuel, 1, FUEL_MAX, usual.fuel),
        deadline_ms: limit(range, "deadline_ms", deadline_ms, 1, DEADLINE_MS_MAX, usual.deadline_ms),
        memory_max: limit(size_range, "memory_max", memory_max, MEMORY_MIN, MEMORY_MAX, usual.memory_max),
        host_calls_max: limit(range, "host_calls_max", host_calls_max, 0, HOST_CALLS_MAX, usual.host_calls_max),
        host_bytes_max: limit(size_range, "host_bytes_max", host_bytes_max, 0, HOST_BYTES_MAX, usual.host_bytes_max),
        log_bytes_max: limit(size_range, "log_bytes_max", log_bytes_max, 0, LOG_BYTES_MAX, usual.log_bytes_max),
    }
}

type Check = fn(&str, Option<&At<u64>>, u64, u64, &mut Mistakes);
