//! The record of a decision.

use std::collections::BTreeMap;
use std::ops::Bound;

use greenroom_model::{Digest, Generation};
use rmp_serde::config::BytesMode;
use serde::{Deserialize, Serialize};

use crate::engine::{Snapshot, Table, Unavailable};
use crate::ids::{id_fault, several};

/// Request id to the head that events are joined with and the record.
pub(crate) const DECISIONS: Table<&str, &[u8]> = Table::new(8, "decisions");

/// Whom a decision was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedFor {
    /// The external id: 1 to 256 bytes without control characters.
    pub key: String,
    /// The number.
    pub number: u32,
}

/// What was decided for a request, by whom, and with which chances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The request: 1 to 256 bytes without control characters.
    pub request_id: String,
    /// Absent for an anonymous request.
    pub subject: Option<DecidedFor>,
    /// Where it was shown; empty when unsaid.
    pub surface: String,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// The plan's generation.
    pub generation: Generation,
    /// The plan.
    pub plan: Digest,
    /// How many rows were asked for.
    pub limit: u32,
    /// What was shown, best first.
    pub rows: Vec<u32>,
    /// One a row.
    pub scores: Vec<f32>,
    /// Names of nodes, which `origins` indexes.
    pub nodes: Vec<String>,
    /// The node that each row came from, as an index into `nodes`; empty when unknown.
    pub origins: Vec<u32>,
    /// The probability with which each row was shown where it was; none for a deterministic policy.
    pub propensities: Option<Vec<f32>>,
    /// Which version of which agent took part.
    pub versions: Vec<(String, Digest)>,
    /// Nodes that failed and answered with their fallback.
    pub degraded: Vec<String>,
    /// What each node decided and saw, as MessagePack that the log does not read.
    pub traces: BTreeMap<String, Vec<u8>>,
}

/// Why a decision was not queued.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DecisionError {
    /// All that is wrong with it.
    #[error("decision {request_id:?}: {}", several(mistakes))]
    Invalid {
        /// Which.
        request_id: String,
        /// What.
        mistakes: Vec<String>,
    },
    /// The store's writer has stopped.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

fn mistakes(record: &DecisionRecord) -> Vec<String> {
    let rows = record.rows.len();
    let subject = record.subject.as_ref().and_then(|subject| id_fault(&subject.key));
    let id = id_fault(&record.request_id).map(|fault| format!("its id {fault}"));
    let mut mistakes: Vec<String> =
        id.into_iter().chain(subject.map(|fault| format!("its subject's id {fault}"))).collect();
    let columns = [
        ("scores", record.scores.len()),
        ("origins", if record.origins.is_empty() { rows } else { record.origins.len() }),
        ("propensities", record.propensities.as_ref().map_or(rows, Vec::len)),
    ];
    mistakes.extend(
        columns
            .into_iter()
            .filter(|(_, len)| *len != rows)
            .map(|(column, len)| format!("{len} {column} for {rows} rows")),
    );
    if record.origins.iter().any(|origin| *origin as usize >= record.nodes.len()) {
        mistakes.push(format!("an origin is beyond the {} nodes", record.nodes.len()));
    }
    mistakes
}

/// The head (time, subject, rows), little-endian, so that joining an event reads no more than it needs; then the record
/// as MessagePack with names, which can grow fields.
pub(super) fn encode(record: &DecisionRecord) -> Result<Vec<u8>, DecisionError> {
    let mut mistakes = mistakes(record);
    let subject = record.subject.as_ref().map_or(greenroom_model::NONE, |subject| subject.number);
    let mut bytes = Vec::with_capacity(256 + 16 * record.rows.len());
    bytes.extend(record.time_ms.to_le_bytes());
    bytes.extend(subject.to_le_bytes());
    match u32::try_from(record.rows.len()) {
        Ok(rows) => bytes.extend(rows.to_le_bytes()),
        Err(_) => mistakes.push("too many rows".to_owned()),
    }
    bytes.extend(record.rows.iter().flat_map(|row| row.to_le_bytes()));
    let mut body = rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_bytes(BytesMode::ForceAll);
    if let Err(error) = record.serialize(&mut body) {
        mistakes.push(error.to_string());
    }
    if mistakes.is_empty() {
        Ok(bytes)
    } else {
        Err(DecisionError::Invalid { request_id: record.request_id.clone(), mistakes })
    }
}

/// What joining an event needs of a decision.
pub(super) struct Head<'a> {
    pub(super) time_ms: i64,
    pub(super) subject: Option<u32>,
    rows: &'a [[u8; 4]],
    body: &'a [u8],
}

/// Of the next so many decisions after a request id: those that are looked for, and the last id, if there may be more.
pub(super) fn found(
    snapshot: &Snapshot<'_>,
    its: &dyn Fn(&Head<'_>) -> bool,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<String>, Option<String>), redb::Error> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let (mut found, mut last, mut seen) = (Vec::new(), None, 0);
    for entry in snapshot.rows(&DECISIONS, from)?.take(limit) {
        let (id, bytes) = entry?;
        if its(&Head::read(bytes.value())?) {
            found.push(id.value().to_owned());
        }
        seen += 1;
        last = Some(id.value().to_owned());
    }
    Ok((found, last.filter(|_| seen == limit)))
}

impl<'a> Head<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, redb::Error> {
        let read = || {
            let (time_ms, rest) = bytes.split_first_chunk::<8>()?;
            let (subject, rest) = rest.split_first_chunk::<4>()?;
            let (rows, rest) = rest.split_first_chunk::<4>()?;
            let (rows, body) = rest.split_at_checked(4 * u32::from_le_bytes(*rows) as usize)?;
            let subject = u32::from_le_bytes(*subject);
            let subject = (subject != greenroom_model::NONE).then_some(subject);
            let (rows, _) = rows.as_chunks::<4>();
            Some(Self { time_ms: i64::from_le_bytes(*time_ms), subject, rows, body })
        };
        read().ok_or_else(|| damaged("it is cut short"))
    }

    /// Whether the record says that it was for this subject.
    pub(super) fn names(&self, id: &str) -> bool {
        let there = self.body.windows(id.len().max(1)).any(|part| part == id.as_bytes());
        there
            && rmp_serde::from_slice::<DecisionRecord>(self.body)
                .is_ok_and(|record| record.subject.is_some_and(|subject| subject.key == id))
    }

    /// Where a row was shown, from 0.
    pub(super) fn position(&self, row: u32) -> Option<u32> {
        let position = self.rows.iter().position(|shown| u32::from_le_bytes(*shown) == row)?;
        u32::try_from(position).ok()
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<DecisionRecord, redb::Error> {
    rmp_serde::from_slice(Head::read(bytes)?.body).map_err(damaged)
}

fn damaged(what: impl ToString) -> redb::Error {
    redb::Error::Corrupted(format!("a decision: {}", what.to_string()))
}
