//! Probation: a new plan is watched, and taken back when it faults more than the one before it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_model::Generation;

use super::super::Host;
use super::{Change, Event, Proposal};
use crate::plans::Tally;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// When a plan on probation is faulty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probation {
    /// How long a new plan is on probation; zero: it is not.
    pub time: Duration,
    /// Fewer faults than this say nothing.
    pub faults_min: u64,
    /// More faults a request than this, beside what the plan before it had, are too many.
    pub share_max: f64,
}

impl Probation {
    /// Whether this is worse than it may be.
    fn faulty(&self, now: Tally, before: Tally) -> bool {
        // Requests that failed because of an agent have a fault of it. Those that failed because of the host say nothing.
        let share = |tally: Tally| tally.faults as f64 / tally.requests.max(1) as f64;
        now.faults >= self.faults_min && share(now) > share(before) + self.share_max
    }
}

impl Host {
    /// Looks after a plan until its probation ends.
    pub(super) fn supervise(&self, generation: Generation) {
        let (probation, host) = (self.inner.limits.probation, Arc::downgrade(&self.inner));
        let plans = self.inner.plans();
        let Some((plan, before)) = plans.get(&generation).map(|live| {
            let before = live.record.parent.and_then(|parent| plans.get(&parent)).map(|before| before.plan.tally());
            (Arc::downgrade(&live.plan), before.unwrap_or_default())
        }) else {
            return;
        };
        drop(plans);
        let until = Instant::now() + probation.time;
        let watching = async move {
            while Instant::now() < until {
                // Nobody is held on to while this waits.
                match (plan.upgrade(), host.upgrade()) {
                    (Some(plan), Some(inner)) => {
                        let host = Self { inner };
                        if host.generation() != Some(generation) {
                            return;
                        }
                        if probation.faulty(plan.tally(), before) {
                            tokio::task::spawn_blocking(move || host.feed(Event::Faulty(generation)));
                        }
                    }
                    _ => return,
                }
                tokio::time::sleep(LOOK.min(probation.time)).await;
            }
            let Some(inner) = host.upgrade() else { return };
            tokio::task::spawn_blocking(move || Self { inner }.feed(Event::ProbationEnded(generation)));
        };
        if self.inner.guests.spawn(watching).is_none() {
            tracing::warn!(generation = generation.0, "nobody watches its probation");
        }
    }

    /// Proposes what was before a faulty plan, on a thread of its own.
    pub(super) fn roll_back(&self, from: Generation, to: Generation) -> Option<Event> {
        let evidence = {
            let mut plans = self.inner.plans();
            let live = plans.get_mut(&from)?;
            let tally = live.plan.tally();
            let evidence = format!(
                "{} faults of agents in {} requests on probation, {} of which failed",
                tally.faults, tally.requests, tally.failed
            );
            live.record.rolled_back = Some(evidence.clone());
            evidence
        };
        tracing::error!(generation = from.0, to = to.0, %evidence, "faulty: rolled back");
        self.inner.telemetry.change(greenroom_telemetry::Change::RolledBack, "faulty");
        let proposal = Proposal {
            parent: Some(from),
            author: "supervision".to_owned(),
            reason: format!("generation {from} is faulty: {evidence}"),
            change: Change::Again(to),
        };
        let host = self.clone();
        let going = std::thread::Builder::new().name("greenroom-back".to_owned()).spawn(move || {
            // A refusal is in the log, and another fault asks again.
            let _ = host.propose(proposal);
        });
        if let Err(error) = going {
            tracing::error!(%error, "no thread to roll back on");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_faulty_when_it_is_worse_than_the_one_before() {
        let probation = Probation { time: Duration::from_secs(1), faults_min: 5, share_max: 0.05 };
        let tally = |requests, faults, failed| Tally { requests, faults, failed, degraded: 0 };
        let fine = tally(1_000, 1, 0);
        assert!(!probation.faulty(tally(4, 4, 0), fine), "too few to say");
        assert!(probation.faulty(tally(5, 5, 0), fine));
        assert!(!probation.faulty(tally(20, 0, 20), fine), "the host's own failures are not held against it");
        assert!(!probation.faulty(tally(1_000, 50, 0), fine), "no more than may be");
        assert!(!probation.faulty(tally(100, 40, 0), tally(1_000, 400, 0)), "the one before was no better");
    }
}
