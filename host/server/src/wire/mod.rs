//! What is answered, as JSON. These types are for the wire alone: the host's own may change without the API changing.
//! What is asked is read by [`greenroom_wire`].

pub(crate) mod decide;
pub(crate) mod feedback;
pub(crate) mod plans;
pub(crate) mod status;

use std::collections::BTreeMap;

use greenroom_model::FaultSource;
use greenroom_runtime::AskMistake;
use greenroom_wire::Mistake;
use serde::Serialize;

/// What is wrong with what a body asks.
pub(crate) fn asked(mistake: AskMistake) -> Mistake {
    Mistake { field: mistake.field.to_owned(), message: mistake.message }
}

/// The first, for a message.
pub(crate) fn first(mistakes: &[Mistake]) -> String {
    mistakes.first().map(ToString::to_string).unwrap_or_default()
}

/// A fault.
#[derive(Debug, Serialize)]
pub(crate) struct Fault<'f> {
    source: &'static str,
    kind: &'static str,
    message: &'f str,
}

impl<'f> From<&'f greenroom_model::Fault> for Fault<'f> {
    fn from(fault: &'f greenroom_model::Fault) -> Self {
        let source = match fault.source {
            FaultSource::Guest => "guest",
            FaultSource::Host => "host",
            FaultSource::Caller => "caller",
        };
        Self { source, kind: fault.kind.name(), message: &fault.message }
    }
}

/// What calls used.
#[derive(Debug, Serialize)]
pub(crate) struct Usage {
    calls: u64,
    fuel: u64,
    wall_us: u64,
    memory_peak_bytes: u64,
    table_elements_peak: u64,
    handles_peak: u64,
    host_calls: u64,
    host_bytes: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    namespaces: BTreeMap<String, NamespaceUsage>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    denied: BTreeMap<String, u64>,
    log_lines: u64,
    log_bytes: u64,
    log_lines_dropped: u64,
    output_bytes: u64,
    violations: u64,
    rows_dropped: u64,
}

#[derive(Debug, Serialize)]
struct NamespaceUsage {
    reads: u64,
    writes: u64,
    written_bytes: u64,
}

impl From<&greenroom_model::Usage> for Usage {
    fn from(used: &greenroom_model::Usage) -> Self {
        let namespace = |(name, used): (&std::sync::Arc<str>, &greenroom_model::NamespaceUsage)| {
            let used = NamespaceUsage { reads: used.reads, writes: used.writes, written_bytes: used.written_bytes };
            (name.to_string(), used)
        };
        Self {
            calls: used.calls,
            fuel: used.fuel,
            wall_us: used.wall_us,
            memory_peak_bytes: used.memory_peak,
            table_elements_peak: used.table_elements_peak,
            handles_peak: used.handles_peak,
            host_calls: used.host_calls,
            host_bytes: used.host_bytes,
            namespaces: used.namespaces.iter().map(namespace).collect(),
            denied: used.denied.clone(),
            log_lines: used.log_lines,
            log_bytes: used.log_bytes,
            log_lines_dropped: used.log_dropped,
            output_bytes: used.output_bytes,
            violations: used.violations,
            rows_dropped: used.rows_dropped,
        }
    }
}
