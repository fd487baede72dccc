//! A loaded component: what it is, and how instances are made of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_model::{
    Budget, Call, Descriptor, Digest, Fault, FaultKind, Interfaces, Script, ScriptExports, Usage, text,
};
use wasmtime::component::InstancePre;
use wasmtime::{Store, UpdateDeadline};

use crate::capabilities::Capabilities;
use crate::context::Context;
use crate::engine::Sandbox;
use crate::exports::{LearnerIndices, LifecycleIndices, PolicyIndices};
use crate::inspect::{Inspection, LoadError};
use crate::instance::{Guests, Instance, handles_max, within};
use crate::outcome;
use crate::script::Loading;
use crate::tape::Tape;

/// A component that is compiled and linked.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    inspection: Inspection,
    compiled_bytes: usize,
    pre: InstancePre<Context>,
    policy: Option<PolicyIndices>,
    lifecycle: Option<LifecycleIndices>,
    learner: Option<LearnerIndices>,
    /// What a new instance does first; nothing unless it is a script, and nothing in an image of one.
    loading: Option<Loading>,
    bytes: Arc<[u8]>,
    /// What memory answered while the instance was prepared that it begins as; nothing unless it is an image.
    prelude: Arc<Tape>,
    sandbox: Sandbox,
}

impl Component {
    pub(crate) fn new(
        inspection: Inspection,
        bytes: Arc<[u8]>,
        compiled: &wasmtime::component::Component,
        script: Option<Script>,
        prelude: Arc<Tape>,
        sandbox: Sandbox,
    ) -> Result<Self, LoadError> {
        let pre = sandbox.link(compiled)?;
        let image = compiled.image_range();
        let compiled_bytes = image.end.addr() - image.start.addr();
        let wrong = |interface: &str| {
            let interface = interface.to_owned();
            move |e: wasmtime::Error| LoadError::WrongType { interface, message: text::shown(&format!("{e:#}")) }
        };
        let (has, contract) = (&inspection.interfaces, inspection.contract);
        let policy = has.policy.then(|| PolicyIndices::new(contract, &pre).map_err(wrong("policy"))).transpose()?;
        let lifecycle =
            has.lifecycle.then(|| LifecycleIndices::new(contract, &pre).map_err(wrong("lifecycle"))).transpose()?;
        let learner = has.learner.then(|| LearnerIndices::new(contract, &pre).map_err(wrong("learner"))).transpose()?;
        let loading = script.map(|script| Loading::new(script, &pre).map_err(wrong("interpreter"))).transpose()?;
        Ok(Self {
            inner: Arc::new(Inner {
                inspection,
                compiled_bytes,
                pre,
                policy,
                lifecycle,
                learner,
                loading,
                bytes,
                prelude,
                sandbox,
            }),
        })
    }

