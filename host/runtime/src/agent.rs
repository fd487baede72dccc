//! A version of an agent, ready to be called: its component, parameters and state, and the instances that are kept.

mod image;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use greenroom_graph::Instances;
use greenroom_model::{
    Budget, Decision, Fault, FaultKind, Grant, Observation, ParamValue, Params, State, Usage, Version,
};
use greenroom_sandbox::{Capabilities, Component, Grants, Instance, Memory, Preparation, Tape};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::breaker::{Breaker, Circuit};
use crate::rate::Rate;

/// How many instances of an agent without an image stand ready, and of one that rests.
const STOCK: usize = 2;

/// Where an instance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A copy of a warm image.
    Image,
    /// Made ready ahead of the request.
    Stock,
    /// Kept from request to request.
    Pool,
}

impl Source {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Stock => "stock",
            Self::Pool => "pool",
        }
    }
}

/// An instance that waits, and the thread that used it last.
struct Idle {
    instance: Instance,
    thread: ThreadId,
}

/// What memory answered: while the instance was prepared, and in the call itself.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) prelude: Arc<Tape>,
    pub(crate) tape: Tape,
}

impl Heard {
    fn of(&mut self, instance: &mut Instance) {
        self.prelude = Arc::clone(instance.prelude());
        self.tape = instance.take_tape();
    }
}

/// How a call went.
pub struct Asked {
    /// What was decided.
    pub decided: Result<Decision, Fault>,
    /// What it used, preparing an instance included, also when it failed.
    pub usage: Usage,
    pub(crate) heard: Heard,
}

/// A version of an agent.
pub struct Agent {
    /// As the plan has it.
    pub spec: greenroom_graph::Agent,
    /// What it is made of.
    pub version: Version,
    component: Component,
    params: Vec<u8>,
    /// Those that it learns with.
    lessons: Vec<u8>,
    state: Option<Arc<State>>,
    capabilities: Capabilities,
    /// Pooled ones that wait for their next request, or ones that wait for their only one.
    idle: Mutex<Vec<Idle>>,
    making: AtomicUsize,
    /// Counts how often what was prepared was thrown away.
    prepared: AtomicUsize,
    /// Once it was tried: the component whose instances are ready as they are made, or why there is none.
    image: ArcSwapOption<Result<Component, String>>,
    slots: Option<Semaphore>,
    used: Mutex<Usage>,
    /// What it may use a second; none: as much as it gets.
    pub(crate) rate: Option<Rate>,
    pub(crate) breaker: Breaker,
}

/// Why parameters could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// An item that the catalog does not have.
    #[error("agent `{agent}`: `{param}` names the item \"{item}\", which is not in the catalog")]
    UnknownItem {
        /// The agent.
        agent: String,
        /// The parameter.
        param: String,
        /// The external id.
        item: String,
    },
    /// They do not encode.
    #[error("agent `{0}`: the parameters cannot be encoded")]
    Encode(String),
}

impl Agent {
    /// A version of an agent. `row` finds an item's row in the catalog.
    ///
    /// # Errors
    /// When its parameters name items that are not in the catalog.
    pub fn new(
        spec: greenroom_graph::Agent,
        component: Component,
        version: Version,
        state: Option<Arc<State>>,
        memory: Arc<dyn Memory>,
        row: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<Self, ParamsError> {
        let params = encode(&spec, &spec.params, row)?;
        let lessons = encode(&spec, &crate::train::lessons(&spec), row)?;
        let grants = Grants::from(spec.grants.clone());
        let capabilities = Capabilities { agent: spec.name.as_str().into(), grants, memory };
        let rate = spec.rate.map(Rate::new);
        let slots = match spec.instances {
            Instances::Fresh | Instances::Stocked { .. } => None,
            Instances::Pooled { max } => Some(Semaphore::new(max.max(1) as usize)),
        };
        Ok(Self {
            spec,
            version,
            component,
            params,
            lessons,
            state,
            capabilities,
            idle: Mutex::default(),
            making: AtomicUsize::new(0),
            prepared: AtomicUsize::new(0),
            image: ArcSwapOption::empty(),
            slots,
            used: Mutex::default(),
            rate,
            breaker: Breaker::default(),
        })
    }

    /// The learned state.
    #[must_use]
    pub fn state(&self) -> Option<&Arc<State>> {
        self.state.as_ref()
    }

    /// How many of the subject's latest events it wants.
    #[must_use]
    pub fn history_max(&self) -> u32 {
        self.spec.descriptor.as_ref().map_or(0, |descriptor| descriptor.history_max)
    }

    /// An instance that is configured and, when there is a state, restored. What that used is added to `used`, also when
    /// it fails; it is given up at `by`.
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn prepare(&self, by: Option<Instant>, used: &mut Usage) -> Result<Instance, Fault> {
        self.prepare_within(by, used, &mut Tape::default()).await
    }

    /// The same; what memory answered is put on a tape, also when it fails.
    async fn prepare_within(&self, by: Option<Instant>, used: &mut Usage, tape: &mut Tape) -> Result<Instance, Fault> {
        let preparation = Preparation { by, ..self.preparation() };
        self.component.prepare(self.capabilities.clone(), &preparation, used, tape).await
    }

    /// An instance that is configured to learn and has learned nothing; otherwise as [`Agent::prepare`].
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn blank(&self, used: &mut Usage) -> Result<Instance, Fault> {
        let params = self.spec.interfaces.lifecycle.then_some(self.lessons.as_slice());
        let preparation = Preparation { params, state: None, ..self.preparation() };
        self.component.prepare(self.capabilities.clone(), &preparation, used, &mut Tape::default()).await
    }

    fn preparation(&self) -> Preparation<'_> {
        Preparation { params: self.params(), state: self.state.as_deref(), budgets: &self.spec.budgets, by: None }
    }

