//! What goes on beside serving: agents learn on their cadence, what happened is written down, what is not needed any more
//! is swept.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use greenroom_model::{Digest, Generation};

use super::pace::{Pace, STALE, cadence, same_agent};
use super::roll::{Change, Learned, Proposal, Refused};
use super::{Host, now_ms};
use crate::train::shape;

/// How often it is looked what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is written down how plans did.
const TALLIES: Duration = Duration::from_secs(10);
/// How often what is not needed any more is swept.
const SWEEP: Duration = Duration::from_secs(3_600);

/// How the learning of an agent goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadence {
    /// The agent.
    pub agent: String,
    /// How often it is to learn, in seconds.
    pub every_s: u64,
    /// For how long its state has not been known to have all that it was told, in seconds.
    pub age_s: u64,
    /// It is older than twice its cadence.
    pub stale: bool,
    /// How many of its cadences it learns apart: more than one since what it learned was taken back.
    pub slowed: u32,
    /// Why it did not learn the last time, if it did not.
    pub error: Option<String>,
}

impl Host {
    /// Begins all that goes on beside serving.
    ///
    /// # Errors
    /// When no thread can be had for it.
    pub fn keep(&self) -> std::io::Result<()> {
        let of = |name: &str, turn: fn(&Self, &mut Instant)| {
            let host = Arc::downgrade(&self.inner);
            let (mut last, thread) = (Instant::now(), name.to_owned());
            let work = move || {
                while let Some(inner) = host.upgrade() {
                    survives(&thread, || turn(&Self { inner }, &mut last));
                    std::thread::sleep(LOOK);
                }
            };
            std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
        };
        of("greenroom-learn", |host, _| host.learn_due())?;
        of("greenroom-tally", |host, last| {
            if last.elapsed() >= TALLIES {
                *last = Instant::now();
                host.write_tallies();
            }
        })?;
        of("greenroom-sweep", |host, last| {
            if last.elapsed() >= SWEEP {
                *last = Instant::now();
                if let Err(error) = host.sweep() {
                    tracing::warn!(%error, "what is not needed any more could not be swept");
                }
            }
        })
    }

    /// How the learning goes of each agent of the active plan that has a cadence.
    #[must_use]
    pub fn cadences(&self) -> Vec<Cadence> {
        let paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let cadence = |(agent, pace): (&String, &Pace)| Cadence {
            agent: agent.clone(),
            every_s: pace.every.as_secs(),
            age_s: pace.fresh.elapsed().as_secs(),
            stale: pace.stale(),
            slowed: pace.slowed(),
            error: pace.error.clone(),
        };
        paces.iter().map(cadence).collect()
    }

    /// Has those learn whose time has come, and proposes what is new.
    fn learn_due(&self) {
        let due = self.due();
        let mut learned = BTreeMap::new();
        for (agent, unserved) in &due {
            let began = Instant::now();
            // What is told from here on counts for the next time.
            let outcome = self.learn_news(agent);
            self.inner.telemetry.learner_run(agent, outcome.is_ok());
            let mut paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(pace) = paces.get_mut(agent) else { continue };
            pace.learned(began);
            match outcome {
                Ok(state) => {
                    (pace.fresh, pace.alarmed, pace.error) = (began, false, None);
                    learned.extend(state.or(*unserved).map(|state| (agent.clone(), state)));
                }
                Err(why) => {
                    tracing::warn!(%agent, %why, "it did not learn; its state stays as it is");
                    pace.error = Some(why);
                }
            }
        }
        let before = self.active().map(|plan| plan.versions()).unwrap_or_default();
        learned.retain(|agent, state| before.get(agent).is_some_and(|version| version.state != Some(*state)));
        if learned.is_empty() {
            return;
        }
        match self.propose_states(&learned) {
            // One that is refused must not hold up the others.
            Err(_) if learned.len() > 1 => {
                for (agent, state) in learned {
                    let alone = BTreeMap::from([(agent, state)]);
                    let done = self.propose_states(&alone);
                    self.proposed(alone, done.err().as_ref());
                }
            }
            done => self.proposed(learned, done.err().as_ref()),
        }
    }

    fn proposed(&self, learned: BTreeMap<String, Digest>, refused: Option<&Refused>) {
        let mut paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
        for (agent, state) in learned {
            let Some(pace) = paces.get_mut(&agent) else { continue };
            pace.unserved = refused.is_some_and(Refused::passes).then_some(state);
            pace.error = refused.map(|refused| format!("what it learned was refused: {refused}"));
        }
    }

    fn propose_states(&self, learned: &BTreeMap<String, Digest>) -> Result<(), Refused> {
        let last = self.inner.store.log().last_cursor().ok().flatten();
        let names: Vec<&str> = learned.keys().map(String::as_str).collect();
        let loaded = self.loaded();
        let of = |(agent, state): (&String, &Digest)| {
            let spec = loaded.plan.agents.iter().find(|spec| spec.name == *agent)?;
            let known = self.inner.history.learned(agent, &shape(spec)).ok().flatten()?;
            // Of the version that serves now: another may have learned it.
            (known.state == *state).then(|| (agent.clone(), Learned { state: *state, shape: shape(spec) }))
        };
        let change = Change::Learned(learned.iter().filter_map(of).collect());
        let proposal = Proposal {
            parent: None,
            author: "learners".to_owned(),
            reason: format!("{} learned up to event {}", names.join(", "), last.unwrap_or(0)),
            change,
        };
        self.propose(proposal).map(drop)
    }

