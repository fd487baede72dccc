//! Admission: every component of a change through the gate, and a learned state for every agent that needs one.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use greenroom_graph::Untrained;
use greenroom_model::{Digest, Generation, State};

use super::super::room::recordable;
use super::super::{Host, now_ms};
use super::{Change, Part, Refused, Work, beside, proven};
use crate::active::{ActivePlan, StatesByAgent};
use crate::given::Given;
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
            Change::Graph { graph, components, states } | Change::Proven { graph, components, states, .. } => {
                recordable(&graph.text)?;
                proven::by_itself(&proposal.change)?;
                let loaded = self.load_change(graph.clone(), components, States::Change(states))?;
                self.proven(&proposal.change, &loaded)?;
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
        let plans: Vec<_> = self.inner.plans().values().map(|live| Arc::clone(&live.plan)).collect();
        let states = work.states.values().map(|state| ActivePlan::digest_of(state, &plans));
        states.for_each(|digest| self.inner.states.renew(&digest));
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

    fn load_change(
        &self,
        graph: GraphText,
        components: &BTreeMap<String, Part>,
        states: States<'_>,
    ) -> Result<Loaded, Refused> {
        let inner = &self.inner;
        let from = Parts { host: self, components, states, active: inner.loaded.load_full() };
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
        let content = self.recorded_content(generation)?;
        let mut states = StatesByAgent::new();
        for (agent, digest) in &content.states {
            let state = self.inner.states.get(digest);
            let why = || format!("the state {digest} of agent `{agent}` is gone");
            let state = state.ok_or_else(|| Refused::Lost { generation, why: why() })?;
            states.insert(agent.clone(), state);
        }
        Ok((self.load_content(&content)?, states))
    }

    /// The same without the states.
    pub(super) fn recorded_graph(&self, generation: Generation) -> Result<(Content, Loaded), Refused> {
        let content = self.recorded_content(generation)?;
        let loaded = self.load_content(&content)?;
        Ok((content, loaded))
    }

    fn recorded_content(&self, generation: Generation) -> Result<Content, Refused> {
        let history = &self.inner.history;
        let record = history.record(generation)?.ok_or(Refused::NoSuchPlan(generation))?;
        let why = || "what it was made of is not kept any more".to_owned();
        history.content(&record.content)?.ok_or_else(|| Refused::Lost { generation, why: why() })
    }

    fn load_content(&self, content: &Content) -> Result<Loaded, Refused> {
        let graph = GraphText { file_name: content.file_name.clone(), text: content.text.clone() };
        let parts = content.components.iter().map(|(path, digest)| (path.clone(), Part::Kept(*digest))).collect();
        self.load_change(graph, &parts, States::Record(&content.states))
    }

    /// A state that the host has ready, or has in its folder.
    fn state(&self, digest: &Digest) -> Option<Arc<State>> {
        let live = self.inner.plans();
        let mut agents = live.values().flat_map(|live| &live.plan.agents);
        let known = agents.find(|agent| agent.version.state == Some(*digest)).and_then(|agent| agent.state().cloned());
        drop(live);
        known.or_else(|| self.inner.states.get(digest))
    }

    /// Keeps the states that the graph file gives: what a plan is made of outlives the files that it came from.
    pub(in super::super) fn keep_given(&self, loaded: &Loaded) -> std::io::Result<()> {
        loaded.given.values().try_for_each(|given| self.inner.states.ensure(&given.digest, &given.state))
    }

    /// Of what is there: the state that the graph file gives; else the one that a version learned; else the one of the
    /// version before, which it may take or decline; else, if the graph file lets it, one that it learns now.
    fn choose_states(&self, work: &mut Work) -> Result<(), Refused> {
        let Some(loaded) = work.loaded.clone() else { return Ok(()) };
        let active = self.active();
        self.keep_given(&loaded).map_err(Refused::Keep)?;
        work.states = loaded.given_states();
        let mut missing = BTreeMap::new();
        let learns = |agent: &&greenroom_graph::Agent| agent.interfaces.learner && agent.state_path.is_none();
        for spec in loaded.plan.agents.iter().filter(learns) {
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
            let offered = before.filter(|before| before.spec.component != spec.component);
            match offered.and_then(|before| Some((before.state()?, before.version.state?))) {
                Some((state, digest)) => {
                    work.offered.insert(spec.name.clone(), digest);
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

    /// Keeps what a plan is made of. What serves was kept when it was new.
    pub(in super::super) fn keep_components(&self, loaded: &Loaded) -> Result<(), Refused> {
        let serves = self.active().is_some().then(|| self.inner.loaded.load_full());
        let serves = |digest| serves.as_ref().is_some_and(|serves| serves.components.contains_key(digest));
        for (digest, admitted) in &loaded.components {
            if !(serves(digest) && self.inner.components.renew(digest)) {
                let component = &admitted.component;
                let kept =
                    self.inner.components.put_apart(digest, component.bytes(), component.inspection().interpreter);
                kept.map_err(Refused::Keep)?;
            }
        }
        for text in loaded.signatures.values() {
            self.inner.components.put(&Digest::of(text), text).map_err(Refused::Keep)?;
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

/// Where the states come from that a graph file gives.
#[derive(Clone, Copy)]
enum States<'c> {
    /// By path.
    Change(&'c BTreeMap<String, Part>),
    /// By agent, as they were when it was active.
    Record(&'c BTreeMap<String, Digest>),
}

/// Where the components of a change come from.
struct Parts<'c> {
    host: &'c Host,
    components: &'c BTreeMap<String, Part>,
    states: States<'c>,
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

    fn known(&self, digest: &Digest) -> Option<Admitted> {
        match self.host.component(digest) {
            Some(Offered::Admitted(admitted)) => {
                Some(Admitted { gate: plans::Gate { kept: true, ..admitted.gate }, ..*admitted })
            }
            _ => None,
        }
    }

    /// Signatures come, and are kept, with the components that they are of.
    fn signature(&self, path: &str) -> Result<Arc<[u8]>, String> {
        match self.components.get(path) {
            Some(Part::Bytes(bytes)) => Ok(Arc::clone(bytes)),
            Some(Part::Absent(why)) => Err(why.clone()),
            Some(Part::Kept(digest)) => {
                let kept = self.host.inner.components.get(digest).map(Arc::from);
                kept.ok_or_else(|| format!("{path} is to be {digest}, which the host does not have"))
            }
            None => self.active.signatures.get(path).cloned().ok_or_else(|| {
                format!("{path} is not among the components of the change, and the active plan has none of that name")
            }),
        }
    }

    fn state(&self, agent: &str, path: &str) -> Result<Given, String> {
        let states = match self.states {
            States::Change(states) => states,
            States::Record(states) => {
                let digest =
                    states.get(agent).ok_or_else(|| format!("it is not written down which state {path} was"))?;
                return self.kept(path, *digest);
            }
        };
        match states.get(path) {
            Some(Part::Bytes(bytes)) => {
                let given = Given::read(path, path, bytes)?;
                // Of two of the same, one is enough.
                Ok(match self.host.state(&given.digest) {
                    Some(state) => Given { state, ..given },
                    None => given,
                })
            }
            Some(Part::Kept(digest)) => self.kept(path, *digest),
            Some(Part::Absent(why)) => Err(why.clone()),
            None => {
                let known = self.active.given.values().find(|given| given.path == path).cloned();
                known.ok_or_else(|| {
                    format!("{path} is not among the states of the change, and the active plan has none of that name")
                })
            }
        }
    }
}

impl Parts<'_> {
    fn kept(&self, path: &str, digest: Digest) -> Result<Given, String> {
        let state = self.host.state(&digest);
        let state = state.ok_or_else(|| format!("{path} is to be the state {digest}, which the host does not have"))?;
        Ok(Given::kept(path, digest, state))
    }
}

/// As it lies at another path. Its verdict is known.
fn renamed(mut admitted: Box<Admitted>, path: &str) -> Offered {
    admitted.gate = plans::Gate { component: path.to_owned(), kept: true, ..admitted.gate };
    Offered::Admitted(admitted)
}
