//! What an agent says of itself.

use serde::{Deserialize, Serialize};

use crate::{ParamValue, PayloadKind};

/// What part an agent plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the field's words")]
pub enum Role {
    Recall,
    Fusion,
    Ranking,
    Calibration,
    Reranking,
    Routing,
    Evolution,
    Infrastructure,
}

/// The layers of the agentic recommender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the paper's words")]
pub enum Layer {
    Decision,
    Evolution,
    Infrastructure,
}

/// What an agent learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewardLevel {
    /// Its own metric.
    Inner,
    /// The system's objective.
    Outer,
}

/// What an agent makes of its state when there is more to learn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learning {
    /// Nothing: it learns everything from the beginning.
    #[default]
    Anew,
    /// It goes on from it: restored and told the rest, it comes to the same state, byte for byte, as when it is told
    /// everything at once.
    Onward,
}

/// The types of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "types")]
pub enum ColumnKind {
    F32,
    S64,
    U32,
}

/// A column that is required or produced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ColumnKind,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// `*` is any number of ports of any name.
    pub name: String,
    /// What it takes.
    pub kind: PayloadKind,
    /// Whether a graph may leave it unconnected.
    pub optional: bool,
    /// What whoever is connected has to produce.
    pub columns: Vec<ColumnSpec>,
}

/// What values a parameter takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[expect(missing_docs, reason = "a range is a range")]
pub enum Domain {
    /// A real in `[low, high]`.
    Float { low: f64, high: f64, default: f64, log: bool },
    /// A whole number in `[low, high]`.
    Integer { low: i64, high: i64, default: i64, log: bool },
    /// One of several names.
    Choice { options: Vec<String>, default: String },
    /// A switch.
    Boolean { default: bool },
    /// External ids of items, handed over as rows. Not searched.
    Items,
    /// A list of numbers, or a map from names to numbers. Not searched.
    Numbers,
}

impl Domain {
    /// What a parameter is when nothing is said of it; none where there is no default.
    #[must_use]
    pub fn usual(&self) -> Option<ParamValue> {
        match self {
            Self::Float { default, .. } => Some(ParamValue::Float(*default)),
            Self::Integer { default, .. } => Some(ParamValue::Integer(*default)),
            Self::Choice { default, .. } => Some(ParamValue::Text(default.clone())),
            Self::Boolean { default } => Some(ParamValue::Boolean(*default)),
            Self::Items | Self::Numbers => None,
        }
    }
}

/// When a parameter matters: when `parameter` has one of `values`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Another parameter.
    pub parameter: String,
    /// Its values, written as in a graph file.
    pub values: Vec<String>,
}

/// A parameter of the decision space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it does.
    pub summary: String,
    /// Its values.
    pub domain: Domain,
    /// When it matters.
    pub condition: Option<Condition>,
    /// Whether a change needs a new state.
    pub shapes_state: bool,
}

/// What an agent says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Its name.
    pub name: String,
    /// The version of its code, for people.
    pub version: String,
    /// One line.
    pub summary: String,
    /// What part it plays.
    pub role: Role,
    /// In which layer.
    pub layer: Layer,
    /// The metric that it optimises; empty for none.
    pub inner_metric: String,
    /// What it learns from.
    pub reward_level: RewardLevel,
    /// What it takes.
    pub inputs: Vec<Port>,
    /// What it returns.
    pub output: PayloadKind,
    /// Columns of its candidates.
    pub produces: Vec<ColumnSpec>,
    /// How many of the subject's latest events it wants.
    pub history_max: u32,
    /// Item facts that it reads.
    pub facts: Vec<String>,
    /// Its decision space.
    pub parameters: Vec<Parameter>,
    /// The layout of its state; empty for none.
    pub snapshot_schema: String,
    /// Whether it goes on from its state. What was written before agents said so is of one that does not.
    #[serde(default)]
    pub learning: Learning,
}

impl Descriptor {
    /// The parameter of a name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }
}
