//! What operators can call, and which level it takes. The router is made of the table alone, so nothing is served that has
//! no line here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, Path, Query, Request, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post, put};
use axum::{Json, Router};
use greenroom_model::{Digest, Generation};
use greenroom_runtime::telemetry::CONTENT_TYPE;
use greenroom_runtime::{Change, GraphText, Host, KeepError, Part, Proposal, Refused};
use greenroom_wire::{Back, Proposed};

use super::guard::{Caller, Done, guard};
use super::tokens::Level;
use super::{AdminSettings, Desk};
use crate::body;
use crate::memory::{Keeper, MemoryRefused};
use crate::problem::Problem;
use crate::routes::{traced, wrong_method};
use crate::wire::plans::{self, Compared, Deployed, Made, Plans};
use crate::wire::status::{Operated, State as Probed, Status};

/// Bytes of a body that is JSON: a graph file, and more than enough for what is said about it.
const JSON_BYTES_MAX: usize = 8 << 20;

/// How long such a body may take.
const JSON_WAIT: Duration = Duration::from_secs(10);

/// How long a component may take.
const UPLOAD_WAIT: Duration = Duration::from_secs(120);

/// Records of one answer, when the request does not say.
const LIMIT: usize = 20;

/// And at most.
const LIMIT_MAX: usize = 1_000;

/// What is called.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// None: it takes no token.
    pub(crate) level: Option<Level>,
    handler: fn(&AdminSettings) -> MethodRouter<Arc<Desk>>,
}

impl Route {
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

const fn route(
    method: Method,
    path: &'static str,
    level: Option<Level>,
    handler: fn(&AdminSettings) -> MethodRouter<Arc<Desk>>,
) -> Route {
    Route { method, path, level, handler }
}

/// All there is.
pub(crate) static ROUTES: [Route; 26] = [
    route(Method::GET, "/healthz", None, |_| get(healthy)),
    route(Method::GET, "/metrics", Some(Level::Read), |_| get(metrics)),
    route(Method::GET, "/v1/status", Some(Level::Read), |_| get(status)),
    route(Method::GET, "/v1/plans", Some(Level::Read), |_| get(list)),
    route(Method::POST, "/v1/plans", Some(Level::Deploy), |_| post(deploy)),
    route(Method::GET, "/v1/plans/{generation}", Some(Level::Read), |_| get(one)),
    route(Method::GET, "/v1/diff", Some(Level::Read), |_| get(compare)),
    route(Method::POST, "/v1/rollback", Some(Level::Deploy), |_| post(back)),
    route(Method::PUT, "/v1/components", Some(Level::Deploy), |settings| {
        put(upload).layer(DefaultBodyLimit::max(settings.component_bytes_max))
    }),
    route(Method::GET, "/v1/components/{digest}", Some(Level::Read), |_| get(has)),
    route(Method::PUT, "/v1/states", Some(Level::Deploy), |settings| {
        put(upload_state).layer(DefaultBodyLimit::max(settings.component_bytes_max))
    }),
    route(Method::GET, "/v1/states/{digest}", Some(Level::Read), |_| get(has_state)),
    route(Method::POST, "/v1/gc", Some(Level::Administer), |_| post(sweep)),
    route(Method::POST, "/v1/memory/ls", Some(Level::Deploy), |_| memory("ls", false)),
    // Values are what people did.
    route(Method::POST, "/v1/memory/get", Some(Level::Administer), |_| memory("get", false)),
    route(Method::POST, "/v1/memory/scan", Some(Level::Administer), |_| memory("scan", false)),
    route(Method::POST, "/v1/memory/changes", Some(Level::Administer), |_| memory("changes", false)),
    route(Method::POST, "/v1/memory/check", Some(Level::Administer), |_| memory("check", false)),
    route(Method::POST, "/v1/memory/put", Some(Level::Administer), |_| memory("put", true)),
    route(Method::POST, "/v1/memory/add", Some(Level::Administer), |_| memory("add", true)),
    route(Method::POST, "/v1/memory/append", Some(Level::Administer), |_| memory("append", true)),
    route(Method::POST, "/v1/memory/delete", Some(Level::Administer), |_| memory("delete", true)),
    route(Method::POST, "/v1/memory/backup", Some(Level::Administer), |_| memory("backup", true)),
    route(Method::POST, "/v1/memory/nearest", Some(Level::Administer), |_| memory("nearest", false)),
    route(Method::POST, "/v1/memory/forget", Some(Level::Administer), |_| memory("forget", true)),
    route(Method::PUT, "/v1/memory/blobs/{namespace}", Some(Level::Administer), |settings| {
        put(upload_blob).layer(DefaultBodyLimit::max(settings.component_bytes_max))
    }),
];

impl Desk {
    pub(crate) fn router(desk: &Arc<Self>) -> Router {
        let add = |router: Router<Arc<Self>>, route: &'static Route| {
            let guarded = middleware::from_fn_with_state((Arc::clone(desk), route), guard);
            router.route(route.path, (route.handler)(&desk.office.settings).route_layer(guarded))
        };
        ROUTES
            .iter()
            .fold(Router::new(), add)
            .fallback(unknown_path)
            .method_not_allowed_fallback(wrong_method)
            .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
            .layer(middleware::from_fn(traced))
            .with_state(Arc::clone(desk))
    }

