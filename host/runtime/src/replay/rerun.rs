//! Running a recorded call again, by the component that it was recorded of or by another one.

use std::sync::Arc;

use greenroom_model::{State, Usage};
use greenroom_sandbox::{Capabilities, Component, Preparation, Replayed, Tape};

use super::{Ended, Recording};

/// How it went this time.
#[derive(Debug, Clone)]
pub struct Rerun {
    /// How it ended.
    pub ended: Ended,
    /// What it used, preparing the instance included.
    pub usage: Usage,
    /// How often memory was asked for what the recording does not have.
    pub unheard: u64,
}

/// Runs a recorded call again, in an instance that reaches nothing but what was recorded.
pub async fn rerun(recording: &Recording, component: &Component) -> Rerun {
    let memory = Arc::new(Replayed::of(&recording.heard));
    let capabilities = Capabilities {
        agent: recording.agent.as_str().into(),
        grants: recording.grants.clone().into(),
        memory: Arc::clone(&memory) as _,
    };
    let mut usage = Usage::default();
    let state = recording.state.as_ref();
    let state = state.map(|state| State { schema: state.schema.clone(), bytes: state.bytes.clone() });
    let takes = component.interfaces().lifecycle;
    let preparation = Preparation {
        params: recording.params.as_deref().filter(|_| takes),
        state: state.as_ref().filter(|_| takes),
        budgets: &recording.budgets,
        by: None,
    };
    let decided = async {
        let mut tape = Tape::default();
        let mut instance = component.prepare(capabilities, &preparation, &mut usage, &mut tape).await?;
        let decided = instance.decide(&recording.seen, &recording.budget).await;
        usage += instance.usage();
        recording.rules.judge(decided?, &mut usage)
    };
    let ended = Ended::from(&decided.await);
    Rerun { ended, usage, unheard: memory.unheard() }
}
