//! `budget = { .. }` of an agent: the keys on top are for `decide`, tables inside for other calls, and one for all calls of a
//! round of learning.

use greenroom_model::{Budget, Exceeded};

use super::graph::inner;
use crate::reader::{At, Reader, Section};

/// A limit of a budget.
pub(crate) struct Limit {
    pub(crate) key: &'static str,
    /// Whether it is a size, which may have a unit.
    pub(crate) is_size: bool,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) get: fn(&Budget) -> u64,
    pub(crate) put: fn(&mut Budget, u64),
}

macro_rules! limit {
    ($key:ident, $is_size:literal, $min:expr, $max:expr) => {
        Limit {
            key: stringify!($key),
            is_size: $is_size,
            min: $min,
            max: $max,
            get: |budget| budget.$key,
            put: |budget, value| budget.$key = value,
        }
    };
}

/// Days of computing.
const FUEL_MAX: u64 = 1_000_000_000_000_000;
/// A day: more is a mistake in the unit.
const DEADLINE_MS_MAX: u64 = crate::rules::limits::DEADLINE_MS_MAX;
/// More is no limit.
const COUNT_MAX: u64 = 1_000_000_000_000;

/// All limits. What nothing runs without is not zero, and nothing is so large that it is no limit.
pub(crate) const LIMITS: [Limit; 13] = [
    limit!(fuel, false, 1, FUEL_MAX),
    limit!(deadline_ms, false, 1, DEADLINE_MS_MAX),
    // A page of wasm: nothing starts with less.
    limit!(memory_max, true, 64 << 10, 64 << 30),
    limit!(table_elements_max, false, 0, COUNT_MAX),
    limit!(lifted_bytes_max, true, 1 << 10, 4 << 30),
    limit!(handles_max, false, 0, 1 << 20),
    limit!(host_calls_max, false, 0, COUNT_MAX),
    limit!(host_bytes_max, true, 0, 1 << 40),
    limit!(memory_reads_max, false, 0, COUNT_MAX),
    limit!(memory_writes_max, false, 0, COUNT_MAX),
    limit!(log_lines_max, false, 0, COUNT_MAX),
    limit!(log_bytes_max, true, 0, 1 << 30),
    limit!(output_bytes_max, true, 0, 4 << 30),
];

const EXCEEDED: &str = "exceeded";
const ROUND: &str = "round";
const CALLS: [&str; 5] = ["learn", "fit", "instantiate", "configure", "restore"];

#[derive(Debug, Clone, Default)]
pub(crate) struct BudgetsShape {
    pub(crate) decide: BudgetShape,
    pub(crate) learn: BudgetShape,
    pub(crate) fit: BudgetShape,
    pub(crate) instantiate: BudgetShape,
    pub(crate) configure: BudgetShape,
    pub(crate) restore: BudgetShape,
    pub(crate) round: RoundShape,
}

/// What all calls of a round of learning may use together.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoundShape {
    pub(crate) fuel: Option<At<u64>>,
    pub(crate) wall_s: Option<At<u64>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct BudgetShape {
    // In the order of `LIMITS`; empty when nothing is said.
    limits: Vec<Option<At<u64>>>,
    pub(crate) exceeded: Option<At<Exceeded>>,
}

impl BudgetsShape {
    pub(super) fn read(reader: &mut Reader, agent: &Section<'_, '_>) -> Self {
        let keys = || LIMITS.iter().map(|limit| limit.key).chain([EXCEEDED]);
        let known: Vec<&str> = keys().chain(CALLS).chain([ROUND]).collect();
        let Some(section) = inner(reader, agent, "budget", &known) else { return Self::default() };
        let known: Vec<&str> = keys().collect();
        let mut call = |key: &str| {
            inner(reader, &section, key, &known).map(|call| BudgetShape::read(reader, &call)).unwrap_or_default()
        };
        let [learn, fit, instantiate, configure, restore] = CALLS.map(&mut call);
        let round = inner(reader, &section, ROUND, &["fuel", "wall_s"])
            .map(|round| RoundShape { fuel: reader.whole(&round, "fuel"), wall_s: reader.whole(&round, "wall_s") });
        let round = round.unwrap_or_default();
        Self { decide: BudgetShape::read(reader, &section), learn, fit, instantiate, configure, restore, round }
    }
}

impl BudgetShape {
    fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        let mut limit = |limit: &Limit| match limit.is_size {
            true => reader.size(section, limit.key),
            false => reader.whole(section, limit.key),
        };
        let limits = LIMITS.iter().map(&mut limit).collect();
        let words = [("trap", Exceeded::Trap), ("reject", Exceeded::Reject)];
        Self { limits, exceeded: reader.word(section, EXCEEDED, &words) }
    }

    /// Each limit that the file gives.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static Limit, &At<u64>)> {
        LIMITS.iter().zip(&self.limits).filter_map(|(limit, at)| Some((limit, at.as_ref()?)))
    }

    /// What the file gives for one of them.
    pub(crate) fn of(&self, key: &str) -> Option<&At<u64>> {
        self.given().find(|(limit, _)| limit.key == key).map(|(_, at)| at)
    }
}
