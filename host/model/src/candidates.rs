//! What flows along the edges of a graph.

use serde::{Deserialize, Serialize};

/// The values of a column, one a row. Written with their type: whole numbers read as reals are other numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Reals.
    F32s(Vec<f32>),
    /// Signed numbers.
    S64s(Vec<i64>),
    /// Unsigned numbers.
    U32s(Vec<u32>),
}

impl Values {
    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32s(v) => v.len(),
            Self::S64s(v) => v.len(),
            Self::U32s(v) => v.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A named column beside rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Values,
}

/// Candidates in columns, best first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Candidates {
    /// Dense item numbers.
    pub rows: Vec<u32>,
    /// One a row; higher is better.
    pub scores: Vec<f32>,
    /// Bit i: the plan's i-th source proposed the row. Empty when unknown.
    pub sources: Vec<u64>,
    /// What else is known of each row.
    pub columns: Vec<Column>,
}

impl Candidates {
    /// A column of reals by name.
    #[must_use]
    pub fn f32s(&self, name: &str) -> Option<&[f32]> {
        self.columns.iter().find(|c| c.name == name).and_then(|c| match &c.values {
            Values::F32s(v) => Some(v.as_slice()),
            _ => None,
        })
    }
}

/// Which branches behind a router run: (name, probability).
pub type Route = Vec<(String, f32)>;

/// What flows along an edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// Items to choose from.
    Candidates(Candidates),
    /// Branches to run.
    Route(Route),
    /// A change of settings for a scope, MessagePack.
    Settings {
        /// What it is for.
        scope: String,
        /// A MessagePack map.
        patch: Vec<u8>,
    },
    /// Any MessagePack.
    Document(Vec<u8>),
}

impl Payload {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> PayloadKind {
        match self {
            Self::Candidates(_) => PayloadKind::Candidates,
            Self::Route(_) => PayloadKind::Route,
            Self::Settings { .. } => PayloadKind::Settings,
            Self::Document(_) => PayloadKind::Document,
        }
    }

    /// The candidates, if that is what it is.
    #[must_use]
    pub fn candidates(&self) -> Option<&Candidates> {
        match self {
            Self::Candidates(candidates) => Some(candidates),
            _ => None,
        }
    }
}

/// The kinds of payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayloadKind {
    /// Items to choose from.
    Candidates,
    /// Branches to run.
    Route,
    /// A change of settings.
    Settings,
    /// Any MessagePack.
    Document,
}

impl PayloadKind {
    /// As in a graph file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Candidates => "candidates",
            Self::Route => "route",
            Self::Settings => "settings",
            Self::Document => "document",
        }
    }
}

/// How a policy draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// The same list every time.
    Deterministic,
    /// Rows drawn one after the other without replacement.
    PlackettLuce,
    /// The greedy list with some positions replaced uniformly.
    EpsilonGreedy,
    /// Anything else with known propensities.
    Other,
}

/// How a decision was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// How.
    pub kind: PolicyKind,
    /// The marginal probability of each row where it stands; empty when deterministic.
    pub propensities: Vec<f32>,
    /// Log probability of the whole list.
    pub log_probability: f64,
    /// Whether it differs from the greedy decision.
    pub explored: bool,
    /// The seed of the draw.
    pub sampler_seed: u64,
}

/// What `decide` returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The decision.
    pub payload: Payload,
    /// Absent for a deterministic policy.
    pub policy: Option<PolicyRecord>,
}
