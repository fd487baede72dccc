//! Whether a change that comes with a proof is what the proof is of, and whether the proof is one.
//!
//! It is looked at for each attempt of a proposal, before anything is made ready, and the activation then follows the
//! generation that was looked at or is a conflict: so nothing comes between, and plans in which agents only learned are
//! followed without another proof.

use greenroom_model::Digest;

use super::super::Host;
use super::{Change, Refused};
use crate::load::Loaded;

/// What can be said of a proof alone.
pub(super) fn by_itself(change: &Change) -> Result<(), Refused> {
    let Change::Proven { proof, .. } = change else { return Ok(()) };
    let doubts = proof.doubts();
    if doubts.is_empty() { Ok(()) } else { Err(Refused::Unproven(doubts)) }
}

impl Host {
    /// What can be said of it with the graph that came with it, and with the one that is active. A graph that is active
    /// already was better than what was before it.
    pub(super) fn proven(&self, change: &Change, loaded: &Loaded) -> Result<(), Refused> {
        let Change::Proven { proof, .. } = change else { return Ok(()) };
        let found = loaded.digest();
        if found != proof.candidate {
            return Err(Refused::ProvenOther { proven: proof.candidate, found });
        }
        let active = self.active_graph()?;
        if active != proof.base && active != proof.candidate {
            let active = self.generation().and_then(|generation| self.plan_record(generation).ok().flatten());
            return Err(Refused::ProvenBefore { base: proof.base, active: active.map(Box::new) });
        }
        Ok(())
    }

    /// Of the graph that is active, with the states that it gives.
    fn active_graph(&self) -> Result<Digest, Refused> {
        let active = self.active().ok_or(Refused::Inactive)?;
        let plans = self.inner.plans();
        // What is active is among them: it is put there first.
        plans.get(&active.generation).map(|live| live.loaded.digest()).ok_or(Refused::Inactive)
    }
}
