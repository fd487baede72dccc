//! What the engine's errors mean to whoever called.

use std::io;
use std::time::Duration;

use greenroom_model::text::shown;
use greenroom_model::{Fault, FaultKind, FaultReport, Frame, Overrun};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::bindings::greenroom::agent::types;
use crate::context::{Context, Stopped};

/// Frames that a message names, and that a report does.
const FRAMES_SAID: usize = 4;
const FRAMES_MAX: usize = 32;

/// The deadline passed while the guest waited in the host.
#[derive(Debug, thiserror::Error)]
#[error("the deadline passed")]
pub(crate) struct Overdue;

/// The fault behind an error of the engine, with what is known of its cause.
pub(crate) fn fault(context: &Context, call: &str, error: &wasmtime::Error) -> Fault {
    let (kind, message, overrun) = cause(context, error);
    let backtrace = backtrace(error);
    let mut message = format!("{call} {message}");
    if kind == FaultKind::Trap && !backtrace.is_empty() {
        // One that calls itself is named once.
        let mut frames: Vec<&str> = backtrace.iter().map(|frame| frame.function.as_str()).collect();
        frames.dedup();
        frames.truncate(FRAMES_SAID);
        message.push_str(&format!(" (in {})", frames.join(" < ")));
    }
    let report = FaultReport { overrun, backtrace, host_calls: context.latest.lines(), replay: None };
    let fault = match kind {
        FaultKind::Exhausted => Fault::host(kind, message),
        _ => Fault::guest(kind, message),
    };
    fault.reported(report)
}

fn cause(context: &Context, error: &wasmtime::Error) -> (FaultKind, String, Option<Overrun>) {
    let budget = &context.budget;
    let over = |kind, message: String, limit: &str, most: u64, found: u64| {
        (kind, message, Some(Overrun { limit: limit.to_owned(), most, found }))
    };
    let late = || {
        let began = context.deadline.checked_sub(Duration::from_millis(budget.deadline_ms));
        let found = began.map_or(budget.deadline_ms, |began| began.elapsed().as_millis() as u64);
        let message = format!("took more than {} ms", budget.deadline_ms);
        over(FaultKind::Deadline, message, "deadline_ms", budget.deadline_ms, found.max(budget.deadline_ms))
    };
    match &context.stopped {
        Some(Stopped::Deadline) => return late(),
        Some(Stopped::Over(what, overrun)) => return (FaultKind::HostCalls, what.clone(), Some(overrun.clone())),
        None => {}
    }
    match error.downcast_ref::<Trap>().copied() {
        _ if error.is::<Overdue>() => late(),
        Some(Trap::OutOfFuel) => {
            let message = format!("used up its {} units of fuel", budget.fuel);
            over(FaultKind::Fuel, message, "fuel", budget.fuel, budget.fuel)
        }
        Some(Trap::Interrupt) => late(),
        _ if error.is::<PoolConcurrencyLimitError>() => {
            (FaultKind::Exhausted, format!("found the pool of instances full: {error}"), None)
        }
        _ if no_room(error) => {
            let message = format!("found that the kernel gives this process no more memory: {}", how_to_raise());
            (FaultKind::Exhausted, message, None)
        }
        _ if context.memory_refused.is_some() => {
            let (wanted, most) = (context.memory_refused.unwrap_or_default() as u64, budget.memory_max);
            let message = format!("asked for {wanted} bytes, its budget is {most}");
            over(FaultKind::Memory, message, "memory_max", most, wanted)
        }
        _ if context.elements_refused.is_some() => {
            let (wanted, most) = (context.elements_refused.unwrap_or_default(), budget.table_elements_max);
            let message = format!("asked for {wanted} table elements, its budget is {most}");
            over(FaultKind::Memory, message, "table_elements_max", most, wanted)
        }
        // The engine has no type of its own for this one.
        None if error.root_cause().to_string().contains("allocated for hostcalls has been exhausted") => {
            let most = budget.lifted_bytes_max;
            let message = format!("handed over more than {most} bytes at a time");
            over(FaultKind::Memory, message, "lifted_bytes_max", most, most.saturating_add(1))
        }
        trap => {
            let why = match (&context.last_words, trap) {
                (Some(words), _) => shown(words),
                (None, Some(Trap::StackOverflow)) => {
                    format!("{}: functions call each other too deep, or without end", Trap::StackOverflow)
                }
                (None, Some(trap)) => trap.to_string(),
                (None, None) => shown(&error.root_cause().to_string()),
            };
            (FaultKind::Trap, format!("trapped: {why}"), None)
        }
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

/// The functions that were running, with what the component says of their source.
fn backtrace(error: &wasmtime::Error) -> Vec<Frame> {
    let frames = error.downcast_ref::<WasmBacktrace>().into_iter().flat_map(WasmBacktrace::frames);
    frames.take(FRAMES_MAX).map(frame).collect()
}

fn frame(info: &wasmtime::FrameInfo) -> Frame {
    // Of functions that were inlined into each other the innermost comes first.
    let symbol = info.symbols().first();
    let name = symbol.and_then(wasmtime::FrameSymbol::name).or(info.func_name());
    let source = symbol.and_then(|symbol| {
        let file = symbol.file()?;
        Some(match symbol.line() {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        })
    });
    Frame {
        function: name.map_or_else(|| format!("function {}", info.func_index()), |name| shown(&readable(name))),
        source: source.as_deref().map(shown),
        offset: info.module_offset().map(|offset| offset as u64),
    }
}

/// A function's name as it stands in its source, where it is one of Rust.
fn readable(name: &str) -> String {
    // Without the hash.
    format!("{:#}", rustc_demangle::demangle(name))
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
    Fault { retryable: fault.retryable, ..Fault::guest(kind, shown(&fault.message)) }
}

#[cfg(test)]
mod tests {
    use greenroom_model::{Budget, FaultSource};

    use super::*;
    use crate::Capabilities;

    #[test]
    fn what_the_kernel_refuses_is_no_fault_of_the_guest() {
        const ENOMEM: i32 = 12;
        let context = Context::new(Capabilities::none("model"), Budget::DECIDE);
        let error = wasmtime::Error::from(io::Error::from_raw_os_error(ENOMEM)).context("a slot of the pool");
        let fault = fault(&context, "instantiation", &error);
        assert_eq!((fault.source, fault.kind, fault.retryable), (FaultSource::Host, FaultKind::Exhausted, true));
        assert!(fault.message.contains("sysctl -w vm.max_map_count"), "{fault}");
    }
}