    /// Prepares instances for so many requests at once, at least one and as far as there may be more and there is room:
    /// what fails here would fail in every request. An agent that has an image or served before has what it needs.
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn warm(&self, requests: usize) -> Result<(), Fault> {
        let wanted = requests.min(self.most()).max(1);
        for _ in self.instances()..wanted {
            if self.image().is_some() {
                break;
            }
            let prepared = self.prepared.load(Ordering::Acquire);
            let instance = self.prepare(None, &mut Usage::default()).await?;
            if self.slots.is_none() && !self.component.has_room() {
                break;
            }
            self.keep(instance, prepared);
        }
        Ok(())
    }

    /// Prepares more instances, up to so many, as far as there is room: what fails here is left to requests.
    pub(crate) async fn warm_beyond(&self, wanted: usize) {
        for _ in self.instances()..wanted.min(self.most()) {
            if self.image().is_some() || !self.component.has_room() {
                return;
            }
            let prepared = self.prepared.load(Ordering::Acquire);
            match self.prepare(None, &mut Usage::default()).await {
                Ok(instance) => self.keep(instance, prepared),
                Err(fault) => {
                    tracing::debug!(agent = %self.spec.name, %fault, "no more instances could be made ready");
                    return;
                }
            }
        }
    }

    /// How many instances it may have at a time, or stand ready.
    fn most(&self) -> usize {
        match self.spec.instances {
            Instances::Pooled { max } | Instances::Stocked { max } => max as usize,
            Instances::Fresh => STOCK,
        }
    }

    /// Instances that it keeps: those that wait, and those that answer now and come back.
    pub(crate) fn instances(&self) -> usize {
        let busy = self.slots.as_ref().map_or(0, |slots| self.most().saturating_sub(slots.available_permits()));
        self.standing() + busy
    }

    /// Instances that wait.
    fn standing(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Gives back all instances but two: it serves no more, but may again.
    pub(crate) fn rest(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.len().min(STOCK);
        let surplus = idle.split_off(kept);
        // Giving an instance back takes a while, and requests may wait for the list.
        drop(idle);
        drop(surplus);
    }

    /// Decides, in an instance as the graph file chose.
    pub async fn decide(self: &Arc<Self>, seen: &Observation, budget: &Budget) -> Asked {
        self.decide_with(seen, budget, None).await
    }

    /// The same with the memory layer as it was at one moment.
    pub(crate) async fn decide_with(
        self: &Arc<Self>,
        seen: &Observation,
        budget: &Budget,
        memory: Option<&Arc<dyn Memory>>,
    ) -> Asked {
        let (mut usage, mut heard) = (Usage::default(), Heard::default());
        let decided = self.decide_by(seen, budget, memory, &mut usage, &mut heard).await;
        self.count(&usage);
        Asked { decided, usage, heard }
    }

    /// Adds to what all requests have used. What was never denied before is told the operator.
    pub(crate) fn count(&self, used: &Usage) {
        let mut sum = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for (asked, times) in &used.denied {
            if sum.deny(asked, *times) {
                let agent = &self.spec.name;
                tracing::warn!(target: "greenroom::denied", %agent, "{asked} was asked for, and is not granted");
            }
        }
        sum.add_all_but_denied(used);
    }

    /// Whether it is asked, where something else can be had instead.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        self.breaker.circuit()
    }

    /// The component as it was loaded.
    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    /// Parameters as the guest takes them; none for a component that takes none.
    pub(crate) fn params(&self) -> Option<&[u8]> {
        self.spec.interfaces.lifecycle.then_some(self.params.as_slice())
    }

    /// Grants it this from now on, and throws away what was prepared with other grants: instances that wait and the image,
    /// which may have in them what they read.
    pub(crate) fn grant(&self, grants: Vec<Grant>) {
        self.capabilities.grants.set(grants);
        self.prepared.fetch_add(1, Ordering::AcqRel);
        self.image.store(None);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What it is granted now.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.capabilities.grants
    }

