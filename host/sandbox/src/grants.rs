//! What an agent is granted, as it is now: an operator may take a grant back while the agent runs.

use std::sync::Arc;

use arc_swap::ArcSwap;
use greenroom_model::{Grant, Verb};

/// The grants of an agent, shared by all of its instances. Deny by default: nothing is in them at first.
#[derive(Debug, Clone, Default)]
pub struct Grants(Arc<ArcSwap<Vec<Grant>>>);

impl From<Vec<Grant>> for Grants {
    fn from(grants: Vec<Grant>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(grants)))
    }
}

impl Grants {
    /// Puts others in their place. Whatever is asked from then on is held against these, also by calls that run and of
    /// namespaces that are open.
    pub fn set(&self, grants: Vec<Grant>) {
        self.0.store(Arc::new(grants));
    }

    /// As they are now.
    #[must_use]
    pub fn now(&self) -> Arc<Vec<Grant>> {
        self.0.load_full()
    }

    /// Whether a key of a namespace may be used so.
    pub(crate) fn permit(&self, namespace: &str, key: &str, verb: Verb) -> bool {
        self.0.load().iter().any(|grant| grant.verb.covers(verb) && grant.reaches(namespace, key))
    }

    /// Those of a namespace, for a person; empty for none.
    pub(crate) fn of(&self, namespace: &str) -> String {
        let grants = self.0.load();
        let granted = grants.iter().filter(|grant| grant.namespace == namespace);
        granted.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}
