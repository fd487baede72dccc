//! The roll-out of plans: a pure state machine.
//!
//! An event comes in, the state changes, and what is to be done about it goes out as actions; whoever performs them
//! (`host/roll/`) tells with further events how they went. There is no clock in here, no I/O and no plan, only numbers of
//! proposals and generations, so that `tests.rs` can try sequences of events that no deployment would live long enough
//! to see.
//!
//! ```text
//! staged -> admitted -> warmed -> recording -> active -> draining -> retired -> forgotten
//!     \________\___________\__________\                      \-> rolled back
//!                                      refused
//! ```

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use greenroom_model::Generation;

/// Of a proposal; new ones have greater numbers.
pub(crate) type Id = u64;

/// Where a proposal is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its components are being admitted.
    Staged,
    /// They passed the gate; its instances are being made ready.
    Admitted,
    /// It could serve, and waits for its turn.
    Warmed,
    /// Its activation is being written down.
    Recording(Generation),
}

/// What a proposal is to probation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something new: it is watched.
    New,
    /// Learned states for what serves: it is watched for as long as what it replaces, with the same way back. A change that is
    /// faulty stays one when its agents learn.
    Learned,
    /// What served before: whoever goes back knows what comes, and must not be sent forth again.
    Back,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Somebody wants another plan.
    Proposed {
        /// A number that was never used.
        id: Id,
        /// What it is meant to follow; none when nothing was ever active.
        parent: Option<Generation>,
        /// A generation that is still warm and is to be served again: there is nothing to admit and to make ready.
        again: Option<Generation>,
        /// What it is to a plan on probation.
        kind: Kind,
    },
    /// Its components passed the gate.
    Admitted(Id),
    /// Its instances are ready.
    Warmed(Id),
    /// Its activation is durable.
    Recorded(Id),
    /// A step of it failed, or whoever proposed it does not want it any more.
    Failed(Id),
    /// No request runs on it any more.
    Drained(Generation),
    /// Its requests had their time.
    Overdue(Generation),
    /// It did well for long enough.
    ProbationEnded(Generation),
    /// It faults more than it may.
    Faulty(Generation),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Put the components through the gate.
    Admit(Id),
    /// Make instances ready.
    Warm(Id),
    /// Make the activation durable.
    Record {
        /// Which.
        id: Id,
        /// What it will be.
        generation: Generation,
    },
    /// Serve it from now on: one pointer.
    Store {
        /// Which.
        id: Id,
        /// What it is.
        generation: Generation,
    },
    /// Tell when no request runs on it any more, or when they had their time.
    Drain(Generation),
    /// End the requests that still run on it.
    Stop(Generation),
    /// It serves no longer. It stays warm.
    Retire {
        /// Which.
        generation: Generation,
        /// Because it was faulty.
        rolled_back: bool,
    },
    /// Give its instances back.
    Forget(Generation),
    /// Watch it, and tell how it does.
    Watch(Generation),
    /// Propose that `to` is served again.
    RollBack {
        /// The faulty one.
        from: Generation,
        /// The one before it.
        to: Generation,
    },
    /// Tell whoever proposed it.
    Refuse {
        /// Which.
        id: Id,
        /// Why.
        why: Refusal,
    },
}

/// Why a proposal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another plan is active than the one that it was to follow.
    Conflict {
        /// What is active.
        active: Option<Generation>,
    },
    /// What it asks to be served again is not kept any more.
    Cold,
    /// A step failed.
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct Coming {
    parent: Option<Generation>,
    stage: Stage,
    again: Option<Generation>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
struct Serving {
    generation: Generation,
    /// What it replaced.
    before: Option<Generation>,
    probation: bool,
    /// It was faulty, and what was before it is on its way back.
    going_back: bool,
    /// It differs from what it replaced in what agents learned, and in nothing else.
    learned: bool,
}

/// One that serves no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Past {
    rolled_back: bool,
    learned: bool,
}

/// One that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Warm {
    generation: Generation,
    learned: bool,
}

/// All that is known of plans on their way in, in service and on their way out.
#[derive(Debug, Clone)]
pub(crate) struct Rollout {
    last: Generation,
    active: Option<Serving>,
    coming: BTreeMap<Id, Coming>,
    draining: BTreeMap<Generation, Past>,
    /// Retired ones, the newest first.
    warm: VecDeque<Warm>,
    warm_max: usize,
}

