//! Answers that say what went wrong: one shape for all of them.

use std::io;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenroom_graph::{Diagnostics, Severity};
use greenroom_memory::no_room;
use greenroom_model::{Fault, FaultSource, Generation};
use greenroom_runtime::{AskError, HistoryError, LoadGraphError, Refused};
use greenroom_wire::{MISTAKES_MAX, Mistake};
use serde::Serialize;

use crate::wire;

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    mistakes: Mistakes,
    /// What is active, when that is why.
    active: Option<u64>,
    fault: Option<Box<Fault>>,
    retry_after_s: Option<u32>,
}

/// A mistake in a graph file.
#[derive(Debug, Serialize)]
struct GraphMistake {
    severity: &'static str,
    code: String,
    file: String,
    line: usize,
    column: usize,
    /// In bytes of the file.
    offset: usize,
    length: usize,
    message: String,
    label: String,
    /// Other places that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<AlsoHere>,
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct AlsoHere {
    /// In bytes of the file.
    offset: usize,
    length: usize,
    label: String,
}

/// All that is wrong with what was sent.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Mistakes {
    Body(Vec<Mistake>),
    Graph(Vec<GraphMistake>),
}

#[derive(Serialize)]
struct Body<'p> {
    error: Error<'p>,
}

#[derive(Serialize)]
struct Error<'p> {
    code: &'p str,
    message: &'p str,
    mistakes: &'p Mistakes,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<wire::Fault<'p>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            mistakes: Mistakes::Body(Vec::new()),
            active: None,
            fault: None,
            retry_after_s: None,
        }
    }

    /// Values that cannot be; all of them, or as many as are told.
    pub(crate) fn invalid(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.truncate(MISTAKES_MAX);
        let message = match mistakes.as_slice() {
            [one] => one.to_string(),
            many if many.len() == MISTAKES_MAX => {
                format!("{MISTAKES_MAX} mistakes or more, the first: {}", wire::first(many))
            }
            several => format!("{} mistakes, the first: {}", several.len(), wire::first(several)),
        };
        let mistakes = Mistakes::Body(mistakes);
        Self { mistakes, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message) }
    }

    /// Whether nothing was begun: there was no room, or the server stops.
    pub(crate) fn at_the_door(&self) -> bool {
        ["overloaded", "draining"].contains(&self.code)
    }

    /// Something is not there now and may be later.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// There is nothing to decide with yet.
    pub(crate) fn inactive() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "inactive", "no plan is active yet")
    }

    /// The server is about to end.
    pub(crate) fn draining() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "draining", "the server is stopping")
    }

    /// The work did not come to its end: a defect of the host, told in its log.
    pub(crate) fn internal() -> Self {
        let message = "the request did not come to its end; the server's log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// No such generation is known.
    pub(crate) fn unknown_plan(generation: Generation) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no generation {generation}"))
    }

    /// Something could not be written to the data folder.
    pub(crate) fn not_kept(source: &io::Error, message: impl std::fmt::Display) -> Self {
        let status = if no_room(source) { StatusCode::INSUFFICIENT_STORAGE } else { StatusCode::SERVICE_UNAVAILABLE };
        Self::new(status, "not_recorded", message.to_string())
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// In a line, for the audit log.
    pub(crate) fn outcome(&self) -> String {
        format!("{}: {}", self.status.as_u16(), self.message)
    }

    /// When the caller may come again, if coming again may help.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            self.retry_after_s.get_or_insert(seconds);
        }
        self
    }

    fn fault(fault: Fault) -> Self {
        let (status, code) = match fault.source {
            FaultSource::Caller => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            FaultSource::Host if fault.retryable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            FaultSource::Host => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            FaultSource::Guest => (StatusCode::INTERNAL_SERVER_ERROR, "agent_failed"),
        };
        Self { fault: Some(Box::new(fault.clone())), ..Self::new(status, code, fault.message) }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Invalid(mistakes) => Self::invalid(mistakes.into_iter().map(wire::asked).collect()),
            AskError::Fault(fault) => Self::fault(fault),
            AskError::Inactive => Self::inactive(),
            AskError::Record(reason) => Self::unavailable(format!("the decision could not be recorded: {reason}")),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        let status = match &refused {
            Refused::Conflict { .. } | Refused::ProvenBefore { .. } => StatusCode::CONFLICT,
            Refused::Graph(_)
            | Refused::Unreadable(_)
            | Refused::Renamed { .. }
            | Refused::NoSuchAgent(_)
            | Refused::Unproven(_)
            | Refused::ProvenOther { .. }
            | Refused::Prepare(_)
            | Refused::Untrained { .. }
            | Refused::TooLarge(_)
            | Refused::Learn(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refused::NoSuchPlan(_) => StatusCode::NOT_FOUND,
            Refused::Lost { .. } => StatusCode::GONE,
            Refused::NoRoom { .. } => StatusCode::INSUFFICIENT_STORAGE,
            Refused::Keep(source) => return Self::not_kept(source, message),
            Refused::Inactive | Refused::Record(_) | Refused::Gone => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut problem = Self::new(status, refused.kind(), message);
        match refused {
            Refused::Conflict { active, .. } | Refused::ProvenBefore { active, .. } => {
                problem.active = active.map(|now| now.generation.0)
            }
            Refused::Graph(LoadGraphError::Graph(diagnostics)) => {
                problem.message = diagnostics.to_string();
                problem.mistakes = Mistakes::Graph(graph_mistakes(&diagnostics));
            }
            _ => {}
        }
        problem
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        Self::unavailable(format!("the record of plans cannot be read: {error}"))
    }
}

fn graph_mistakes(diagnostics: &Diagnostics) -> Vec<GraphMistake> {
    let also = |(span, label): (&std::ops::Range<usize>, &str)| AlsoHere {
        offset: span.start,
        length: span.len(),
        label: label.to_owned(),
    };
    let mistake = |(told, mistake): (greenroom_graph::Diagnostic, &greenroom_graph::Mistake)| GraphMistake {
        severity: match told.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        code: told.code,
        file: diagnostics.file_name().to_owned(),
        line: told.line,
        column: told.column,
        offset: mistake.span().start,
        length: mistake.span().len(),
        message: told.message,
        label: told.label,
        also: mistake.others().map(also).collect(),
        help: told.help,
    };
    diagnostics.iter().zip(diagnostics.mistakes()).take(MISTAKES_MAX).map(mistake).collect()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = Error {
            code: self.code,
            message: &self.message,
            mistakes: &self.mistakes,
            active: self.active,
            fault: self.fault.as_deref().map(wire::Fault::from),
        };
        let mut response = (self.status, Json(Body { error })).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
