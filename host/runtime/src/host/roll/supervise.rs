//! Probation: a new plan is watched, and taken back when it faults more than the one before it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_model::Generation;

use super::super::Host;
use super::{Change, Event, Proposal};
use crate::plans::Tally;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How often at least a faulty plan is tried to be taken back.
const PAUSE_MAX: Duration = Duration::from_secs(5);

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
    /// Whether this is worse than it may be. One request is one fault, however many agents failed in it.
    fn faulty(&self, now: Tally, before: Tally) -> bool {
        let share = |of: u64, tally: Tally| of as f64 / tally.requests.max(1) as f64;
        let worse = |of: fn(&Tally) -> u64| {
            of(&now) >= self.faults_min && share(of(&now), now) > share(of(&before), before) + self.share_max
        };
        worse(|tally| tally.faults) || worse(|tally| tally.failed)
    }
}

/// How a plan is on probation.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Watched {
    until: Instant,
    /// How the plan did that it is measured by.
    before: Tally,
}

impl Host {
    /// Looks after a plan until its probation ends.
    pub(super) fn supervise(&self, generation: Generation) {
        let (probation, host) = (self.inner.limits.probation, Arc::downgrade(&self.inner));
        let mut plans = self.inner.plans();
        let parent = plans.get(&generation).and_then(|live| live.record.parent).and_then(|parent| plans.get(&parent));
        // What its agents learned is watched for as long as the change itself.
        let learned = plans.get(&generation).is_some_and(|live| live.record.learned);
        let watched =
            parent.and_then(|parent| parent.watched).filter(|watched| learned && watched.until > Instant::now());
        let watched = watched.unwrap_or_else(|| {
            let before = parent.map(|parent| parent.plan.tally()).unwrap_or_default();
            Watched { until: Instant::now() + probation.time, before }
        });
        let Some(live) = plans.get_mut(&generation) else { return };
        live.watched = Some(watched);
        let plan = Arc::downgrade(&live.plan);
        drop(plans);
        let watching = async move {
            let mut pause = LOOK;
            while Instant::now() < watched.until {
                // Nobody is held on to while this waits.
                match (plan.upgrade(), host.upgrade()) {
                    (Some(plan), Some(inner)) => {
                        let host = Self { inner };
                        if host.generation() != Some(generation) {
                            return;
                        }
                        if probation.faulty(plan.tally(), watched.before) {
                            tokio::task::spawn_blocking(move || host.feed(Event::Faulty(generation)));
                            // When it cannot go back now, it is tried again, less and less often.
                            pause = (pause * 2).min(PAUSE_MAX);
                        }
                    }
                    _ => return,
                }
                tokio::time::sleep(pause.min(probation.time)).await;
            }
            let Some(inner) = host.upgrade() else { return };
            tokio::task::spawn_blocking(move || {
                let host = Self { inner };
                host.feed(Event::ProbationEnded(generation));
                host.passed(generation);
            });
        };
        if self.inner.guests.spawn(watching).is_none() {
            tracing::warn!(generation = generation.0, "nobody watches its probation");
        }
    }

    /// Proposes what was before a faulty plan, on a thread of its own.
    pub(super) fn roll_back(&self, from: Generation, to: Generation) -> Option<Event> {
        let tally = self.inner.plans().get(&from).map(|live| live.plan.tally())?;
        let evidence = evidence(tally);
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
            // A refusal is in the log, and another look asks again.
            if host.propose(proposal).is_ok() {
                host.slow_down(from, to);
            }
        });
        if let Err(error) = going {
            tracing::error!(%error, "no thread to roll back on");
        }
        None
    }
}

/// Why a plan is taken back, in words.
pub(super) fn evidence(tally: Tally) -> String {
    format!(
        "agents faulted in {} of {} requests on probation, and {} requests failed",
        tally.faults, tally.requests, tally.failed
    )
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
        assert!(probation.faulty(tally(20, 0, 5), fine), "failed requests count, whoever failed");
        assert!(!probation.faulty(tally(20, 0, 5), tally(100, 0, 30)), "the host's own trouble was there before");
        assert!(!probation.faulty(tally(1_000, 50, 0), fine), "no more than may be");
        assert!(!probation.faulty(tally(100, 40, 0), tally(1_000, 400, 0)), "the one before was no better");
    }
}
