//! What can be proposed, what comes of it, and why not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use greenroom_graph::Severity;
use greenroom_memory::DeclareError;
use greenroom_model::{Digest, Doubt, Evidence, FaultSource, Generation};
use thiserror::Error;

use super::super::HostError;
use crate::active::PrepareError;
use crate::load::{GraphText, LoadGraphError};
use crate::plans::{HistoryError, PlanRecord};

/// A change that somebody wants.
#[derive(Clone)]
pub struct Proposal {
    /// The generation that it is meant to follow: when another one is active, it is a conflict. None: whichever is.
    pub parent: Option<Generation>,
    /// Who wants it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What.
    pub change: Change,
}

/// What a proposal changes; all else stays as in the active plan.
#[derive(Clone)]
pub enum Change {
    /// Code, parameters or wiring.
    Graph {
        /// The graph's text, which names components by path.
        graph: GraphText,
        /// Components by path. What the text names and is not in here is as in the active plan.
        components: BTreeMap<String, Part>,
        /// Files with learned states by path. What the text names and is not in here is as in the active plan.
        states: BTreeMap<String, Part>,
    },
    /// The same, for the sake of a proof: it is taken only if that is one, and of this graph against the one that is active.
    Proven {
        /// The graph's text, which names components by path.
        graph: GraphText,
        /// Components by path.
        components: BTreeMap<String, Part>,
        /// Files with learned states by path.
        states: BTreeMap<String, Part>,
        /// What speaks for it.
        proof: Box<Evidence>,
    },
    /// Learned states, by agent.
    States(BTreeMap<String, Digest>),
    /// States that agents of the active plan have just learned. Should other code or parameters serve by now, they are
    /// refused.
    Learned(BTreeMap<String, Learned>),
    /// What was active as this generation, as it was.
    Again(Generation),
}

impl Change {
    /// In a word, for those who count.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Graph { .. } => "graph",
            Self::Proven { .. } => "proven",
            Self::States(_) => "states",
            Self::Learned(_) => "learned",
            Self::Again(_) => "again",
        }
    }
}

/// A state, and the version that learned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// The state.
    pub state: Digest,
    /// Of the code and the parameters that shape states.
    pub shape: Digest,
}

/// A component of a change, or a file with a learned state.
#[derive(Debug, Clone)]
pub enum Part {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// The digest of one that the host has: of the component's bytes, or of the state.
    Kept(Digest),
    /// None: why it cannot be had.
    Absent(String),
}

/// What came of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Activated {
    /// What is active.
    pub generation: Generation,
    /// Its digest.
    pub plan: Digest,
    /// Whether that is new. Proposing what is active already changes nothing.
    pub changed: bool,
    /// For a person: states that were handed over, agents that learned anew.
    pub notes: Vec<String>,
    /// How long its steps took.
    pub took: Took,
}

/// How long the steps of a roll-out took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// Reading, checking, compiling and trying components, and learning anew.
    pub admit: Duration,
    /// Making instances ready.
    pub warm: Duration,
    /// Making the activation durable.
    pub record: Duration,
    /// The activation itself.
    pub store: Duration,
}

/// Why a proposal was not taken. What was active stays so.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum Refused {
    #[error("{}", conflict(*.parent, active.as_deref()))]
    Conflict { parent: Option<Generation>, active: Option<Box<PlanRecord>> },
    #[error("{}", wrong_graph(.0))]
    Graph(#[from] LoadGraphError),
    #[error(
        "the graph is named `{found}`, and this host serves `{expected}`: a name cannot change while it serves; serve \
         `{found}` with another data folder"
    )]
    Renamed { expected: String, found: String },
    #[error("what was handed over with the graph is no proof: {}", every(.0))]
    Unproven(Vec<Doubt>),
    #[error(
        "the proof is of another graph: it is of {}, and the graph that came with it is {} with its components and states",
        proven.short(), found.short()
    )]
    ProvenOther { proven: Digest, found: Digest },
    #[error("{}", outdated(base, active.as_deref()))]
    ProvenBefore { base: Digest, active: Option<Box<PlanRecord>> },
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error("agent `{agent}` has no learned state that it takes: {why}; {}", untrained(*.refuses))]
    Untrained { agent: String, why: String, refuses: bool },
    #[error("there is no generation {0} to go back to: see `greenroom plans`")]
    NoSuchPlan(Generation),
    #[error("generation {generation} cannot be had again: {why}")]
    Lost { generation: Generation, why: String },
    #[error("{0}; the plan that serves stays")]
    Unreadable(String),
    #[error("the graph has no agent `{0}`")]
    NoSuchAgent(String),
    #[error("no plan is active yet, so there is nothing to change")]
    Inactive,
    #[error("the activation could not be recorded: {0}")]
    Record(#[from] HistoryError),
    #[error(
        "the activation could not be recorded, since there is no room in {}{free}: {why}; make room, then start the host again: \
         it answers on as it is, and writes nothing down until then",
        path.display()
    )]
    NoRoom { path: PathBuf, why: String, free: String },
    #[error("the plan cannot be recorded: {0}; make it smaller")]
    TooLarge(String),
    #[error("it could not be kept in the data folder: {0}")]
    Keep(std::io::Error),
    #[error("it could not be learned anew: {0}")]
    Learn(String),
    #[error("the host is about to end")]
    Gone,
}

