//! The interpreter of agents that are Rhai scripts: a component that is built once and told its script's text by `load`.
//!
//! [`Script`] is the agent natively, which is how it is tested: with the stand-in for the host of `greenroom_sdk::native`.
#![allow(clippy::type_complexity, reason = "tables of names and what they stand for")]

mod bindings;
mod columns;
mod describe;
mod fault;
mod host;
mod pack;
mod random;
mod records;
mod script;

use std::cell::RefCell;

pub use bindings::{Exports, Failure};
use greenroom_sdk::{
    Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Observation, Params, Policy, State,
};
pub use script::Script;

thread_local! {
    static SCRIPT: RefCell<Option<Script>> = const { RefCell::new(None) };
}

/// The agent that an instance is once a script was loaded.
#[derive(Default)]
struct Interpreter;

impl bindings::Guest for Interpreter {
    fn load(name: String, source: String) -> Result<Exports, Failure> {
        SCRIPT.with_borrow_mut(|script| {
            if let Some(there) = script {
                let message =
                    format!("this instance runs {} already: each script has an instance of its own", there.name());
                return Err(Failure { message, line: None, column: None });
            }
            let loaded = Script::load(&name, &source)?;
            let exports = loaded.exports();
            *script = Some(loaded);
            Ok(exports)
        })
    }
}

fn told<T>(call: impl FnOnce(&mut Script) -> Result<T, Fault>) -> Result<T, Fault> {
    SCRIPT.with_borrow_mut(|script| match script {
        Some(script) => call(script),
        None => Err(Fault::internal("no script was loaded")),
    })
}

impl Policy for Interpreter {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        told(|script| script.decide(seen))
    }
}

impl Lifecycle for Interpreter {
    fn describe() -> Descriptor {
        SCRIPT.with_borrow(|script| script.as_ref().map_or_else(describe::nobody, |script| script.descriptor().clone()))
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        told(|script| script.configure(params))
    }

    fn snapshot(&self) -> Result<State, Fault> {
        told(Script::snapshot)
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        told(|script| script.restore(state))
    }
}

impl Learner for Interpreter {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        told(|script| script.learn(batch))
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        told(Script::fit)
    }
}

greenroom_sdk::export_agent!(Interpreter);

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, unreachable_pub, reason = "what is exported stands in a section of its own")]
mod exported {
    use super::Interpreter;
    use super::bindings::{export_interpreter, interpreter};

    export_interpreter!(Interpreter with_types_in interpreter);
}

#[cfg(test)]
mod tests {
    use bindings::Guest as _;
    use greenroom_sdk::native;

    use super::*;

    #[test]
    fn an_instance_runs_one_script_and_none_before_it_was_loaded() {
        let decide = || Interpreter.decide(native::observe(1, &[]));
        assert_eq!(decide().unwrap_err().message, "no script was loaded");
        let load = |name: &str, source: &str| Interpreter::load(name.into(), source.into());
        assert!(load("broken.rhai", "fn decide(seen) {").is_err());
        assert_eq!(load("first.rhai", "fn decide(seen) { candidates([1], [1]) }").unwrap(), Exports::POLICY);
        let again = load("second.rhai", "fn decide(seen) { candidates() }").unwrap_err();
        assert!(again.message.contains("runs first.rhai already"), "{}", again.message);
        assert_eq!(decide().unwrap().candidates().unwrap().rows, [1]);
    }
}