    fn answer(&self, result: Result<Response, Problem>) -> Response {
        self.app.answer(result)
    }

    async fn list(self: &Arc<Self>, parameters: Parameters) -> Result<Response, Problem> {
        let mut asked = Asked::read(parameters, &["limit", "before"])?;
        let limit = asked.take("limit")?.unwrap_or(LIMIT as u64);
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        let limit = limit.ok_or_else(|| malformed(format!("`limit` is to be from 1 to {LIMIT_MAX}")))?;
        let before = asked.take("before")?;
        self.aside(move |desk| {
            let host = &desk.app.host;
            let (records, refused) = (host.plan_records()?, host.refusals()?);
            Ok(Json(Plans::new(&records, &refused, &plans::Now::of(host), limit, before)).into_response())
        })
        .await
    }

    async fn one(self: &Arc<Self>, generation: &str) -> Result<Response, Problem> {
        let generation = number("the generation", generation)?;
        self.aside(move |desk| {
            let host = &desk.app.host;
            let record = host.plan_record(generation)?.ok_or_else(|| Problem::unknown_plan(generation))?;
            let content = host.plan_content(&record)?;
            Ok(Json(Made::new(&record, content.as_ref(), &plans::Now::of(host))).into_response())
        })
        .await
    }

    async fn compare(self: &Arc<Self>, parameters: Parameters) -> Result<Response, Problem> {
        let mut asked = Asked::read(parameters, &["from", "to"])?;
        let (from, to) = (asked.take("from")?, asked.take("to")?);
        let both = from.zip(to).ok_or_else(|| malformed("`from` and `to` are to be generations".to_owned()))?;
        let (from, to) = (Generation(both.0), Generation(both.1));
        // It may have components compiled: as few at once as may be brought.
        let _place = self.office.uploads.acquire().await.map_err(|_| Problem::draining())?;
        self.aside(move |desk| {
            let differences = desk.app.host.differences(from, to).map_err(|refused| match refused {
                Refused::NoSuchPlan(generation) => Problem::unknown_plan(generation),
                other => other.into(),
            })?;
            Ok(Json(Compared::new(from, to, &differences)).into_response())
        })
        .await
    }

    async fn deploy(self: &Arc<Self>, caller: &Caller, request: Request) -> Result<Response, Problem> {
        let read = async {
            let body = body::json(request, JSON_BYTES_MAX, JSON_WAIT).await?;
            greenroom_wire::proposed(body).map_err(Problem::invalid)
        };
        let Proposed { file_name, text, components, states, parent, reason, proof } = match read.await {
            Ok(read) => read,
            Err(problem) => return Err(self.wrong(caller, problem).await),
        };
        let after = parent.map_or_else(|| "whatever is active".to_owned(), |parent| format!("generation {parent}"));
        let speaks = if proof.is_some() { " with a proof" } else { "" };
        let what = format!("{file_name} ({}){speaks} after {after}: {reason}", Digest::of(text.as_bytes()).short());
        let kept = |of: BTreeMap<String, Digest>| of.into_iter().map(|(path, of)| (path, Part::Kept(of))).collect();
        let (components, states) = (kept(components), kept(states));
        let graph = GraphText { file_name, text };
        let change = match proof {
            Some(proof) => Change::Proven { graph, components, states, proof },
            None => Change::Graph { graph, components, states },
        };
        self.propose(caller, what, Proposal { parent, author: caller.name.clone(), reason, change }).await
    }

