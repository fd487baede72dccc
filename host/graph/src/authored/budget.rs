//! `budget = { .. }` of an agent: the keys on top are for `decide`, tables inside for other calls.

use super::graph::inner;
use crate::reader::{At, Reader, Section};

#[derive(Debug, Clone, Default)]
pub(crate) struct BudgetsShape {
    pub(crate) decide: BudgetShape,
    pub(crate) learn: BudgetShape,
    pub(crate) fit: BudgetShape,
    pub(crate) configure: BudgetShape,
    pub(crate) restore: BudgetShape,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct BudgetShape {
    pub(crate) fuel: Option<At<u64>>,
    pub(crate) deadline_ms: Option<At<u64>>,
    pub(crate) memory_max: Option<At<u64>>,
    pub(crate) host_calls_max: Option<At<u64>>,
    pub(crate) host_bytes_max: Option<At<u64>>,
    pub(crate) log_bytes_max: Option<At<u64>>,
}

const LIMITS: [&str; 6] = ["fuel", "deadline_ms", "memory_max", "host_calls_max", "host_bytes_max", "log_bytes_max"];
const CALLS: [&str; 4] = ["learn", "fit", "configure", "restore"];

impl BudgetsShape {
    pub(super) fn read(reader: &mut Reader, agent: &Section<'_, '_>) -> Self {
        let known: Vec<&str> = LIMITS.into_iter().chain(CALLS).collect();
        let Some(section) = inner(reader, agent, "budget", &known) else { return Self::default() };
        let mut call = |key: &str| {
            inner(reader, &section, key, &LIMITS).map(|call| BudgetShape::read(reader, &call)).unwrap_or_default()
        };
        let (learn, fit, configure, restore) = (call("learn"), call("fit"), call("configure"), call("restore"));
        Self { decide: BudgetShape::read(reader, &section), learn, fit, configure, restore }
    }
}

impl BudgetShape {
    fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        Self {
            fuel: reader.whole(section, "fuel"),
            deadline_ms: reader.whole(section, "deadline_ms"),
            memory_max: reader.size(section, "memory_max"),
            host_calls_max: reader.whole(section, "host_calls_max"),
            host_bytes_max: reader.size(section, "host_bytes_max"),
            log_bytes_max: reader.size(section, "log_bytes_max"),
        }
    }
}
