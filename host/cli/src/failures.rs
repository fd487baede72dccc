//! Which exit code an error of the layers below ends a command with.

use std::error::Error;
use std::io::ErrorKind;

use greenroom_memory::{DeclareError, JetStreamError, OpenError};
use greenroom_model::{Fault, FaultKind, FaultSource};
use greenroom_runtime::events::ReadError;
use greenroom_runtime::{
    AskError, EvaluateError, GivenError, HostError, ImportError, LoadGraphError, PrepareError, RevokedError, TrainError,
};

use crate::commands::replay::report;
use crate::exit::Failure;

/// A message with what caused it.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

/// What a person is told about a file that cannot be read.
pub(crate) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::bad_file(why_unreadable(path, error))
}

/// The same in words.
pub(crate) fn why_unreadable(path: &std::path::Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("there is no file {path}"),
        ErrorKind::IsADirectory => format!("{path} is a folder, expected a file"),
        _ => format!("{path} cannot be read: {error}"),
    }
}

/// A fault with what is known of its cause.
#[derive(Debug)]
struct Reported<'f>(&'f Fault);

impl std::fmt::Display for Reported<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.0, report(self.0))
    }
}

impl Error for Reported<'_> {}

/// A fault of an agent, or of what it was given.
fn of_fault(fault: &Fault, message: &dyn Error) -> Failure {
    match (fault.source, fault.kind) {
        (_, FaultKind::InvalidState) => Failure::bad_file(format!(
            "{message}; its learned state is not its own: remove the folder `states` of the data folder, and train"
        )),
        (FaultSource::Guest, _) => Failure::agent(message),
        (FaultSource::Caller, _) => Failure::arguments(message),
        (FaultSource::Host, _) => Failure::failed(message),
    }
}

impl From<LoadGraphError> for Failure {
    fn from(error: LoadGraphError) -> Self {
        match error {
            LoadGraphError::Read { path, source } => unreadable(&path, &source),
            LoadGraphError::Graph(diagnostics) => Self::BadFile(miette::Report::new(*diagnostics)),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io { path, source } => unreadable(&path, &source),
            other => Self::bad_file(other),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::InUse { .. } => Self::in_use(error),
            OpenError::System { .. } => Self::failed(with_causes(&error)),
            _ => Self::bad_file(with_causes(&error)),
        }
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match &error {
            PrepareError::Agent { fault, .. } => of_fault(fault, &error),
            PrepareError::Given { .. }
            | PrepareError::Params(_)
            | PrepareError::Memory(DeclareError::Misfits(_) | DeclareError::Damaged(..)) => Self::bad_file(error),
            PrepareError::Memory(_) => Self::failed(with_causes(&error)),
            PrepareError::Component(_) | PrepareError::Untried => Self::failed(error),
        }
    }
}

impl From<GivenError> for Failure {
    fn from(error: GivenError) -> Self {
        match error {
            GivenError::Store(error) => error.into(),
            GivenError::Prepare(error) => error.into(),
            GivenError::Items(_) | GivenError::Gone(_) => Self::failed(with_causes(&error)),
        }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Prepare(error) => error.into(),
            TrainError::Agent { ref fault, .. } => of_fault(fault, &error),
            TrainError::Round { .. } => Self::agent(error),
            TrainError::Keep(_) | TrainError::Gone(_) => Self::failed(with_causes(&error)),
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Store(error) => error.into(),
            HostError::Shared(error) => error.into(),
            HostError::Load(error) => error.into(),
            HostError::Prepare(error) => error.into(),
            HostError::Train(error) => error.into(),
            HostError::Revoked(error) => error.into(),
            other => Self::failed(with_causes(&other)),
        }
    }
}

impl From<JetStreamError> for Failure {
    fn from(error: JetStreamError) -> Self {
        match error {
            JetStreamError::Settings { .. } | JetStreamError::File { .. } => Self::arguments(error),
            other => Self::failed(with_causes(&other)),
        }
    }
}

impl From<RevokedError> for Failure {
    fn from(error: RevokedError) -> Self {
        match error {
            RevokedError::Io { .. } => Self::failed(error),
            RevokedError::Lines { .. } => Self::bad_file(error),
        }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        Self::failed(with_causes(&error))
    }
}

impl From<EvaluateError> for Failure {
    fn from(error: EvaluateError) -> Self {
        match error {
            EvaluateError::Load(error) => error.into(),
            EvaluateError::Store(error) => error.into(),
            EvaluateError::Train(error) => error.into(),
            EvaluateError::Prepare(error) => error.into(),
            EvaluateError::NothingAnswered { ref fault, .. } => of_fault(fault, &error),
            EvaluateError::SameName(_) => Self::arguments(error),
            other => Self::failed(with_causes(&other)),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match &error {
            AskError::Invalid(_) => Self::arguments(error),
            AskError::Fault(fault) => of_fault(fault, &Reported(fault)),
            AskError::Inactive | AskError::Record(_) => Self::failed(error),
        }
    }
}
