//! Feedback events, and what can become of one.

use greenroom_model::{EventKind, NONE, Status};
use serde::{Deserialize, Serialize};

use crate::engine::Unavailable;
use crate::ids::{id_fault, several};

/// Something that a subject did with an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The caller's id for it: 1 to 256 bytes without control characters. An id is taken once. A retraction has the id
    /// of the event that it takes back.
    pub id: String,
    /// The request whose answer it is about; none for an organic event.
    pub request_id: Option<String>,
    /// The subject's number; none for an anonymous one.
    pub subject: Option<u32>,
    /// The item.
    pub row: u32,
    /// What was done.
    pub kind: EventKind,
    /// How much of it; finite.
    pub value: f32,
    /// When it happened, in milliseconds since 1970.
    pub event_time_ms: i64,
    /// When it was received, in milliseconds since 1970.
    pub receive_time_ms: i64,
    /// Whether it takes back the event whose id is `id`. Then row, kind and value are only kept when that event is
    /// not known.
    pub retracts: bool,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its row was shown in the answer to its request.
    Joined {
        /// Where, from 0.
        position: u32,
    },
    /// The request is known, the row was not in its answer. Kept.
    NotShown,
    /// No such request was recorded. Kept.
    UnknownRequest,
    /// It happened later after its decision than the join window reaches. Kept, not credited.
    Late,
    /// It is about no request. Kept.
    Organic,
    /// Its id was taken before: nothing has changed.
    Repeated,
    /// A retraction: the event is taken back. Or an event whose retraction came before it: it is kept as retracted.
    Retracted,
    /// A retraction of an event that is not known. Kept: the event will count as retracted should it arrive.
    RetractsUnknown,
}

/// How an event is tied to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// It is about no request.
    Organic,
    /// Its row was shown in the answer to its request.
    Joined {
        /// Where, from 0.
        position: u32,
    },
    /// The request is known, the row was not in its answer.
    NotShown,
    /// No such request was recorded.
    UnknownRequest,
    /// It happened after the join window.
    Late,
}

impl Join {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Organic => Outcome::Organic,
            Self::Joined { position } => Outcome::Joined { position },
            Self::NotShown => Outcome::NotShown,
            Self::UnknownRequest => Outcome::UnknownRequest,
            Self::Late => Outcome::Late,
        }
    }
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Where it stands, from 1.
    pub cursor: u64,
    /// The event, its subject filled in from its decision. A retraction of a known event has that event's request,
    /// subject, row, kind and value, and its own times.
    pub event: Event,
    /// Retracted, for a retraction and for what it took back; else provisional, since it may yet be taken back.
    pub status: Status,
    /// Its decision. A retraction has the join of what it takes back.
    pub join: Join,
    /// Of a retraction: the cursor of the event that it takes back; none when that was not known.
    pub takes_back: Option<u64>,
}

/// How many decisions there are, and how many events had each [`Outcome`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the outcomes")]
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

/// The name in the store of the count of decisions.
pub(super) const DECISIONS: &str = "decisions";

/// The name in the store of the count of repeated decisions.
pub(super) const DECISIONS_REPEATED: &str = "decisions_repeated";

impl Counts {
    /// Each count with its name in the store.
    pub(super) fn by_name(&mut self) -> [(&'static str, &mut u64); 10] {
        [
            (DECISIONS, &mut self.decisions),
            (DECISIONS_REPEATED, &mut self.decisions_repeated),
            ("events_joined", &mut self.joined),
            ("events_not_shown", &mut self.not_shown),
            ("events_unknown_request", &mut self.unknown_request),
            ("events_late", &mut self.late),
            ("events_organic", &mut self.organic),
            ("events_repeated", &mut self.repeated),
            ("events_retracted", &mut self.retracted),
            ("events_retracts_unknown", &mut self.retracts_unknown),
        ]
    }

    pub(super) fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Joined { .. } => &mut self.joined,
            Outcome::NotShown => &mut self.not_shown,
            Outcome::UnknownRequest => &mut self.unknown_request,
            Outcome::Late => &mut self.late,
            Outcome::Organic => &mut self.organic,
            Outcome::Repeated => &mut self.repeated,
            Outcome::Retracted => &mut self.retracted,
            Outcome::RetractsUnknown => &mut self.retracts_unknown,
        };
        *count += 1;
    }
}

/// An event that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {place}: {reason}")]
pub struct EventMistake {
    /// Its place in the list, from 0.
    pub place: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Why events were not taken; then none was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// All that is wrong with them.
    #[error("{}", several(.0))]
    Invalid(Vec<EventMistake>),
    /// The store could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

pub(super) fn mistakes(events: &[Event]) -> Vec<EventMistake> {
    let mut mistakes = Vec::new();
    for (place, event) in events.iter().enumerate() {
        let faults = [
            id_fault(&event.id).map(|fault| format!("its id {fault}")),
            event.request_id.as_deref().and_then(id_fault).map(|fault| format!("its request id {fault}")),
            (!event.value.is_finite()).then(|| format!("its value {} is not finite", event.value)),
            (event.row == NONE).then(|| format!("row {NONE} stands for none")),
            (event.subject == Some(NONE)).then(|| format!("subject {NONE} stands for none; leave it out")),
        ];
        mistakes.extend(faults.into_iter().flatten().map(|reason| EventMistake { place, reason }));
    }
    mistakes
}
