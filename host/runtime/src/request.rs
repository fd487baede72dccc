//! A request as the graph sees it, and its answer.

use std::sync::Arc;

use greenroom_model::{Digest, Fault, Generation, History, PolicyRecord, Subject, Usage};

use crate::execute::Remembered;
use crate::replay::Recording;

/// What is asked. Rows and history are resolved: the graph knows no external ids.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its id.
    pub id: Arc<str>,
    /// Whom it is for; absent for an anonymous one.
    pub subject: Option<Subject>,
    /// What the subject did, up to now.
    pub history: Arc<History>,
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
    /// Rows that must not be answered, beside what the graph excludes; in any order.
    pub excluded: Vec<u32>,
    /// When present, only these may be answered; in any order.
    pub allowed: Option<Vec<u32>>,
    /// MessagePack map; empty when nothing.
    pub context: Arc<[u8]>,
    /// Nobody waits for it: the graph's deadline does not hold, so that the answer depends less on how busy the machine
    /// is. For training and evaluation.
    pub patient: bool,
    /// Whether the calls of all nodes are recorded, so that each can be run again.
    pub record: bool,
    /// Whether all nodes are traced, and not only those that learn.
    pub traced: bool,
    /// Outputs that need not be computed again, and the number under which those of this request are kept.
    pub remembered: Option<(Arc<Remembered>, u64)>,
}

/// An id like those that are drawn for whoever is served, for a request of which `what` says all. Agents see it, and must
/// not know by it that nobody is served: whoever knows when it is judged can be another one then.
pub(crate) fn unmarked(what: &str) -> String {
    Digest::of(what.as_bytes()).hex().chars().take(32).collect()
}

impl Request {
    /// A request for `limit` rows about someone with this history, now.
    #[must_use]
    pub fn new(id: &str, history: Arc<History>, now_ms: i64, limit: u32) -> Self {
        Self {
            id: id.into(),
            subject: None,
            history,
            now_ms,
            seed: Digest::of(id.as_bytes()).head(),
            limit,
            surface: "".into(),
            session_id: None,
            excluded: Vec::new(),
            allowed: None,
            context: Arc::from([]),
            patient: false,
            record: false,
            traced: false,
            remembered: None,
        }
    }
}

/// An answered item.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The item.
    pub row: u32,
    /// The output node's score.
    pub score: f32,
    /// The source nodes that proposed it, by their index in [`Answer::sources`].
    pub from: Vec<u32>,
}

/// A node that failed, and why. Its fallback was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Degraded {
    /// The node.
    pub node: Arc<str>,
    /// What happened.
    pub fault: Fault,
}

impl Degraded {
    /// The fault as that of a node without a fallback is told.
    pub(crate) fn in_words(self) -> Fault {
        Fault { message: format!("node `{}`: {}", self.node, self.fault.message), ..self.fault }
    }
}

/// What a node saw and decided about the rows of the answer: for its learner.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The index of the node in the plan.
    pub node: usize,
    /// What it saw.
    pub inputs: Vec<greenroom_model::Input>,
    /// What it decided.
    pub decided: Arc<greenroom_model::Payload>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Best first.
    pub items: Vec<Answered>,
    /// The names of the plan's source nodes.
    pub sources: Arc<[Arc<str>]>,
    /// How the list was drawn, when the output node says.
    pub policy: Option<PolicyRecord>,
    /// The plan's generation.
    pub generation: Generation,
    /// The plan's digest.
    pub plan: Digest,
    /// The agents that were asked, and the digest of each one's version.
    pub versions: Vec<(Arc<str>, Digest)>,
    /// Nodes that failed.
    pub degraded: Vec<Degraded>,
    /// Nodes that ran, with what each used.
    pub nodes: Vec<(Arc<str>, Usage)>,
    /// All that it used.
    pub usage: Usage,
    /// What nodes with a learner, or all of them when the request says so, saw and decided.
    pub traces: Vec<Trace>,
    /// Of all nodes that ran, when the request asked for it.
    pub recordings: Vec<Recording>,
}
