//! Answers that say what went wrong: one shape for all of them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use greenroom_model::{Fault, FaultSource};
use greenroom_runtime::AskError;
use greenroom_wire::{MISTAKES_MAX, Mistake};
use serde::Serialize;

use crate::wire;

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    mistakes: Vec<Mistake>,
    fault: Option<Fault>,
    retry_after_s: Option<u32>,
}

#[derive(Serialize)]
struct Body<'p> {
    error: Error<'p>,
}

#[derive(Serialize)]
struct Error<'p> {
    code: &'p str,
    message: &'p str,
    mistakes: &'p [Mistake],
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<wire::Fault<'p>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), mistakes: Vec::new(), fault: None, retry_after_s: None }
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

    /// When the caller may come again, if coming again may help.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            self.retry_after_s = Some(seconds);
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
        Self { fault: Some(fault.clone()), ..Self::new(status, code, fault.message) }
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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = Error {
            code: self.code,
            message: &self.message,
            mistakes: &self.mistakes,
            fault: self.fault.as_ref().map(wire::Fault::from),
        };
        let mut response = (self.status, Json(Body { error })).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
