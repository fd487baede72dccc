//! The flags that settings have. Their text is read with all other sources, so that mistakes are told together.

use std::path::PathBuf;

use super::Settings;
use crate::exit::Failure;

/// Of everything that runs guests.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Host settings")]
pub(crate) struct HostFlags {
    /// File of settings [default: GREENROOM_CONFIG, else ./greenroom.toml if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the catalog, the log and what was learned [default: .greenroom beside the graph file].
    #[arg(long, visible_alias = "data", value_name = "DIR")]
    data_dir: Option<String>,
    /// Folder of compiled components [default: the user's cache folder].
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<String>,
    /// Folder of interpreters of scripts [default: `interpreters` beside this program].
    #[arg(long, value_name = "DIR")]
    interpreters_dir: Option<String>,
    /// Threads that guests run on; 0 is one a core.
    #[arg(long, value_name = "N")]
    guest_threads: Option<String>,
    /// Instances of agents that may live at once.
    #[arg(long, value_name = "N")]
    pool_instances: Option<String>,
    /// The precision of deadlines, in milliseconds.
    #[arg(long, value_name = "MS")]
    tick_ms: Option<String>,
    /// Feedback later than so many hours after its decision is not credited to it.
    #[arg(long, value_name = "HOURS")]
    join_window_h: Option<String>,
    /// NATS servers that hold the shared memory layer, with commas between [default: it is in the data folder].
    #[arg(long, value_name = "URLS")]
    memory_servers: Option<String>,
    /// Which memory layer of these servers.
    #[arg(long, value_name = "NAME")]
    memory_bucket: Option<String>,
    /// The .creds file that these servers ask for.
    #[arg(long, value_name = "FILE")]
    memory_credentials: Option<String>,
    /// Certificates that those of these servers are checked against [default: the system's].
    #[arg(long, value_name = "FILE")]
    memory_ca: Option<String>,
    /// Servers that hold each key.
    #[arg(long, value_name = "N")]
    memory_replicas: Option<String>,
    /// Milliseconds that a read or a write of these servers may take in all.
    #[arg(long, value_name = "MS")]
    memory_wait_ms: Option<String>,
    /// Recordings of faults that are kept; 0 is none.
    #[arg(long, value_name = "N")]
    replays_max: Option<String>,
    /// How many milliseconds changed files must have been left alone before they are looked at.
    #[arg(long, value_name = "MS")]
    settle_ms: Option<String>,
    /// Plans that served and stay warm, to be gone back to at once.
    #[arg(long, value_name = "N")]
    plans_warm: Option<String>,
    /// How many seconds requests on a plan may take once another serves.
    #[arg(long, value_name = "S")]
    plan_drain_s: Option<String>,
    /// How many seconds a new plan is on probation; 0 is none.
    #[arg(long, value_name = "S")]
    probation_s: Option<String>,
    /// Faults on probation below which nothing is taken back.
    #[arg(long, value_name = "N")]
    probation_faults: Option<String>,
    /// Faults in a hundred requests that a new plan may have more than the one before.
    #[arg(long, value_name = "PERCENT")]
    probation_percent: Option<String>,
    /// Records of plans that are kept.
    #[arg(long, value_name = "N")]
    plans_max: Option<String>,
    /// Days that decisions stay in the log.
    #[arg(long, value_name = "DAYS")]
    decisions_days: Option<String>,
    /// Days that compiled components are kept that nobody uses.
    #[arg(long, value_name = "DAYS")]
    compiled_days: Option<String>,
}

/// Of the server.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Server settings")]
pub(crate) struct ServerFlags {
    /// Address and port.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Address and port for operators.
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<String>,
    /// Requests that are worked on at once.
    #[arg(long, value_name = "N")]
    concurrency_max: Option<String>,
    /// Requests that wait for their turn; more are answered 429.
    #[arg(long, value_name = "N")]
    queue_max: Option<String>,
    /// Connections that may be open; further ones wait.
    #[arg(long, value_name = "N")]
    connections_max: Option<String>,
    /// How many seconds a connection may take to bring the head of a request; an idle one is closed after as long.
    #[arg(long, value_name = "S")]
    header_s: Option<String>,
    /// How many seconds the body of a request may take.
    #[arg(long, value_name = "S")]
    body_s: Option<String>,
    /// The largest body of a request.
    #[arg(long, value_name = "BYTES")]
    body_bytes_max: Option<String>,
    /// The largest component or state that an operator brings.
    #[arg(long, value_name = "BYTES")]
    component_bytes_max: Option<String>,
    /// How many seconds requests in flight may take after a stop was asked for.
    #[arg(long, value_name = "S")]
    drain_s: Option<String>,
}

impl HostFlags {
    /// The settings of a command that serves nothing.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.with(&ServerFlags::default())
    }

    /// The settings of a server.
    pub(crate) fn with(&self, server: &ServerFlags) -> Result<Settings, Failure> {
        let flags = [
            ("data_dir", self.data_dir.as_deref()),
            ("cache_dir", self.cache_dir.as_deref()),
            ("interpreters_dir", self.interpreters_dir.as_deref()),
            ("guest_threads", self.guest_threads.as_deref()),
            ("pool_instances", self.pool_instances.as_deref()),
            ("tick_ms", self.tick_ms.as_deref()),
            ("join_window_h", self.join_window_h.as_deref()),
            ("memory_servers", self.memory_servers.as_deref()),
            ("memory_bucket", self.memory_bucket.as_deref()),
            ("memory_credentials", self.memory_credentials.as_deref()),
            ("memory_ca", self.memory_ca.as_deref()),
            ("memory_replicas", self.memory_replicas.as_deref()),
            ("memory_wait_ms", self.memory_wait_ms.as_deref()),
            ("replays_max", self.replays_max.as_deref()),
            ("settle_ms", self.settle_ms.as_deref()),
            ("plans_warm", self.plans_warm.as_deref()),
            ("plan_drain_s", self.plan_drain_s.as_deref()),
            ("probation_s", self.probation_s.as_deref()),
            ("probation_faults", self.probation_faults.as_deref()),
            ("probation_percent", self.probation_percent.as_deref()),
            ("plans_max", self.plans_max.as_deref()),
            ("decisions_days", self.decisions_days.as_deref()),
            ("compiled_days", self.compiled_days.as_deref()),
            ("listen", server.listen.as_deref()),
            ("admin_listen", server.admin_listen.as_deref()),
            ("concurrency_max", server.concurrency_max.as_deref()),
            ("queue_max", server.queue_max.as_deref()),
            ("connections_max", server.connections_max.as_deref()),
            ("header_s", server.header_s.as_deref()),
            ("body_s", server.body_s.as_deref()),
            ("body_bytes_max", server.body_bytes_max.as_deref()),
            ("component_bytes_max", server.component_bytes_max.as_deref()),
            ("drain_s", server.drain_s.as_deref()),
        ];
        Settings::read(self.config.as_deref(), &flags)
    }
}
