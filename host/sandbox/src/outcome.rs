//! What the engine's errors mean to whoever called.

use std::io;

use greenroom_model::{Fault, FaultKind, FaultSource};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::bindings::greenroom::agent::types;
use crate::context::{Context, Stopped};
use crate::imports::escaped;

/// Frames that a message names.
const FRAMES_MAX: usize = 4;
/// Characters of a guest's own words that are kept.
const WORDS_MAX: usize = 1_024;

/// The deadline passed while the guest waited in the host.
#[derive(Debug, thiserror::Error)]
#[error("the deadline passed")]
pub(crate) struct Overdue;

/// The fault behind an error of the engine.
pub(crate) fn fault(context: &Context, call: &str, error: wasmtime::Error) -> Fault {
    let budget = &context.budget;
    let guest = |kind, message: String| Fault::guest(kind, format!("{call} {message}"));
    match &context.stopped {
        Some(Stopped::Deadline) => {
            return guest(FaultKind::Deadline, format!("took more than {} ms", budget.deadline_ms));
        }
        Some(Stopped::Over(what)) => return guest(FaultKind::HostCalls, what.clone()),
        None => {}
    }
    let trap = error.downcast_ref::<Trap>().copied();
    match trap {
        _ if error.is::<Overdue>() => guest(FaultKind::Deadline, format!("took more than {} ms", budget.deadline_ms)),
        Some(Trap::OutOfFuel) => guest(FaultKind::Fuel, format!("used up its {} units of fuel", budget.fuel)),
        Some(Trap::Interrupt) => guest(FaultKind::Deadline, format!("took more than {} ms", budget.deadline_ms)),
        _ if error.is::<PoolConcurrencyLimitError>() => {
            Fault::host(FaultKind::Exhausted, format!("{call}: the pool of instances is full: {error}"))
        }
        _ if no_room(&error) => {
            let message = format!("{call}: the kernel gives this process no more memory: {}", how_to_raise());
            Fault::host(FaultKind::Exhausted, message)
        }
        _ if context.memory_refused.is_some() => {
            let wanted = context.memory_refused.unwrap_or_default();
            guest(FaultKind::Memory, format!("asked for {wanted} bytes, its budget is {}", budget.memory_max))
        }
        _ if context.elements_refused.is_some() => {
            let (wanted, max) = (context.elements_refused.unwrap_or_default(), budget.table_elements_max);
            guest(FaultKind::Memory, format!("asked for {wanted} table elements, its budget is {max}"))
        }
        // The engine has no type of its own for this one.
        None if error.root_cause().to_string().contains("allocated for hostcalls has been exhausted") => {
            guest(FaultKind::Memory, format!("handed over more than {} bytes at a time", budget.lifted_bytes_max))
        }
        trap => guest(FaultKind::Trap, trapped(context, trap, &error)),
    }
}

/// Whether the kernel refused memory, or one more mapping of it: it has one error for both.
fn no_room(error: &wasmtime::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
}

fn how_to_raise() -> String {
    let max = std::fs::read_to_string("/proc/sys/vm/max_map_count");
    let max = max.map_or_else(|_| "as many mappings as it may".to_owned(), |max| format!("{} mappings", max.trim()));
    format!(
        "it is out of memory, or has {max}, of which an instance takes five: raise that with \
         `sysctl -w vm.max_map_count=NUMBER`, or make the pool smaller"
    )
}

fn trapped(context: &Context, trap: Option<Trap>, error: &wasmtime::Error) -> String {
    let why = match (&context.last_words, trap) {
        (Some(words), _) => shown(words),
        (None, Some(trap)) => trap.to_string(),
        (None, None) => shown(&error.root_cause().to_string()),
    };
    let frames: Vec<String> = error
        .downcast_ref::<WasmBacktrace>()
        .into_iter()
        .flat_map(WasmBacktrace::frames)
        .filter_map(wasmtime::FrameInfo::func_name)
        .take(FRAMES_MAX)
        .map(shown)
        .collect();
    if frames.is_empty() { format!("trapped: {why}") } else { format!("trapped: {why} (in {})", frames.join(" < ")) }
}

/// The fault that a guest reported itself.
pub(crate) fn reported(fault: types::Fault) -> Fault {
    let kind = match fault.kind {
        types::FaultKind::InvalidParameters => FaultKind::InvalidParameters,
        types::FaultKind::InvalidObservation => FaultKind::InvalidObservation,
        types::FaultKind::InvalidState => FaultKind::InvalidState,
        types::FaultKind::InvalidFeedback => FaultKind::InvalidFeedback,
        types::FaultKind::Unavailable => FaultKind::Unavailable,
        types::FaultKind::Internal => FaultKind::Internal,
    };
    Fault { source: FaultSource::Guest, kind, message: shown(&fault.message), retryable: fault.retryable }
}

/// A guest's words as they may reach logs and terminals: escaped, and not longer than a person reads.
pub(crate) fn shown(words: &str) -> String {
    match words.char_indices().nth(WORDS_MAX) {
        Some((end, _)) => format!("{}...", escaped(words.get(..end).unwrap_or_default())),
        None => escaped(words),
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::Budget;

    use super::*;
    use crate::Capabilities;

    #[test]
    fn what_the_kernel_refuses_is_no_fault_of_the_guest() {
        const ENOMEM: i32 = 12;
        let context = Context::new(Capabilities::none("model"), Budget::DECIDE);
        let error = wasmtime::Error::from(io::Error::from_raw_os_error(ENOMEM)).context("a slot of the pool");
        let fault = fault(&context, "instantiation", error);
        assert_eq!((fault.source, fault.kind, fault.retryable), (FaultSource::Host, FaultKind::Exhausted, true));
        assert!(fault.message.contains("sysctl -w vm.max_map_count"), "{fault}");
    }
}
