//! Runs a request through a plan.
//!
//! A node starts as soon as what it depends on is finished; those that are ready at once run at once. Whatever a node
//! returns is checked before anything else sees it, and a node that fails yields its fallback: the request goes on and
//! its answer says degraded.

mod call;
mod judge;
mod outputs;
mod share;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use greenroom_graph::{Node, OnFault, RequestBudget};
use greenroom_model::{
    Candidates, Fault, FaultKind, FaultSource, Input, Observation, Payload, PayloadKind, PolicyRecord, Usage,
};
use greenroom_sandbox::Memory;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::active::ActivePlan;
use crate::replay::Recording;
use crate::request::{Answer, Answered, Degraded, Request, Trace};
use call::Called;

pub(crate) use judge::Rules;
pub use outputs::Outputs;
pub(crate) use outputs::Remembered;

/// How long a request may take that nobody waits for. Each of its calls still has its own deadline.
const PATIENCE: Duration = Duration::from_secs(600);

/// What all nodes of a request share.
struct Shared {
    plan: Arc<ActivePlan>,
    request: Request,
    segments: Arc<[String]>,
    excluded: Arc<[u32]>,
    allowed: Option<Arc<[u32]>>,
    row_count: u32,
    deadline: Instant,
    /// As it was when the request began, for all that it asks.
    memory: Option<Arc<dyn Memory>>,
}

/// How a node ended.
#[derive(Clone)]
enum Ended {
    /// No branch that leads here was picked.
    Skipped,
    /// With a payload: its own, or its fallback's.
    With(Arc<Payload>, Option<PolicyRecord>),
}

struct Done {
    node: usize,
    share: RequestBudget,
    called: Called,
}

impl ActivePlan {
    /// Answers a request. To be called on the guests' threads.
    ///
    /// # Errors
    /// The fault of a node that has no fallback.
    pub async fn decide(self: &Arc<Self>, request: Request) -> Result<Answer, Fault> {
        let shared = Arc::new(Shared::new(Arc::clone(self), request));
        let span = tracing::debug_span!(
            "request", id = %shared.request.id, plan = %self.digest.short(), generation = self.generation.0
        );
        Run::new(shared).finish().instrument(span).await
    }

    /// What arrives at a node: everything that it depends on runs, the node itself does not.
    ///
    /// # Errors
    /// The fault of a node that has no fallback.
    pub async fn arriving(self: &Arc<Self>, request: Request, node: &str) -> Result<Vec<Input>, Fault> {
        let mut run = Run::new(Arc::new(Shared::new(Arc::clone(self), request)));
        run.until = self.plan.node(node);
        run.go().await?;
        // A node that fails by itself says nothing, here as in serving. A failure of the host is not to be learned from.
        match run.degraded.into_iter().find(|degraded| degraded.fault.source == FaultSource::Host) {
            Some(degraded) => Err(degraded.fault),
            None => Ok(run.arrived),
        }
    }
}

impl Shared {
    fn new(plan: Arc<ActivePlan>, request: Request) -> Self {
        let graph = &plan.plan;
        let mut excluded = request.excluded.clone();
        if graph.exclude_seen {
            excluded.extend_from_slice(&request.history.rows);
        }
        excluded.sort_unstable();
        excluded.dedup();
        let allowed = request.allowed.clone().map(|mut rows| {
            rows.sort_unstable();
            rows.dedup();
            Arc::from(rows)
        });
        let deadline =
            Instant::now() + if request.patient { PATIENCE } else { Duration::from_millis(graph.deadline_ms) };
        let segment = graph.segments.of(request.history.len()).to_owned();
        Self {
            segments: Arc::from([segment]),
            excluded: excluded.into(),
            allowed,
            row_count: plan.memory.row_count(),
            deadline,
            memory: if graph.namespaces.is_empty() { None } else { plan.memory.of_request(deadline) },
            plan,
            request,
        }
    }

    fn limit(&self, node: &Node) -> u32 {
        node.limit.unwrap_or(self.request.limit)
    }

    fn observation(&self, history_max: u32, limit: u32, inputs: Vec<Input>) -> Observation {
        let request = &self.request;
        Observation {
            request_id: Arc::clone(&request.id),
            subject: request.subject.clone(),
            now_ms: request.now_ms,
            seed: request.seed,
            limit,
            surface: Arc::clone(&request.surface),
            session_id: request.session_id.clone(),
            segments: Arc::clone(&self.segments),
            excluded: Arc::clone(&self.excluded),
            allowed: self.allowed.clone(),
            context: Arc::clone(&request.context),
            history: Arc::clone(&request.history),
            history_max,
            inputs,
        }
    }
}

struct Run {
    shared: Arc<Shared>,
    ended: Vec<Option<Ended>>,
    started: Vec<bool>,
    degraded: Vec<Degraded>,
    nodes: Vec<(Arc<str>, Usage)>,
    usage: Usage,
    left: RequestBudget,
    traces: Vec<Trace>,
    recordings: Vec<Recording>,
    /// A node that is not run, but whose inputs are kept.
    until: Option<usize>,
    arrived: Vec<Input>,
}