    async fn back(self: &Arc<Self>, caller: &Caller, request: Request) -> Result<Response, Problem> {
        let read = async {
            let body = body::json(request, JSON_BYTES_MAX, JSON_WAIT).await?;
            let Back { to, reason } = greenroom_wire::back(body).map_err(Problem::invalid)?;
            let (parent, to) = match to {
                Some(to) => (None, to),
                // What is before the plan that is active now: when another one becomes so meanwhile, it is a conflict, and
                // not a step further back.
                None => self.aside(Self::before).await.map(|(active, before)| (Some(active), before))?,
            };
            Ok((parent, to, reason))
        };
        let (parent, to, reason) = match read.await {
            Ok(read) => read,
            Err(problem) => return Err(self.wrong(caller, problem).await),
        };
        let what = format!("back to generation {to}: {reason}");
        let proposal = Proposal { parent, author: caller.name.clone(), reason, change: Change::Again(to) };
        self.propose(caller, what, proposal).await
    }

    /// What is active, and what was before it.
    fn before(&self) -> Result<(Generation, Generation), Problem> {
        let host = &self.app.host;
        let active = host.active().ok_or_else(Problem::inactive)?.generation;
        let parent = host.previous(active)?.ok_or_else(|| {
            let message = format!("generation {active} is the first that is known: there is nothing to go back to");
            Problem::new(StatusCode::NOT_FOUND, "not_found", message)
        })?;
        Ok((active, parent))
    }

    async fn propose(self: &Arc<Self>, caller: &Caller, what: String, proposal: Proposal) -> Result<Response, Problem> {
        self.change(caller, what, move |host| {
            let done = host.propose(proposal)?;
            // It is done, whether or not it can be read again.
            let parent = host.plan_record(done.generation).ok().flatten().and_then(|record| record.parent);
            let what = if done.changed { "active" } else { "was active already" };
            let outcome = format!("generation {}, {}, {what}", done.generation, done.plan.short());
            Ok(Done { answer: Json(Deployed::new(&done, parent)).into_response(), outcome })
        })
        .await
    }

    async fn upload(
        self: &Arc<Self>,
        caller: &Caller,
        request: Request,
        brought: &'static Brought,
    ) -> Result<Response, Problem> {
        // Nobody closes it.
        let _place = self.office.uploads.acquire().await.map_err(|_| Problem::draining())?;
        let (bytes_max, help) = (self.office.settings.component_bytes_max, "`component_bytes_max` is as large");
        let read = body::bytes(request, bytes_max, UPLOAD_WAIT, help).await;
        let bytes: Bytes = match read.and_then(brought.looks) {
            Ok(bytes) => bytes,
            Err(problem) => return Err(self.wrong(caller, problem).await),
        };
        let (digest, bytes) = self.aside(move |_| Ok((Digest::of(&bytes), bytes))).await?;
        self.change(caller, format!("{digest}, {} bytes", bytes.len()), move |host| {
            let digest = (brought.keep)(host, &bytes)?;
            Ok(Done { answer: Json(plans::Kept::new(digest)).into_response(), outcome: "kept".to_owned() })
        })
        .await
    }

    async fn has(self: &Arc<Self>, digest: &str, brought: &'static Brought) -> Result<Response, Problem> {
        let digest: Digest = digest.parse().map_err(|e: greenroom_model::DigestError| malformed(e.to_string()))?;
        self.aside(move |desk| {
            if (brought.has)(&desk.app.host, &digest) {
                return Ok(Json(plans::Kept::new(digest)).into_response());
            }
            let message = format!("the host does not have the {} {digest}", brought.what);
            Err(Problem::new(StatusCode::NOT_FOUND, "not_found", message))
        })
        .await
    }

    async fn sweep(self: &Arc<Self>, caller: &Caller) -> Result<Response, Problem> {
        self.change(caller, "what is not needed any more".to_owned(), |host| {
            let swept = host.sweep().map_err(|error| Problem::unavailable(error.to_string()))?;
            Ok(Done { answer: Json(plans::Swept::from(swept)).into_response(), outcome: format!("{swept:?}") })
        })
        .await
    }