impl Refused {
    /// Whether the same may be taken later, without anybody changing it.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Conflict { .. }
            | Self::Record(_)
            | Self::NoRoom { .. }
            | Self::Keep(_)
            | Self::Inactive
            | Self::Gone => true,
            Self::Prepare(PrepareError::Agent { fault, .. }) => fault.source == FaultSource::Host,
            Self::Prepare(PrepareError::Untried) => true,
            Self::Prepare(PrepareError::Memory(error)) => !matches!(error, DeclareError::Misfits(_)),
            _ => false,
        }
    }

    /// In a word, for those who count.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Graph(_) | Self::Renamed { .. } | Self::NoSuchAgent(_) | Self::Unreadable(_) | Self::TooLarge(_) => {
                "invalid"
            }
            Self::Unproven(_) | Self::ProvenOther { .. } => "unproven",
            Self::ProvenBefore { .. } => "conflict",
            Self::Prepare(_) => "not_prepared",
            Self::Untrained { .. } => "untrained",
            Self::NoSuchPlan(_) => "not_found",
            Self::Lost { .. } => "lost",
            Self::Inactive => "inactive",
            Self::Record(_) | Self::NoRoom { .. } | Self::Keep(_) => "not_recorded",
            Self::Learn(_) => "not_learned",
            Self::Gone => "gone",
        }
    }
}

fn conflict(parent: Option<Generation>, active: Option<&PlanRecord>) -> String {
    let wanted = parent.map_or("nothing".to_owned(), |parent| format!("generation {parent}"));
    match active {
        Some(now) => format!(
            "it was to follow {wanted}, but generation {} is active: {} by {} ({}); look at what it changed, and propose \
             yours after it",
            now.generation,
            now.plan.short(),
            now.author,
            now.reason
        ),
        None => format!("it was to follow {wanted}, but nothing is active"),
    }
}

fn every(doubts: &[Doubt]) -> String {
    doubts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn outdated(base: &Digest, active: Option<&PlanRecord>) -> String {
    let base = base.short();
    match active {
        Some(now) => format!(
            "it was proven to be better than the graph {base}, and another one is active: generation {}, {} by {} ({}); prove it \
             against that one, or deploy it without its proof",
            now.generation,
            now.plan.short(),
            now.author,
            now.reason
        ),
        None => format!("it was proven to be better than the graph {base}, and another one is active"),
    }
}

/// An error in words, with every mistake of a graph.
pub(in super::super) fn told(error: &HostError) -> String {
    match error {
        HostError::Load(error) => wrong_graph(error),
        other => other.to_string(),
    }
}

/// Every mistake in a line, for a log or an answer; a terminal shows the place in the file too.
fn wrong_graph(error: &LoadGraphError) -> String {
    match error {
        LoadGraphError::Graph(diagnostics) => {
            let mistakes = diagnostics.iter().filter(|mistake| mistake.severity == Severity::Error);
            let line = |m: greenroom_graph::Diagnostic| {
                format!("{}:{}:{}: {}; {}", diagnostics.file_name(), m.line, m.column, m.message, m.label)
            };
            mistakes.map(line).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

fn untrained(refuses: bool) -> &'static str {
    if refuses { "the graph file says `untrained = \"refuse\"` for it" } else { "run `greenroom train` on this graph" }
}
