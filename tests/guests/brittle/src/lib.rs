//! A guest that cannot take a point of its own decision space. For tests of admission.

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Lifecycle, Observation, Params, Policy, Role, State, describe, float,
};

/// The guest.
#[derive(Default)]
pub struct Brittle;

impl Policy for Brittle {
    fn decide(&mut self, _seen: Observation) -> Result<Decision, Fault> {
        Ok(Candidates::default().into())
    }
}

impl Lifecycle for Brittle {
    fn describe() -> Descriptor {
        describe("brittle", "0.1.0", Role::Recall, "breaks at one of its bounds").parameter(float(
            "load",
            0.0,
            2.0,
            0.5,
            "how much it bears",
        ))
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        assert!(params.float("load")? < 2.0, "the load is too much");
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: String::new(), bytes: Vec::new() })
    }

    fn restore(&mut self, _state: State) -> Result<(), Fault> {
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Brittle);
