//! Tells when the content of files has changed, and is whole.
//!
//! Files change in many ways: in place and bit by bit, by a rename, by a link that leads elsewhere. What is read half-way is
//! worse than what is read late. So nothing here believes an event: events only say that it is time to look. A file
//! counts when nothing that can be seen of it has changed for a while ([`settle`]), and is read between two looks that
//! are alike ([`content`]). Events are listened to where they matter ([`folders`]); where there are none, or they are
//! lost, a look now and then finds what they would have told.

mod content;
mod folders;
mod settle;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

pub use content::Found;
use content::Signature;
use folders::{Folders, Heard};
use settle::{Next, Settle};

/// Files settle at least so long. Clocks of file systems are as coarse as the kernel's tick, up to 10 ms: of two writes
/// within one tick the second cannot be seen, unless the file is read after the tick.
pub const SETTLE_MIN: Duration = Duration::from_millis(12);
/// How often files are looked at without an event.
const POLL: Duration = Duration::from_secs(1);
/// How long after a look the next one is, however many events come: a file that is written all the time costs little.
const APART: Duration = Duration::from_millis(3);

/// Files that are watched. Dropping it ends its thread, after the call that runs if one does.
pub struct Watch {
    shared: Arc<Shared>,
}

/// Why files cannot be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// No thread could be started.
    #[error("no thread to watch files: {0}")]
    Thread(std::io::Error),
}

/// How files are watched.
#[derive(Debug, Clone, Copy)]
struct Config {
    settle: Duration,
    poll: Duration,
    events: bool,
}

#[derive(Default)]
struct Shared {
    orders: Mutex<Orders>,
    given: Condvar,
}

/// What the thread is to do.
#[derive(Default)]
struct Orders {
    /// Oldest first.
    sets: Vec<Vec<PathBuf>>,
    look: bool,
    anew: bool,
    stop: bool,
}

impl Watch {
    /// Calls `changed` with all watched files each time that the content of at least one is another than in the call
    /// before, on a thread of its own. All of them have then been as they are for `settle`, at the same time; so files
    /// that are written one after the other come in one call, and a file that never rests holds up the others.
    ///
    /// `settle` is [`SETTLE_MIN`] or more, whatever is given. Where the machine tells of no changes, they are seen a second late.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(
        settle: Duration,
        changed: impl FnMut(&BTreeMap<PathBuf, Found>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        Self::start_with(Config { settle, poll: POLL, events: true }, changed)
    }

    fn start_with(
        config: Config,
        changed: impl FnMut(&BTreeMap<PathBuf, Found>) + Send + 'static,
    ) -> Result<Self, WatchError> {
        let shared: Arc<Shared> = Arc::default();
        let of = Arc::clone(&shared);
        let work = move || Thread::new(&config, of, changed).run();
        let started = std::thread::Builder::new().name("greenroom-watch".to_owned()).spawn(work);
        started.map_err(WatchError::Thread)?;
        Ok(Self { shared })
    }

    /// Watches these files from now on, and no others. Files that were not watched before count as changed. A relative
    /// path starts where the process is. May be called from within a call.
    pub fn set(&self, files: impl IntoIterator<Item = PathBuf>) {
        let files = files.into_iter().collect();
        self.shared.order(|orders| orders.sets.push(files));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.order(|orders| orders.stop = true);
    }
}

impl Shared {
    fn order(&self, give: impl FnOnce(&mut Orders)) {
        give(&mut self.orders());
        self.given.notify_all();
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was ordered, or nothing when it is `until`.
    fn wait(&self, until: Instant) -> Orders {
        let left = until.saturating_duration_since(Instant::now());
        let none = |orders: &mut Orders| !orders.stop && !orders.look && orders.sets.is_empty();
        let waited = self.given.wait_timeout_while(self.orders(), left, none);
        std::mem::take(&mut waited.unwrap_or_else(PoisonError::into_inner).0)
    }
}

struct Thread<F> {
    shared: Arc<Shared>,
    began: Instant,
    poll: Duration,
    settle: Settle<Signature, Found>,
    folders: Folders,
    changed: F,
}

impl<F: FnMut(&BTreeMap<PathBuf, Found>)> Thread<F> {
    fn new(config: &Config, shared: Arc<Shared>, changed: F) -> Self {
        let to = Arc::downgrade(&shared);
        let heard = move |heard| {
            if let Some(shared) = to.upgrade() {
                shared.order(|orders| {
                    orders.look = true;
                    orders.anew |= heard == Heard::Lost;
                });
            }
        };
        Self {
            shared,
            began: Instant::now(),
            poll: config.poll,
            settle: Settle::new(config.settle.max(SETTLE_MIN)),
            folders: if config.events { Folders::new(heard) } else { Folders::deaf() },
            changed,
        }
    }

    fn run(mut self) {
        let mut poll = Instant::now() + self.poll;
        let mut until = poll;
        loop {
            let orders = self.shared.wait(until);
            if orders.stop {
                return;
            }
            for files in orders.sets {
                self.settle.set(files);
            }
            let polled = Instant::now() >= poll;
            if polled {
                poll = Instant::now() + self.poll;
                // What kept a file from being read may have passed without a trace on the file.
                self.settle.forget(|found| matches!(found, Found::Unreadable(_)));
            }
            self.folders.follow(self.settle.files(), orders.anew, polled);
            until = self.work().map_or(poll, |settled| poll.min(self.began + settled));
            std::thread::sleep(APART);
        }
    }

    /// Does what can be done now; until when there is nothing to do, if that is known.
    fn work(&mut self) -> Option<Duration> {
        loop {
            let now = self.began.elapsed();
            self.settle.look(now, content::look);
            match self.settle.next(now) {
                Next::Read(files) => files.iter().for_each(|file| self.read(file)),
                Next::Tell if self.shared.orders().stop => return None,
                Next::Tell => {
                    self.tell();
                    return None;
                }
                Next::Wait(until) => return Some(until),
                Next::Rest => return None,
            }
        }
    }

    fn read(&mut self, file: &Path) {
        match content::read(file) {
            Some((seen, found)) => self.settle.keep(file, seen, found),
            None => self.settle.disturbed(file, self.began.elapsed()),
        }
    }

    fn tell(&mut self) {
        let all = self.settle.tell();
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| (self.changed)(&all)));
        if told.is_err() {
            tracing::error!("what was to happen after a change of files broke; the next change is told all the same");
        }
    }
}

#[cfg(test)]
mod tests;
