//! A guest that promises to go on from its state, and counts from the beginning after a restore. For tests of admission.

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Learning, Lifecycle, Observation, Params,
    Policy, Role, State, describe,
};

/// The guest.
#[derive(Default)]
pub struct Forgetful {
    learned: u64,
}

impl Policy for Forgetful {
    fn decide(&mut self, _seen: Observation) -> Result<Decision, Fault> {
        Ok(Candidates::default().into())
    }
}

impl Lifecycle for Forgetful {
    fn describe() -> Descriptor {
        describe("forgetful", "0.1.0", Role::Recall, "forgets what it learned before it was restored")
            .state("forgetful/1")
            .learning(Learning::Onward)
    }

    fn configure(&mut self, _params: &Params) -> Result<(), Fault> {
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: "forgetful/1".into(), bytes: self.learned.to_le_bytes().to_vec() })
    }
}

impl Learner for Forgetful {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned += batch.rows.len() as u64;
        Ok(())
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        Ok(FitReport { examples: self.learned, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Forgetful);
