//! What a component exports, whichever version of the contract it speaks. Here older ones become the newest: beyond this
//! file and `link` nobody knows that there are several.

use greenroom_model::Feedback;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::exports::greenroom::agent as second;
use crate::bindings::first::exports::greenroom::agent as first;
use crate::bindings::first::types::Descriptor as FirstDescriptor;
use crate::bindings::greenroom::agent::types;
use crate::context::Context;
use crate::contract::Contract;
use crate::lower;

/// What the guest told, or the fault that it reported.
pub(crate) type Told<T> = wasmtime::Result<Result<T, types::Fault>>;

/// Something of one version or another.
#[derive(Clone, Copy)]
enum Of<First, Second> {
    First(First),
    Second(Second),
}

/// Does the same with either.
macro_rules! either {
    ($of:expr, $it:ident => $done:expr) => {
        match $of {
            Of::First($it) => $done,
            Of::Second($it) => $done,
        }
    };
}

macro_rules! interface {
    ($interface:ident, $indices:ident, $guest:ident) => {
        /// Where a component has the interface, found once.
        pub(crate) struct $indices(Of<first::$interface::GuestIndices, second::$interface::GuestIndices>);

        /// The interface of an instance.
        pub(crate) struct $guest(Of<first::$interface::Guest, second::$interface::Guest>);

        impl $indices {
            pub(crate) fn new(contract: Contract, pre: &InstancePre<Context>) -> wasmtime::Result<Self> {
                Ok(Self(match contract {
                    Contract::First => Of::First(first::$interface::GuestIndices::new(pre)?),
                    Contract::Second => Of::Second(second::$interface::GuestIndices::new(pre)?),
                }))
            }

            pub(crate) fn load(&self, store: &mut Store<Context>, instance: &Instance) -> wasmtime::Result<$guest> {
                Ok($guest(match &self.0 {
                    Of::First(indices) => Of::First(indices.load(store, instance)?),
                    Of::Second(indices) => Of::Second(indices.load(store, instance)?),
                }))
            }
        }
    };
}

interface!(policy, PolicyIndices, Policy);
interface!(lifecycle, LifecycleIndices, Lifecycle);
interface!(learner, LearnerIndices, Learner);

impl Policy {
    pub(crate) async fn decide(
        &self,
        store: &mut Store<Context>,
        seen: types::Observation<'_>,
    ) -> Told<types::Decision> {
        either!(&self.0, guest => guest.call_decide(store, seen).await)
    }
}

impl Lifecycle {
    pub(crate) async fn describe(&self, store: &mut Store<Context>) -> wasmtime::Result<types::Descriptor> {
        match &self.0 {
            Of::First(guest) => guest.call_describe(store).await.map(newest),
            Of::Second(guest) => guest.call_describe(store).await,
        }
    }

    pub(crate) async fn configure(&self, store: &mut Store<Context>, params: &[u8]) -> Told<()> {
        either!(&self.0, guest => guest.call_configure(store, params).await)
    }

    pub(crate) async fn snapshot(&self, store: &mut Store<Context>) -> Told<types::StateResult> {
        either!(&self.0, guest => guest.call_snapshot(store).await)
    }

    pub(crate) async fn restore(&self, store: &mut Store<Context>, state: types::StateParam<'_>) -> Told<()> {
        either!(&self.0, guest => guest.call_restore(store, state).await)
    }
}

impl Learner {
    pub(crate) async fn learn(&self, store: &mut Store<Context>, feedback: &Feedback) -> Told<()> {
        let lowered = lower::FeedbackParts::of(feedback);
        either!(&self.0, guest => guest.call_learn(store, lowered.param(feedback)).await)
    }

    pub(crate) async fn fit(&self, store: &mut Store<Context>) -> Told<types::FitReport> {
        either!(&self.0, guest => guest.call_fit(store).await)
    }
}

/// An agent of 0.1.0 promises nothing.
fn newest(old: FirstDescriptor) -> types::Descriptor {
    let FirstDescriptor {
        name,
        version,
        summary,
        role,
        layer,
        inner_metric,
        reward_level,
        inputs,
        output,
        produces,
        history_max,
        facts,
        parameters,
        snapshot_schema,
    } = old;
    types::Descriptor {
        name,
        version,
        summary,
        role,
        layer,
        inner_metric,
        reward_level,
        inputs,
        output,
        produces,
        history_max,
        facts,
        parameters,
        snapshot_schema,
        learning: types::Learning::Anew,
    }
}
