//! Requests from outside: external ids in, external ids and titles out, and a record of the decision.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_memory::{DecidedFor, DecisionRecord, id_fault};
use greenroom_model::{Ask, Fault, FaultKind, FaultSource, LIMIT_MAX, NONE, Subject};
use greenroom_telemetry::Outcome;
use thiserror::Error;

use super::asked::Reserved;
use super::{Host, now_ms, served};
use crate::active::{ActivePlan, Ended, Pinned};
use crate::request::{Answer, Request};

/// How often a decision that found the queue full is offered again.
const ROOM_LOOK: Duration = Duration::from_millis(1);

/// An item of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its external id.
    pub id: Arc<str>,
    /// Its title, when the facts have one.
    pub title: Option<String>,
    /// The output node's score.
    pub score: f32,
    /// The source nodes that proposed it.
    pub from: Vec<Arc<str>>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The request's id.
    pub request_id: Arc<str>,
    /// Best first.
    pub items: Vec<Item>,
    /// What the graph answered.
    pub answer: Answer,
}

/// Something that is wrong with what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskMistake {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for AskMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Error)]
pub enum AskError {
    /// The request is wrong; all that is wrong with it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<AskMistake>),
    /// A node without a fallback failed.
    #[error("{0}")]
    Fault(Fault),
    /// No plan is active.
    #[error("no plan is active")]
    Inactive,
    /// The decision could not be recorded.
    #[error("the decision could not be recorded: {0}")]
    Record(String),
}

impl Host {
    /// Answers. The decision is in the log before anything that is told about it; it is durable after the next flush.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn decide(&self, ask: Ask) -> Result<Reply, AskError> {
        let began = Instant::now();
        let decided = self.decided(ask, began).await;
        self.inner.telemetry.request(outcome(&decided), began.elapsed());
        decided
    }

    async fn decided(&self, ask: Ask, began: Instant) -> Result<Reply, AskError> {
        let pinned = Pinned::of(&self.inner.active).ok_or(AskError::Inactive)?;
        let plan = Arc::clone(pinned.plan());
        let (request, reserved) = self.request(ask)?;
        let (id, subject, surface, limit, now) = (
            Arc::clone(&request.id),
            request.subject.clone(),
            Arc::clone(&request.surface),
            request.limit,
            request.now_ms,
        );
        let run = Arc::clone(&plan);
        let running = self.inner.guests.spawn(async move { run.decide(request).await });
        let mut running = running.ok_or_else(gone)?;
        let answer = tokio::select! {
            answer = &mut running => answer.unwrap_or_else(|_| Err(gone_fault())),
            () = pinned.stopped() => {
                running.abort();
                let message = format!("generation {} serves no more, and was to be done by now", plan.generation);
                Err(Fault::host(FaultKind::Deadline, message))
            }
        };
        plan.count(ended(&answer));
        let answer = answer.map_err(|fault| {
            tracing::info!(
                request = %id, generation = plan.generation.0, version = %plan.digest.short(), %fault, "failed"
            );
            AskError::Fault(fault)
        })?;
        drop(pinned);
        let record = record(&plan, &answer, &id, subject.as_ref(), &surface, limit, now);
        self.queue(record, reserved, plan.plan.deadline_ms).await?;
        tracing::info!(
            request = %id,
            subject = subject.as_ref().map(|s| &*s.key),
            generation = answer.generation.0,
            version = %answer.plan.short(),
            items = answer.items.len(),
            degraded = answer.degraded.len(),
            fuel = answer.usage.fuel,
            us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "decided"
        );
        for (node, usage) in &answer.nodes {
            tracing::debug!(request = %id, %node, fuel = usage.fuel, us = usage.wall_us, "node");
        }
        let items = self.items(&answer);
        Ok(Reply { request_id: id, items, answer })
    }

    /// The answer that would be given now. Nobody is told of it, nothing is counted, and no record is made; agents that
    /// write to memory do so.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn preview(&self, ask: Ask) -> Result<Reply, AskError> {
        let pinned = Pinned::of(&self.inner.active).ok_or(AskError::Inactive)?;
        let (mut request, _reserved) = self.request(ask)?;
        request.patient = true;
        let (id, plan) = (Arc::clone(&request.id), Arc::clone(pinned.plan()));
        let running = self.inner.guests.spawn(async move { plan.decide(request).await }).ok_or_else(gone)?;
        let answer = running.await.map_err(|_| gone())?.map_err(AskError::Fault)?;
        Ok(Reply { request_id: id, items: self.items(&answer), answer })
    }

    /// The request, and its id kept from others where the caller chose it.
    fn request(&self, ask: Ask) -> Result<(Request, Option<Reserved>), AskError> {
        let store = &self.inner.store;
        let mut mistakes = Vec::new();
        if ask.limit == 0 || ask.limit > LIMIT_MAX {
            let message = format!("{} items, expected 1 to {LIMIT_MAX}", ask.limit);
            mistakes.push(AskMistake { field: "limit", message });
        }
        let mut rows = |field: &'static str, ids: &[String]| -> Vec<u32> {
            let delisted = store.items().delisted();
            let mut rows = Vec::with_capacity(ids.len());
            for id in ids {
                match store.items().row(id) {
                    Some(row) if field == "allow" && delisted.binary_search(&row).is_ok() => {
                        mistakes.push(AskMistake { field, message: format!("item \"{id}\" was delisted") });
                    }
                    Some(row) => rows.push(row),
                    None => {
                        let message = format!("item \"{id}\" is not in the catalog");
                        mistakes.push(AskMistake { field, message });
                    }
                }
            }
            rows
        };
        let mut excluded = rows("exclude", &ask.exclude);
        let allowed = ask.allow.as_ref().map(|ids| rows("allow", ids));
        for (field, text) in [("subject", ask.subject.as_deref()), ("request_id", ask.request_id.as_deref())] {
            if let Some(fault) = text.and_then(id_fault) {
                mistakes.push(AskMistake { field, message: format!("the id {fault}") });
            }
        }
        let mut reserved = None;
        if let Some(id) = &ask.request_id {
            // Before the log is read: an id is given back once its decision is there.
            reserved = self.inner.asked.reserve(id);
            let decided = store.log().decision(id).map_err(|e| AskError::Record(e.to_string()))?;
            if reserved.is_none() || decided.is_some() {
                let message = "was decided before; give each request an id of its own, or none".to_owned();
                mistakes.push(AskMistake { field: "request_id", message });
            }
        }
        if !mistakes.is_empty() {
            return Err(AskError::Invalid(mistakes));
        }
        excluded.extend_from_slice(&store.items().delisted());
        let now = now_ms();
        let number = ask.subject.as_deref().and_then(|key| store.subjects().row(key));
        let history = number.map(|number| store.log().history(number, Some(now), usize::MAX)).unwrap_or_default();
        let id = ask.request_id.unwrap_or_else(new_id);
        let mut request = Request::new(&id, history, now, ask.limit);
        request.subject = ask.subject.map(|key| Subject { key: key.into(), number: number.unwrap_or(NONE) });
        request.surface = ask.surface.into();
        request.session_id = ask.session_id.map(Into::into);
        request.context = ask.context.into();
        request.excluded = excluded;
        request.allowed = allowed;
        request.seed = ask.seed.unwrap_or(request.seed);
        request.record = ask.record;
        Ok((request, reserved))
    }

    /// Queues the decision. While the queue is full, it waits there, for as long as the request itself might have taken.
    async fn queue(
        &self,
        record: DecisionRecord,
        reserved: Option<Reserved>,
        patience_ms: u64,
    ) -> Result<(), AskError> {
        let log = self.inner.store.log();
        let mut decision = log.encoded(record, reserved).map_err(|e| AskError::Record(e.to_string()))?;
        let by = Instant::now() + Duration::from_millis(patience_ms);
        loop {
            match log.offer(decision) {
                Ok(()) => return Ok(()),
                Err((error, Some(back))) if error.is_full() && Instant::now() < by => decision = back,
                Err((error, _)) => return Err(AskError::Record(error.to_string())),
            }
            tokio::time::sleep(ROOM_LOOK).await;
        }
    }

    fn items(&self, answer: &Answer) -> Vec<Item> {
        let facts = self.inner.store.facts();
        let item = |item: &crate::request::Answered| {
            let id = self.inner.store.items().id(item.row)?;
            let title = facts.text(item.row, "title").map(ToOwned::to_owned);
            let from = item.from.iter().filter_map(|n| answer.sources.get(*n as usize)).cloned().collect();
            Some(Item { id, title, score: item.score, from })
        };
        answer.items.iter().filter_map(item).collect()
    }
}