    async fn memory(
        self: &Arc<Self>,
        caller: &Caller,
        request: Request,
        verb: &'static str,
        changes: bool,
    ) -> Result<Response, Problem> {
        let asked = match body::json(request, JSON_BYTES_MAX, JSON_WAIT).await {
            Ok(asked) => asked,
            Err(problem) if changes => return Err(self.wrong(caller, problem).await),
            Err(problem) => return Err(problem),
        };
        if !changes {
            return self.aside(move |desk| kept(&desk.app.host, verb, asked)).await;
        }
        // Not the value.
        let of = |name: &str| asked.get(name).and_then(|said| said.as_str()).unwrap_or_default();
        let what = [of("namespace"), of("key"), of("file")].into_iter().filter(|word| !word.is_empty());
        // Nor whom: it is to be forgotten.
        let whom = asked.get("subject").and_then(|said| said.as_str()).filter(|_| verb == "forget");
        let whom = whom.map(|subject| format!("{:?}", Digest::of(subject.as_bytes()))).unwrap_or_default();
        let what =
            format!("memory {verb} {whom}{}", what.map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" "));
        self.change(caller, what, move |host| {
            let answer = kept(host, verb, asked)?;
            Ok(Done { answer, outcome: "done".to_owned() })
        })
        .await
    }

    async fn upload_blob(
        self: &Arc<Self>,
        caller: &Caller,
        namespace: String,
        parameters: Parameters,
        request: Request,
    ) -> Result<Response, Problem> {
        let ttl_ms = Asked::read(parameters, &["ttl_ms"])?.take("ttl_ms")?;
        // Nobody closes it.
        let _place = self.office.uploads.acquire().await.map_err(|_| Problem::draining())?;
        let (bytes_max, help) = (self.office.settings.component_bytes_max, "`component_bytes_max` is as large");
        let bytes = match body::bytes(request, bytes_max, UPLOAD_WAIT, help).await {
            Ok(bytes) => bytes,
            Err(problem) => return Err(self.wrong(caller, problem).await),
        };
        self.change(caller, format!("memory upload {namespace:?}, {} bytes", bytes.len()), move |host| {
            let loaded = host.loaded();
            let keeper = Keeper::new(host.store(), &loaded.plan.namespaces, None);
            let answer = keeper.upload(&namespace, &mut &*bytes, ttl_ms)?;
            Ok(Done { answer: Json(answer).into_response(), outcome: "done".to_owned() })
        })
        .await
    }

    async fn status(self: &Arc<Self>) -> Result<Response, Problem> {
        self.aside(|desk| {
            let host = &desk.app.host;
            let counts = host.counts().map_err(|error| Problem::unavailable(error.to_string()))?;
            let (plan, refused) = (host.active(), host.refusals()?);
            let status = Status::new(&desk.app, plan.as_deref(), &counts);
            Ok(Json(Operated::new(status, refused.last())).into_response())
        })
        .await
    }
}

/// What is brought before it is proposed.
struct Brought {
    what: &'static str,
    looks: fn(Bytes) -> Result<Bytes, Problem>,
    keep: fn(&Host, &[u8]) -> Result<Digest, KeepError>,
    has: fn(&Host, &Digest) -> bool,
}

static COMPONENT: Brought =
    Brought { what: "component", looks: part, keep: Host::keep_component, has: Host::has_component };

static STATE: Brought = Brought { what: "state", looks: Ok, keep: Host::keep_state, has: Host::has_state };

/// What graphs name: components, and text, which signatures and scripts are.
fn part(bytes: Bytes) -> Result<Bytes, Problem> {
    if bytes.starts_with(b"\0asm") || !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok() {
        return Ok(bytes);
    }
    let message =
        format!("the body is neither WebAssembly nor text ({} bytes); send a component as it is", bytes.len());
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message))
}

