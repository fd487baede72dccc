//! What stands before every route: whose token it is, how often it was used, how far it goes; and around every change,
//! that it is written down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use greenroom_runtime::Host;

use super::Desk;
use super::audit::Call;
use super::keyring::Verdict;
use super::routes::Route;
use super::tokens::Level;
use crate::connections::Peer;
use crate::gate::Refused;
use crate::problem::Problem;
use crate::strangers::Stranger;

/// Who calls.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) name: String,
    address: Option<SocketAddr>,
    action: String,
}

impl Caller {
    fn call(&self, what: &str) -> Call {
        call(Some(&self.name), self.address, &self.action, what)
    }
}

fn call(token: Option<&str>, address: Option<SocketAddr>, action: &str, what: &str) -> Call {
    Call {
        token: token.map(ToOwned::to_owned),
        address: address.map_or_else(String::new, |address| address.to_string()),
        action: action.to_owned(),
        what: what.to_owned(),
    }
}

/// Lets through whoever may.
pub(super) async fn guard(
    State((desk, route)): State<(Arc<Desk>, &'static Route)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(needed) = route.level else { return next.run(request).await };
    let presented = bearer(&request);
    let address = request.extensions().get::<Peer>().map(|peer| peer.0);
    let stranger = request.extensions().get::<Stranger>().cloned();
    match desk.aside(move |desk| admitted(desk, route, needed, presented.as_deref(), address)).await {
        Ok(_) if stranger.is_some_and(|stranger| !stranger.meet()) => {
            let message = "as many connections of operators are open as may be; come again later";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message).retry_after(1).into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What a request presents as its token.
fn bearer(request: &Request) -> Option<String> {
    let said = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = said.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn admitted(
    desk: &Desk,
    route: &Route,
    needed: Level,
    presented: Option<&str>,
    address: Option<SocketAddr>,
) -> Result<Caller, Problem> {
    let action = route.shown();
    let denied = |token: Option<&str>, outcome: &str| {
        if let Err(error) = desk.office.audit.deny(call(token, address, &action, ""), outcome) {
            tracing::warn!(%error, "a call was denied, which could not be written down");
        }
    };
    match desk.office.keyring.check(presented, Instant::now()) {
        Verdict::Known(name, level) if level >= needed => Ok(Caller { name, address, action }),
        Verdict::Known(name, level) => {
            denied(Some(&name), &format!("403: has {level}, needs {needed}"));
            let message = format!("the token `{name}` has the level `{level}`, and this needs `{needed}`");
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", message))
        }
        Verdict::Unknown(why) => {
            denied(None, &format!("401: {why}"));
            let message = format!("{why}; send `authorization: Bearer TOKEN` with one that the host has");
            Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
        }
        Verdict::TooOften(seconds) => {
            let message = format!("too many calls; come again in {seconds} s");
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_often", message).retry_after(seconds))
        }
        Verdict::Unusable => {
            denied(None, "503: the tokens cannot be used");
            Err(Problem::unavailable(
                "the file of tokens cannot be used, so no token is valid; the host's log says why",
            ))
        }
    }
}

/// What came of a change, for the caller and for the audit log.
pub(super) struct Done<T> {
    pub(super) answer: T,
    pub(super) outcome: String,
}

impl Desk {
    /// Makes a change: written down before, done on a thread that may block, and finished although its caller hangs up.
    pub(super) async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        caller: &Caller,
        what: String,
        work: impl FnOnce(&Host) -> Result<Done<T>, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let pass = self.changes().enter().await.map_err(|refused| match refused {
            Refused::Full => {
                let message = "as many changes wait as may; come again later";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message)
            }
            Refused::Closed => Problem::draining(),
        })?;
        let call = caller.call(&what);
        self.aside(move |desk| {
            let _pass = pass;
            let entry = desk.office.audit.begin(call).map_err(|error| {
                tracing::error!(%error, "a change was refused, since it could not be written down");
                let message = format!("nothing was changed: it could not be written to the audit log: {error}");
                Problem::new(StatusCode::INSUFFICIENT_STORAGE, "not_audited", message)
            })?;
            let done = work(&desk.app.host);
            let ended = entry.end(&match &done {
                Ok(done) => format!("200: {}", done.outcome),
                Err(problem) => problem.outcome(),
            });
            if let Err(error) = ended {
                // That it began is written down.
                tracing::error!(%error, "what came of a change could not be written to the audit log");
            }
            done.map(|done| done.answer)
        })
        .await
    }

    /// The same for a change that is wrong before it is begun.
    pub(super) async fn wrong(self: &Arc<Self>, caller: &Caller, problem: Problem) -> Problem {
        let (call, outcome) = (caller.call(""), problem.outcome());
        let written = self.aside(move |desk| {
            if let Err(error) = desk.office.audit.write(call, &outcome) {
                tracing::warn!(%error, "a call was refused, which could not be written down");
            }
            Ok(())
        });
        let _ = written.await;
        problem
    }
}
