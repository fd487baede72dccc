//! Changes while serving: a proposal goes in, the state machine of `rollout` says what is to be done, the files here do
//! it, one for each kind of effect, and tell it how that went.

mod admit;
mod compare;
mod drain;
mod known;
mod proposal;
mod proven;
mod record;
mod supervise;
mod warm;

pub use compare::{Differences, StateChange};
pub(super) use proposal::told;
pub use proposal::{Activated, Change, Learned, Part, Proposal, Refused, Took};
pub use supervise::Probation;
pub(super) use supervise::Watched;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use greenroom_model::{Digest, Generation};
use greenroom_telemetry as telemetry;

use super::{Host, now_ms};
use crate::active::{ActivePlan, StatesByAgent};
use crate::guests::give_way;
use crate::load::Loaded;
use crate::plans::{PlanRecord, RefusedRecord, Unfolding};
use crate::rollout::{Action, Event, Id, Kind, Refusal};

/// How often a proposal that follows whatever is active is tried again after another one was faster.
const ATTEMPTS: usize = 5;

/// A proposal on its way.
pub(super) struct Work {
    proposal: Arc<Proposal>,
    parent: Option<Generation>,
    proposed_ms: i64,
    loaded: Option<Arc<Loaded>>,
    states: StatesByAgent,
    /// Agents whose state another version learned: they may decline it.
    offered: BTreeMap<String, Digest>,
    plan: Option<ActivePlan>,
    record: Option<PlanRecord>,
    /// The record, where it stays when something else is active.
    unfolding: Option<Unfolding>,
    /// How many instances each agent is to have, when they are made ready afterwards.
    wanted: Option<BTreeMap<String, usize>>,
    notes: Vec<String>,
    took: Took,
    /// It is this that is active already.
    same: Option<(Generation, Digest)>,
    error: Option<Refused>,
    done: Sender<Told>,
}

/// What a proposer is told.
enum Told {
    /// What came of it.
    Done(Box<Result<Activated, Refused>>),
    /// What was to be served again is not warm any more: it has to be made ready first.
    Cold,
}

/// A plan that has instances: it serves, or it is draining, or it is kept for going back.
pub(super) struct Live {
    pub(super) plan: Arc<ActivePlan>,
    pub(super) loaded: Arc<Loaded>,
    pub(super) record: PlanRecord,
    /// How it is on probation, or was.
    pub(super) watched: Option<Watched>,
}

impl Live {
    /// Its record, as it is now.
    pub(super) fn now(&self) -> PlanRecord {
        PlanRecord { tally: self.plan.tally(), ..self.record.clone() }
    }
}

impl Host {
    /// Proposes a change, and blocks until it serves or was refused; the work is done beside serving. To be called from a
    /// thread that may block.
    ///
    /// # Errors
    /// See [`Refused`]. What was active stays so, and the refusal is kept: see [`Host::refusals`].
    pub fn propose(&self, proposal: Proposal) -> Result<Activated, Refused> {
        let proposal = Arc::new(proposal);
        let mut attempts = 0;
        let done = loop {
            attempts += 1;
            match self.roll(&proposal, None) {
                Err(Refused::Conflict { .. }) if proposal.parent.is_none() && attempts < ATTEMPTS => {}
                done => break done,
            }
        };
        if let Err(refused) = &done {
            self.refused(&proposal, refused);
        }
        done
    }

    /// The same for a plan that is ready already, and one attempt only.
    pub(super) fn roll(&self, proposal: &Arc<Proposal>, ready: Option<Ready>) -> Result<Activated, Refused> {
        self.roll_once(proposal, ready, true)
    }

