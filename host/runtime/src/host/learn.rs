//! Learning from the log: all agents at once before serving, or some of them beside it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use super::{Host, HostError, now_ms, served};
use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::guests::Guests;
use crate::load::Loaded;
use crate::memory::Layer;
use crate::plans::{Basis, LearnedRecord};
use crate::train::{Lessons, Progress, Quiet, TrainError, Trained, Trainer, shape};
use greenroom_model::{Generation, Learning, State};
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
        self.learned(&loaded, &trained, cursor, basis(&lessons))?;
        Ok(trained)
    }

    /// Has some agents of a graph learn from the log, on threads that give way to those that serve.
    pub(super) fn learn_now(&self, loaded: &Loaded, wanted: &BTreeSet<String>) -> Result<StatesByAgent, HostError> {
        let trainer = self.trainer(self.learners()?, Arc::new(Quiet));
        let _apart = self.inner.guests.apart();
        let mut states = StatesByAgent::new();
        let mut rest = BTreeSet::new();
        for agent in wanted {
            let gone_on = match self.go_on(loaded, &trainer, agent) {
                // Learning anew is more of what was too much.
                Err(HostError::Train(error @ TrainError::Round { .. })) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(agent, %error, "it cannot go on from its state: it learns anew");
                    None
                }
                Ok(gone_on) => gone_on,
            };
            match gone_on {
                Some(state) => {
                    states.insert(agent.clone(), state);
                }
                None => {
                    rest.insert(agent.clone());
                }
            }
        }
        if rest.is_empty() {
            return Ok(states);
        }
        let (lessons, cursor) = self.lessons(loaded)?;
        let (learned, trained) = trainer.train_only(loaded, &lessons, &rest)?;
        self.try_states(loaded, &learned)?;
        self.learned(loaded, &trained, cursor, basis(&lessons))?;
        states.extend(learned);
        Ok(states)
    }

    /// Has an agent that learns onward learn what is new, from the state that it has. None when that would not be the same as
    /// learning everything: events that happened before those that it knows, or that take some of them back, or other facts.
    fn go_on(&self, loaded: &Loaded, trainer: &Trainer, agent: &str) -> Result<Option<Arc<State>>, HostError> {
        let inner = &self.inner;
        let source = |node: &greenroom_graph::Node| node.inputs.is_empty();
        let onward = |spec: &&greenroom_graph::Agent| {
            spec.name == agent && spec.descriptor.as_ref().is_some_and(|d| d.learning == Learning::Onward)
        };
        let Some(spec) = loaded.plan.agents.iter().find(onward) else { return Ok(None) };
        let mut nodes = loaded.plan.nodes.iter().filter(|n| loaded.plan.agent_of(n).is_some_and(|a| a.name == agent));
        let of_source = nodes.next().is_some_and(source);
        let known = inner.history.learned(agent, &shape(spec))?;
        let Some(LearnedRecord { state, cursor: Some(cursor), basis: Some(basis), .. }) = known.filter(|_| of_source)
        else {
            return Ok(None);
        };
        let Some(state) = inner.states.get(&state) else { return Ok(None) };
        let Some((columns, last)) = served::since(&inner.store, cursor)? else { return Ok(None) };
        let earliest = (0..columns.len()).filter_map(|row| columns.time(row)).min();
        if earliest.is_some_and(|earliest| earliest <= basis.until_ms)
            || served::facts_digest(&inner.store) != basis.facts
        {
            return Ok(None);
        }
        let events = basis.events + columns.len() as u64;
        let latest = (0..columns.len()).filter_map(|row| columns.time(row)).max();
        let basis_now = Basis { events, until_ms: latest.unwrap_or(basis.until_ms), ..basis };
        let Some((state, trained)) = trainer.go_on(loaded, agent, state, &columns, basis.events)? else {
            return Ok(None);
        };
        self.try_states(loaded, &StatesByAgent::from([(agent.to_owned(), Arc::clone(&state))]))?;
        tracing::debug!(agent, events = columns.len(), fuel = trained.fuel, "went on from its state");
        self.learned(loaded, &[trained], Some(last), Some(basis_now))?;
        Ok(Some(state))
    }

    fn trainer(&self, guests: Guests, progress: Arc<dyn Progress>) -> Trainer {
        let inner = &self.inner;
        Trainer { guests, states: inner.states.clone(), store: inner.store.clone(), progress, outputs: None }
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
    fn learned(
        &self,
        loaded: &Loaded,
        trained: &[Trained],
        cursor: Option<u64>,
        basis: Option<Basis>,
    ) -> Result<(), HostError> {
        for report in trained {
            if let Some(spec) = loaded.plan.agents.iter().find(|agent| agent.name == report.agent) {
                let learned = LearnedRecord { state: report.state, cursor, time_ms: now_ms(), handed: false, basis };
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

    /// Prepares agents with what they learned, apart from what serves: a state that its own agent does not take is no news.
    fn try_states(&self, loaded: &Loaded, states: &StatesByAgent) -> Result<(), HostError> {
        let inner = &self.inner;
        let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(&inner.store, &loaded.plan.namespaces));
        let row = |item: &str| inner.store.items().row(item);
        let plan = ActivePlan::new(loaded, states, &memory, &row, Generation(0))?;
        let learners = self.learners()?;
        for agent in plan.agents.into_iter().filter(|agent| states.contains_key(&agent.spec.name)) {
            let name = agent.spec.name.clone();
            let tried = learners.block_on(async move { agent.warm(1).await })?;
            tried.map_err(|fault| PrepareError::Agent { agent: name, fault })?;
        }
        Ok(())
    }

    /// The state of every agent that learns, as it learned last with its code and parameters; or the one that the graph file
    /// gives it.
    pub(super) fn learned_states(&self, loaded: &Loaded) -> Result<StatesByAgent, HostError> {
        let inner = &self.inner;
        let mut states = loaded.given_states();
        let mut agents = Vec::new();
        let learns = |agent: &&greenroom_graph::Agent| agent.interfaces.learner && agent.state_path.is_none();
        for spec in loaded.plan.agents.iter().filter(learns) {
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

/// What a state is based on that learned these lessons.
fn basis(lessons: &Lessons) -> Option<Basis> {
    let train = &lessons.split.train;
    let until_ms = train.times.as_ref()?.iter().max().copied()?;
    Some(Basis { facts: lessons.facts, events: train.len() as u64, until_ms })
}
