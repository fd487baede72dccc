//! Admission: how many requests are worked on, how many wait, and that one more is refused at once.
//!
//! A queue without a bound turns overload into answers that nobody waits for any more. Here the caller hears early, and
//! those who are in are served in the order in which they came.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to be worked on; given back when dropped.
pub(crate) type Pass = OwnedSemaphorePermit;

/// Admission.
pub(crate) struct Gate {
    passes: Arc<Semaphore>,
    passes_max: usize,
    queue_max: usize,
    waiting: AtomicUsize,
    refused: AtomicU64,
}

/// Why there is no pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many wait as may.
    Full,
    /// The server is about to end.
    Closed,
}

/// A place in the queue; left when dropped, also by a caller that hangs up.
struct Place<'g>(&'g AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(crate) fn new(passes_max: usize, queue_max: usize) -> Self {
        Self {
            passes: Arc::new(Semaphore::new(passes_max)),
            passes_max,
            queue_max,
            waiting: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// A pass, at once or after a wait in the queue.
    pub(crate) async fn enter(&self) -> Result<Pass, Refused> {
        if let Ok(pass) = Arc::clone(&self.passes).try_acquire_owned() {
            return Ok(pass);
        }
        let more = |waiting: usize| (waiting < self.queue_max).then_some(waiting + 1);
        if self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refused::Full);
        }
        let _place = Place(&self.waiting);
        Arc::clone(&self.passes).acquire_owned().await.map_err(|_| Refused::Closed)
    }

    /// Returns when all passes are back and nobody waits for one.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(self.passes_max).unwrap_or(u32::MAX);
        // Closed is idle too: nobody gets in.
        let _ = self.passes.acquire_many(all).await;
    }

    /// Turns away all that wait, and all that come.
    pub(crate) fn close(&self) {
        self.passes.close();
    }

    pub(crate) fn running(&self) -> usize {
        self.passes_max.saturating_sub(self.passes.available_permits())
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}
