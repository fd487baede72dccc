//! A running copy of a component, and the calls of the contract, each under a budget.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_model::{
    Budget, Call, Decision, Descriptor, Fault, FaultKind, FaultReport, Feedback, FitReport, Observation, State, Usage,
    check, text,
};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Store;
use wasmtime::component::{Lift, WasmList};

use crate::Memory;
use crate::bindings::greenroom::agent::types;
use crate::context::Context;
use crate::exports::{Learner, Lifecycle, Policy, Told};
use crate::tape::Tape;
use crate::{descriptor, lift, lower, outcome};

/// Notes of a `fit` that are kept.
const NOTES_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct Guests {
    pub(crate) policy: Option<Policy>,
    pub(crate) lifecycle: Option<Lifecycle>,
    pub(crate) learner: Option<Learner>,
}

/// A running copy of a component. One call at a time.
///
/// After a trap, a deadline or a cancelled call it is dead: every further call is a fault, and it should be dropped.
pub struct Instance {
    store: Store<Context>,
    raw: wasmtime::component::Instance,
    guests: Guests,
    // Whether it may wait in the host, where no epoch stops it.
    waits: bool,
    alive: bool,
    /// What memory answered while it was prepared.
    prelude: Arc<Tape>,
    _slot: OwnedSemaphorePermit,
}

impl Instance {
    pub(crate) fn new(
        store: Store<Context>,
        raw: wasmtime::component::Instance,
        guests: Guests,
        waits: bool,
        prelude: Arc<Tape>,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self { store, raw, guests, waits, alive: true, prelude, _slot: slot }
    }

    /// What memory answered in the latest call; it is kept no longer.
    pub fn take_tape(&mut self) -> Tape {
        std::mem::take(&mut self.store.data_mut().tape)
    }

    /// What memory answered while it was prepared: what a copy of an image is prepared with stays in it.
    #[must_use]
    pub fn prelude(&self) -> &Arc<Tape> {
        &self.prelude
    }

    pub(crate) fn prepared_with(&mut self, prelude: Arc<Tape>) {
        self.prelude = prelude;
    }

    /// Makes it ready for [`Instance::call_added`]; it is not to be called otherwise any more.
    pub(crate) fn open_for_reading(&mut self, budget: &Budget) {
        self.alive = false;
        self.store.data_mut().begin(budget, Instant::now());
        self.store.set_epoch_deadline(1);
        self.store.set_hostcall_fuel(usize::MAX);
        // Fuel can be set since the engine counts it.
        let _ = self.store.set_fuel(budget.fuel);
    }

