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
    Address { default: fn() -> SocketAddr },
    Count { low: u64, high: u64, default: fn() -> u64 },
    Data,
    Cache,
    Interpreters,
    Text { default: Option<&'static str>, expected: &'static str },
    File,
}

/// Its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Address(SocketAddr),
    Count(u64),
    /// Absent: for data, beside the graph file; for others, none.
    Folder(Option<PathBuf>),
    /// Absent for none.
    Text(Option<String>),
}

const fn count(name: &'static str, what: &'static str, low: u64, high: u64, default: fn() -> u64) -> Key {
    Key { name, what, kind: Kind::Count { low, high, default } }
}

const fn address(name: &'static str, what: &'static str, default: fn() -> SocketAddr) -> Key {
    Key { name, what, kind: Kind::Address { default } }
}

#[expect(clippy::cast_possible_truncation, reason = "some milliseconds")]
const SETTLE_MIN_MS: u64 = greenroom_runtime::SETTLE_MIN.as_millis() as u64;

/// In the order in which they are shown.
pub(crate) const KEYS: [Key; 33] = [
    address("listen", "where the server listens", || server().listen),
    address("admin_listen", "where it listens to operators", || admin().listen),
    count("guest_threads", "threads that guests run on; 0 is one a core", 0, 1_024, || 0),
    count("pool_instances", "instances of agents that may live at once", 8, 20_000, || {
        u64::from(sandbox().pool_instances)
    }),
    count("tick_ms", "the precision of deadlines", 1, 1_000, || sandbox().tick.as_millis() as u64),
    Key { name: "cache_dir", what: "where compiled components are kept", kind: Kind::Cache },
    Key {
        name: "interpreters_dir",
        what: "where interpreters of scripts are, each named after the files that it runs: js.wasm",
        kind: Kind::Interpreters,
    },
    Key { name: "data_dir", what: "where the catalog, the log and what was learned are kept", kind: Kind::Data },
    Key {
        name: "memory_servers",
        what: "NATS servers that hold the shared memory layer, with commas between; else it is in the data folder",
        kind: Kind::Text { default: None, expected: "servers, such as nats://127.0.0.1:4222" },
    },
    Key {
        name: "memory_bucket",
        what: "which memory layer of these servers",
        kind: Kind::Text { default: Some("greenroom"), expected: "a name of letters, digits, hyphens and underscores" },
    },
    Key { name: "memory_credentials", what: "the .creds file that these servers ask for", kind: Kind::File },
    Key { name: "memory_ca", what: "certificates that those of these servers are checked against", kind: Kind::File },
    count("memory_replicas", "servers that hold each key", 1, 5, || shared().replicas as u64),
    count(
        "memory_wait_ms",
        "milliseconds that a read or a write of these servers may take in all",
        100,
        60_000,
        || shared().wait_ms,
    ),
    count("concurrency_max", "requests that are worked on at once", 1, 100_000, || server().concurrency_max as u64),
    count("queue_max", "requests that wait for their turn; more are answered 429", 0, 1_000_000, || {
        server().queue_max as u64
    }),
    count("connections_max", "connections that may be open; further ones wait", 1, 100_000, || {
        server().connections_max as u64
    }),
    count("header_s", "seconds that a connection may take to bring the head of a request", 1, 3_600, || {
        server().header_wait.as_secs()
    }),
    count("body_s", "seconds that the body of a request may take", 1, 3_600, || server().body_wait.as_secs()),
    count("body_bytes_max", "the largest body of a request", 1_024, 1 << 30, || server().body_bytes_max as u64),
    count("component_bytes_max", "the largest component or state that an operator brings", 1_024, 1 << 30, || {
        admin().component_bytes_max as u64
    }),
    count("drain_s", "seconds that requests in flight may take after a stop was asked for", 0, 3_600, || {
        server().drain.as_secs()
    }),
    count("join_window_h", "hours after which feedback is not credited to its decision", 1, 8_784, || {
        memory().join_window_ms.unsigned_abs() / 3_600_000
    }),
    count("replays_max", "recordings of faults that are kept; 0 is none", 0, 10_000, || 16),
    count("settle_ms", "milliseconds that changed files must have been left alone", SETTLE_MIN_MS, 60_000, || 100),
    count("plans_warm", "plans that served and stay warm, to be gone back to at once", 0, 100, || {
        limits().warm_max as u64
    }),
    count("plan_drain_s", "seconds that requests on a plan may take once another serves", 0, 3_600, || {
        limits().drain.as_secs()
    }),
    count("probation_s", "seconds that a new plan is on probation; 0 is none", 0, 86_400, || {
        limits().probation.time.as_secs()
    }),
    count("probation_faults", "faults on probation below which nothing is taken back", 1, 1_000_000, || {
        limits().probation.faults_min
    }),
    count(
        "probation_percent",
        "faults in a hundred requests that a new plan may have more than the last",
        0,
        100,
        || (limits().probation.share_max * 100.0) as u64,
    ),
    count("plans_max", "records of plans that are kept", 1, 100_000, || retention().plans_max as u64),
    count("decisions_days", "days that decisions stay in the log", 1, 36_500, || {
        retention().decisions.as_secs() / 86_400
    }),
    count("compiled_days", "days that compiled components are kept that nobody uses", 1, 36_500, || {
        retention().compiled.as_secs() / 86_400
    }),
];

