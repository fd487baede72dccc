//! What is answered at which path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use greenroom_runtime::Host;
use greenroom_runtime::telemetry::Outcome;
use greenroom_wire::Batch;
use tracing::Instrument as _;

use crate::body;
use crate::gate::{Gate, Refused};
use crate::problem::Problem;
use crate::settings::Settings;
use crate::wire;

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// What all requests share.
pub(crate) struct App {
    pub(crate) host: Host,
    pub(crate) gate: Gate,
    draining: AtomicBool,
    body_bytes_max: usize,
    body_wait: Duration,
    retry_after_s: u32,
}

impl App {
    pub(crate) fn new(host: Host, settings: &Settings) -> Self {
        Self {
            host,
            gate: Gate::new(settings.concurrency_max, settings.queue_max),
            draining: AtomicBool::new(false),
            body_bytes_max: settings.body_bytes_max,
            body_wait: settings.body_wait,
            retry_after_s: settings.retry_after_s,
        }
    }

    pub(crate) fn router(app: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/decide", post(decide))
            .route("/v1/feedback", post(feedback))
            .route("/v1/status", get(status))
            .route("/healthz", get(healthy))
            .route("/readyz", get(ready))
            .fallback(unknown_path)
            .method_not_allowed_fallback(wrong_method)
            .layer(DefaultBodyLimit::max(app.body_bytes_max))
            .layer(middleware::from_fn(traced))
            .with_state(Arc::clone(app))
    }

    /// No longer ready: the server stops.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Does the work once there is a pass for it. Work that has begun is finished and counted as running although its
    /// caller hangs up: the guests work on it all the same.
    pub(crate) async fn admitted<T, E>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let pass = self.gate.enter().await.map_err(|refused| match refused {
            Refused::Full => {
                let message = "as many requests wait as may; come again later";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
            }
            Refused::Closed => Problem::draining(),
        })?;
        let working = async move {
            let done = work.await;
            drop(pass);
            done
        };
        let done = tokio::spawn(working.in_current_span()).await;
        done.map_err(|_| Problem::internal())?.map_err(Into::into)
    }

    async fn decide(self: &Arc<Self>, parameters: Parameters, request: Request) -> Result<Response, Problem> {
        // What comes to the host it counts by itself.
        let refused = |_: &Problem| self.host.telemetry().request(Outcome::Refused, Duration::ZERO);
        let usage = wire::decide::wants_usage(parameters).inspect_err(refused)?;
        let body = body::json(request, self.body_bytes_max, self.body_wait).await.inspect_err(refused)?;
        let ask = greenroom_wire::ask(body).map_err(Problem::invalid).inspect_err(refused)?;
        let host = self.host.clone();
        let reply = self.admitted(async move { host.decide(ask).await }).await;
        if let Err(problem) = &reply
            && problem.at_the_door()
        {
            refused(problem);
        }
        let reply = reply?;
        Ok(Json(wire::decide::Decided::new(&reply, usage)).into_response())
    }

    async fn feedback(self: &Arc<Self>, request: Request) -> Result<Response, Problem> {
        let body = body::json(request, self.body_bytes_max, self.body_wait).await?;
        let Batch { told, alone } = greenroom_wire::told(body).map_err(Problem::invalid)?;
        let ids: Vec<String> = told.iter().map(|event| event.event_id.clone()).collect();
        let host = self.host.clone();
        let kept = self.admitted(async move {
            let kept = host.feedback(told).await;
            kept.map_err(|error| wire::feedback::Refused { error, alone })
        });
        let outcomes = kept.await?;
        Ok(Json(wire::feedback::Kept::new(&ids, &outcomes)).into_response())
    }

    async fn status(self: &Arc<Self>) -> Result<Response, Problem> {
        let host = self.host.clone();
        // The counts are read from the disk.
        let counts = tokio::task::spawn_blocking(move || host.counts()).await.map_err(|_| Problem::internal())?;
        let counts = counts.map_err(|error| Problem::unavailable(error.to_string()))?;
        let plan = self.host.active();
        Ok(Json(wire::status::Status::new(self, plan.as_deref(), &counts)).into_response())
    }

    pub(crate) fn answer(&self, result: Result<Response, Problem>) -> Response {
        result.unwrap_or_else(|problem| problem.retry_after(self.retry_after_s).into_response())
    }
}

async fn decide(State(app): State<Arc<App>>, parameters: Parameters, request: Request) -> Response {
    let result = app.decide(parameters, request).await;
    app.answer(result)
}

async fn feedback(State(app): State<Arc<App>>, request: Request) -> Response {
    let result = app.feedback(request).await;
    app.answer(result)
}

async fn status(State(app): State<Arc<App>>) -> Response {
    let result = app.status().await;
    app.answer(result)
}

async fn healthy() -> Response {
    Json(wire::status::State { status: "ok" }).into_response()
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let result = if app.draining() {
        Err(Problem::draining())
    } else if app.host.active().is_none() {
        Err(Problem::inactive())
    } else {
        Ok(Json(wire::status::State { status: "ready" }).into_response())
    };
    app.answer(result)
}

async fn unknown_path(uri: Uri) -> Problem {
    let known = "POST /v1/decide, POST /v1/feedback, GET /v1/status, GET /healthz, GET /readyz";
    let message = format!("there is nothing at {}; there is {known}", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", message)
}

pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let message = format!("{} does not take {method}; the header `allow` says what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

pub(crate) async fn traced(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let span = tracing::debug_span!("http", method = %request.method(), path, status = tracing::field::Empty);
    let response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    span.in_scope(|| tracing::debug!("answered"));
    response
}
