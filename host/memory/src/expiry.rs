//! Removes what has expired. From then on it takes no room, and whoever follows changes is told; that it is not read is up to
//! readers.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use crate::embedded::{ENTRIES, REVISION, SPACES, Shared, standing};
use crate::engine::{NUMBERS, Table, Transaction, Unavailable, WhenFull};
use crate::feed::CHANGES;

/// (when, namespace, key) of what expires.
pub(crate) const EXPIRIES: Table<(i64, &str, &str), ()> = Table::new(13, "kv_expiries");

/// How long after it has expired a key is removed, at most, when nothing else is to be done.
const PAUSE: Duration = Duration::from_millis(500);

/// Keys that are removed at once.
const KEYS_MAX: usize = 256;

/// The thread that does it, once something was written that expires. It ends with the last clone.
#[derive(Clone)]
pub(crate) struct Sweeper(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    running: Mutex<Option<Running>>,
}

struct Running {
    end: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Sweeper {
    /// Begins at once where something that expires is there already.
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Self, Unavailable> {
        let waits = |snapshot: &crate::engine::Snapshot<'_>| {
            Ok(snapshot.rows(&EXPIRIES, Bound::Unbounded)?.next().transpose()?.is_some())
        };
        let begins = shared.engine.read(waits)?;
        let sweeper = Self(Arc::new(Inner { shared, running: Mutex::default() }));
        if begins {
            sweeper.begin();
        }
        Ok(sweeper)
    }

    /// To be called when something is written that expires.
    pub(crate) fn begin(&self) {
        let mut running = self.0.running.lock();
        if running.is_some() {
            return;
        }
        let (end, ended) = sync_channel(1);
        let shared = Arc::clone(&self.0.shared);
        let thread = std::thread::Builder::new().name("greenroom-expiry".to_owned()).spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                // What can't be removed now may be the next time; readers don't see it.
                while shared.sweep().is_ok_and(|removed| removed >= KEYS_MAX) {}
            }
        });
        match thread {
            Ok(thread) => *running = Some(Running { end, thread }),
            Err(error) => tracing::error!(%error, "what expires is not removed, and takes its room"),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(Running { end, thread }) = self.running.get_mut().take() else { return };
        if let Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) = end.try_send(())
            && thread.join().is_err()
        {
            tracing::error!("the thread that removes what has expired panicked");
        }
    }
}

impl Shared {
    /// Removes some of what has expired: how many keys.
    fn sweep(&self) -> Result<usize, Unavailable> {
        let now_ms = self.clock.now_ms();
        let due = self.engine.read(|snapshot| {
            Ok(snapshot
                .rows(&EXPIRIES, Bound::Unbounded)?
                .next()
                .transpose()?
                .is_some_and(|(at, _)| at.value().0 <= now_ms))
        })?;
        if !due {
            return Ok(0);
        }
        let (cache, after) = (Arc::clone(&self.cache), Arc::clone(&self.cache));
        let removed = self.engine.writer().submit(
            WhenFull::Refuse,
            0,
            move |transaction| {
                let keys = expire(transaction, now_ms)?;
                let writing: Vec<_> = keys.iter().map(|(namespace, key)| cache.begin(namespace, key)).collect();
                Ok(Ok::<_, Unavailable>((keys.len(), writing)))
            },
            move |writing| writing.into_iter().for_each(|writing| after.end(writing)),
        );
        removed.wait()
    }
}

fn expire(transaction: &mut Transaction<'_>, now_ms: i64) -> Result<Vec<(String, String)>, redb::Error> {
    let mut due = Vec::new();
    for row in transaction.rows(&EXPIRIES, Bound::Unbounded)?.take(KEYS_MAX) {
        let (at, _) = row?;
        let (at, namespace, key) = at.value();
        if at > now_ms {
            break;
        }
        due.push((at, namespace.to_owned(), key.to_owned()));
    }
    let mut removed = Vec::new();
    for (at, namespace, key) in due {
        transaction.remove(&EXPIRIES, (at, &namespace, &key));
        let found = transaction.get(&ENTRIES, (&namespace, &key))?;
        let size = found.as_ref().map(|found| standing(found.value())).filter(|found| found.expires_ms == Some(at));
        let Some(size) = size.map(|found| (key.len() + found.value.len()) as u64) else { continue };
        let (entries, bytes) = transaction.get(&SPACES, &namespace)?.map(|space| space.value()).unwrap_or_default();
        let revision = transaction.number(&NUMBERS, REVISION)? + 1;
        transaction.insert(&NUMBERS, REVISION, revision);
        transaction.insert(&SPACES, &namespace, (entries.saturating_sub(1), bytes.saturating_sub(size)));
        transaction.remove(&ENTRIES, (&namespace, &key));
        transaction.insert(CHANGES.table(), revision, (&namespace, &key, false));
        removed.push((namespace, key));
    }
    Ok(removed)
}