fn record(
    plan: &ActivePlan,
    answer: &Answer,
    id: &str,
    subject: Option<&Subject>,
    surface: &str,
    limit: u32,
    time_ms: i64,
) -> DecisionRecord {
    let rows: Vec<u32> = answer.items.iter().map(|item| item.row).collect();
    let traces: BTreeMap<String, Vec<u8>> = answer
        .traces
        .iter()
        .filter_map(|trace| {
            let node = plan.plan.nodes.get(trace.node).filter(|node| !node.inputs.is_empty())?;
            Some((node.name.clone(), served::encode(trace, &rows)?))
        })
        .collect();
    DecisionRecord {
        request_id: id.to_owned(),
        subject: subject.map(|s| DecidedFor { key: s.key.to_string(), number: s.number }),
        surface: surface.to_owned(),
        time_ms,
        generation: answer.generation,
        plan: answer.plan,
        limit,
        scores: answer.items.iter().map(|item| item.score).collect(),
        nodes: answer.sources.iter().map(ToString::to_string).collect(),
        origins: answer.items.iter().map(|item| item.from.first().copied().unwrap_or(NONE)).collect(),
        propensities: answer.policy.as_ref().map(|p| p.propensities.clone()).filter(|p| !p.is_empty()),
        versions: plan.agents.iter().map(|a| (a.spec.name.clone(), a.version.digest())).collect(),
        degraded: answer.degraded.iter().map(|d| d.node.to_string()).collect(),
        traces,
        rows,
    }
}

fn ended(answer: &Result<Answer, Fault>) -> Ended {
    let of_agent = |fault: &Fault| fault.source == FaultSource::Guest;
    match answer {
        Ok(answer) => Ended {
            degraded: !answer.degraded.is_empty(),
            failed: false,
            faulted: answer.degraded.iter().any(|degraded| of_agent(&degraded.fault)),
        },
        Err(fault) => Ended { degraded: false, failed: true, faulted: of_agent(fault) },
    }
}

fn gone_fault() -> Fault {
    Fault::host(FaultKind::Internal, "the guests' threads are gone")
}

fn gone() -> AskError {
    AskError::Fault(gone_fault())
}

fn outcome(decided: &Result<Reply, AskError>) -> Outcome {
    match decided {
        Ok(reply) if reply.answer.degraded.is_empty() => Outcome::Ok,
        Ok(_) => Outcome::Degraded,
        Err(AskError::Fault(_) | AskError::Record(_)) => Outcome::Failed,
        Err(AskError::Invalid(_) | AskError::Inactive) => Outcome::Refused,
    }
}

/// 128 random bits.
fn new_id() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let clock = now_ms().to_le_bytes();
        bytes.iter_mut().zip(clock).for_each(|(byte, tick)| *byte = tick);
    }
    bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        use fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
