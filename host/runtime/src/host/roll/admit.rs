//! Admission: every component of a change through the gate, and a learned state for every agent that needs one.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use greenroom_graph::Untrained;
use greenroom_model::{Digest, Generation};

use super::super::room::recordable;
use super::super::{Host, now_ms};
use super::{Change, Part, Refused, Work, beside};
use crate::active::StatesByAgent;
use crate::load::{Admitted, Components, GraphText, Loaded, Offered, load_from};
use crate::plans::{self, Content, LearnedRecord};
use crate::train::shape;

impl Host {
    pub(super) fn admit(&self, work: &mut Work) -> Result<(), Refused> {
        let began = Instant::now();
        if work.plan.is_some() {
            return Ok(());
        }
        let proposal = Arc::clone(&work.proposal);
        // What is looked at from here on is not swept.
        let _sweeps = self.inner.sweeping.read().unwrap_or_else(PoisonError::into_inner);
        match &proposal.change {
            Change::Graph { graph, components } => {
                recordable(&graph.text)?;
                let loaded = self.load_change(graph.clone(), components)?;
                let expected = &self.inner.loaded.load().plan.name;
                if loaded.plan.name != *expected {
                    let (expected, found) = (expected.clone(), loaded.plan.name.clone());
                    return Err(Refused::Renamed { expected, found });
                }
                work.loaded = Some(Arc::new(loaded));
                self.choose_states(work)?;
            }
            Change::States(states) => self.take_states(work, states)?,
            Change::Learned(learned) => {
                let active = self.active().ok_or(Refused::Inactive)?;
                let serves = |agent: &str| active.agents.iter().find(|a| a.spec.name == agent).map(|a| shape(&a.spec));
                if let Some((agent, _)) = learned.iter().find(|(agent, learned)| serves(agent) != Some(learned.shape)) {
                    let why = "what it learned is for other code or parameters than serve by now".to_owned();
                    return Err(Refused::Untrained { agent: agent.clone(), why, refuses: false });
                }
                let states = learned.iter().map(|(agent, learned)| (agent.clone(), learned.state)).collect();
                self.take_states(work, &states)?;
            }
            Change::Again(generation) => {
                if self.generation() == Some(*generation) && self.active().is_some() {
                    work.same = self.active().map(|active| (active.generation, active.digest));
                    return Ok(());
                }
                let (loaded, states) = self.recorded_plan(*generation)?;
                work.loaded = Some(Arc::new(loaded));
                work.states = states;
            }
        }
        if let Some(loaded) = &work.loaded {
            self.keep_components(loaded)?;
        }
        // It is new again: nobody may refer to it until the activation does.
        work.states.values().for_each(|state| self.inner.states.renew(&state.digest()));
        work.took.admit = began.elapsed();
        Ok(())
    }

    /// The active plan, with some other states.
    fn take_states(&self, work: &mut Work, states: &BTreeMap<String, Digest>) -> Result<(), Refused> {
        let active = self.active().ok_or(Refused::Inactive)?;
        work.loaded = Some(self.inner.loaded.load_full());
        work.states = active.states();
        for (agent, digest) in states {
            if active.agents.iter().all(|a| a.spec.name != *agent) {
                return Err(Refused::NoSuchAgent(agent.clone()));
            }
            let state = self.inner.states.get(digest).ok_or_else(|| Refused::Untrained {
                agent: agent.clone(),
                why: format!("there is no state {digest}"),
                refuses: false,
            })?;
            work.states.insert(agent.clone(), state);
        }
        Ok(())
    }

    fn load_change(&self, graph: GraphText, components: &BTreeMap<String, Part>) -> Result<Loaded, Refused> {
        let inner = &self.inner;
        let from = Parts { host: self, components, active: inner.loaded.load_full() };
        let handle = inner.guests.handle().ok_or(Refused::Gone)?;
        let sandbox = inner.sandbox.clone();
        // The trial of a component runs there too, and not on the threads that serve.
        let loaded = beside(|| handle.block_on(load_from(&sandbox, graph, &from)));
        let mut loaded = loaded.ok_or(Refused::Gone)??;
        loaded.revoked = Arc::clone(&inner.revoked);
        Ok(loaded)
    }

    /// A component that the host has ready, or has in its folder.
    fn component(&self, digest: &Digest) -> Option<Offered> {
        let live = self.inner.plans();
        let known = live.values().find_map(|live| live.loaded.components.get(digest)).cloned();
        let known = known.or_else(|| self.inner.loaded.load().components.get(digest).cloned());
        drop(live);
        match known {
            Some(admitted) => Some(Offered::Admitted(Box::new(admitted))),
            None => self.inner.components.get(digest).map(|bytes| Offered::Bytes(bytes.into())),
        }
    }

    /// What was active as a generation, from what is written down of it.
    pub(in super::super) fn recorded_plan(&self, generation: Generation) -> Result<(Loaded, StatesByAgent), Refused> {
        let (content, loaded) = self.recorded_graph(generation)?;
        let mut states = StatesByAgent::new();
        for (agent, digest) in &content.states {
            let state = self.inner.states.get(digest);
            let why = || format!("the state {digest} of agent `{agent}` is gone");
            let state = state.ok_or_else(|| Refused::Lost { generation, why: why() })?;
            states.insert(agent.clone(), state);
        }
        Ok((loaded, states))
    }

