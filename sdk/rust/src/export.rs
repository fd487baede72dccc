//! The traits of an agent, and the macros that make a component of one.

use crate::{Decision, Descriptor, Fault, Feedback, FitReport, Observation, Params, State};

/// Perception in, decision out.
pub trait Policy: Default {
    /// Decides. At most `limit` rows, none of them excluded, none twice.
    ///
    /// # Errors
    /// A [`Fault`] when no decision can be made; the graph then takes the node's fallback.
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault>;
}

/// Parameters and learned state.
pub trait Lifecycle: Policy {
    /// What this agent is and takes. It depends on nothing but the code.
    fn describe() -> Descriptor;

    /// Sets parameters, which the host has checked against [`Lifecycle::describe`].
    ///
    /// # Errors
    /// A [`Fault`] of kind `InvalidParameters` for what ranges cannot express.
    fn configure(&mut self, params: &Params) -> Result<(), Fault>;

    /// The learned state; the same state gives the same bytes. An agent without state leaves it as it is.
    ///
    /// # Errors
    /// A [`Fault`] when there is nothing to save yet.
    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: Self::describe().snapshot_schema, bytes: Vec::new() })
    }

    /// Takes a learned state that has the schema that [`Lifecycle::describe`] names (checked before).
    ///
    /// # Errors
    /// A [`Fault`] of kind `InvalidState` for bytes that are not a state.
    fn restore(&mut self, _state: State) -> Result<(), Fault> {
        Ok(())
    }
}

/// The feedback end of the loop.
pub trait Learner: Lifecycle {
    /// Takes a batch of feedback.
    ///
    /// # Errors
    /// A [`Fault`] of kind `InvalidFeedback` for a batch that cannot be learned from.
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault>;

    /// Solves what a batch method has to solve. What a person should know of it goes into the report's notes, which are
    /// kept with the state and shown with every result: a line in the log beside them says it twice.
    ///
    /// # Errors
    /// A [`Fault`] when there is nothing to learn from.
    fn fit(&mut self) -> Result<FitReport, Fault>;
}

/// Natively nothing calls an agent but its tests, and the compiler would call it unused.
#[doc(hidden)]
#[macro_export]
macro_rules! __native {
    ($agent:ty) => {
        #[cfg(not(target_family = "wasm"))]
        const _: fn() -> $agent = <$agent as ::core::default::Default>::default;
    };
}

/// The one agent of an instance. A component instance runs one call at a time, on one thread.
#[doc(hidden)]
#[macro_export]
macro_rules! __instance {
    ($agent:ty) => {
        ::std::thread_local! {
            static AGENT: ::core::cell::RefCell<$agent> = ::core::cell::RefCell::new(<$agent>::default());
        }
        struct Exported;

        impl $crate::rt::policy::exports::greenroom::agent::policy::Guest for Exported {
            fn decide(seen: $crate::Observation) -> Result<$crate::Decision, $crate::Fault> {
                $crate::__init();
                AGENT.with_borrow_mut(|agent| $crate::Policy::decide(agent, seen))
            }
        }
        $crate::rt::policy::export_policy!(Exported with_types_in $crate::rt::policy);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lifecycle {
    ($agent:ty) => {
        impl $crate::rt::lifecycle::exports::greenroom::agent::lifecycle::Guest for Exported {
            fn describe() -> $crate::Descriptor {
                <$agent as $crate::Lifecycle>::describe()
            }
            fn configure(params: ::std::vec::Vec<u8>) -> Result<(), $crate::Fault> {
                $crate::__init();
                let params = $crate::Params::decode(&params)?;
                AGENT.with_borrow_mut(|agent| $crate::Lifecycle::configure(agent, &params))
            }
            fn snapshot() -> Result<$crate::State, $crate::Fault> {
                AGENT.with_borrow(|agent| $crate::Lifecycle::snapshot(agent))
            }
            fn restore(state: $crate::State) -> Result<(), $crate::Fault> {
                $crate::__init();
                $crate::__check_schema(&<$agent as $crate::Lifecycle>::describe(), &state)?;
                AGENT.with_borrow_mut(|agent| $crate::Lifecycle::restore(agent, state))
            }
        }
        $crate::rt::lifecycle::export_lifecycle!(Exported with_types_in $crate::rt::lifecycle);
    };
}

/// Makes a component that only decides.
#[macro_export]
macro_rules! export_module {
    ($agent:ty) => {
        $crate::__native!($agent);
        #[cfg(target_family = "wasm")]
        mod __component {
            use super::*;
            $crate::__instance!($agent);
        }
    };
}

/// Makes a component that decides and has parameters or state, but does not learn.
#[macro_export]
macro_rules! export_configurable {
    ($agent:ty) => {
        $crate::__native!($agent);
        #[cfg(target_family = "wasm")]
        mod __component {
            use super::*;
            $crate::__instance!($agent);
            $crate::__lifecycle!($agent);
        }
    };
}

/// Makes a component that decides, is configured and learns.
#[macro_export]
macro_rules! export_agent {
    ($agent:ty) => {
        $crate::__native!($agent);
        #[cfg(target_family = "wasm")]
        mod __component {
            use super::*;
            $crate::__instance!($agent);
            $crate::__lifecycle!($agent);

            impl $crate::rt::learner::exports::greenroom::agent::learner::Guest for Exported {
                fn learn(batch: $crate::Feedback) -> Result<(), $crate::Fault> {
                    $crate::__init();
                    AGENT.with_borrow_mut(|agent| $crate::Learner::learn(agent, batch))
                }
                fn fit() -> Result<$crate::FitReport, $crate::Fault> {
                    $crate::__init();
                    AGENT.with_borrow_mut(|agent| $crate::Learner::fit(agent))
                }
            }
            $crate::rt::learner::export_learner!(Exported with_types_in $crate::rt::learner);
        }
    };
}

/// Logs a panic's message before the trap, which on wasm says nothing.
#[doc(hidden)]
pub fn __init() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| crate::log::error(&info.to_string())));
    });
}

#[doc(hidden)]
pub fn __check_schema(mine: &Descriptor, state: &State) -> Result<(), Fault> {
    if state.schema == mine.snapshot_schema {
        return Ok(());
    }
    Err(Fault::invalid_state(format!(
        "{} {} restores states of schema \"{}\", not \"{}\": train this agent, or give it its own state",
        mine.name, mine.version, mine.snapshot_schema, state.schema
    )))
}
