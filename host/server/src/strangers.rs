//! Connections whose callers nobody knows yet: they have places of their own, and little time.
//!
//! Anybody can open a connection to where operators are served. Who shows a token leaves the strangers' places to others, and
//! cannot be kept out by them for longer than one of them has.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What strangers have.
#[derive(Debug, Clone)]
pub(crate) struct Strangers {
    /// How long one has, from the connection on, until it has to be known.
    pub(crate) wait: Duration,
    /// Places of those who are known.
    pub(crate) known: Arc<Semaphore>,
}

/// The caller of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Stranger(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    /// A stranger's, or one of those who are known; none when they are not told apart.
    place: Mutex<Place>,
    known: Arc<Semaphore>,
    met: Notify,
}

#[derive(Debug)]
struct Place {
    _held: Option<OwnedSemaphorePermit>,
    known: bool,
}

impl Stranger {
    pub(crate) fn new(strangers: &Strangers, place: Option<OwnedSemaphorePermit>) -> Self {
        let place = Mutex::new(Place { _held: place, known: false });
        Self(Arc::new(Connection { place, known: Arc::clone(&strangers.known), met: Notify::new() }))
    }

    /// The caller is known: from now on the connection has as much time as any, and leaves its place to other strangers.
    /// Whether there is another for it.
    pub(crate) fn meet(&self) -> bool {
        let mut place = self.0.place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.known {
            return true;
        }
        let Ok(held) = Arc::clone(&self.0.known).try_acquire_owned() else { return false };
        *place = Place { _held: Some(held), known: true };
        self.0.met.notify_one();
        true
    }

    /// Ends when the caller is not known in time, and never once it is.
    pub(crate) async fn overstays(&self, wait: Duration) {
        if tokio::time::timeout(wait, self.0.met.notified()).await.is_ok() {
            std::future::pending().await
        }
    }
}
