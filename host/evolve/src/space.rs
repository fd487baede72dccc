//! Decision spaces: typed dimensions, and conditions between them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What values a dimension takes. Ends are included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
#[expect(missing_docs, reason = "a range is a range")]
pub enum Domain {
    /// A real in `[low, high]`; `log` when its order of magnitude matters rather than its value, and `low` is above 0 then.
    Float { low: f64, high: f64, log: bool },
    /// A whole number in `[low, high]`.
    Integer { low: i64, high: i64, log: bool },
    /// One of several names, without order.
    Choice { options: Vec<String> },
    /// A switch.
    Boolean,
}

/// When a dimension matters: when `dimension`, which comes before it, matters and has one of `values`, written as in a graph
/// file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Another dimension.
    pub dimension: String,
    /// Its values.
    pub values: Vec<String>,
}

/// One dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// Its name, one in the space: `agent.parameter`.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// When it matters; always when absent.
    pub condition: Option<Condition>,
}

/// A decision space whose dimensions were checked: names are used once, ranges hold something, conditions speak of values
/// that earlier dimensions can have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

/// What is wrong with a space. All of it is told at once by [`Space::new`].
#[derive(Debug, Clone, PartialEq, Error)]
#[error("dimension `{dimension}`: {what}")]
pub struct SpaceError {
    /// Which.
    pub dimension: String,
    /// What was found, and what was expected.
    pub what: String,
}
