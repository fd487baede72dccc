//! Instances of what is new in a plan, before it serves. What the active plan has already is taken from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use greenroom_memory::check_declared;
use greenroom_model::{FaultSource, Generation};
use greenroom_sandbox::Memory;

use super::super::Host;
use super::{Change, Refused, Work, beside};
use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::guests::give_way;
use crate::load::Loaded;
use crate::memory::{Layer, declared};

impl Host {
    pub(super) fn warm(&self, work: &mut Work) -> Result<(), Refused> {
        let began = Instant::now();
        let Some(loaded) = work.loaded.clone() else { return Err(Refused::Gone) };
        if work.plan.is_none() {
            let plan = loop {
                match self.ready(&loaded, &work.states) {
                    Ok(plan) => break plan,
                    // What another version learned may be declined. What it learned itself may not.
                    Err(PrepareError::Agent { agent, fault })
                        if fault.source == FaultSource::Guest && work.offered.remove(&agent).is_some() =>
                    {
                        work.states.remove(&agent);
                        let why = format!("it declined the state of the version before it: {fault}");
                        self.learn_anew(work, &loaded, BTreeMap::from([(agent, why)]))?;
                    }
                    Err(error) => return Err(error.into()),
                }
            };
            for agent in work.offered.keys() {
                work.notes.push(format!("agent `{agent}` took the state of the version before it"));
            }
            work.plan = Some(plan);
        }
        let active = self.active();
        let active = active.filter(|active| work.plan.as_ref().is_some_and(|plan| plan.digest == active.digest));
        work.same = active.map(|active| (active.generation, active.digest));
        work.took.warm = began.elapsed();
        Ok(())
    }

    /// The graph with these states, with instances of all that is new.
    pub(in super::super) fn ready(&self, loaded: &Loaded, states: &StatesByAgent) -> Result<ActivePlan, PrepareError> {
        let inner = &self.inner;
        let others: Vec<Arc<ActivePlan>> = inner.plans().values().map(|live| Arc::clone(&live.plan)).collect();
        for note in check_declared(&*inner.store.memory(), &declared(&loaded.plan.namespaces))? {
            tracing::warn!("{note}");
        }
        let same = others.iter().find(|other| other.plan.namespaces == loaded.plan.namespaces);
        let memory: Arc<dyn Memory> = match same {
            Some(other) => Arc::clone(&other.memory),
            None => Arc::new(Layer::new(&inner.store, &loaded.plan.namespaces)),
        };
        let row = |item: &str| inner.store.items().row(item);
        let mut plan = ActivePlan::with(loaded, states, &memory, &row, Generation(0), &others)?;
        plan.replays = Some(Arc::clone(&inner.replays));
        plan.running = Arc::clone(&inner.running);
        plan.series = Some(inner.series(&plan.plan));
        let threads = inner.guests.threads();
        let untried = || PrepareError::Untried;
        let handle = inner.guests.handle().ok_or_else(untried)?;
        // As many as those have that serve now: requests that find none make their own, and wait for it.
        let wanted = self.active().map(|active| active.instances()).unwrap_or_default();
        let warmed = beside(|| {
            handle.block_on(async {
                let warm = plan.warm_for(threads).await;
                if warm.is_ok() {
                    plan.warm_beyond(&wanted).await;
                }
                warm
            })
        });
        warmed.ok_or_else(untried)??;
        Ok(plan)
    }

    /// The plan of a generation that is kept, to serve once more.
    pub(super) fn again(&self, work: &mut Work) -> Result<(), Refused> {
        let Change::Again(generation) = work.proposal.change else { return Ok(()) };
        let plans = self.inner.plans();
        let live = plans.get(&generation).ok_or(Refused::NoSuchPlan(generation))?;
        let mut plan = live.plan.again();
        plan.replays = Some(Arc::clone(&self.inner.replays));
        plan.running = Arc::clone(&self.inner.running);
        plan.series = Some(self.inner.series(&plan.plan));
        work.loaded = Some(Arc::clone(&live.loaded));
        work.plan = Some(plan);
        drop(plans);
        work.wanted = self.active().map(|active| active.instances());
        Ok(())
    }

    /// Going back does not wait for as many instances as the plan before had. They are made ready once it serves, beside it.
    pub(super) fn warm_beyond(&self, wanted: BTreeMap<String, usize>) {
        let (Some(plan), Some(handle)) = (self.active(), self.inner.guests.handle()) else { return };
        let apart = self.inner.guests.apart();
        let work = move || {
            let _apart = apart;
            give_way();
            handle.block_on(plan.warm_beyond(&wanted));
        };
        if let Err(error) = std::thread::Builder::new().name("greenroom-roll".to_owned()).spawn(work) {
            tracing::warn!(%error, "no thread to make instances ready on");
        }
    }
}
