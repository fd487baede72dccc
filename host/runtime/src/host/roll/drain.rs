//! What happens to a plan that is no longer the active one.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use greenroom_model::Generation;

use super::super::{Host, now_ms};
use super::Event;
use super::supervise::evidence;

/// How often it is looked whether requests are still there: at first, and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));
/// How long ended requests may take to be counted.
const COUNTING: Duration = Duration::from_secs(1);

impl Host {
    /// Waits beside serving until no request has the plan pinned, or until they had their time.
    pub(super) fn drain(&self, generation: Generation) -> Option<Event> {
        let plan = self.inner.plans().get(&generation).map(|live| Arc::clone(&live.plan));
        // What was active in an earlier life of the host has no requests.
        let Some(plan) = plan else { return Some(Event::Drained(generation)) };
        let (host, by) = (Arc::downgrade(&self.inner), Instant::now() + self.inner.limits.drain);
        let waiting = async move {
            let mut wait = LOOK.0;
            while plan.pinned() > 0 && Instant::now() < by {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LOOK.1);
            }
            let event = if plan.pinned() > 0 { Event::Overdue(generation) } else { Event::Drained(generation) };
            let Some(inner) = host.upgrade() else { return };
            // Giving back instances and writing down how it did take a moment, and these threads serve. Nor does whoever
            // proposed what serves now wait for it.
            tokio::task::spawn_blocking(move || Self { inner }.feed(event));
        };
        self.inner.guests.spawn(waiting).is_none().then_some(Event::Drained(generation))
    }

    /// Ends what still runs on a plan: as faults of the host.
    pub(super) fn stop(&self, generation: Generation) {
        let plan = self.inner.plans().get(&generation).map(|live| Arc::clone(&live.plan));
        if let Some(plan) = plan {
            tracing::warn!(generation = generation.0, requests = plan.pinned(), "did not drain in time: ended");
            plan.stop();
            // They end at once, and are to be counted before it is written down how it did.
            let by = Instant::now() + COUNTING;
            while plan.pinned() > 0 && Instant::now() < by {
                std::thread::sleep(LOOK.0);
            }
        }
    }

    /// It serves no more.
    pub(super) fn retire(&self, generation: Generation, rolled_back: bool) {
        let active = self.active();
        let telling = self.inner.telling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut plans = self.inner.plans();
        let Some(live) = plans.get_mut(&generation) else {
            drop(plans);
            // It served in an earlier life of the host.
            if let Ok(Some(mut record)) = self.inner.history.record(generation) {
                record.retired_ms.get_or_insert(now_ms());
                self.inner.history.update(&record);
            }
            return;
        };
        live.record.retired_ms = Some(now_ms());
        live.record.tally = live.plan.tally();
        if rolled_back {
            live.record.rolled_back = Some(evidence(live.record.tally));
        }
        let (record, plan) = (live.record.clone(), Arc::clone(&live.plan));
        drop(plans);
        self.inner.history.update(&record);
        drop(telling);
        for agent in &plan.agents {
            let serves = active.iter().flat_map(|active| &active.agents).any(|other| Arc::ptr_eq(other, agent));
            if !serves {
                agent.rest();
            }
        }
        tracing::info!(generation = generation.0, requests = record.tally.requests, rolled_back, "retired");
    }

    /// Its instances are given back with the last who has them.
    pub(super) fn forget(&self, generation: Generation) {
        let gone = self.inner.plans().remove(&generation);
        drop(gone);
    }
}