impl From<KeepError> for Problem {
    fn from(error: KeepError) -> Self {
        match &error {
            KeepError::Io(source) => Self::not_kept(source, &error),
            KeepError::State(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", error.to_string()),
            KeepError::Full { .. } => Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", error.to_string()),
        }
    }
}

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

fn malformed(message: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed", message)
}

fn number(what: &str, text: &str) -> Result<Generation, Problem> {
    let text = greenroom_model::text::shortened(text, 40);
    text.parse().map(Generation).map_err(|_| malformed(format!("{what} is `{text}`, expected a whole number")))
}

/// The parameters of a query, all of them numbers.
struct Asked(Vec<(String, String)>);

impl Asked {
    fn read(parameters: Parameters, known: &[&str]) -> Result<Self, Problem> {
        let Query(parameters) = parameters.map_err(|rejection| malformed(rejection.body_text()))?;
        match parameters.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => {
                let known = known.join("`, `");
                Err(malformed(format!("unknown query parameter {name:?}; known here are `{known}`")))
            }
            None => Ok(Self(parameters)),
        }
    }

    fn take(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let found = self.0.iter().rev().find(|(found, _)| found == name);
        found.map(|(_, value)| number(&format!("the query parameter `{name}`"), value).map(|n| n.0)).transpose()
    }
}

async fn healthy() -> Response {
    Json(Probed { status: "ok" }).into_response()
}

async fn metrics(State(desk): State<Arc<Desk>>) -> Response {
    let result =
        desk.aside(|desk| Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], desk.app.host.metrics()).into_response()));
    let result = result.await;
    desk.answer(result)
}

async fn status(State(desk): State<Arc<Desk>>) -> Response {
    let result = desk.status().await;
    desk.answer(result)
}

async fn sweep(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>) -> Response {
    let result = desk.sweep(&caller).await;
    desk.answer(result)
}

/// A verb of the memory layer.
fn memory(verb: &'static str, changes: bool) -> MethodRouter<Arc<Desk>> {
    post(move |State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>, request: Request| async move {
        let result = desk.memory(&caller, request, verb, changes).await;
        desk.answer(result)
    })
}

fn kept(host: &Host, verb: &str, asked: serde_json::Value) -> Result<Response, Problem> {
    let loaded = host.loaded();
    let recordings = (verb == "forget").then(|| host.recordings());
    let keeper = Keeper::new(host.store(), &loaded.plan.namespaces, recordings);
    Ok(Json(keeper.call(verb, asked)?).into_response())
}

impl From<MemoryRefused> for Problem {
    fn from(refused: MemoryRefused) -> Self {
        let status = match refused.code {
            "not_found" => StatusCode::NOT_FOUND,
            "conflict" | "exists" => StatusCode::CONFLICT,
            "lost" => StatusCode::GONE,
            "quota" => StatusCode::INSUFFICIENT_STORAGE,
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, refused.code, refused.message)
    }
}

async fn list(State(desk): State<Arc<Desk>>, parameters: Parameters) -> Response {
    let result = desk.list(parameters).await;
    desk.answer(result)
}

async fn one(State(desk): State<Arc<Desk>>, Path(generation): Path<String>) -> Response {
    let result = desk.one(&generation).await;
    desk.answer(result)
}

async fn compare(State(desk): State<Arc<Desk>>, parameters: Parameters) -> Response {
    let result = desk.compare(parameters).await;
    desk.answer(result)
}

async fn deploy(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let result = desk.deploy(&caller, request).await;
    desk.answer(result)
}

async fn back(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let result = desk.back(&caller, request).await;
    desk.answer(result)
}

async fn upload(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let result = desk.upload(&caller, request, &COMPONENT).await;
    desk.answer(result)
}

async fn upload_blob(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Path(namespace): Path<String>,
    parameters: Parameters,
    request: Request,
) -> Response {
    let result = desk.upload_blob(&caller, namespace, parameters, request).await;
    desk.answer(result)
}

async fn upload_state(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let result = desk.upload(&caller, request, &STATE).await;
    desk.answer(result)
}

async fn has(State(desk): State<Arc<Desk>>, Path(digest): Path<String>) -> Response {
    let result = desk.has(&digest, &COMPONENT).await;
    desk.answer(result)
}

async fn has_state(State(desk): State<Arc<Desk>>, Path(digest): Path<String>) -> Response {
    let result = desk.has(&digest, &STATE).await;
    desk.answer(result)
}

async fn unknown_path(uri: Uri) -> Problem {
    let known: Vec<String> = ROUTES.iter().map(Route::shown).collect();
    let message = format!("there is nothing at {}; there is {}", uri.path(), known.join(", "));
    Problem::new(StatusCode::NOT_FOUND, "not_found", message)
}