    /// The agents of the active plan whose time has come, and the state that each has learned but does not serve with yet.
    /// Raises the alarm about those that are too old.
    fn due(&self) -> BTreeMap<String, Option<Digest>> {
        let Some(plan) = self.active() else { return BTreeMap::new() };
        let now = Instant::now();
        let mut paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: BTreeMap<&str, (Duration, &crate::agent::Agent)> = plan
            .agents
            .iter()
            .filter_map(|agent| Some((agent.spec.name.as_str(), (cadence(&agent.spec)?, &**agent))))
            .collect();
        paces.retain(|agent, pace| wanted.get(agent.as_str()).is_some_and(|(every, _)| *every == pace.every));
        for (name, (every, agent)) in wanted {
            let pace = paces.entry(name.to_owned()).or_insert_with(|| {
                let age = self.age(&agent.spec).min(every * (STALE + 1));
                let mut pace = Pace::new(every, now.checked_sub(age).unwrap_or(now), now);
                if self.knows_all(&agent.spec) {
                    pace.fresh = now;
                }
                pace
            });
            pace.has(&agent.version);
        }
        for (agent, pace) in paces.iter_mut().filter(|(_, pace)| pace.stale() && !pace.alarmed) {
            pace.alarmed = true;
            tracing::error!(
                %agent,
                age_s = pace.fresh.elapsed().as_secs(),
                every_s = pace.every.as_secs(),
                "its model is older than it should be"
            );
        }
        paces.iter().filter(|(_, pace)| pace.due <= now).map(|(agent, pace)| (agent.clone(), pace.unserved)).collect()
    }

    /// What agents learned was taken back with a faulty plan: they learn less often.
    pub(super) fn slow_down(&self, faulty: Generation, to: Generation) {
        let versions = |generation| self.plan_record(generation).ok().flatten().map(|record| record.versions);
        let Some((faulty, to)) = versions(faulty).zip(versions(to)) else { return };
        let mut paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
        for (agent, pace) in paces.iter_mut() {
            let Some((was, is)) = faulty.get(agent).zip(to.get(agent)) else { continue };
            if same_agent(was, is) && was.state != is.state {
                pace.taken_back(*is, Instant::now());
                tracing::warn!(%agent, cadences = pace.slowed(), "what it learned was taken back: it learns less often");
            }
        }
    }

    /// A plan came through its probation, and so did what its agents learned.
    pub(super) fn passed(&self, generation: Generation) {
        let Some(plan) = self.active().filter(|plan| plan.generation == generation) else { return };
        let mut paces = self.inner.paces.lock().unwrap_or_else(PoisonError::into_inner);
        for agent in &plan.agents {
            if let Some(pace) = paces.get_mut(&agent.spec.name) {
                pace.passed(&agent.version);
            }
        }
    }

    /// Whether nothing was told since an agent learned: then its state is as good as new, however old.
    fn knows_all(&self, spec: &greenroom_graph::Agent) -> bool {
        let learned = self.inner.history.learned(&spec.name, &shape(spec)).ok().flatten();
        let cursor = learned.and_then(|learned| learned.cursor);
        cursor.is_some() && self.inner.store.log().last_cursor().is_ok_and(|last| last == cursor)
    }

    /// How long ago an agent learned, by the wall clock; no time when that clock was set back.
    pub(super) fn age(&self, spec: &greenroom_graph::Agent) -> Duration {
        let learned = self.inner.history.learned(&spec.name, &shape(spec)).ok().flatten();
        let since = learned.map_or(0, |learned| now_ms().saturating_sub(learned.time_ms).max(0));
        Duration::from_millis(since.unsigned_abs())
    }

    /// Has an agent learn what was told since it learned last; none when nothing was.
    fn learn_news(&self, agent: &str) -> Result<Option<Digest>, String> {
        let loaded = self.loaded();
        let last = self.inner.store.log().last_cursor().map_err(|e| e.to_string())?;
        let spec = loaded.plan.agents.iter().find(|spec| spec.name == agent);
        let learned = spec.and_then(|spec| self.inner.history.learned(agent, &shape(spec)).ok().flatten());
        if let Some(learned) = learned.filter(|learned| learned.cursor.is_some() && learned.cursor == last) {
            // A kill may have come before it could serve. What was gone back from is not brought back.
            let active = self.active().ok_or("nothing is active")?;
            let serves = active.agents.iter().any(|a| a.spec.name == agent && a.version.state == Some(learned.state));
            let back = self.plan_record(active.generation).ok().flatten().is_none_or(|record| record.again.is_some());
            return Ok((!serves && !back).then_some(learned.state));
        }
        let began = Instant::now();
        let states = self.learn_now(&loaded, &BTreeSet::from([agent.to_owned()])).map_err(|e| e.to_string())?;
        tracing::info!(%agent, ms = super::roll::millis(began.elapsed()), "learned");
        Ok(states.get(agent).map(|state| state.digest()))
    }
}

/// A turn that panics is a defect, which is told; the thread takes its next turn as if it had ended.
fn survives(thread: &str, turn: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(turn)) {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("nothing");
        tracing::error!(thread, said, "a turn of what goes on beside serving panicked: it goes on with the next");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_panics_ends_nothing_else() {
        let mut turns = Vec::new();
        for turn in 0..3 {
            survives("test", || {
                turns.push(turn);
                assert_ne!(turn, 1, "the second one");
            });
        }
        assert_eq!(turns, [0, 1, 2]);
    }
}
