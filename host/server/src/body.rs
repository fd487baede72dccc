//! Reading a body: bounded in bytes and in time, and JSON.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::problem::Problem;

/// The JSON document in the body of a request. The router's limit stops a body whose length was not said; `bytes_max` is
/// the same limit, for one whose length was.
pub(crate) async fn json(request: Request, bytes_max: usize, wait: Duration) -> Result<Value, Problem> {
    content_type(request.headers())?;
    let bytes = bytes(request, bytes_max, wait, "send less at once").await?;
    greenroom_wire::json(&bytes).map_err(|message| Problem::new(StatusCode::BAD_REQUEST, "malformed", message))
}

/// The same of a body of any kind; `help` is what to do about one that is too large.
pub(crate) async fn bytes(request: Request, bytes_max: usize, wait: Duration, help: &str) -> Result<Bytes, Problem> {
    let too_large = || {
        let message = format!("the body is larger than {bytes_max} bytes; {help}");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    };
    let said: Option<usize> =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if said.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    match tokio::time::timeout(wait, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(rejection)) => {
            let message = format!("the body broke off: {}", rejection.body_text());
            Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", message))
        }
        Err(_) => {
            let message = format!("the body did not arrive within {} s", wait.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message))
        }
    }
}

fn content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |found: String| {
        let message = format!("{found}; send JSON with `content-type: application/json`");
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
    };
    let Some(found) = headers.get(header::CONTENT_TYPE) else {
        return refuse("the content type is missing".to_owned());
    };
    let text = String::from_utf8_lossy(found.as_bytes());
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if json { Ok(()) } else { refuse(format!("the content type is `{essence}`")) }
}
