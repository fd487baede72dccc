//! Activation when a host begins: of what was active when it went down, or of the graph that was loaded.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use greenroom_memory::keep_declared;
use greenroom_model::Generation;

use super::roll::{Change, Live, Proposal, Ready, Refused};
use super::{Host, HostError, now_ms};
use crate::active::{ActivePlan, PrepareError};
use crate::load::Loaded;
use crate::memory::declared;
use crate::plans::{PlanRecord, Tally};

impl Host {
    /// Serves the graph that was loaded, with what its agents learned last, from then on. Activating what is active, or was
    /// when the host went down, changes nothing.
    ///
    /// # Errors
    /// When an agent has not learned, or cannot be prepared, or the record cannot be made durable; what was active
    /// before stays active.
    pub fn activate(&self) -> Result<Generation, HostError> {
        self.activate_as("host", "the graph file as it is")
    }

    /// The same, with who wanted it and why.
    ///
    /// # Errors
    /// As for [`Host::activate`].
    pub fn activate_as(&self, author: &str, reason: &str) -> Result<Generation, HostError> {
        let loaded = self.loaded();
        let states = self.learned_states(&loaded)?;
        let plan = self.ready(&loaded, &states)?;
        if let Some(active) = self.active().filter(|active| active.digest == plan.digest) {
            return Ok(active.generation);
        }
        let recorded = self.inner.history.active()?.map(|(active, _)| active);
        if let Some(active) = recorded.filter(|active| active.plan == plan.digest && self.active().is_none()) {
            self.saw_loaded(&loaded);
            self.adopt(plan, loaded, active.generation, active.since_ms)?;
            return Ok(active.generation);
        }
        self.keep_components(&loaded).map_err(Box::new)?;
        self.keep_given(&loaded).map_err(|source| HostError::Refused(Box::new(Refused::Keep(source))))?;
        let proposal = Proposal {
            parent: None,
            author: author.to_owned(),
            reason: reason.to_owned(),
            // What it is about is ready already.
            change: Change::States(plan.versions().into_iter().filter_map(|(a, v)| Some((a, v.state?))).collect()),
        };
        let ready = Ready { loaded: Arc::clone(&loaded), plan };
        let activated = self.roll(&Arc::new(proposal), Some(ready)).map_err(Box::new)?;
        self.saw_loaded(&loaded);
        Ok(activated.generation)
    }

    /// Serves what was active when the host went down, from what is written down of it; nothing when nothing was. The graph
    /// file is not looked at.
    ///
    /// # Errors
    /// When it cannot be had again.
    pub fn resume(&self) -> Result<Option<Generation>, HostError> {
        let Some((active, _)) = self.inner.history.active()? else { return Ok(None) };
        if self.inner.history.record(active.generation)?.is_none() {
            // An older host did not write down what its plans were made of.
            return Ok(None);
        }
        let (loaded, states) = self.recorded_plan(active.generation).map_err(Box::new)?;
        let plan = self.ready(&loaded, &states)?;
        if plan.digest != active.plan {
            tracing::info!(was = %active.plan.short(), is = %plan.digest.short(), "this host names plans anew");
        }
        self.adopt(plan, Arc::new(loaded), active.generation, active.since_ms)?;
        Ok(Some(active.generation))
    }

    /// Serves what is recorded as active already.
    fn adopt(
        &self,
        mut plan: ActivePlan,
        loaded: Arc<Loaded>,
        generation: Generation,
        since_ms: i64,
    ) -> Result<(), HostError> {
        plan.generation = generation;
        // A memory layer that is shared may be another one than the plan was activated over.
        keep_declared(&*self.inner.store.memory(), &declared(&plan.plan.namespaces)).map_err(PrepareError::from)?;
        let record = self.inner.history.record(generation)?.unwrap_or_else(|| PlanRecord {
            generation,
            plan: plan.digest,
            parent: None,
            again: None,
            author: "host".to_owned(),
            reason: "it was active when records began".to_owned(),
            content: greenroom_model::Digest::of(b""),
            versions: plan.versions(),
            gate: Vec::new(),
            proposed_ms: since_ms,
            activated_ms: since_ms,
            retired_ms: None,
            tally: Tally::default(),
            rolled_back: None,
            learned: false,
            proof: None,
        });
        // What it did in an earlier life of the host counts.
        plan.did(record.tally);
        let plan = Arc::new(plan);
        let live = Live { plan: Arc::clone(&plan), loaded: Arc::clone(&loaded), record, watched: None };
        self.inner.plans().insert(generation, live);
        tracing::info!(generation = generation.0, graph = %loaded.plan.name, at = now_ms(), "active");
        self.inner.active.store(Some(plan));
        self.inner.loaded.store(loaded);
        Ok(())
    }

    /// Makes warm images of what is active from now on, beside serving: from when one is ready, each request has a copy of
    /// it.
    pub fn make_images(&self) {
        self.inner.images.store(true, Ordering::Relaxed);
        self.make_images_if_wanted();
    }

    pub(super) fn make_images_if_wanted(&self) {
        if let Some(plan) = self.active().filter(|_| self.inner.images.load(Ordering::Relaxed)) {
            plan.make_images(&self.inner.guests);
        }
    }

    /// Takes grants back, and gives them again, as the data folder says from now on; see [`crate::Revocations`].
    ///
    /// # Errors
    /// When no thread can be had to look at it.
    pub fn watch_revocations(&self) -> std::io::Result<()> {
        let host = Arc::downgrade(&self.inner);
        self.inner.revoked.watch(move || {
            let Some(inner) = host.upgrade() else { return };
            Self { inner }.taken_back();
        })
    }

    /// Grants what was not taken back to every agent that has instances, and nothing else. An activation does so too, after
    /// its plan is there: what is taken back while it is made ready is not forgotten.
    pub(super) fn taken_back(&self) {
        let revoked = &self.inner.revoked;
        let plans = self.inner.plans();
        let mut changed = false;
        for agent in plans.values().flat_map(|live| &live.plan.agents) {
            let left = revoked.left(&agent.spec.name, &agent.spec.grants);
            let now = agent.grants().now();
            if *now == left {
                continue;
            }
            for grant in now.iter().filter(|grant| !left.contains(grant)) {
                tracing::warn!(agent = %agent.spec.name, %grant, "taken back");
            }
            for grant in left.iter().filter(|grant| !now.contains(grant)) {
                tracing::warn!(agent = %agent.spec.name, %grant, "given again");
            }
            agent.grant(left);
            changed = true;
        }
        drop(plans);
        if changed {
            self.make_images_if_wanted();
        }
    }

    /// Writes down how the plans did that serve or are on their way out.
    pub fn write_tallies(&self) {
        let _telling = self.inner.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let active = self.generation();
        let moves = |live: &&Live| Some(live.record.generation) == active || live.record.retired_ms.is_none();
        let records: Vec<PlanRecord> = self.inner.plans().values().filter(moves).map(Live::now).collect();
        records.iter().filter(|record| record.tally != Tally::default()).for_each(|r| self.inner.history.update(r));
    }
}