impl Rollout {
    /// With what was active when the host went down, if anything. At most `warm_max` retired plans stay warm, and one more
    /// for as long as its follower is on probation. Those in which agents only learned come and go by the minute and must not
    /// push out what somebody may want to go back to: they do not count, and of them the newest stays.
    #[must_use]
    pub(crate) fn new(active: Option<Generation>, warm_max: usize) -> Self {
        let serving =
            |generation| Serving { generation, before: None, probation: false, going_back: false, learned: false };
        Self {
            last: active.unwrap_or(Generation(0)),
            active: active.map(serving),
            coming: BTreeMap::new(),
            draining: BTreeMap::new(),
            warm: VecDeque::new(),
            warm_max,
        }
    }

    /// What is active.
    #[must_use]
    pub(crate) fn active(&self) -> Option<Generation> {
        self.active.map(|serving| serving.generation)
    }

    /// Those that have instances, the active one not counted: draining or kept.
    #[must_use]
    pub(crate) fn kept(&self) -> BTreeSet<Generation> {
        self.draining.keys().copied().chain(self.warm.iter().map(|warm| warm.generation)).collect()
    }

    /// Proposals on their way, and how far they are.
    #[cfg(test)]
    pub(crate) fn coming(&self) -> impl Iterator<Item = (Id, Stage)> {
        self.coming.iter().map(|(id, coming)| (*id, coming.stage))
    }

    /// Takes an event. What comes of it is to be done in order. Events that cannot be, and ones about what is gone, change
    /// nothing.
    pub(crate) fn on(&mut self, event: Event) -> Vec<Action> {
        let mut actions = self.take(event);
        actions.extend(self.trim());
        actions
    }

