//! Settings of the host: what they are, and where each value came from.
//!
//! Sources in rising strength: defaults, a file, the environment, flags. Each has the same keys, and every mistake of all
//! of them is told at once.

mod file;
mod flags;
mod key;
mod mistakes;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub(crate) use flags::{HostFlags, ServerFlags};
pub(crate) use key::{KEYS, Key, Value};

use crate::commands::compile_component::this_binary;
use crate::exit::Failure;
use mistakes::Mistakes;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "source", content = "place")]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Every setting, with its origin.
#[derive(Debug)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, (Value, Origin)>,
}

impl Settings {
    /// Reads all sources.
    pub(crate) fn read(config: Option<&Path>, flags: &[(&'static str, Option<&str>)]) -> Result<Self, Failure> {
        let mut mistakes = Mistakes::default();
        let mut values: BTreeMap<_, _> =
            KEYS.iter().map(|key| (key.name, (key.default_value(), Origin::Default))).collect();
        if let Some(path) = file::wanted(config) {
            for (key, value) in file::read(&path, &mut mistakes)? {
                values.insert(key.name, (value, Origin::File(path.clone())));
            }
        }
        let variable = |key: &Key| std::env::var(key.variable()).ok().filter(|text| !text.is_empty());
        let environment =
            KEYS.iter().filter_map(|key| Some((key, variable(key)?, Origin::Environment(key.variable()))));
        let given = |key: &Key| flags.iter().find(|(name, _)| *name == key.name).and_then(|(_, text)| *text);
        let flags = KEYS.iter().filter_map(|key| Some((key, given(key)?.to_owned(), Origin::Flag(key.flag()))));
        for (key, text, origin) in environment.chain(flags) {
            match key.parse(&text) {
                Ok(value) => {
                    values.insert(key.name, (value, origin));
                }
                Err(expected) => mistakes.outside(&origin, &text, &expected),
            }
        }
        mistakes.into_result()?;
        Ok(Self { values })
    }

    /// Each key with its value and origin, in the order of [`KEYS`].
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'static Key, &Value, &Origin)> {
        KEYS.iter().filter_map(|key| self.values.get(key.name).map(|(value, origin)| (key, value, origin)))
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        match self.values.get(name) {
            Some((Value::Count(count), _)) => *count,
            _ => 0,
        }
    }

    pub(crate) fn size(&self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    fn address(&self, name: &str) -> Option<std::net::SocketAddr> {
        match self.values.get(name) {
            Some((Value::Address(address), _)) => Some(*address),
            _ => None,
        }
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        match self.values.get(name) {
            Some((Value::Folder(folder), _)) => folder.clone(),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name) {
            Some((Value::Text(text), _)) => text.clone(),
            _ => None,
        }
    }

    /// Where the shared memory layer is, when it is not in the data folder.
    fn shared(&self) -> Option<greenroom_memory::JetStreamSettings> {
        let servers = self.text("memory_servers")?;
        Some(greenroom_memory::JetStreamSettings {
            servers: servers.split(',').map(|server| server.trim().to_owned()).collect(),
            bucket: self.text("memory_bucket").unwrap_or_default(),
            credentials: self.folder("memory_credentials"),
            tls_ca: self.folder("memory_ca"),
            replicas: self.size("memory_replicas"),
            wait_ms: self.count("memory_wait_ms"),
            ..greenroom_memory::JetStreamSettings::default()
        })
    }

    pub(crate) fn cache_dir(&self) -> Option<PathBuf> {
        self.folder("cache_dir")
    }

    fn interpreters_dir(&self) -> Option<PathBuf> {
        self.folder("interpreters_dir")
    }

    /// Where a graph's data is: beside its file, when nothing else is said.
    pub(crate) fn data_dir(&self, graph: &Path) -> PathBuf {
        self.folder("data_dir").unwrap_or_else(|| graph.parent().unwrap_or(Path::new("")).join(".greenroom"))
    }

    pub(crate) fn pool_instances(&self) -> u32 {
        u32::try_from(self.count("pool_instances")).unwrap_or(u32::MAX)
    }

    pub(crate) fn tick(&self) -> Duration {
        Duration::from_millis(self.count("tick_ms"))
    }

    /// What a host over a graph is opened with.
    pub(crate) fn host(&self, graph: &Path) -> greenroom_runtime::Config {
        greenroom_runtime::Config {
            graph: graph.to_owned(),
            data_dir: self.data_dir(graph),
            cache_dir: self.cache_dir(),
            interpreters_dir: self.interpreters_dir(),
            guest_threads: self.size("guest_threads"),
            pool_instances: self.pool_instances(),
            tick: self.tick(),
            compiler: this_binary(),
            join_window: Duration::from_secs(self.count("join_window_h").saturating_mul(3_600)),
            shared: self.shared(),
            replays_max: self.size("replays_max"),
            limits: self.limits(),
            retention: self.retention(),
        }
    }

    fn limits(&self) -> greenroom_runtime::Limits {
        greenroom_runtime::Limits {
            warm_max: self.size("plans_warm"),
            drain: Duration::from_secs(self.count("plan_drain_s")),
            probation: greenroom_runtime::Probation {
                time: Duration::from_secs(self.count("probation_s")),
                faults_min: self.count("probation_faults"),
                share_max: self.count("probation_percent") as f64 / 100.0,
            },
        }
    }

    fn retention(&self) -> greenroom_runtime::Retention {
        let days = |name: &str| Duration::from_secs(self.count(name).saturating_mul(86_400));
        greenroom_runtime::Retention {
            plans_max: self.size("plans_max"),
            decisions: days("decisions_days"),
            compiled: days("compiled_days"),
        }
    }

    /// How long changed files must have been left alone.
    pub(crate) fn settle(&self) -> Duration {
        Duration::from_millis(self.count("settle_ms"))
    }

    /// The same for an author, who waits for what was just saved: as short as it can be, unless something else is said.
    pub(crate) fn settle_in_dev(&self) -> Duration {
        match self.values.get("settle_ms") {
            Some((_, origin)) if !matches!(origin, Origin::Default) => self.settle(),
            _ => greenroom_runtime::SETTLE_MIN,
        }
    }

    /// How a server serves.
    pub(crate) fn server(&self) -> greenroom_server::Settings {
        let default = greenroom_server::Settings::default();
        greenroom_server::Settings {
            listen: self.address("listen").unwrap_or(default.listen),
            concurrency_max: self.size("concurrency_max"),
            queue_max: self.size("queue_max"),
            connections_max: self.size("connections_max"),
            header_wait: Duration::from_secs(self.count("header_s")),
            body_wait: Duration::from_secs(self.count("body_s")),
            body_bytes_max: self.size("body_bytes_max"),
            drain: Duration::from_secs(self.count("drain_s")),
            ..default
        }
    }

    /// How it serves operators.
    pub(crate) fn admin(&self) -> greenroom_server::AdminSettings {
        let default = greenroom_server::AdminSettings::default();
        greenroom_server::AdminSettings {
            listen: self.address("admin_listen").unwrap_or(default.listen),
            component_bytes_max: self.size("component_bytes_max"),
            ..default
        }
    }

    /// A sandbox and threads, for commands that need no data.
    pub(crate) fn sandbox(&self) -> Result<(greenroom_sandbox::Sandbox, greenroom_runtime::Guests), Failure> {
        self.with_sandbox(false, self.cache_dir())
    }

    /// The same, where faults name source lines.
    pub(crate) fn sandbox_with_lines(
        &self,
    ) -> Result<(greenroom_sandbox::Sandbox, greenroom_runtime::Guests), Failure> {
        self.with_sandbox(true, self.cache_dir())
    }

    /// The same with compiled components in another folder.
    pub(crate) fn sandbox_cached_in(
        &self,
        folder: &std::path::Path,
    ) -> Result<(greenroom_sandbox::Sandbox, greenroom_runtime::Guests), Failure> {
        self.with_sandbox(false, Some(folder.to_owned()))
    }

    fn with_sandbox(
        &self,
        source_lines: bool,
        cache_dir: Option<std::path::PathBuf>,
    ) -> Result<(greenroom_sandbox::Sandbox, greenroom_runtime::Guests), Failure> {
        let config = greenroom_sandbox::Config {
            cache_dir,
            pool_instances: self.pool_instances(),
            tick: self.tick(),
            compiler: this_binary(),
            source_lines,
            interpreters_dir: self.interpreters_dir(),
            ..greenroom_sandbox::Config::default()
        };
        let sandbox = config.build().map_err(Failure::failed)?;
        let guests = greenroom_runtime::Guests::start(self.size("guest_threads"))
            .map_err(|e| Failure::failed(format!("no threads for guests: {e}")))?;
        Ok((sandbox, guests))
    }
}
