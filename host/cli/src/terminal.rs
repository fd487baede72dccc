//! What people see of errors, logs and interruptions.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use miette::MietteHandlerOpts;
use tracing_subscriber::EnvFilter;

use crate::exit;

/// Errors with snippets; colours and folded lines only where a person looks.
pub(crate) fn report_errors() {
    // The hook can be set once, and this is the one place.
    let _ = miette::set_hook(Box::new(|_| {
        let options = MietteHandlerOpts::new().terminal_links(false);
        let options = if std::io::stderr().is_terminal() {
            options
        } else {
            options.color(false).unicode(false).wrap_lines(false)
        };
        Box::new(options.build())
    }));
}

/// Logs on stderr, as `RUST_LOG` says or from `level` on.
pub(crate) fn log(level: &str) {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(&text).unwrap_or_else(|error| {
            eprintln!("RUST_LOG={text} is not used: {error}");
            EnvFilter::new(level)
        }),
        _ => EnvFilter::new(level),
    };
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
}

/// Says what went wrong beside what was asked for, which was done.
pub(crate) fn warn(words: &str) {
    // Whoever closed it does not want to know.
    let _ = writeln!(std::io::stderr(), "warning: {words}");
}

/// What whoever presses Ctrl-C should know.
static WHEN_INTERRUPTED: OnceLock<&str> = OnceLock::new();

/// Says something before Ctrl-C ends the process.
pub(crate) fn say_when_interrupted(words: &'static str) {
    // The first says it best.
    let _ = WHEN_INTERRUPTED.set(words);
}

/// Folders that do not outlive the process.
static PASSING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder for what is needed while this lives: it goes with it, and when Ctrl-C ends the process.
pub(crate) struct Passing(PathBuf);

impl Passing {
    /// Nothing is there yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        PASSING.lock().unwrap_or_else(PoisonError::into_inner).push(folder.clone());
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What is left in a folder for temporary files goes with it.
        let _ = std::fs::remove_dir_all(&self.0);
        PASSING.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| *folder != self.0);
    }
}

/// Whether somebody would rather stop than be ended.
static HEEDED: AtomicBool = AtomicBool::new(false);
/// Whether Ctrl-C was pressed while somebody heeded it.
static STOP: AtomicBool = AtomicBool::new(false);

/// While it lives, the first Ctrl-C asks for a stop, and the next one ends the process at once.
pub(crate) struct Stoppable(());

impl Stoppable {
    pub(crate) fn new() -> Self {
        HEEDED.store(true, Ordering::SeqCst);
        tracing::debug!("Ctrl-C asks for a stop");
        Self(())
    }

    /// True once a stop was asked for.
    pub(crate) fn stop(&self) -> &'static AtomicBool {
        &STOP
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        HEEDED.store(false, Ordering::SeqCst);
    }
}

/// Ctrl-C ends the process at once, unless somebody [heeds](Stoppable) it. Whatever it was writing is whole or not there: files
/// are written beside and renamed.
pub(crate) fn end_when_interrupted() {
    let started = std::thread::Builder::new().name("greenroom-interrupt".to_owned()).spawn(|| {
        let waited = tokio::runtime::Builder::new_current_thread().enable_io().build();
        match waited.and_then(|runtime| runtime.block_on(interrupted())) {
            Ok(()) => {
                if let Some(words) = WHEN_INTERRUPTED.get() {
                    say(words);
                }
                // Whoever holds one is not asked any more.
                for folder in PASSING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    let _ = std::fs::remove_dir_all(folder);
                }
                std::process::exit(exit::INTERRUPTED.into());
            }
            Err(error) => tracing::debug!(%error, "Ctrl-C is left to the system"),
        }
    });
    if let Err(error) = started {
        tracing::debug!(%error, "Ctrl-C is left to the system");
    }
}

/// Whether a Ctrl-C is answered by a stop, and by nothing else.
fn heeded() -> bool {
    let heeded = HEEDED.load(Ordering::SeqCst) && !STOP.swap(true, Ordering::SeqCst);
    if heeded {
        say("stopping: what runs is finished first; Ctrl-C again ends it at once, and nothing is lost either way");
    }
    heeded
}

fn say(words: &str) {
    // Whoever closed it does not want to know.
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Until a Ctrl-C that nobody heeds.
#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    tracing::debug!("Ctrl-C ends this command");
    loop {
        interrupt.recv().await;
        if !heeded() {
            return Ok(());
        }
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    loop {
        tokio::signal::ctrl_c().await?;
        if !heeded() {
            return Ok(());
        }
    }
}
