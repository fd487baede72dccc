//! Parameters as written, before and after they are checked.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// A switch.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A real.
    Float(f64),
    /// A name.
    Text(String),
    /// Rows, which external ids became.
    Rows(Vec<u32>),
    /// External ids.
    Items(Vec<String>),
    /// A list of numbers.
    Numbers(Vec<f64>),
    /// Numbers by name.
    Named(BTreeMap<String, f64>),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(x) => write!(f, "{x}"),
            Self::Integer(x) => write!(f, "{x}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Text(x) => write!(f, "{x:?}"),
            Self::Rows(x) => write!(f, "{} items", x.len()),
            Self::Items(x) => write!(f, "{} items", x.len()),
            Self::Numbers(x) => write!(f, "{} numbers", x.len()),
            Self::Named(x) => write!(f, "{} numbers by name", x.len()),
        }
    }
}

/// Parameters by name, in order.
pub type Params = BTreeMap<String, ParamValue>;