    fn roll_once(&self, proposal: &Arc<Proposal>, ready: Option<Ready>, try_warm: bool) -> Result<Activated, Refused> {
        let inner = &self.inner;
        let id = inner.next_id.fetch_add(1, Ordering::Relaxed);
        let parent = proposal.parent.or_else(|| self.generation());
        let warm =
            |generation| self.warm_generations().contains(&generation) && inner.plans().contains_key(&generation);
        let again = match proposal.change {
            Change::Again(generation) if try_warm && warm(generation) => Some(generation),
            _ => None,
        };
        let kind = match proposal.change {
            Change::Again(_) => Kind::Back,
            Change::Learned(_) => Kind::Learned,
            Change::Graph { .. } | Change::Proven { .. } | Change::States(_) => Kind::New,
        };
        let (done, told) = channel();
        let (loaded, plan) = ready.map_or((None, None), |ready| (Some(ready.loaded), Some(ready.plan)));
        let work = Work {
            proposal: Arc::clone(proposal),
            parent,
            proposed_ms: now_ms(),
            loaded,
            states: StatesByAgent::new(),
            offered: BTreeMap::new(),
            plan,
            record: None,
            unfolding: None,
            wanted: None,
            notes: Vec::new(),
            took: Took::default(),
            same: None,
            error: None,
            done,
        };
        inner.work().insert(id, work);
        self.feed(Event::Proposed { id, parent, again, kind });
        match told.recv() {
            Ok(Told::Done(done)) => *done,
            // What it goes back to was forgotten meanwhile. It takes the long way, on the proposer's own thread.
            Ok(Told::Cold) => self.roll_once(proposal, None, false),
            Err(_) => Err(Refused::Gone),
        }
    }