impl Run {
    fn new(shared: Arc<Shared>) -> Self {
        let count = shared.plan.plan.nodes.len();
        Self {
            ended: vec![None; count],
            started: vec![false; count],
            degraded: Vec::new(),
            nodes: Vec::with_capacity(count),
            usage: Usage::default(),
            left: shared.plan.plan.budget,
            traces: Vec::new(),
            recordings: Vec::new(),
            until: None,
            arrived: Vec::new(),
            shared,
        }
    }

    async fn finish(mut self) -> Result<Answer, Fault> {
        self.go().await?;
        self.answer()
    }

    async fn go(&mut self) -> Result<(), Fault> {
        let plan = Arc::clone(&self.shared.plan);
        let _counted = Counted::of(&plan.running);
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let mut running: JoinSet<Done> = JoinSet::new();
        loop {
            let ready = self.ready();
            let shares = self.shared.shares(&ready, &mut self.left);
            // A lone node runs here, which costs no hand-over between threads. So do all of them while there are as many
            // requests as threads: then nobody is free to take one.
            let busy = plan.running.load(Ordering::Relaxed) >= threads;
            if running.is_empty() && !ready.is_empty() && (ready.len() == 1 || busy) {
                for ((index, inputs), share) in ready.into_iter().zip(shares) {
                    let done = Arc::clone(&self.shared).run(index, inputs, share).await;
                    self.end(done)?;
                }
                continue;
            }
            for ((index, inputs), share) in ready.into_iter().zip(shares) {
                running.spawn(Arc::clone(&self.shared).run(index, inputs, share).in_current_span());
            }
            match running.join_next().await {
                Some(done) => self.end(joined(done)?)?,
                None => return Ok(()),
            }
        }
    }

    /// Nodes whose dependencies are finished, with their inputs. Those that are to be skipped are ended here.
    fn ready(&mut self) -> Vec<(usize, Vec<Input>)> {
        let mut ready = Vec::new();
        let shared = Arc::clone(&self.shared);
        for (index, node) in shared.plan.plan.nodes.iter().enumerate() {
            let waits = |on: usize| !matches!(self.ended.get(on), Some(Some(_)));
            if self.started.get(index).copied().unwrap_or(true) || node.dependencies().any(waits) {
                continue;
            }
            if let Some(started) = self.started.get_mut(index) {
                *started = true;
            }
            let inputs = self.inputs(index, node);
            let starved = !node.inputs.is_empty() && inputs.is_empty();
            if self.until == Some(index) {
                self.arrived = inputs;
                self.set(index, Ended::Skipped);
            } else if starved || !self.picked(node) {
                self.set(index, Ended::Skipped);
            } else {
                ready.push((index, inputs));
            }
        }
        ready
    }

    fn inputs(&self, index: usize, node: &Node) -> Vec<Input> {
        let plan = &self.shared.plan;
        let ports = plan.ports.get(index).map(Vec::as_slice).unwrap_or_default();
        let input = |(edge, port): (&greenroom_graph::Edge, &Arc<str>)| {
            let Some(Some(Ended::With(payload, _))) = self.ended.get(edge.node) else { return None };
            let node = plan.names.get(edge.node)?;
            Some(Input { port: Arc::clone(port), node: Arc::clone(node), payload: Arc::clone(payload) })
        };
        node.inputs.iter().zip(ports).filter_map(input).collect()
    }

    /// Whether the node's router picked a branch that leads to it.
    fn picked(&self, node: &Node) -> bool {
        let Some(guard) = &node.guard else { return true };
        let Some(Some(Ended::With(payload, _))) = self.ended.get(guard.router) else { return false };
        let Payload::Route(route) = &**payload else { return false };
        let Some(router) = self.shared.plan.plan.nodes.get(guard.router) else { return false };
        let named = |branch: &str| router.branches.iter().any(|b| b == branch);
        let mut known = route.iter().map(|(name, _)| name.as_str()).filter(|name| named(name)).peekable();
        if known.peek().is_none() {
            return guard.branches.iter().any(|b| b == "default");
        }
        known.any(|name| guard.branches.iter().any(|b| b == name))
    }

    fn set(&mut self, index: usize, ended: Ended) {
        if let Some(place) = self.ended.get_mut(index) {
            *place = Some(ended);
        }
    }