    /// Calls a function that was added to the component, which takes nothing.
    pub(crate) async fn call_added<R: Lift + Send + Sync + 'static>(
        &mut self,
        instance: &str,
        function: &str,
    ) -> wasmtime::Result<R> {
        let absent = || wasmtime::Error::msg(format!("{instance}#{function} is not there"));
        let (_, index) = self.raw.get_export(&mut self.store, None, instance).ok_or_else(absent)?;
        let (_, index) = self.raw.get_export(&mut self.store, Some(&index), function).ok_or_else(absent)?;
        let function = self.raw.get_typed_func::<(), (R,)>(&mut self.store, index)?;
        function.call_async(&mut self.store, ()).await.map(|(found,)| found)
    }

    /// The bytes of a list that lies in a memory of this instance.
    pub(crate) fn list<'a>(&'a self, list: &'a WasmList<u8>) -> &'a [u8] {
        list.as_le_slice(&self.store)
    }

    /// Has the next call see this memory, which is the layer as it was when the request began.
    pub fn remember(&mut self, memory: Option<Arc<dyn Memory>>) {
        self.store.data_mut().pinned = memory;
    }

    /// Whether it can be called again.
    #[must_use]
    pub fn alive(&self) -> bool {
        self.alive
    }

    /// What the latest call used; what making it used before the first one.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.store.data().usage
    }

    /// What the latest call asked of the host, oldest first and no more than the last few, as the report of a fault has it.
    #[must_use]
    pub fn latest_calls(&self) -> Vec<String> {
        self.store.data().latest.lines()
    }

    fn begin(&mut self, call: Call, budget: &Budget, moment: Moment) -> Result<Instant, Fault> {
        if !self.alive {
            return Err(Fault::host(FaultKind::Unavailable, "this instance is dead after a fault"));
        }
        // Dead until the call has ended: a caller that goes away in the middle leaves a guest in the middle.
        self.alive = false;
        let now = Instant::now();
        self.store.data_mut().begin(budget, now);
        if self.waits {
            self.store.data_mut().begin_wasi(moment.now_ms, moment.seed);
        }
        self.store.set_epoch_deadline(1);
        self.store.set_max_component_handles(handles_max(budget));
        self.store.set_hostcall_fuel(usize::try_from(budget.lifted_bytes_max).unwrap_or(usize::MAX));
        self.store.set_fuel(budget.fuel).map_err(|e| outcome::fault(self.store.data(), call.name(), &e))?;
        Ok(now)
    }

    fn end<T>(&mut self, call: Call, budget: &Budget, began: Instant, told: Told<T>) -> Result<T, Fault> {
        let left = self.store.get_fuel().unwrap_or(0);
        self.store.data_mut().end();
        let usage = &mut self.store.data_mut().usage;
        usage.fuel = budget.fuel.saturating_sub(left);
        usage.wall_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let reports = |fault: types::Fault| {
            let report = FaultReport { host_calls: self.store.data().latest.lines(), ..FaultReport::default() };
            outcome::reported(fault).reported(report)
        };
        let answer = told.map_err(|error| outcome::fault(self.store.data(), call.name(), &error))?;
        let handles_left = !self.store.data().table.is_empty();
        if handles_left {
            if call != Call::Decide {
                let message = format!("{} left a namespace open: handles live for one call", call.name());
                return Err(Fault::guest(FaultKind::InvalidOutput, message));
            }
            // The answer stands, but the next request does not get what this one left open.
            return answer.map_err(reports);
        }
        self.alive = true;
        answer.map_err(reports)
    }

    /// What the agent is and takes.
    ///
    /// # Errors
    /// A fault, as for every call below: what the guest reported, how it trapped, or which budget ran out.
    pub async fn describe(&mut self, budget: &Budget) -> Result<Descriptor, Fault> {
        let began = self.begin(Call::Describe, budget, Moment::default())?;
        let guest = self.guests.lifecycle.as_ref().ok_or_else(|| missing("lifecycle"))?;
        let told = within(self.waits, budget, guest.describe(&mut self.store)).await.map(Ok);
        let described = lift::descriptor(self.end(Call::Describe, budget, began, told)?);
        if let Err(lie) = descriptor::check(&described) {
            self.alive = false;
            return Err(Fault::guest(FaultKind::InvalidOutput, format!("describe returned {lie}")));
        }
        Ok(described)
    }

    /// Sets parameters, a MessagePack map.
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn configure(&mut self, params: &[u8], budget: &Budget) -> Result<(), Fault> {
        let began = self.begin(Call::Configure, budget, Moment::default())?;
        let guest = self.guests.lifecycle.as_ref().ok_or_else(|| missing("lifecycle"))?;
        let told = within(self.waits, budget, guest.configure(&mut self.store, params)).await;
        self.end(Call::Configure, budget, began, told)
    }

    /// The learned state.
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn snapshot(&mut self, budget: &Budget) -> Result<State, Fault> {
        let began = self.begin(Call::Snapshot, budget, Moment::default())?;
        let guest = self.guests.lifecycle.as_ref().ok_or_else(|| missing("lifecycle"))?;
        let told = within(self.waits, budget, guest.snapshot(&mut self.store)).await;
        let state = self.end(Call::Snapshot, budget, began, told)?;
        Ok(State { schema: state.schema, bytes: state.bytes })
    }

    /// Takes a learned state.
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn restore(&mut self, state: &State, budget: &Budget) -> Result<(), Fault> {
        let began = self.begin(Call::Restore, budget, Moment::default())?;
        let guest = self.guests.lifecycle.as_ref().ok_or_else(|| missing("lifecycle"))?;
        let state = types::StateParam { schema: &state.schema, bytes: &state.bytes };
        let told = within(self.waits, budget, guest.restore(&mut self.store, state)).await;
        self.end(Call::Restore, budget, began, told)
    }

    /// Learns from a batch of feedback.
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn learn(&mut self, feedback: &Feedback, budget: &Budget) -> Result<(), Fault> {
        let began = self.begin(Call::Learn, budget, Moment::of(feedback))?;
        let guest = self.guests.learner.as_ref().ok_or_else(|| missing("learner"))?;
        let told = within(self.waits, budget, guest.learn(&mut self.store, feedback)).await;
        self.end(Call::Learn, budget, began, told)
    }

    /// Solves what a batch method has to solve.
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn fit(&mut self, budget: &Budget) -> Result<FitReport, Fault> {
        let began = self.begin(Call::Fit, budget, Moment::default())?;
        let guest = self.guests.learner.as_ref().ok_or_else(|| missing("learner"))?;
        let told = within(self.waits, budget, guest.fit(&mut self.store)).await;
        let report = self.end(Call::Fit, budget, began, told)?;
        let notes = report.notes.iter().take(NOTES_MAX).map(|note| text::shown(note)).collect();
        Ok(FitReport { examples: report.examples, loss: report.loss, notes })
    }

    /// Decides. What it returns is not checked yet: see [`crate::check_payload`].
    ///
    /// # Errors
    /// As for [`Instance::describe`].
    pub async fn decide(&mut self, seen: &Observation, budget: &Budget) -> Result<Decision, Fault> {
        let began = self.begin(Call::Decide, budget, Moment { now_ms: seen.now_ms, seed: seen.seed })?;
        let guest = self.guests.policy.as_ref().ok_or_else(|| missing("policy"))?;
        let columns = lower::columns_of(seen);
        let branches = lower::branches_of(seen);
        let inputs = lower::inputs(seen, &columns, &branches);
        let segments: Vec<&str> = seen.segments.iter().map(String::as_str).collect();
        let told =
            within(self.waits, budget, guest.decide(&mut self.store, lower::observation(seen, &inputs, &segments)))
                .await;
        let decision = self.end(Call::Decide, budget, began, told).map(lift::decision)?;
        let bytes = check::bytes(&decision);
        self.store.data_mut().usage.output_bytes = bytes;
        if bytes > budget.output_bytes_max {
            self.alive = false;
            let most = budget.output_bytes_max;
            let report = FaultReport::overrun("output_bytes_max", most, bytes);
            let message = format!("decide returned {bytes} bytes, its budget is {most}");
            return Err(Fault::guest(FaultKind::InvalidOutput, message).reported(report));
        }
        Ok(decision)
    }
}

/// When a call is for, as far as WASI shows it.
#[derive(Default)]
struct Moment {
    now_ms: i64,
    seed: u64,
}

impl Moment {
    fn of(feedback: &Feedback) -> Self {
        Self { now_ms: feedback.receive_times.iter().copied().max().unwrap_or(0), seed: 0 }
    }
}

/// Runs a call of a guest, and gives up on one that waits in the host past its deadline: only running guests see epochs.
pub(crate) async fn within<T>(
    waits: bool,
    budget: &Budget,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    if !waits {
        return call.await;
    }
    let deadline = Duration::from_millis(budget.deadline_ms);
    tokio::time::timeout(deadline, call).await.unwrap_or_else(|_| Err(outcome::Overdue.into()))
}

/// Handles of any kind that a guest may hold at once: beside namespaces, the streams and pollables of WASI.
pub(crate) fn handles_max(budget: &Budget) -> usize {
    const OF_WASI: usize = 1_024;
    usize::try_from(budget.handles_max).unwrap_or(usize::MAX).saturating_add(OF_WASI)
}

fn missing(interface: &str) -> Fault {
    Fault::host(FaultKind::Unavailable, format!("the component does not export `{interface}`"))
}