    /// What serves, or served last.
    pub(super) fn generation(&self) -> Option<Generation> {
        self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner).active()
    }

    /// Tells the state machine, does what it says, and tells it how that went.
    pub(super) fn feed(&self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let actions = {
                let mut rollout = self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner);
                let actions = rollout.on(event);
                // Before anybody else can have something activated.
                for action in &actions {
                    if let Action::Store { id, generation } = action {
                        self.serve(*id, *generation);
                    }
                }
                actions
            };
            for action in actions {
                events.extend(self.perform(action));
            }
        }
    }

    fn perform(&self, action: Action) -> Option<Event> {
        match action {
            Action::Admit(id) => Some(self.step_beside(id, Event::Admitted(id), Self::admit)),
            Action::Warm(id) => Some(self.step_beside(id, Event::Warmed(id), Self::warm)),
            Action::Record { id, generation } => {
                Some(self.step(id, Event::Recorded(id), |host, work| host.record(work, generation)))
            }
            Action::Store { id, generation } => {
                self.activated(id, generation);
                None
            }
            Action::Drain(generation) => self.drain(generation),
            Action::Stop(generation) => {
                self.stop(generation);
                None
            }
            Action::Retire { generation, rolled_back } => {
                self.retire(generation, rolled_back);
                None
            }
            Action::Forget(generation) => {
                self.forget(generation);
                None
            }
            Action::Watch(generation) => {
                self.supervise(generation);
                None
            }
            Action::RollBack { from, to } => self.roll_back(from, to),
            Action::Refuse { id, why } => {
                self.refuse(id, why);
                None
            }
        }
    }

    /// A step of a proposal, without a lock on the others.
    fn step(&self, id: Id, done: Event, work_on: impl FnOnce(&Self, &mut Work) -> Result<(), Refused>) -> Event {
        let Some(mut work) = self.inner.work().remove(&id) else { return Event::Failed(id) };
        // Whoever waits for it must hear of it, and others must have their turn, whatever happens.
        let result = catch_unwind(AssertUnwindSafe(|| work_on(self, &mut work))).unwrap_or(Err(Refused::Gone));
        let failed = result.is_err() || work.same.is_some();
        work.error = result.err().map(|refused| self.explained(refused));
        self.inner.work().insert(id, work);
        if failed { Event::Failed(id) } else { done }
    }

    /// The same with what serving leaves: reading and hashing megabytes takes a processor too.
    fn step_beside(
        &self,
        id: Id,
        done: Event,
        work_on: impl FnOnce(&Self, &mut Work) -> Result<(), Refused> + Send,
    ) -> Event {
        let _apart = self.inner.guests.apart();
        beside(|| self.step(id, done, work_on)).unwrap_or(Event::Failed(id))
    }

    /// From here on requests get this plan. Nothing can fail, and nothing takes long.
    fn serve(&self, id: Id, generation: Generation) {
        let mut all = self.inner.work();
        let Some(work) = all.get_mut(&id) else { return };
        let (Some(mut plan), Some(record), Some(loaded)) = (work.plan.take(), work.record.clone(), work.loaded.clone())
        else {
            return;
        };
        plan.generation = generation;
        // What was taken back while it was made ready.
        for agent in &plan.agents {
            let left = self.inner.revoked.left(&agent.spec.name, &agent.spec.grants);
            if *agent.grants().now() != left {
                agent.grant(left);
            }
        }
        let plan = Arc::new(plan);
        let live = Live { plan: Arc::clone(&plan), loaded: Arc::clone(&loaded), record, watched: None };
        self.inner.plans().insert(generation, live);
        let began = std::time::Instant::now();
        self.inner.active.store(Some(plan));
        work.took.store = began.elapsed();
        self.inner.loaded.store(loaded);
    }

    fn activated(&self, id: Id, generation: Generation) {
        let Some(work) = self.inner.work().remove(&id) else { return };
        let Some(record) = work.record else { return };
        tracing::info!(
            generation = generation.0,
            plan = %record.plan.short(),
            author = %record.author,
            reason = %record.reason,
            admit_ms = millis(work.took.admit),
            warm_ms = millis(work.took.warm),
            record_ms = millis(work.took.record),
            "active"
        );
        for note in &work.notes {
            tracing::info!(generation = generation.0, "{note}");
        }
        if let Some(wanted) = work.wanted {
            self.warm_beyond(wanted);
        }
        if let Some(Err(error)) = work.unfolding.map(Unfolding::wait) {
            tracing::warn!(%error, generation = generation.0, "active, but its record is not apart yet");
        }
        for (agent, shape, learned) in self.handed_over(&work.offered, work.loaded.as_deref()) {
            if let Err(error) = self.inner.history.learn(&agent, &shape, &learned) {
                tracing::warn!(%agent, %error, "it is not written down that this version has that state");
            }
        }
        self.inner.telemetry.change(telemetry::Change::Activated, work.proposal.change.kind());
        let (plan, notes, took) = (record.plan, work.notes, work.took);
        // Whoever proposed it may have gone away.
        let _ = work.done.send(Told::Done(Box::new(Ok(Activated { generation, plan, changed: true, notes, took }))));
        self.make_images_if_wanted();
        self.taken_back();
    }

    fn refuse(&self, id: Id, why: Refusal) {
        let Some(work) = self.inner.work().remove(&id) else { return };
        let answer = match (why, work.error) {
            (Refusal::Failed, Some(error)) => Err(error),
            (Refusal::Failed, None) => match work.same {
                Some((generation, plan)) => {
                    Ok(Activated { generation, plan, changed: false, notes: work.notes, took: work.took })
                }
                None => Err(Refused::Gone),
            },
            (Refusal::Conflict { active }, _) => {
                let now = active.and_then(|generation| self.plan_record(generation).ok().flatten());
                Err(Refused::Conflict { parent: work.parent, active: now.map(Box::new) })
            }
            (Refusal::Cold, _) => {
                let _ = work.done.send(Told::Cold);
                return;
            }
        };
        let _ = work.done.send(Told::Done(Box::new(answer)));
    }

    pub(super) fn refused(&self, proposal: &Proposal, refused: &Refused) {
        let why = refused.to_string();
        self.inner.telemetry.change(telemetry::Change::Refused, refused.kind());
        tracing::warn!(author = %proposal.author, reason = %proposal.reason, why = %why, "a change was refused");
        let record = RefusedRecord {
            time_ms: now_ms(),
            author: proposal.author.clone(),
            reason: proposal.reason.clone(),
            why,
            active: self.generation(),
        };
        if let Err(error) = self.inner.history.refuse(&record) {
            tracing::warn!(%error, "the refusal could not be written down");
        }
    }
}

/// A plan that needs no more work.
pub(super) struct Ready {
    pub(super) loaded: Arc<Loaded>,
    pub(super) plan: ActivePlan,
}

pub(super) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Runs work that may take long, on a thread that gets what serving leaves.
pub(super) fn beside<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let idle = move || {
            give_way();
            work()
        };
        let started = std::thread::Builder::new().name("greenroom-roll".to_owned()).spawn_scoped(scope, idle);
        started.ok()?.join().ok()
    })
}