    fn end(&mut self, done: Done) -> Result<(), Fault> {
        let shared = Arc::clone(&self.shared);
        let (Some(node), Some(name)) = (shared.plan.plan.nodes.get(done.node), shared.plan.names.get(done.node)) else {
            return Ok(());
        };
        let Done { share, called: Called { result, inputs, usage, recording }, .. } = done;
        let back = |left: &mut u64, share: u64, used: u64| *left = (*left + share).saturating_sub(used);
        back(&mut self.left.fuel, share.fuel, usage.fuel);
        back(&mut self.left.host_calls_max, share.host_calls_max, usage.host_calls);
        back(&mut self.left.host_bytes_max, share.host_bytes_max, usage.host_bytes);
        self.usage += &usage;
        self.nodes.push((Arc::clone(name), usage));
        self.recordings.extend(recording);
        let ended = match result {
            Ok((payload, policy)) => {
                let payload = Arc::new(payload);
                let learns = shared.plan.agents.get(node.agent).is_some_and(|a| a.spec.interfaces.learner);
                if learns || shared.request.traced {
                    self.traces.push(Trace { node: done.node, inputs, decided: Arc::clone(&payload) });
                }
                Ended::With(payload, policy)
            }
            Err(fault) => {
                tracing::debug!(node = %name, %fault, "a node failed");
                let fallback = match node.on_fault {
                    OnFault::Fail => None,
                    OnFault::Empty => Some(empty(node.output)),
                    OnFault::Node(other) => match self.ended.get(other) {
                        Some(Some(Ended::With(payload, _))) => Some(Ended::With(Arc::clone(payload), None)),
                        _ => Some(empty(node.output)),
                    },
                };
                let Some(fallback) = fallback else {
                    return Err(Fault { message: format!("node `{name}`: {}", fault.message), ..fault });
                };
                self.degraded.push(Degraded { node: Arc::clone(name), fault });
                fallback
            }
        };
        self.set(done.node, ended);
        Ok(())
    }

    fn answer(mut self) -> Result<Answer, Fault> {
        let shared = Arc::clone(&self.shared);
        let plan = &shared.plan;
        let (payload, policy) = match self.ended.get(plan.plan.output) {
            Some(Some(Ended::With(payload, policy))) => (Arc::clone(payload), policy.clone()),
            _ => {
                // Every branch that leads to the answer was left out.
                let fault = Fault::host(FaultKind::Unavailable, "no branch that leads to the output was picked");
                let node = plan.names.get(plan.plan.output).cloned().unwrap_or_else(|| "output".into());
                self.degraded.push(Degraded { node, fault });
                (Arc::new(Payload::Candidates(Candidates::default())), None)
            }
        };
        let nothing = Candidates::default();
        let candidates = payload.candidates().unwrap_or(&nothing);
        let from = self.origins(&candidates.rows);
        let allowed = |row: u32| {
            shared.excluded.binary_search(&row).is_err()
                && shared.allowed.as_ref().is_none_or(|allowed| allowed.binary_search(&row).is_ok())
        };
        let items: Vec<Answered> = candidates
            .rows
            .iter()
            .zip(&candidates.scores)
            .zip(from)
            .filter(|((row, _), _)| allowed(**row))
            .take(shared.request.limit as usize)
            .map(|((row, score), from)| Answered { row: *row, score: *score, from })
            .collect();
        // Propensities belong to the list as it was drawn.
        let policy = policy.filter(|p| p.propensities.is_empty() || items.len() == p.propensities.len());
        let asked: Vec<bool> =
            plan.names.iter().map(|name| self.nodes.iter().any(|(asked, _)| asked == name)).collect();
        self.nodes.sort_by(|a, b| a.0.cmp(&b.0));
        self.degraded.sort_by(|a, b| a.node.cmp(&b.node));
        self.traces.sort_by_key(|trace| trace.node);
        Ok(Answer {
            items,
            sources: Arc::clone(&plan.sources),
            policy,
            generation: plan.generation,
            plan: plan.digest,
            versions: plan.versions_of(&asked),
            degraded: self.degraded,
            nodes: self.nodes,
            usage: self.usage,
            traces: self.traces,
            recordings: self.recordings,
        })
    }

    /// Which sources proposed each row: read off what they returned, not off what later nodes say.
    fn origins(&self, rows: &[u32]) -> Vec<Vec<u32>> {
        let mut from = vec![Vec::new(); rows.len()];
        for (number, index) in (0_u32..).zip(self.shared.plan.plan.sources()) {
            let Some(Some(Ended::With(payload, _))) = self.ended.get(index) else { continue };
            let Some(candidates) = payload.candidates() else { continue };
            for (row, from) in rows.iter().zip(&mut from) {
                if candidates.rows.contains(row) {
                    from.push(number);
                }
            }
        }
        from
    }
}

/// Counts a request for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn of(requests: &'a AtomicUsize) -> Self {
        requests.fetch_add(1, Ordering::Relaxed);
        Self(requests)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn joined(done: Result<Done, tokio::task::JoinError>) -> Result<Done, Fault> {
    done.map_err(|error| Fault::host(FaultKind::Internal, format!("a node's task did not end: {error}")))
}

fn empty(kind: PayloadKind) -> Ended {
    let payload = match kind {
        PayloadKind::Candidates => Payload::Candidates(Candidates::default()),
        PayloadKind::Route => Payload::Route(Vec::new()),
        PayloadKind::Settings => Payload::Settings { scope: String::new(), patch: Vec::new() },
        PayloadKind::Document => Payload::Document(Vec::new()),
    };
    Ended::With(Arc::new(payload), None)
}
