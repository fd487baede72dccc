//! Learned states that a graph file gives to its agents: such an agent does not learn, its state is what is in the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_memory::{OpenError, Store};
use greenroom_model::{Digest, Generation, ParamValue, State};
use greenroom_sandbox::Memory;
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::guests::{Gone, Guests};
use crate::load::Loaded;
use crate::memory::Layer;
use crate::state_file::unsealed;

/// A state, and the file that it is in.
#[derive(Debug, Clone)]
pub struct Given {
    /// As the graph file names it.
    pub path: String,
    /// Of the bytes of the file; where the state was kept without its file, of the state.
    pub file: Digest,
    /// The state.
    pub state: Arc<State>,
    /// Of the state.
    pub digest: Digest,
}

impl Given {
    /// What is in a file. `called` is what messages call it.
    ///
    /// # Errors
    /// Why it is no state, in a sentence.
    pub fn read(path: &str, called: &str, bytes: &[u8]) -> Result<Self, String> {
        let state = unsealed(bytes).map_err(|why| format!("{called} cannot be taken: {why}"))?;
        let digest = state.digest();
        Ok(Self { path: path.to_owned(), file: Digest::of(bytes), state: Arc::new(state), digest })
    }

    /// One that is kept.
    #[must_use]
    pub fn kept(path: &str, digest: Digest, state: Arc<State>) -> Self {
        Self { path: path.to_owned(), file: digest, state, digest }
    }
}

impl Loaded {
    /// The states that the graph file gives, by agent.
    #[must_use]
    pub fn given_states(&self) -> StatesByAgent {
        self.given.iter().map(|(agent, given)| (agent.clone(), Arc::clone(&given.state))).collect()
    }

    /// Of the graph with the states that it gives: what an evaluation is of, and all that a host needs to be told to have the
    /// same. Where it gives none it is the plan's. What agents learned is no part of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let plan = self.plan.digest();
        if self.given.is_empty() {
            return plan;
        }
        let states = self.given.iter().flat_map(|(agent, given)| [agent.as_bytes(), given.digest.bytes().as_slice()]);
        Digest::of_parts([plan.bytes().as_slice()].into_iter().chain(states))
    }
}

/// Why it could not be tried whether agents take what they are given.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum GivenError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("the items that parameters name could not be numbered: {0}")]
    Items(#[from] greenroom_memory::AssignError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// Has each agent that is given a state take it, over memory in which nothing is. Blocks.
///
/// # Errors
/// The first one that does not.
pub fn try_given(guests: &Guests, loaded: &Loaded) -> Result<(), GivenError> {
    if loaded.given.is_empty() {
        return Ok(());
    }
    let store = Store::in_memory()?;
    let params = loaded.plan.agents.iter().flat_map(|agent| agent.params.values());
    let items = params.filter_map(|value| match value {
        ParamValue::Items(items) => Some(items),
        _ => None,
    });
    let items: BTreeSet<&str> = items.flatten().map(String::as_str).collect();
    store.items().assign(&items.into_iter().collect::<Vec<_>>()).wait()?;
    let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(&store, &loaded.plan.namespaces));
    let row = |item: &str| store.items().row(item);
    let mut plan = ActivePlan::new(loaded, &loaded.given_states(), &memory, &row, Generation(0))?;
    plan.agents.retain(|agent| agent.spec.state_path.is_some());
    Ok(guests.block_on(async move { plan.warm().await })??)
}
