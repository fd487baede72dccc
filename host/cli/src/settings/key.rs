//! The settings there are.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

/// A setting. Its flag and its variable are made of its name.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Address(&'static str),
    Count { low: u64, high: u64, default: u64 },
    Data,
    Cache,
}

/// Its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Address(SocketAddr),
    Count(u64),
    /// Absent: for data, beside the graph file; for the cache, none.
    Folder(Option<PathBuf>),
}

const fn count(name: &'static str, what: &'static str, low: u64, high: u64, default: u64) -> Key {
    Key { name, what, kind: Kind::Count { low, high, default } }
}

/// In the order in which they are shown.
pub(crate) const KEYS: [Key; 11] = [
    Key { name: "listen", what: "where the server listens", kind: Kind::Address("127.0.0.1:8080") },
    count("guest_threads", "threads that guests run on; 0 is one a core", 0, 1_024, 0),
    count("pool_instances", "core instances, memories and tables that may live at once", 8, 20_000, 1_000),
    count("tick_ms", "the precision of deadlines", 1, 1_000, 1),
    Key { name: "cache_dir", what: "where compiled components are kept", kind: Kind::Cache },
    Key { name: "data_dir", what: "where the catalog, the log and what was learned are kept", kind: Kind::Data },
    count("concurrency_max", "requests that are worked on at once", 1, 100_000, 64),
    count("queue_max", "requests that wait for their turn; more are answered 429", 0, 1_000_000, 256),
    count("body_bytes_max", "the largest body of a request", 1_024, 1 << 30, 1 << 20),
    count("drain_s", "how long requests in flight may take after a stop was asked for", 0, 3_600, 30),
    count("join_window_h", "feedback later than this after its decision is not credited to it", 1, 8_784, 168),
];

impl Key {
    /// `--tick-ms`.
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// `GREENROOM_TICK_MS`.
    pub(crate) fn variable(&self) -> String {
        format!("GREENROOM_{}", self.name.to_uppercase())
    }

    pub(crate) fn default_value(&self) -> Value {
        match &self.kind {
            Kind::Address(text) => text.parse().map_or(Value::Folder(None), Value::Address),
            Kind::Count { default, .. } => Value::Count(*default),
            Kind::Data => Value::Folder(None),
            Kind::Cache => Value::Folder(user_cache()),
        }
    }

    /// What belongs there.
    pub(crate) fn expected(&self) -> String {
        match &self.kind {
            Kind::Address(example) => format!("an address and a port, such as {example}"),
            Kind::Count { low, high, .. } => format!("a whole number from {low} to {high}"),
            Kind::Data | Kind::Cache => "the path of a folder".to_owned(),
        }
    }

    /// Whether it is written as a number in a file.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Count { .. })
    }

    /// Of text; else what was expected.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        let value = match &self.kind {
            Kind::Address(_) => text.parse().ok().map(Value::Address),
            Kind::Count { low, high, .. } => {
                text.replace('_', "").parse().ok().filter(|n| (low..=high).contains(&n)).map(Value::Count)
            }
            Kind::Data | Kind::Cache => (!text.is_empty()).then(|| Value::Folder(Some(text.into()))),
        };
        value.ok_or_else(|| self.expected())
    }

    /// For a person.
    pub(crate) fn shown(&self, value: &Value) -> String {
        match (value, &self.kind) {
            (Value::Address(address), _) => address.to_string(),
            (Value::Count(count), _) => count.to_string(),
            (Value::Folder(Some(folder)), _) => folder.display().to_string(),
            (Value::Folder(None), Kind::Data) => ".greenroom beside the graph file".to_owned(),
            (Value::Folder(None), _) => "none".to_owned(),
        }
    }
}

fn user_cache() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(base.join("greenroom").join("compiled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_that_the_key_takes() {
        for key in &KEYS {
            match key.default_value() {
                Value::Folder(_) => assert!(key.expected().contains("folder"), "{}", key.name),
                value => assert_eq!(key.parse(&key.shown(&value)), Ok(value), "{}", key.name),
            }
        }
    }
}
