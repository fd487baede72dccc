//! Learning from the log: all agents at once before serving, or some of them beside it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use super::{Host, HostError, now_ms, served};
use crate::active::{ActivePlan, StatesByAgent};
use crate::guests::Guests;
use crate::load::Loaded;
use crate::memory::Layer;
use crate::plans::LearnedRecord;
use crate::train::{Lessons, Progress, Quiet, Trained, Trainer, shape};
use greenroom_model::Generation;
use greenroom_sandbox::Memory;

impl Host {
    /// Has the graph's agents learn from all events of the log.
    ///
    /// # Errors
    /// When there are no events, or an agent failed or cannot take back what it learned; nothing is changed then.
    pub fn train(&self, progress: Arc<dyn Progress>) -> Result<Vec<Trained>, HostError> {
        let loaded = self.loaded();
        let (lessons, cursor) = self.lessons(&loaded)?;
        let trainer = self.trainer(self.inner.guests.clone(), progress);
        let (states, trained) = trainer.train(&loaded, &lessons)?;
        // What cannot serve replaces nothing that can. Nor does trying it change what serves.
        self.try_out(&loaded, &states)?;
        self.learned(&loaded, &trained, cursor)?;
        Ok(trained)
    }

    /// Has some agents of a graph learn from the log, on threads that give way to those that serve.
    pub(super) fn learn_now(&self, loaded: &Loaded, wanted: &BTreeSet<String>) -> Result<StatesByAgent, HostError> {
        let (lessons, cursor) = self.lessons(loaded)?;
        let trainer = self.trainer(self.learners()?, Arc::new(Quiet));
        let (states, trained) = trainer.train_only(loaded, &lessons, wanted)?;
        self.learned(loaded, &trained, cursor)?;
        Ok(states)
    }

    fn trainer(&self, guests: Guests, progress: Arc<dyn Progress>) -> Trainer {
        let inner = &self.inner;
        Trainer { guests, states: inner.states.clone(), store: inner.store.clone(), progress }
    }

    /// Started when they are first needed.
    fn learners(&self) -> Result<Guests, HostError> {
        let mut learners = self.inner.learners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guests) = &*learners {
            return Ok(guests.clone());
        }
        let guests = Guests::start_idle(self.inner.guests.threads()).map_err(HostError::Threads)?;
        Ok(learners.insert(guests).clone())
    }

    /// All that the log has to teach, and the last event of it.
    fn lessons(&self, loaded: &Loaded) -> Result<(Lessons, Option<u64>), HostError> {
        let store = &self.inner.store;
        let (split, cursor) = served::split(store)?;
        if split.train.is_empty() {
            return Err(HostError::NoEvents);
        }
        let (served, first_served) = served::feedback(store, &loaded.plan, cursor)?;
        let facts = served::facts_digest(store);
        Ok((Lessons { split: Arc::new(split), facts, served, first_served }, cursor))
    }

    /// Writes down whose states these are.
    fn learned(&self, loaded: &Loaded, trained: &[Trained], cursor: Option<u64>) -> Result<(), HostError> {
        for report in trained {
            if let Some(spec) = loaded.plan.agents.iter().find(|agent| agent.name == report.agent) {
                let learned = LearnedRecord { state: report.state, cursor, time_ms: now_ms(), handed: false };
                self.inner.history.learn(&report.agent, &shape(spec), &learned)?;
            }
        }
        Ok(())
    }

    /// Prepares the graph with these states, apart from what serves.
    fn try_out(&self, loaded: &Loaded, states: &StatesByAgent) -> Result<(), HostError> {
        let inner = &self.inner;
        let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(&inner.store, &loaded.plan.namespaces));
        let row = |item: &str| inner.store.items().row(item);
        let plan = ActivePlan::new(loaded, states, &memory, &row, Generation(0))?;
        Ok(inner.guests.block_on(async move { plan.warm().await })??)
    }

    /// The state of every agent that learns, as it learned last with its code and parameters.
    pub(super) fn learned_states(&self, loaded: &Loaded) -> Result<StatesByAgent, HostError> {
        let inner = &self.inner;
        let mut states = StatesByAgent::new();
        let mut agents = Vec::new();
        for spec in loaded.plan.agents.iter().filter(|agent| agent.interfaces.learner) {
            let known = inner.history.learned(&spec.name, &shape(spec))?;
            match known.and_then(|known| inner.states.get(&known.state)) {
                Some(state) => {
                    states.insert(spec.name.clone(), state);
                }
                None => agents.push(spec.name.clone()),
            }
        }
        if agents.is_empty() { Ok(states) } else { Err(HostError::Untrained { agents }) }
    }
}
