//! Calls that can be run again: on another machine, long after, against another version.
//!
//! A recording holds all that a call depends on: the component, its parameters and state, what it was granted and could
//! use, what it saw, and what memory answered. What it cannot hold is time: a call that was stopped by its deadline may
//! end in another way.

mod file;
mod keep;
mod rerun;

use std::sync::Arc;

use greenroom_model::{Budget, Budgets, Decision, Digest, Fault, Generation, Grant, Observation};
use greenroom_sandbox::Tape;
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, Heard, Source};
use crate::execute::Rules;
use crate::host::now_ms;

pub use file::ReplayError;
pub use keep::{Replays, forget_recordings};
pub use rerun::{Rerun, rerun};

/// How a call ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// With a decision that was let through.
    Decided(Decision),
    /// With a fault.
    Failed(Fault),
}

impl From<&Result<Decision, Fault>> for Ended {
    fn from(result: &Result<Decision, Fault>) -> Self {
        match result {
            Ok(decision) => Self::Decided(decision.clone()),
            Err(fault) => Self::Failed(fault.clone()),
        }
    }
}

impl Ended {
    /// Whether two calls ended alike: with the same decision to the last bit, or the same fault in the same words.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Decided(one), Self::Decided(two)) => {
                let bytes = |decision| rmp_serde::to_vec(decision).ok();
                bytes(one).is_some_and(|one| Some(one) == bytes(two))
            }
            (Self::Failed(one), Self::Failed(two)) => {
                (one.source, one.kind, &one.message) == (two.source, two.kind, &two.message)
            }
            _ => false,
        }
    }
}

/// A learned state, its bytes in one piece.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Learned {
    schema: String,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
}

/// A call with all that it depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recording {
    /// The agent.
    pub agent: String,
    /// The node that called it.
    pub node: String,
    /// The version that was called.
    pub version: Digest,
    /// The plan that it was called by.
    pub plan: Digest,
    /// The plan's generation.
    pub generation: Generation,
    /// Milliseconds since 1970.
    pub made_ms: i64,
    /// Where its instance came from. What earlier requests left in a pooled one is not recorded.
    pub instance: Source,
    /// What it was granted as the call began.
    pub grants: Vec<Grant>,
    /// Whether that changed before it ended.
    pub regranted: bool,
    /// What it saw.
    pub seen: Observation,
    /// How it ended.
    pub ended: Ended,
    /// What memory answered: while the instance was prepared, and then in the call.
    pub heard: Tape,
    budgets: Budgets,
    budget: Budget,
    rules: Rules,
    #[serde(with = "serde_bytes")]
    params: Option<Vec<u8>>,
    state: Option<Learned>,
    #[serde(with = "serde_bytes")]
    component: Vec<u8>,
}

impl Recording {
    #[expect(clippy::too_many_arguments, reason = "all that a call depends on")]
    pub(crate) fn new(
        agent: &Agent,
        (grants, instance): &(Arc<Vec<Grant>>, Source),
        node: &str,
        (plan, generation): (Digest, Generation),
        rules: Rules,
        (budget, seen): (&Budget, &Observation),
        heard: &Heard,
        ended: Ended,
    ) -> Self {
        let learned =
            |state: &Arc<greenroom_model::State>| Learned { schema: state.schema.clone(), bytes: state.bytes.clone() };
        Self {
            agent: agent.spec.name.clone(),
            node: node.to_owned(),
            version: agent.version.digest(),
            plan,
            generation,
            made_ms: now_ms(),
            instance: *instance,
            grants: grants.to_vec(),
            regranted: *agent.grants().now() != **grants,
            seen: seen.clone(),
            ended,
            heard: Tape::clone(&heard.prelude).then(&heard.tape),
            budgets: agent.spec.budgets,
            budget: *budget,
            rules,
            params: agent.params().map(<[u8]>::to_vec),
            state: agent.state().map(learned),
            component: agent.component().bytes().to_vec(),
        }
    }

    /// The component that was called.
    #[must_use]
    pub fn component(&self) -> &[u8] {
        &self.component
    }
}