    /// What all requests have used since this version was made ready.
    pub fn used(&self) -> Usage {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn decide_by(
        self: &Arc<Self>,
        seen: &Observation,
        budget: &Budget,
        memory: Option<&Arc<dyn Memory>>,
        used: &mut Usage,
        heard: &mut Heard,
    ) -> Result<Decision, Fault> {
        let by = Instant::now() + Duration::from_millis(budget.deadline_ms);
        let Some(slots) = &self.slots else {
            let mut instance = self.unused(by, used, heard).await?;
            instance.remember(memory.cloned());
            let decided = instance.decide(seen, &budget.until(by)).await;
            *used += instance.usage();
            heard.of(&mut instance);
            return decided;
        };
        let wait = Duration::from_millis(budget.deadline_ms);
        let Ok(Ok(_slot)) = tokio::time::timeout(wait, slots.acquire()).await else {
            let message = format!("no instance of `{}` was free within {} ms", self.spec.name, budget.deadline_ms);
            return Err(Fault::host(FaultKind::Exhausted, message));
        };
        let prepared = self.prepared.load(Ordering::Acquire);
        let mut instance = match self.take() {
            Some(instance) => instance,
            None => self.prepare_within(Some(by), used, &mut heard.tape).await?,
        };
        instance.remember(memory.cloned());
        let decided = instance.decide(seen, &budget.until(by)).await;
        *used += instance.usage();
        heard.of(&mut instance);
        self.keep(instance, prepared);
        decided
    }

    /// An instance that has served no request.
    async fn unused(self: &Arc<Self>, by: Instant, used: &mut Usage, heard: &mut Heard) -> Result<Instance, Fault> {
        if let Some(image) = self.image() {
            let budget = self.copying().until(by);
            let made = image.instantiate_counted(self.capabilities.clone(), &budget, used, &mut heard.tape).await?;
            return Ok(made);
        }
        let ready = self.take();
        self.restock();
        match ready {
            Some(instance) => Ok(instance),
            None => self.prepare_within(Some(by), used, &mut heard.tape).await,
        }
    }

    /// Makes instances ready for coming requests, beside this one.
    fn restock(self: &Arc<Self>) {
        let wanted = match self.spec.instances {
            Instances::Stocked { max } => max as usize,
            Instances::Fresh if self.spec.interfaces.lifecycle => STOCK,
            Instances::Fresh | Instances::Pooled { .. } => 0,
        };
        // Those that stand ready must not take the room that requests need.
        if !self.component.has_room() {
            return;
        }
        let standing = self.standing();
        // As many at a time as there is room for: `making` counts those on their way.
        if standing + self.making.fetch_add(1, Ordering::Relaxed) >= wanted {
            self.making.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let agent = Arc::clone(self);
        tokio::spawn(async move {
            let mut used = Usage::default();
            let prepared = agent.prepared.load(Ordering::Acquire);
            let made = agent.prepare(None, &mut used).await;
            agent.count(&used);
            match made {
                // Others may have taken the room meanwhile.
                Ok(instance) if agent.image().is_none() && agent.component.has_room() => {
                    agent.keep(instance, prepared);
                }
                Ok(_) => {}
                Err(fault) => tracing::warn!(agent = %agent.spec.name, %fault, "no instance could be made ready ahead"),
            }
            agent.making.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// An instance that waits; rather one that this thread used last, whose memory is in its caches.
    fn take(&self) -> Option<Instance> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let here = std::thread::current().id();
        let at = idle.iter().rposition(|idle| idle.thread == here).or(idle.len().checked_sub(1))?;
        Some(idle.swap_remove(at).instance)
    }

    /// An instance that trapped, was stopped, or left something open is not kept.
    /// Nor is one that was prepared before grants were taken back: `prepared` is what the count was then.
    fn keep(&self, instance: Instance, prepared: usize) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if instance.alive() && self.prepared.load(Ordering::Acquire) == prepared {
            idle.push(Idle { instance, thread: std::thread::current().id() });
        }
    }
}

/// Parameters as the guest takes them: a MessagePack map, items as rows.
fn encode(
    spec: &greenroom_graph::Agent,
    params: &Params,
    row: &dyn Fn(&str) -> Option<u32>,
) -> Result<Vec<u8>, ParamsError> {
    let mut params = params.clone();
    for (name, value) in &mut params {
        if let ParamValue::Items(items) = value {
            let rows: Result<Vec<u32>, ParamsError> = items
                .iter()
                .map(|item| {
                    row(item).ok_or_else(|| ParamsError::UnknownItem {
                        agent: spec.name.clone(),
                        param: name.clone(),
                        item: item.clone(),
                    })
                })
                .collect();
            *value = ParamValue::Rows(rows?);
        }
    }
    rmp_serde::to_vec_named(&params).map_err(|_| ParamsError::Encode(spec.name.clone()))
}
