//! The threads that guests run on: their own, so that whatever a guest does, those who answer HTTP are not it.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::cores::{Apart, Cores};

/// A pool of threads for guests. Dropping the last clone ends them.
#[derive(Clone)]
pub struct Guests {
    runtime: Arc<Shared>,
    threads: usize,
    cores: Cores,
}

struct Shared(Option<Runtime>);

impl Guests {
    /// Starts `threads` threads; 0 is one a core.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        Self::start_with(threads, || {})
    }

    /// The same; they get what other threads leave.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub(crate) fn start_idle(threads: usize) -> std::io::Result<Self> {
        Self::start_with(threads, give_way)
    }

    fn start_with(threads: usize, begin: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let threads = if threads == 0 { cores } else { threads };
        let cores = Cores::default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("greenroom-guest")
            .on_thread_start({
                let cores = cores.clone();
                move || {
                    begin();
                    cores.join();
                }
            })
            .on_thread_stop({
                let cores = cores.clone();
                move || cores.leave()
            })
            // A guest that runs long gives way at each tick, and would get the thread right back: those who come from
            // outside wait for it otherwise, up to 61 ticks.
            .global_queue_interval(1)
            .enable_time()
            .build()?;
        Ok(Self { runtime: Arc::new(Shared(Some(runtime))), threads, cores })
    }

    /// How many there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// To be held while something that can wait is done beside them: it would get more than they leave otherwise.
    pub(crate) fn apart(&self) -> Apart {
        self.cores.apart()
    }

    /// To run something on them from a thread of its own.
    pub(crate) fn handle(&self) -> Option<tokio::runtime::Handle> {
        self.runtime.0.as_ref().map(|runtime| runtime.handle().clone())
    }

    /// Runs something on them.
    pub fn spawn<F>(&self, work: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.runtime.0.as_ref().map(|runtime| runtime.spawn(work))
    }

    /// Runs something on them and blocks until it is done: for commands, which have no runtime of their own.
    ///
    /// # Errors
    /// When the work panicked; the message is in the log.
    pub fn block_on<F>(&self, work: F) -> Result<F::Output, Gone>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let runtime = self.runtime.0.as_ref().ok_or(Gone)?;
        runtime.block_on(runtime.spawn(work)).map_err(|_| Gone)
    }
}

/// This thread gives way to all others from now on.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(19) {
        tracing::debug!(%error, "this thread keeps its priority");
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Dropping a runtime in place would block, which async code must not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The work did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work on the guests' threads did not come to its end")]
pub struct Gone;
