//! What a component offers and what an agent may do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which interfaces of the contract a component exports, and which it imports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interfaces {
    /// The version of the contract that they are of, for people: whoever calls them need not know.
    pub contract: String,
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
    /// Whether it is a script: its interpreter imports whatever a script may use.
    pub script: bool,
}

/// What a namespace of the shared memory layer holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamespaceKind {
    /// Keys with values.
    #[default]
    Kv,
    /// Keys with whole numbers that are added to.
    Counter,
    /// Records in the order in which they came, under keys that the host makes.
    Log,
    /// Contents of any size under their digests, each kept once.
    Blob,
    /// Vectors of one dimension, of which the nearest to another are found.
    Vector,
}

impl NamespaceKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Kv, Self::Counter, Self::Log, Self::Blob, Self::Vector];

    /// As in a graph file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::Counter => "counter",
            Self::Log => "log",
            Self::Blob => "blob",
            Self::Vector => "vector",
        }
    }
}

/// Numbers that a vector may have.
pub const DIMENSION_MAX: usize = 4096;

/// How vectors are compared. The smaller the distance, the nearer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VectorMetric {
    /// 1 less the cosine of the angle: 0 to 2.
    #[default]
    Cosine,
    /// The dot product, negated.
    Dot,
    /// The square of the Euclidean distance.
    Euclidean,
}

impl VectorMetric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cosine, Self::Dot, Self::Euclidean];

    /// As in a graph file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::Euclidean => "euclidean",
        }
    }
}

/// What the vectors of a namespace are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VectorSpace {
    /// How many numbers each has: 1 to [`DIMENSION_MAX`].
    pub dimension: usize,
    /// How they are compared.
    pub metric: VectorMetric,
}

/// What may be done with keys of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Get, get-many and scan, and the like of other kinds; gather and labels of items.
    Read,
    /// Writing keys that are not there yet, appending to a log, adding to a counter, and nothing else: what was written can be
    /// neither read nor changed.
    Append,
    /// Put, compare-and-swap and delete, beside all of that.
    Write,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Append, Self::Write];

    /// As in a graph file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Append => "append",
            Self::Write => "write",
        }
    }

    /// Whether who has this may do what takes `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || self == Self::Write
    }
}

/// A capability that the graph file gives to an agent: `profile:read`, or `profile/tastes.:write` for the keys that begin
/// with `tastes.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// The namespace; `items` is the catalog's facts, read only.
    pub namespace: String,
    /// What the keys begin with; empty for all of them.
    pub prefix: String,
    /// What may be done there.
    pub verb: Verb,
}

impl Grant {
    /// Reads `NAMESPACE:VERB` or `NAMESPACE/PREFIX:VERB`. A prefix may have colons and slashes in it; it may not be empty,
    /// nor have control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (keys, verb) = text.rsplit_once(':').filter(|_| !text.chars().any(char::is_control))?;
        let verb = Verb::ALL.into_iter().find(|known| known.name() == verb)?;
        let (namespace, prefix) = match keys.split_once('/') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (keys, ""),
        };
        let named = !namespace.is_empty() && !namespace.contains(':');
        named.then(|| Self { namespace: namespace.to_owned(), prefix: prefix.to_owned(), verb })
    }

    /// Whether it is about this key.
    #[must_use]
    pub fn reaches(&self, namespace: &str, key: &str) -> bool {
        self.namespace == namespace && key.starts_with(&self.prefix)
    }
}

/// As in a graph file.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.namespace)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        write!(f, ":{}", self.verb.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_reads_as_it_is_written() {
        for text in ["profile:read", "profile/tastes.:write", "log/a/b:c:append"] {
            assert_eq!(Grant::parse(text).unwrap().to_string(), text);
        }
        for text in ["profile", ":read", "/x:read", "profile/:read", "profile:own", "a:b/c:read", "a/\n:read", ""] {
            assert_eq!(Grant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_about_the_keys_that_begin_with_it() {
        let grant = Grant::parse("profile/tastes.:read").unwrap();
        assert!(grant.reaches("profile", "tastes.7"));
        assert!(!grant.reaches("profile", "taste") && !grant.reaches("other", "tastes.7"));
    }

    #[test]
    fn writing_covers_reading_and_appending_covers_itself() {
        assert!(Verb::Write.covers(Verb::Read) && Verb::Write.covers(Verb::Append));
        assert!(
            !Verb::Append.covers(Verb::Read) && !Verb::Read.covers(Verb::Append) && !Verb::Append.covers(Verb::Write)
        );
    }
}