    /// The same without the states.
    pub(super) fn recorded_graph(&self, generation: Generation) -> Result<(Content, Loaded), Refused> {
        let history = &self.inner.history;
        let record = history.record(generation)?.ok_or(Refused::NoSuchPlan(generation))?;
        let why = || "what it was made of is not kept any more".to_owned();
        let content = history.content(&record.content)?.ok_or_else(|| Refused::Lost { generation, why: why() })?;
        let graph = GraphText { file_name: content.file_name.clone(), text: content.text.clone() };
        let parts = content.components.iter().map(|(path, digest)| (path.clone(), Part::Kept(*digest))).collect();
        let loaded = self.load_change(graph, &parts)?;
        Ok((content, loaded))
    }

    /// Of what is there: the state that a version learned; else the one of the version before, which it may take or
    /// decline; else, if the graph file lets it, one that it learns now.
    fn choose_states(&self, work: &mut Work) -> Result<(), Refused> {
        let Some(loaded) = work.loaded.clone() else { return Ok(()) };
        let active = self.active();
        let mut missing = BTreeMap::new();
        for spec in loaded.plan.agents.iter().filter(|agent| agent.interfaces.learner) {
            let before = active.as_ref().and_then(|plan| plan.agents.iter().find(|a| a.spec.name == spec.name));
            // Those of the same shape share their states, the one that serves first.
            let serving = before.filter(|before| shape(&before.spec) == shape(spec)).and_then(|before| before.state());
            let learned = self.inner.history.learned(&spec.name, &shape(spec))?;
            let state = serving.cloned().or_else(|| learned.and_then(|learned| self.inner.states.get(&learned.state)));
            if let Some(state) = state {
                work.states.insert(spec.name.clone(), state);
                continue;
            }
            // Other parameters make another state of the same code. What other code makes of it, that code knows.
            let offered = before.filter(|before| before.spec.component != spec.component).and_then(|b| b.state());
            match offered {
                Some(state) => {
                    work.offered.insert(spec.name.clone(), state.digest());
                    work.states.insert(spec.name.clone(), Arc::clone(state));
                }
                None => {
                    let why = match before.map(|before| before.state()) {
                        Some(Some(_)) => "its state was learned with other grants or parameters",
                        Some(None) => "the version before it had none",
                        None => "it is new in this graph",
                    };
                    missing.insert(spec.name.clone(), why.to_owned());
                }
            }
        }
        self.learn_anew(work, &loaded, missing)
    }

    /// Has agents learn from the log what they have no state for, unless the graph file says that they are not to.
    pub(super) fn learn_anew(
        &self,
        work: &mut Work,
        loaded: &Arc<Loaded>,
        missing: BTreeMap<String, String>,
    ) -> Result<(), Refused> {
        let refuses = |name: &str| {
            loaded.plan.agents.iter().any(|agent| agent.name == name && agent.untrained == Untrained::Refuse)
        };
        if let Some((agent, why)) = missing.iter().find(|(agent, _)| refuses(agent)) {
            return Err(Refused::Untrained { agent: agent.clone(), why: why.clone(), refuses: true });
        }
        if missing.is_empty() {
            return Ok(());
        }
        for (agent, why) in &missing {
            work.notes.push(format!("agent `{agent}` learned anew from the log: {why}"));
        }
        let wanted = missing.into_keys().collect();
        let learned = self.learn_now(loaded, &wanted).map_err(|error| Refused::Learn(error.to_string()))?;
        work.states.extend(learned);
        Ok(())
    }

    fn keep_components(&self, loaded: &Loaded) -> Result<(), Refused> {
        for admitted in loaded.components.values() {
            self.inner.components.put(admitted.component.bytes()).map_err(Refused::Keep)?;
        }
        Ok(())
    }

    /// Of each agent that took the state of another version: what is to be written down about it.
    pub(super) fn handed_over(
        &self,
        offered: &BTreeMap<String, Digest>,
        loaded: Option<&Loaded>,
    ) -> Vec<(String, Digest, LearnedRecord)> {
        let specs = loaded.map(|loaded| loaded.plan.agents.as_slice()).unwrap_or_default();
        let of = |spec: &greenroom_graph::Agent| {
            let state = *offered.get(&spec.name)?;
            let learned = LearnedRecord { state, cursor: None, time_ms: now_ms(), handed: true, basis: None };
            Some((spec.name.clone(), shape(spec), learned))
        };
        specs.iter().filter_map(of).collect()
    }
}

/// Where the components of a change come from.
struct Parts<'c> {
    host: &'c Host,
    components: &'c BTreeMap<String, Part>,
    active: Arc<Loaded>,
}

impl Components for Parts<'_> {
    fn at(&self, path: &str) -> Result<Offered, String> {
        match self.components.get(path) {
            Some(Part::Bytes(bytes)) => {
                let known = self.host.component(&Digest::of(bytes));
                match known {
                    Some(Offered::Admitted(admitted)) => Ok(renamed(admitted, path)),
                    _ => Ok(Offered::Bytes(Arc::clone(bytes))),
                }
            }
            Some(Part::Absent(why)) => Err(why.clone()),
            Some(Part::Kept(digest)) => match self.host.component(digest) {
                Some(Offered::Admitted(admitted)) => Ok(renamed(admitted, path)),
                Some(bytes) => Ok(bytes),
                None => Err(format!("{path} is to be {digest}, which the host does not have")),
            },
            None => {
                let known = self.active.paths.get(path).and_then(|digest| self.active.components.get(digest));
                let known = known.ok_or_else(|| {
                    format!(
                        "{path} is not among the components of the change, and the active plan has none of that name"
                    )
                })?;
                Ok(Offered::Admitted(Box::new(known.clone())))
            }
        }
    }
}

/// As it lies at another path. Its verdict is known.
fn renamed(mut admitted: Box<Admitted>, path: &str) -> Offered {
    admitted.gate = plans::Gate { component: path.to_owned(), kept: true, ..admitted.gate };
    Offered::Admitted(admitted)
}
