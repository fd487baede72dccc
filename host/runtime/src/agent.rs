//! A version of an agent, ready to be called: its component, parameters and state, and the instances that are kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use greenroom_graph::Instances;
use greenroom_model::{Budget, Decision, Fault, FaultKind, Observation, ParamValue, State, Usage, Version};
use greenroom_sandbox::{Capabilities, Component, Instance, Memory};
use tokio::sync::Semaphore;

use crate::rate::Rate;

/// A version of an agent.
pub struct Agent {
    /// As the plan has it.
    pub spec: greenroom_graph::Agent,
    /// What it is made of.
    pub version: Version,
    component: Component,
    params: Vec<u8>,
    state: Option<Arc<State>>,
    capabilities: Capabilities,
    idle: Mutex<Vec<Instance>>,
    slots: Option<Semaphore>,
    used: Mutex<Usage>,
    /// What it may use a second; none: as much as it gets.
    pub(crate) rate: Option<Rate>,
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
        state: Option<Arc<State>>,
        memory: Arc<dyn Memory>,
        row: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<Self, ParamsError> {
        let params = encode(&spec, row)?;
        let version = Version {
            component: component.digest(),
            params: spec.params_digest(),
            state: state.as_ref().map(|state| state.digest()),
        };
        let capabilities =
            Capabilities { agent: spec.name.as_str().into(), grants: spec.grants.clone().into(), memory };
        let rate = spec.rate.map(Rate::new);
        let slots = match spec.instances {
            Instances::Fresh => None,
            Instances::Pooled { max } => Some(Semaphore::new(max.max(1) as usize)),
        };
        Ok(Self {
            spec,
            version,
            component,
            params,
            state,
            capabilities,
            idle: Mutex::default(),
            slots,
            used: Mutex::default(),
            rate,
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
        let mut instance = self.blank(by, used).await?;
        if let Some(state) = &self.state {
            let restored = instance.restore(state, &until(&self.spec.budgets.restore, by)).await;
            *used += instance.usage();
            restored?;
        }
        Ok(instance)
    }

    /// An instance that is configured and has learned nothing; otherwise as [`Agent::prepare`].
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn blank(&self, by: Option<Instant>, used: &mut Usage) -> Result<Instance, Fault> {
        let budgets = &self.spec.budgets;
        let made = self.component.instantiate(self.capabilities.clone(), &until(&budgets.instantiate, by)).await;
        let mut instance = made?;
        *used += instance.usage();
        if self.spec.interfaces.lifecycle {
            let configured = instance.configure(&self.params, &until(&budgets.configure, by)).await;
            *used += instance.usage();
            configured?;
        }
        Ok(instance)
    }

    /// Prepares one instance, and keeps it where instances are kept: what fails here would fail in every request.
    ///
    /// # Errors
    /// What the guest or the pool said.
    pub async fn warm(&self) -> Result<(), Fault> {
        let instance = self.prepare(None, &mut Usage::default()).await?;
        if self.slots.is_some() {
            self.keep(instance);
        }
        Ok(())
    }

    /// Decides, in an instance as the graph file chose. The second value is what it used, preparing an instance
    /// included, also when it failed.
    pub async fn decide(&self, seen: &Observation, budget: &Budget) -> (Result<Decision, Fault>, Usage) {
        let mut used = Usage::default();
        let decided = self.decide_by(seen, budget, &mut used).await;
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) += &used;
        (decided, used)
    }

    /// What all requests have used since this version was made ready.
    pub fn used(&self) -> Usage {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn decide_by(&self, seen: &Observation, budget: &Budget, used: &mut Usage) -> Result<Decision, Fault> {
        let by = Instant::now() + Duration::from_millis(budget.deadline_ms);
        let Some(slots) = &self.slots else {
            let mut instance = self.prepare(Some(by), used).await?;
            let decided = instance.decide(seen, &until(budget, Some(by))).await;
            *used += instance.usage();
            return decided;
        };
        let wait = Duration::from_millis(budget.deadline_ms);
        let Ok(Ok(_slot)) = tokio::time::timeout(wait, slots.acquire()).await else {
            let message = format!("no instance of `{}` was free within {} ms", self.spec.name, budget.deadline_ms);
            return Err(Fault::host(FaultKind::Exhausted, message));
        };
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut instance = match kept {
            Some(instance) => instance,
            None => self.prepare(Some(by), used).await?,
        };
        let decided = instance.decide(seen, &until(budget, Some(by))).await;
        *used += instance.usage();
        self.keep(instance);
        decided
    }

    /// An instance that trapped, was stopped, or left something open is not kept.
    fn keep(&self, instance: Instance) {
        if instance.alive() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
        }
    }
}

/// A budget that ends when `by` is there; 1 ms at least, so that the guest is asked and stopped.
fn until(budget: &Budget, by: Option<Instant>) -> Budget {
    let Some(by) = by else { return *budget };
    let left = by.saturating_duration_since(Instant::now());
    let left_ms = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
    Budget { deadline_ms: budget.deadline_ms.min(left_ms).max(1), ..*budget }
}

/// Parameters as the guest takes them: a MessagePack map, items as rows.
fn encode(spec: &greenroom_graph::Agent, row: &dyn Fn(&str) -> Option<u32>) -> Result<Vec<u8>, ParamsError> {
    let mut params = spec.params.clone();
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
