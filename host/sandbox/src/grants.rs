//! What an agent is granted, as it is now: an operator may take a grant back while the agent runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_model::{Grant, Verb};
use parking_lot::Mutex;

/// The grants of an agent, shared by all of its instances. Deny by default: nothing is in them at first.
#[derive(Debug, Clone, Default)]
pub struct Grants(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Grows with each change, so that whoever holds a copy sees by one look whether it is still good.
    version: AtomicU64,
    now: Mutex<Arc<Vec<Grant>>>,
}

impl From<Vec<Grant>> for Grants {
    fn from(grants: Vec<Grant>) -> Self {
        Self(Arc::new(Shared { version: AtomicU64::new(1), now: Mutex::new(Arc::new(grants)) }))
    }
}

impl Grants {
    /// Puts others in their place. Whatever is asked from then on is held against these, also by calls that run and of
    /// namespaces that are open.
    pub fn set(&self, grants: Vec<Grant>) {
        let mut now = self.0.now.lock();
        *now = Arc::new(grants);
        self.0.version.fetch_add(1, Ordering::Release);
    }

    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Vec<Grant>> {
        Arc::clone(&self.0.now.lock())
    }
}

/// A copy of an instance's own, so that a look at it takes no lock, and for the namespace that was asked for last, by the name
/// that its handle has, no look at names either.
#[derive(Debug, Default)]
pub(crate) struct Held {
    version: u64,
    grants: Arc<Vec<Grant>>,
    latest: Option<Arc<str>>,
    /// The grants of `latest`.
    its: Vec<Grant>,
}

impl Held {
    /// Whether a key of a namespace may be used so, as the grants are now.
    pub(crate) fn permit(&mut self, grants: &Grants, namespace: &Arc<str>, key: &str, verb: Verb) -> bool {
        let renewed = self.renew(grants);
        if renewed || !self.latest.as_ref().is_some_and(|latest| Arc::ptr_eq(latest, namespace)) {
            self.its = self.grants.iter().filter(|grant| *grant.namespace == **namespace).cloned().collect();
            self.latest = Some(Arc::clone(namespace));
        }
        let reaches = |grant: &Grant| grant.prefix.is_empty() || key.starts_with(&grant.prefix);
        self.its.iter().any(|grant| grant.verb.covers(verb) && reaches(grant))
    }

    /// Those of a namespace, for a person; empty for none.
    pub(crate) fn of(&mut self, grants: &Grants, namespace: &str) -> String {
        self.renew(grants);
        let granted = self.grants.iter().filter(|grant| grant.namespace == namespace);
        granted.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Makes it as the grants are now. Whether they changed.
    fn renew(&mut self, grants: &Grants) -> bool {
        if self.version == grants.0.version.load(Ordering::Acquire) {
            return false;
        }
        let now = grants.0.now.lock();
        self.version = grants.0.version.load(Ordering::Acquire);
        self.grants = Arc::clone(&now);
        true
    }
}
