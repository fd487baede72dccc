//! `greenroom serve`: a graph as it was trained, over HTTP.

use std::path::PathBuf;

use greenroom_runtime::{HostError, Refused};
use greenroom_server::{AdminListener, ServeError, Server, TokensError};
use tokio::signal;

use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{HostFlags, ServerFlags};

/// Threads that speak HTTP; guests have their own.
const THREADS: usize = 2;

/// Serves what a graph learned over HTTP, until SIGTERM or Ctrl-C.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    #[command(flatten)]
    server: ServerFlags,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.with(&arguments.server)?;
    // A port in use is told before anything slow is done.
    let (callers, operators) = (settings.server(), settings.admin());
    if callers.listen == operators.listen && callers.listen.port() != 0 {
        return Err(Failure::arguments(format!(
            "{} is where callers are served: operators need an address of their own (`admin_listen`)",
            callers.listen
        )));
    }
    let server = Server::bind(callers)?;
    let admin = AdminListener::bind(operators)?;
    let host = super::open_to_serve(&settings, &arguments.graph)?;
    // What was active serves, whatever the files say by now; what they say is a change like any other.
    let generation = match host.resume() {
        Ok(Some(generation)) => generation,
        Ok(None) => host.activate()?,
        // Whatever may pass must not put what the file says in the place of what was deployed.
        Err(HostError::Refused(refused)) if matches!(*refused, Refused::Lost { .. }) => {
            let error = refused;
            tracing::error!(%error, "what was active cannot be had again: serving what the graph file says");
            host.activate()?
        }
        Err(error) => return Err(error.into()),
    };
    host.make_images();
    let no_thread = |what: &str, e: &dyn std::fmt::Display| Failure::failed(format!("no thread to {what}: {e}"));
    host.watch_revocations().map_err(|e| no_thread("watch revocations", &e))?;
    host.watch_files(settings.settle()).map_err(|e| no_thread("watch files", &e))?;
    host.keep().map_err(|e| no_thread("look after what serves", &e))?;
    let administered = admin.local_addr();
    let server = server.with_admin(admin.open(&settings.data_dir(&arguments.graph))?);
    let failed = |e: std::io::Error| Failure::failed(format!("no threads to serve with: {e}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("greenroom-http")
        .enable_all()
        .build()
        .map_err(failed)?;
    let served = runtime.block_on(async {
        let asked_to_stop = Stop::listen().map_err(failed)?;
        let name = host.loaded().plan.name.clone();
        output::text(&format!(
            "serving {name}, generation {generation}, on http://{}\noperated on http://{administered}\n",
            server.local_addr()
        ))?;
        Ok(server.run(host, asked_to_stop.wait()).await?)
    });
    // What did not finish within the time it was given is not waited for.
    runtime.shutdown_background();
    served
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::InUse { .. } => Self::in_use(error),
            ServeError::Setting { .. } | ServeError::NotHere { .. } => Self::arguments(error),
            ServeError::Tokens(error) => error.into(),
            other => Self::failed(other),
        }
    }
}

impl From<TokensError> for Failure {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Open { .. } | TokensError::Foreign { .. } | TokensError::Lines { .. } => Self::bad_file(error),
            TokensError::Name(_) | TokensError::Known(_) | TokensError::Unknown { .. } => Self::arguments(error),
            TokensError::Io { .. } | TokensError::Full | TokensError::Random(_) => Self::failed(error),
        }
    }
}

/// The signals that ask for a stop.
struct Stop {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    fn listen() -> std::io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Until the first signal; whoever presses Ctrl-C again does not want to wait for the requests in flight.
    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        tokio::spawn(async move {
            self.interrupt.recv().await;
            std::process::exit(exit::INTERRUPTED.into());
        });
    }
}

#[cfg(not(unix))]
impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn wait(self) {
        // Without the signal there is no other way to ask for a stop.
        let _ = signal::ctrl_c().await;
        tokio::spawn(async {
            let _ = signal::ctrl_c().await;
            std::process::exit(exit::INTERRUPTED.into());
        });
    }
}
