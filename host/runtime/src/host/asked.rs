//! Request ids that are taken though the log does not have them yet: of requests that run, and of decisions in its queue.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The ids that are taken now.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<HashSet<Arc<str>>>>);

/// An id that nobody else can take; free again when dropped.
pub(super) struct Reserved {
    asked: Asked,
    id: Arc<str>,
}

impl Asked {
    /// Takes an id; none when somebody has it.
    pub(super) fn reserve(&self, id: &str) -> Option<Reserved> {
        let id: Arc<str> = id.into();
        let new = self.ids().insert(Arc::clone(&id));
        new.then(|| Reserved { asked: self.clone(), id })
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.asked.ids().remove(&self.id);
    }
}
