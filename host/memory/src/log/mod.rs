//! skeleton
use crate::{Pending, ReadError, Unavailable};
use greenroom_model::{Digest, EventKind, Generation, History, Status};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
/// w
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedFor {
    /// k
    pub key: String,
    /// n
    pub number: u32,
}
/// d
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "skeleton")]
pub struct DecisionRecord {
    pub request_id: String,
    pub subject: Option<DecidedFor>,
    pub surface: String,
    pub time_ms: i64,
    pub generation: Generation,
    pub plan: Digest,
    pub limit: u32,
    pub rows: Vec<u32>,
    pub scores: Vec<f32>,
    /// The names that `origins` indexes.
    pub nodes: Vec<String>,
    /// For each row, the index in `nodes` of the node that it came from; empty when unknown.
    pub origins: Vec<u32>,
    pub propensities: Option<Vec<f32>>,
    pub versions: Vec<(String, Digest)>,
    pub degraded: Vec<String>,
    /// Per agent or node, opaque MessagePack.
    pub traces: BTreeMap<String, Vec<u8>>,
}
/// e
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "skeleton")]
pub struct Event {
    pub id: String,
    pub request_id: Option<String>,
    pub subject: Option<u32>,
    pub row: u32,
    pub kind: EventKind,
    pub value: f32,
    pub event_time_ms: i64,
    pub receive_time_ms: i64,
    /// Takes back the event whose id is `id`.
    pub retracts: bool,
}
/// o
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "skeleton")]
pub enum Outcome {
    Joined { position: u32 },
    NotShown,
    UnknownRequest,
    Late,
    Organic,
    Repeated,
    Retracted,
    RetractsUnknown,
}
/// j
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "skeleton")]
pub enum Join {
    Organic,
    Joined { position: u32 },
    NotShown,
    UnknownRequest,
    Late,
}
/// s
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "skeleton")]
pub struct StoredEvent {
    pub cursor: u64,
    pub event: Event,
    pub status: Status,
    pub join: Join,
    /// Of a retraction: the cursor of the event that it takes back, if that is here.
    pub takes_back: Option<u64>,
}
/// c
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "skeleton")]
pub struct Counts {
    pub decisions: u64,
    pub decisions_repeated: u64,
    pub joined: u64,
    pub not_shown: u64,
    pub unknown_request: u64,
    pub late: u64,
    pub organic: u64,
    pub repeated: u64,
    pub retracted: u64,
    pub retracts_unknown: u64,
}
/// m
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {place}: {reason}")]
pub struct EventMistake {
    /// p
    pub place: usize,
    /// r
    pub reason: &'static str,
}
/// Why events were not taken; then none was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// i
    #[error("i")]
    Invalid(Vec<EventMistake>),
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
/// Decisions and feedback.
pub struct Log {}
impl Log {
    /// Queues a decision and returns; blocks only while the queue is full. A failure after that shows in the next `flush`.
    pub fn append_decision(&self, record: DecisionRecord) -> Result<(), Unavailable> {
        let _ = record;
        todo!()
    }
    /// Answers when all that was queued before is durable.
    pub fn flush(&self) -> Pending<(), Unavailable> {
        todo!()
    }
    /// Durable once answered, in one transaction; one outcome an event.
    pub fn append_events(&self, events: Vec<Event>) -> Pending<Vec<Outcome>, AppendError> {
        let _ = events;
        todo!()
    }
    /// Events in cursor order; cursors begin at 1.
    pub fn events(&self, after: Option<u64>, limit: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        let _ = (after, limit);
        todo!()
    }
    /// d
    pub fn decision(&self, request_id: &str) -> Result<Option<DecisionRecord>, Unavailable> {
        let _ = request_id;
        todo!()
    }
    /// The latest `max` events of a subject that were not retracted and happened no later than `until_ms`, oldest first. Shared, not copied, when that is all.
    #[must_use]
    pub fn history(&self, subject: u32, until_ms: Option<i64>, max: usize) -> Arc<History> {
        let _ = (subject, until_ms, max);
        todo!()
    }
    /// c
    pub fn counts(&self) -> Result<Counts, Unavailable> {
        todo!()
    }
    /// Over all events in cursor order.
    pub fn data_digest(&self) -> Result<Digest, Unavailable> {
        todo!()
    }
}