    /// Of the component's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.inner.inspection.digest
    }

    /// What it exports and imports.
    #[must_use]
    pub fn interfaces(&self) -> &Interfaces {
        &self.inner.inspection.interfaces
    }

    /// All that was read off it.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inner.inspection
    }

    /// Whether more than half of the pool is free: as long as it is, instances may stand ready in it.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let sandbox = &self.inner.sandbox;
        sandbox.free_slots() * 2 > sandbox.pool_instances() as usize
    }

    /// As it was loaded.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.inner.bytes
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.inner.sandbox
    }

    /// The same agent from other code, in which instances begin as one that heard `prelude`.
    pub(crate) fn linked(
        &self,
        compiled: &wasmtime::component::Component,
        prelude: Arc<Tape>,
    ) -> Result<Self, LoadError> {
        let inner = &*self.inner;
        Self::new(inner.inspection.clone(), Arc::clone(&inner.bytes), compiled, None, prelude, inner.sandbox.clone())
    }

    /// Bytes of what it was compiled to.
    #[must_use]
    pub fn compiled_bytes(&self) -> usize {
        self.inner.compiled_bytes
    }

    /// Makes an instance; waits while the pool is full. What instantiation itself runs, a start function for
    /// instance, is under `budget`.
    ///
    /// # Errors
    /// A fault of the guest when instantiation traps or exceeds the budget, of the host when the pool cannot serve it.
    pub async fn instantiate(&self, capabilities: Capabilities, budget: &Budget) -> Result<Instance, Fault> {
        self.instantiate_counted(capabilities, budget, &mut Usage::default(), &mut Tape::default()).await
    }

    /// The same. What it used is added to `used`, and what memory answered to `tape`, also when it fails.
    ///
    /// # Errors
    /// As for [`Component::instantiate`].
    pub async fn instantiate_counted(
        &self,
        capabilities: Capabilities,
        budget: &Budget,
        used: &mut Usage,
        tape: &mut Tape,
    ) -> Result<Instance, Fault> {
        let (instance, found) = self.make(capabilities, budget, used, tape).await?;
        if let (Some(loading), Some(found)) = (&self.inner.loading, found) {
            loading.expected(found).map_err(|failure| Fault::guest(FaultKind::Internal, failure.to_string()))?;
        }
        Ok(instance)
    }

    /// The same, with what its script exports, whatever the component says of that.
    pub(crate) async fn make(
        &self,
        capabilities: Capabilities,
        budget: &Budget,
        used: &mut Usage,
        tape: &mut Tape,
    ) -> Result<(Instance, Option<ScriptExports>), Fault> {
        let inner = &*self.inner;
        let weight = inner.inspection.need.weight();
        let pool = inner.sandbox.pool_instances();
        if weight > pool {
            let message = format!("an instance takes {weight} places of the pool, which has {pool}: make it larger");
            return Err(Fault { retryable: false, ..Fault::host(FaultKind::Exhausted, message) });
        }
        let wait = Duration::from_millis(budget.deadline_ms);
        let Ok(Ok(slot)) = tokio::time::timeout(wait, inner.sandbox.slots().acquire_many_owned(weight)).await else {
            let message = format!("the pool of instances was full for {} ms", budget.deadline_ms);
            return Err(Fault::host(FaultKind::Exhausted, message));
        };
        let mut store = Store::new(inner.pre.engine(), Context::new(capabilities, *budget));
        store.limiter(|context| context);
        store.set_max_component_handles(handles_max(budget));
        store.set_hostcall_fuel(usize::try_from(budget.lifted_bytes_max).unwrap_or(usize::MAX));
        store.epoch_deadline_callback(|context| {
            // Each tick: stop what is over its deadline, and let others of this thread have a turn.
            if Instant::now() >= context.data().deadline {
                Ok(UpdateDeadline::Interrupt)
            } else {
                Ok(UpdateDeadline::Yield(1))
            }
        });
        store.data_mut().begin(budget, Instant::now());
        store.set_epoch_deadline(1);
        let began = Instant::now();
        let loaded = inner.loading.as_ref().map(Loading::name);
        let what = loaded.map_or_else(|| "instantiation".to_owned(), |script| format!("{script}: loading it"));
        let fault = |store: &Store<Context>, error| outcome::fault(store.data(), &what, &error);
        if let Err(error) = store.set_fuel(budget.fuel) {
            return Err(fault(&store, error));
        }
        let waits = inner.inspection.interfaces.wasi;
        if waits {
            store.data_mut().begin_wasi(0, 0);
        }
        let making = async {
            let instance = inner.pre.instantiate_async(&mut store).await?;
            let said = match &inner.loading {
                Some(loading) => loading.load(&mut store, &instance).await?.map(Some),
                None => Ok(None),
            };
            Ok((instance, said))
        };
        let made = within(waits, budget, making).await;
        let left = store.get_fuel().unwrap_or(0);
        let context = store.data_mut();
        context.end();
        context.usage.fuel = budget.fuel.saturating_sub(left);
        context.usage.wall_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        *used += &context.usage;
        *tape = std::mem::take(tape).then(&context.tape);
        let (instance, said) = match made {
            Ok(made) => made,
            Err(error) => return Err(fault(&store, error)),
        };
        let found = said.map_err(|failure| Fault::guest(FaultKind::Internal, failure.to_string()))?;
        let mut guests = Guests::default();
        let mut load = || -> wasmtime::Result<()> {
            guests.policy = inner.policy.as_ref().map(|i| i.load(&mut store, &instance)).transpose()?;
            guests.lifecycle = inner.lifecycle.as_ref().map(|i| i.load(&mut store, &instance)).transpose()?;
            guests.learner = inner.learner.as_ref().map(|i| i.load(&mut store, &instance)).transpose()?;
            Ok(())
        };
        if let Err(error) = load() {
            let message = format!("an export does not have the type of the contract: {error:#}");
            return Err(Fault::guest(FaultKind::InvalidOutput, message));
        }
        Ok((Instance::new(store, instance, guests, waits, Arc::clone(&inner.prelude), slot), found))
    }

    /// What the component says of itself; none when it does not export `lifecycle`. It is asked in an instance of its
    /// own that reaches nothing.
    ///
    /// # Errors
    /// A fault when it traps or exceeds `budget`.
    pub async fn describe(&self, budget: &Budget) -> Result<Option<Descriptor>, Fault> {
        if !self.interfaces().lifecycle {
            return Ok(None);
        }
        let mut instance = self.instantiate(Capabilities::none(Call::Describe.name()), budget).await?;
        instance.describe(budget).await.map(Some)
    }
}
