//! What goes wrong in a script, told with its place.

use greenroom_sdk::memory::Error;
use greenroom_sdk::{Fault, FaultKind};
use rhai::{Dynamic, Engine, EvalAltResult, FnPtr, FuncArgs, NativeCallContext, Position};

use crate::bindings::Failure;
use crate::records::{Record, register};

/// What a function of the API gives.
pub(crate) type Told<T> = Result<T, Box<EvalAltResult>>;

/// A mistake of a script's author: it becomes a fault of kind internal, unless the script catches it.
pub(crate) fn wrong(message: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(message.into().into(), Position::NONE).into()
}

/// A value that a script throws, or catches.
pub(crate) fn thrown(value: Dynamic) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(value, Position::NONE).into()
}

const KINDS: [(&str, FaultKind); 6] = [
    ("invalid-parameters", FaultKind::InvalidParameters),
    ("invalid-observation", FaultKind::InvalidObservation),
    ("invalid-state", FaultKind::InvalidState),
    ("invalid-feedback", FaultKind::InvalidFeedback),
    ("unavailable", FaultKind::Unavailable),
    ("internal", FaultKind::Internal),
];

impl Record for Fault {
    const TYPE: &'static str = "Fault";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("kind", |fault| name_of(&KINDS, fault.kind)),
        ("message", |fault| fault.message.clone().into()),
        ("retryable", |fault| fault.retryable.into()),
    ];
}

/// What memory said, as a script catches it.
#[derive(Debug, Clone)]
pub(crate) struct MemoryError(Error);

impl MemoryError {
    fn kind(&self) -> &'static str {
        match self.0 {
            Error::Denied(_) => "denied",
            Error::Conflict(_) => "conflict",
            Error::TooLarge(_) => "too-large",
            Error::Quota(_) => "quota",
            Error::NotFound(_) => "not-found",
            Error::Unavailable(_) => "unavailable",
        }
    }

    /// The words, or the revision that was found.
    fn detail(&self) -> Dynamic {
        match &self.0 {
            Error::Conflict(revision) => revision.map_or(Dynamic::UNIT, |revision| revision.cast_signed().into()),
            Error::Denied(said)
            | Error::TooLarge(said)
            | Error::Quota(said)
            | Error::NotFound(said)
            | Error::Unavailable(said) => said.clone().into(),
        }
    }
}

impl Record for MemoryError {
    const TYPE: &'static str = "MemoryError";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("kind", |error| error.kind().into()),
        ("detail", Self::detail),
        ("message", |error| Fault::from(error.0.clone()).message.into()),
    ];
}

/// What memory answered, or its error for the script to catch.
pub(crate) fn asked<T>(answer: Result<T, Error>) -> Told<T> {
    answer.map_err(|error| thrown(Dynamic::from(MemoryError(error))))
}

/// The name of a case of the contract.
pub(crate) fn name_of<T: PartialEq>(names: &[(&'static str, T)], case: T) -> Dynamic {
    names.iter().find(|(_, other)| *other == case).map_or(Dynamic::UNIT, |(name, _)| (*name).into())
}

/// The case of the contract of a name.
pub(crate) fn case_of<T: Copy>(names: &[(&'static str, T)], what: &str, name: &str) -> Told<T> {
    names.iter().find(|(other, _)| *other == name).map(|(_, case)| *case).ok_or_else(|| {
        let known: Vec<_> = names.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        wrong(format!("{what} is one of {}, not \"{name}\"", known.join(", ")))
    })
}

/// Calls a closure. What it gives has the place of the call where it has none of its own.
pub(crate) fn ask<T: Clone + 'static>(context: &NativeCallContext, closure: &FnPtr, args: impl FuncArgs) -> Told<T> {
    closure.call_within_context(context, args).map_err(|mut error| {
        if error.position().is_none() {
            error.set_position(context.call_position());
        }
        error
    })
}

/// Registers `fault`, and what a script reads of what it caught.
pub(crate) fn add_to(engine: &mut Engine) {
    register::<Fault>(engine);
    register::<MemoryError>(engine);
    engine.register_fn("fault", |kind: &str, message: &str| -> Told<Fault> {
        let kind = case_of(&KINDS, "the kind of a fault", kind)?;
        Ok(Fault { kind, message: message.into(), retryable: kind == FaultKind::Unavailable })
    });
    engine.register_fn("retryable", |fault: Fault| Fault { retryable: true, ..fault });
}

/// A fault of the contract of whatever ended a call: thrown faults as they are, what memory said as the SDK tells it, and
/// mistakes as internal; those two with the place.
pub(crate) fn fault_of(script: &str, error: EvalAltResult) -> Fault {
    let (at, cause) = innermost(error);
    let place = place(script, at);
    match cause {
        EvalAltResult::ErrorRuntime(value, _) => match value.try_cast_result::<Fault>() {
            Ok(fault) => fault,
            Err(value) => match value.try_cast_result::<MemoryError>() {
                Ok(MemoryError(error)) => {
                    let fault = Fault::from(error);
                    Fault { message: format!("{place}: {}", fault.message), ..fault }
                }
                Err(value) => Fault::internal(format!("{place}: {value}")),
            },
        },
        other => Fault::internal(format!("{place}: {}", words(other))),
    }
}

/// Why a script is not loaded.
pub(crate) fn failure_of(error: EvalAltResult) -> Failure {
    let (at, cause) = innermost(error);
    let message = match cause {
        EvalAltResult::ErrorRuntime(value, _) => match value.try_cast_result::<Fault>() {
            Ok(fault) => fault.message,
            Err(value) => value.to_string(),
        },
        other => words(other),
    };
    failure_at(message, at)
}

/// A failure with the place as the contract has it.
pub(crate) fn failure_at(message: String, at: Position) -> Failure {
    let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    Failure { message, line: number(at.line()), column: number(at.position()) }
}

/// Through calls and to where it began.
fn innermost(error: EvalAltResult) -> (Position, EvalAltResult) {
    let at = error.position();
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => {
            let (deeper, cause) = innermost(*inner);
            (if deeper.is_none() { at } else { deeper }, cause)
        }
        other => (at, other),
    }
}

fn place(script: &str, at: Position) -> String {
    match (at.line(), at.position()) {
        (Some(line), Some(column)) => format!("{script}:{line}:{column}"),
        (Some(line), None) => format!("{script}:{line}"),
        _ => script.to_owned(),
    }
}

/// Without the place, and with what to do where that is not plain.
fn words(mut error: EvalAltResult) -> String {
    error.clear_position();
    match error {
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("functions call each other more than {} deep", crate::script::CALLS_MAX)
        }
        EvalAltResult::ErrorUnboundThis(_) => {
            "there is no `this` here: a helper has one when it is called as `this.helper()`, a closure never".into()
        }
        EvalAltResult::ErrorDataRace(..) => {
            "a closure uses the variable that its function is called on, as in `c.map(|x| x / c.sum())`: take what it \
             needs into another variable before"
                .into()
        }
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            format!(
                "there is no `{name}` in the map: set it before, or read what may be missing with `get(\"{name}\")`"
            )
        }
        other => other.to_string(),
    }
}
