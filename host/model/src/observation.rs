//! What an agent perceives.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Payload;

/// Whom a decision is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The external id.
    pub key: Arc<str>,
    /// The dense number.
    pub number: u32,
}

/// The kinds of event, with their codes in the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "the field's words")]
pub enum EventKind {
    Other = 0,
    Rating = 1,
    View = 2,
    Click = 3,
    Like = 4,
    Dislike = 5,
    Purchase = 6,
    Dismissal = 7,
}

impl EventKind {
    /// Whether an event of this kind and value speaks for the item; a rating does from 4 on.
    #[must_use]
    pub fn positive(self, value: f32) -> bool {
        match self {
            Self::Rating => value >= 4.0,
            Self::Click | Self::Like | Self::Purchase => true,
            Self::Other => value > 0.0,
            Self::View | Self::Dislike | Self::Dismissal => false,
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        match code {
            1 => Self::Rating,
            2 => Self::View,
            3 => Self::Click,
            4 => Self::Like,
            5 => Self::Dislike,
            6 => Self::Purchase,
            7 => Self::Dismissal,
            _ => Self::Other,
        }
    }
}

/// What a subject did, oldest first, in columns of one length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Items.
    pub rows: Vec<u32>,
    /// Milliseconds since 1970.
    pub times: Vec<i64>,
    /// Codes of [`EventKind`].
    pub kinds: Vec<u8>,
    /// Values.
    pub values: Vec<f32>,
}

impl History {
    /// How many events it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What arrives at a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The port.
    pub port: Arc<str>,
    /// The node that it comes from.
    pub node: Arc<str>,
    /// What arrives.
    pub payload: Arc<Payload>,
}

/// What an agent perceives. What all nodes of a request share is shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The request.
    pub request_id: Arc<str>,
    /// Absent for an anonymous request.
    pub subject: Option<Subject>,
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// Where randomness comes from.
    pub seed: u64,
    /// At most so many rows.
    pub limit: u32,
    /// Where the answer is shown; empty when unsaid.
    pub surface: Arc<str>,
    /// The session.
    pub session_id: Option<Arc<str>>,
    /// What kind of subject this is.
    pub segments: Arc<[String]>,
    /// Rows that must not be answered, ascending.
    pub excluded: Arc<[u32]>,
    /// Only these may be answered, ascending.
    pub allowed: Option<Arc<[u32]>>,
    /// MessagePack map; empty when nothing.
    pub context: Arc<[u8]>,
    /// All that the agent may know of the subject's past; the call hands over the latest `history_max`.
    pub history: Arc<History>,
    /// How many of the latest events are handed over.
    pub history_max: u32,
    /// Inputs by port.
    pub inputs: Vec<Input>,
}
