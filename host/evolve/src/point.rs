//! A point of a decision space.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value of one dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of a switch.
    Boolean(bool),
    /// Of a whole dimension.
    Integer(i64),
    /// Of a real dimension.
    Float(f64),
    /// One of the options of a choice.
    Choice(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(x) => write!(f, "{x}"),
            Self::Integer(x) => write!(f, "{x}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Choice(x) => write!(f, "{x}"),
        }
    }
}

/// A value for each dimension that matters, by name. A dimension whose condition does not hold has none.
pub type Point = BTreeMap<String, Value>;
