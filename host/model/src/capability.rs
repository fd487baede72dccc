//! What a component offers and what an agent may do.

use serde::{Deserialize, Serialize};

/// Which interfaces of the contract a component exports, and which it imports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interfaces {
    /// `policy`: it can be a node.
    pub policy: bool,
    /// `lifecycle`: it has parameters or state.
    pub lifecycle: bool,
    /// `learner`: it learns from feedback.
    pub learner: bool,
    /// Imported interfaces of the contract by their short names, sorted.
    pub imports: Vec<String>,
    /// Whether it imports anything of WASI 0.2, which has nothing behind it.
    pub wasi: bool,
}

/// What may be done in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Get, get-many and scan; gather and labels of items.
    Read,
    /// Put, compare-and-swap and delete, beside reading.
    Write,
}

/// A capability that the graph file gives to an agent: `profile:read`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// The namespace; `items` is the catalog's facts, read only.
    pub namespace: String,
    /// What may be done there.
    pub verb: Verb,
}

impl Grant {
    /// Reads `namespace:read` or `namespace:write`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, verb) = text.split_once(':')?;
        let verb = match verb {
            "read" => Verb::Read,
            "write" => Verb::Write,
            _ => return None,
        };
        (!namespace.is_empty()).then(|| Self { namespace: namespace.to_owned(), verb })
    }
}