// The crates that use a setting own its default.
fn sandbox() -> greenroom_sandbox::Config {
    greenroom_sandbox::Config::default()
}

fn server() -> greenroom_server::Settings {
    greenroom_server::Settings::default()
}

fn admin() -> greenroom_server::AdminSettings {
    greenroom_server::AdminSettings::default()
}

fn limits() -> greenroom_runtime::Limits {
    greenroom_runtime::Limits::default()
}

fn retention() -> greenroom_runtime::Retention {
    greenroom_runtime::Retention::default()
}

fn shared() -> greenroom_memory::JetStreamSettings {
    greenroom_memory::JetStreamSettings::default()
}

fn memory() -> greenroom_memory::Settings {
    greenroom_memory::Settings::default()
}

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
            Kind::Address { default } => Value::Address(default()),
            Kind::Count { default, .. } => Value::Count(default()),
            Kind::Data | Kind::File => Value::Folder(None),
            Kind::Text { default, .. } => Value::Text(default.map(str::to_owned)),
            Kind::Cache => Value::Folder(user_cache()),
            Kind::Interpreters => Value::Folder(beside_binary("interpreters")),
        }
    }

    /// What belongs there.
    pub(crate) fn expected(&self) -> String {
        match &self.kind {
            Kind::Address { default } => format!("an address and a port, such as {}", default()),
            Kind::Count { low, high, .. } => format!("a whole number from {low} to {high}"),
            Kind::Data | Kind::Cache | Kind::Interpreters => "the path of a folder".to_owned(),
            Kind::Text { expected, .. } => (*expected).to_owned(),
            Kind::File => "the path of a file".to_owned(),
        }
    }

    /// Whether it is written as a number in a file.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Count { .. })
    }

    /// Of text; else what was expected.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        let value = match &self.kind {
            Kind::Address { .. } => text.parse().ok().map(Value::Address),
            Kind::Count { low, high, .. } => {
                text.replace('_', "").parse().ok().filter(|n| (low..=high).contains(&n)).map(Value::Count)
            }
            Kind::Text { .. } => (!text.is_empty()).then(|| Value::Text(Some(text.to_owned()))),
            Kind::Data | Kind::Cache | Kind::Interpreters | Kind::File => {
                (!text.is_empty()).then(|| Value::Folder(Some(text.into())))
            }
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
            (Value::Folder(None) | Value::Text(None), _) => "none".to_owned(),
            (Value::Text(Some(text)), _) => without_passwords(text),
        }
    }
}

/// Addresses without what stands before their hosts.
fn without_passwords(text: &str) -> String {
    let hidden = |address: &str| match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://...@{host}"),
        _ => address.to_owned(),
    };
    text.split(',').map(hidden).collect::<Vec<_>>().join(",")
}

/// A folder that was installed with this binary.
fn beside_binary(name: &str) -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.join(name))
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
                Value::Folder(_) => assert!(key.expected().starts_with("the path of a f"), "{}", key.name),
                Value::Text(None) => assert!(key.parse("").is_err(), "{}", key.name),
                value => assert_eq!(key.parse(&key.shown(&value)), Ok(value), "{}", key.name),
            }
        }
    }

    #[test]
    fn no_password_is_shown() {
        for (written, shown) in [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://ada:secret@one:4222,tls://token@two", "nats://...@one:4222,tls://...@two"),
            ("nats://ada:se@cret@one", "nats://...@one"),
        ] {
            assert_eq!(without_passwords(written), shown);
        }
    }
}