    fn take(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Proposed { id, parent, again, kind } => self.proposed(id, parent, again, kind),
            Event::Admitted(id) => match self.step(id, Stage::Staged, Stage::Admitted) {
                true => vec![Action::Warm(id)],
                false => Vec::new(),
            },
            Event::Warmed(id) => match self.step(id, Stage::Admitted, Stage::Warmed) {
                true => self.next(),
                false => Vec::new(),
            },
            Event::Recorded(id) => self.recorded(id),
            Event::Failed(id) => self.failed(id),
            Event::Drained(generation) => self.drained(generation),
            Event::Overdue(generation) => {
                if !self.draining.contains_key(&generation) {
                    return Vec::new();
                }
                let mut actions = vec![Action::Stop(generation)];
                actions.extend(self.drained(generation));
                actions
            }
            Event::ProbationEnded(generation) => {
                if let Some(serving) = self.active.as_mut().filter(|serving| serving.generation == generation) {
                    serving.probation = false;
                }
                Vec::new()
            }
            Event::Faulty(generation) => self.faulty(generation),
        }
    }

    fn proposed(&mut self, id: Id, parent: Option<Generation>, again: Option<Generation>, kind: Kind) -> Vec<Action> {
        if self.coming.contains_key(&id) {
            return Vec::new();
        }
        if parent != self.active() {
            return vec![Action::Refuse { id, why: Refusal::Conflict { active: self.active() } }];
        }
        if again.is_some_and(|again| !self.is_kept(again)) {
            return vec![Action::Refuse { id, why: Refusal::Cold }];
        }
        let stage = if again.is_some() { Stage::Warmed } else { Stage::Staged };
        self.coming.insert(id, Coming { parent, stage, again, kind });
        if again.is_some() { self.next() } else { vec![Action::Admit(id)] }
    }

    fn is_kept(&self, generation: Generation) -> bool {
        self.draining.contains_key(&generation) || self.warm.iter().any(|warm| warm.generation == generation)
    }

    fn step(&mut self, id: Id, from: Stage, to: Stage) -> bool {
        match self.coming.get_mut(&id).filter(|coming| coming.stage == from) {
            Some(coming) => {
                coming.stage = to;
                true
            }
            None => false,
        }
    }

    /// Whoever is warm has its turn, one after the other: while one is written down, the others wait.
    fn next(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        loop {
            if self.coming.values().any(|coming| matches!(coming.stage, Stage::Recording(_))) {
                return actions;
            }
            let warmed = self.coming.iter().find(|(_, coming)| coming.stage == Stage::Warmed);
            let Some((id, Coming { parent, again, .. })) = warmed.map(|(id, coming)| (*id, *coming)) else {
                return actions;
            };
            let active = self.active();
            let why = if parent != active {
                Some(Refusal::Conflict { active })
            } else if again.is_some_and(|again| !self.is_kept(again)) {
                Some(Refusal::Cold)
            } else {
                None
            };
            if let Some(why) = why {
                self.coming.remove(&id);
                actions.push(Action::Refuse { id, why });
                continue;
            }
            let generation = Generation(self.last.0.saturating_add(1));
            self.step(id, Stage::Warmed, Stage::Recording(generation));
            actions.push(Action::Record { id, generation });
        }
    }

    fn recorded(&mut self, id: Id) -> Vec<Action> {
        let Some(Coming { stage: Stage::Recording(generation), again, kind, .. }) = self.coming.get(&id).copied()
        else {
            return Vec::new();
        };
        self.coming.remove(&id);
        self.last = generation;
        let old = self.active;
        let faulty = old.is_some_and(|old| old.going_back && again.is_some() && again == old.before);
        let replaced = old.map(|old| old.generation);
        let (before, probation) = match (kind, old) {
            (Kind::Learned, Some(old)) if old.probation => (old.before, true),
            (Kind::Back, _) => (replaced, false),
            (Kind::New | Kind::Learned, _) => (replaced, replaced.is_some()),
        };
        self.active =
            Some(Serving { generation, before, probation, going_back: false, learned: kind == Kind::Learned });
        let mut actions = vec![Action::Store { id, generation }];
        if let Some(old) = old {
            self.draining.insert(old.generation, Past { rolled_back: faulty, learned: old.learned });
            actions.push(Action::Drain(old.generation));
        }
        if probation {
            actions.push(Action::Watch(generation));
        }
        actions.extend(self.next());
        actions
    }

    fn failed(&mut self, id: Id) -> Vec<Action> {
        let Some(coming) = self.coming.remove(&id) else { return Vec::new() };
        let mut actions = vec![Action::Refuse { id, why: Refusal::Failed }];
        // It may have been the way back of a faulty one: another fault asks for it again.
        if let Some(serving) = self.active.as_mut().filter(|serving| coming.again.is_some() && serving.going_back) {
            serving.going_back = false;
        }
        actions.extend(self.next());
        actions
    }

    fn drained(&mut self, generation: Generation) -> Vec<Action> {
        let Some(Past { rolled_back, learned }) = self.draining.remove(&generation) else { return Vec::new() };
        let mut actions = vec![Action::Retire { generation, rolled_back }];
        let asked = self.coming.values().any(|coming| coming.again == Some(generation));
        if rolled_back && !asked {
            actions.push(Action::Forget(generation));
        } else {
            self.warm.push_front(Warm { generation, learned });
        }
        actions
    }

    fn faulty(&mut self, generation: Generation) -> Vec<Action> {
        let to = self.active.filter(|active| active.generation == generation && active.probation && !active.going_back);
        let Some(to) = to.and_then(|active| active.before).filter(|before| self.is_kept(*before)) else {
            return Vec::new();
        };
        if let Some(active) = &mut self.active {
            active.going_back = true;
        }
        vec![Action::RollBack { from: generation, to }]
    }

    /// Forgets the oldest of too many.
    fn trim(&mut self) -> Vec<Action> {
        // What a new one would go back to stays.
        let held = self.active.filter(|active| active.probation).and_then(|active| active.before);
        let asked: BTreeSet<Generation> = self.coming.values().filter_map(|coming| coming.again).collect();
        // Of those in which agents only learned. One may drain longer than its followers.
        let newest = self.warm.iter().filter(|warm| warm.learned).map(|warm| warm.generation).max();
        let mut actions = Vec::new();
        let mut kept = VecDeque::new();
        let mut room = self.warm_max;
        while let Some(warm) = self.warm.pop_front() {
            let generation = warm.generation;
            let needed = Some(generation) == held || asked.contains(&generation);
            let stays = match warm.learned {
                true => Some(generation) == newest && self.warm_max > 0,
                false => room > 0,
            };
            if needed || stays {
                kept.push_back(warm);
                room = room.saturating_sub(usize::from(!warm.learned));
            } else {
                actions.push(Action::Forget(generation));
            }
        }
        self.warm = kept;
        actions
    }
}
