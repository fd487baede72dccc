//! What the engine's errors mean to whoever called.

use greenroom_model::text::shown;
use greenroom_model::{Fault, FaultKind, FaultSource};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::bindings::greenroom::agent::types;
use crate::context::{Context, Stopped};

/// Frames that a message names.
const FRAMES_MAX: usize = 4;

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
