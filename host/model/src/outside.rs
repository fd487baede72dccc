//! What callers from outside say, with items and subjects by their external ids.

use crate::EventKind;

/// The most bytes that an external id may have.
pub const ID_BYTES_MAX: usize = 256;

/// The most items that a request may ask for.
pub const LIMIT_MAX: u32 = 1_000;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Its id, never used before; made when absent.
    pub request_id: Option<String>,
    /// The subject's external id; absent for an anonymous one. One that nobody knows is a new subject.
    pub subject: Option<String>,
    /// At most so many items: 1 to [`LIMIT_MAX`].
    pub limit: u32,
    /// Where the answer will be shown.
    pub surface: String,
    /// The session.
    pub session_id: Option<String>,
    /// A MessagePack map; empty when nothing.
    pub context: Vec<u8>,
    /// Items that must not be answered.
    pub exclude: Vec<String>,
    /// When present, only these may be answered.
    pub allow: Option<Vec<String>>,
    /// Where randomness comes from; drawn from the request's id when absent.
    pub seed: Option<u64>,
    /// Whether the calls of all nodes are recorded.
    pub record: bool,
}

/// What is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// The event's own id: the same event told twice is one event.
    pub event_id: String,
    /// The decision that it is about; absent when there was none.
    pub request_id: Option<String>,
    /// Who; taken from the decision when absent.
    pub subject: Option<String>,
    /// The item's external id.
    pub item: String,
    /// What happened.
    pub kind: EventKind,
    /// How much.
    pub value: f32,
    /// When, in milliseconds since 1970; now when absent. At most an hour ahead of the host's clock.
    pub time_ms: Option<i64>,
    /// Takes back the event of this id.
    pub retract: bool,
}
