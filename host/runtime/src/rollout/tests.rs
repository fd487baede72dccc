//! Sequences of events against the invariants of the design, and the roads that everybody takes.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_model::Generation;
use proptest::prelude::*;

use super::{Action, Event, Id, Kind, Refusal, Rollout, Stage};

const WARM_MAX: usize = 2;

/// What an observer of the actions knows, without a look inside.
#[derive(Default)]
struct Seen {
    active: Option<Generation>,
    last: u64,
    admitted: BTreeSet<Id>,
    warmed: BTreeSet<Id>,
    recorded: BTreeSet<Id>,
    parents: BTreeMap<Id, Option<Generation>>,
    again: BTreeMap<Id, Generation>,
    kinds: BTreeMap<Id, Kind>,
    ended: BTreeSet<Id>,
    recording: Option<(Id, Generation)>,
    /// Draining, or kept warm.
    draining: BTreeSet<Generation>,
    warm: BTreeSet<Generation>,
    probation: Option<(Generation, Option<Generation>)>,
}

impl Seen {
    fn event(&mut self, event: Event) {
        match event {
            Event::Proposed { id, parent, again, kind } => {
                self.parents.entry(id).or_insert(parent);
                self.kinds.entry(id).or_insert(kind);
                if let Some(again) = again {
                    self.again.entry(id).or_insert(again);
                }
            }
            Event::Admitted(id) => {
                self.admitted.insert(id);
            }
            Event::Warmed(id) => {
                self.warmed.insert(id);
            }
            Event::Recorded(id) => {
                self.recorded.insert(id);
            }
            Event::ProbationEnded(generation) if self.probation.is_some_and(|(of, _)| of == generation) => {
                self.probation = None;
            }
            _ => {}
        }
    }

    fn action(&mut self, action: Action) {
        match action {
            Action::Admit(id) => assert!(!self.ended.contains(&id)),
            Action::Warm(id) => assert!(self.admitted.contains(&id) && !self.ended.contains(&id)),
            Action::Record { id, generation } => {
                assert!(self.recording.is_none(), "two are written down at once");
                assert!(self.again.contains_key(&id) || self.warmed.contains(&id), "2: not warm before it is recorded");
                assert_eq!(self.parents[&id], self.active, "1: its parent is not the active one");
                assert!(generation.0 > self.last, "5: generations never decrease");
                self.recording = Some((id, generation));
            }
            Action::Store { id, generation } => {
                assert_eq!(self.recording.take(), Some((id, generation)), "2: stored what was not being recorded");
                assert!(self.recorded.contains(&id), "2: stored before it was durable");
                assert_eq!(self.parents[&id], self.active, "1: its parent is not the active one");
                if let Some(old) = self.active {
                    self.draining.insert(old);
                }
                let held = self.probation.and_then(|(_, before)| before);
                let watched = match self.kinds[&id] {
                    Kind::Back => None,
                    Kind::Learned if held.is_some() => held,
                    Kind::New | Kind::Learned => self.active,
                };
                self.probation = watched.map(|before| (generation, Some(before)));
                self.active = Some(generation);
                self.last = generation.0;
                self.ended.insert(id);
            }
            Action::Drain(generation) => assert!(self.draining.contains(&generation)),
            Action::Stop(generation) => assert!(self.draining.contains(&generation)),
            Action::Watch(generation) => {
                assert_eq!(Some(generation), self.active);
                assert!(self.probation.is_some_and(|(of, _)| of == generation), "watched without being on probation");
            }
            Action::Retire { generation, .. } => {
                assert!(self.draining.remove(&generation), "retired what was not draining");
                self.warm.insert(generation);
            }
            Action::Forget(generation) => {
                assert!(self.warm.remove(&generation), "4: forgot what was not retired");
                let held = self.probation.and_then(|(_, before)| before);
                assert_ne!(Some(generation), held, "4: forgot what is to be gone back to");
            }
            Action::RollBack { from, to } => {
                assert_eq!(Some(from), self.active);
                assert!(self.draining.contains(&to) || self.warm.contains(&to), "4: what to go back to is gone");
                assert_eq!(self.probation, Some((from, Some(to))), "it goes back to what was before");
            }
            Action::Refuse { id, why } => {
                assert!(self.ended.insert(id), "ended twice");
                if self.recording.is_some_and(|(recording, _)| recording == id) {
                    assert_eq!(why, Refusal::Failed);
                    self.recording = None;
                }
                if let Refusal::Conflict { active } = why {
                    assert_eq!(active, self.active);
                    assert_ne!(self.parents[&id], self.active, "a conflict without one");
                }
            }
        }
    }
}

fn generation() -> impl Strategy<Value = Generation> {
    (0..12_u64).prop_map(Generation)
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::New), Just(Kind::Learned), Just(Kind::Back)]
}

/// Ids as small as generations, so that events meet what they are about.
fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (0..40_u64, proptest::option::of(generation()), Just(None))
            .prop_map(|(id, parent, again)| Event::Proposed { id, parent, again, kind: Kind::New }),
        1 => (0..40_u64, proptest::option::of(generation()), proptest::option::of(generation()), kind())
            .prop_map(|(id, parent, again, kind)| Event::Proposed { id, parent, again, kind }),
        2 => (0..40_u64).prop_map(Event::Admitted),
        2 => (0..40_u64).prop_map(Event::Warmed),
        2 => (0..40_u64).prop_map(Event::Recorded),
        1 => (0..40_u64).prop_map(Event::Failed),
        1 => generation().prop_map(Event::Drained),
        1 => generation().prop_map(Event::Overdue),
        1 => generation().prop_map(Event::ProbationEnded),
        1 => generation().prop_map(Event::Faulty),
    ]
}

/// Choices of something that can happen: whoever performs actions tells of what is on its way, and of nothing else.
fn likely(rollout: &Rollout, next_id: &mut Id, choice: u8, which: prop::sample::Index) -> Event {
    let coming: Vec<(Id, Stage)> = rollout.coming().collect();
    let kept: Vec<Generation> = rollout.kept().into_iter().collect();
    let active = rollout.active();
    let mut propose = |again: Option<Generation>| {
        *next_id += 1;
        let kind = match (again.is_some(), choice % 3) {
            (true, _) => Kind::Back,
            (false, 0) => Kind::Learned,
            (false, _) => Kind::New,
        };
        Event::Proposed { id: *next_id, parent: active, again, kind }
    };
    match choice % 10 {
        0..=4 if !coming.is_empty() => {
            let (id, stage) = coming[which.index(coming.len())];
            match stage {
                Stage::Staged => Event::Admitted(id),
                Stage::Admitted => Event::Warmed(id),
                Stage::Warmed | Stage::Recording(_) => Event::Recorded(id),
            }
        }
        5 if !coming.is_empty() => Event::Failed(coming[which.index(coming.len())].0),
        6 if !kept.is_empty() => match choice / 10 % 3 {
            0 => Event::Drained(kept[which.index(kept.len())]),
            1 => Event::Overdue(kept[which.index(kept.len())]),
            _ => propose(Some(kept[which.index(kept.len())])),
        },
        7 => active.map_or_else(|| propose(None), Event::Faulty),
        8 => active.map_or_else(|| propose(None), Event::ProbationEnded),
        _ => propose(None),
    }
}

fn check(seen: &mut Seen, rollout: &mut Rollout, event: Event) -> Result<(), TestCaseError> {
    seen.event(event);
    for action in rollout.on(event) {
        seen.action(action);
    }
    prop_assert_eq!(rollout.active(), seen.active);
    let kept: BTreeSet<Generation> = seen.draining.union(&seen.warm).copied().collect();
    prop_assert_eq!(&rollout.kept(), &kept);
    prop_assert!(seen.active.is_none_or(|active| !kept.contains(&active)));
    // One may be held for a probation, and each proposal may hold another.
    // Nobody waits while nothing is written down.
    let waits = rollout.coming().any(|(_, stage)| stage == Stage::Warmed);
    prop_assert!(!waits || rollout.coming().any(|(_, stage)| matches!(stage, Stage::Recording(_))));
    let asked = rollout.coming.values().filter(|coming| coming.again.is_some()).count();
    let (learned, others): (Vec<super::Warm>, Vec<super::Warm>) = rollout.warm.iter().partition(|warm| warm.learned);
    prop_assert!(others.len() <= WARM_MAX + 1 + asked, "{others:?}");
    prop_assert!(learned.len() <= 2 + asked, "{learned:?}");
    prop_assert!(rollout.warm.len() <= WARM_MAX + 2 + asked, "{:?}", rollout.warm);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_in_whatever_order_the_invariants_hold(events in prop::collection::vec(event(), 0..80)) {
        let (mut seen, mut rollout) = (Seen::default(), Rollout::new(None, WARM_MAX));
        for event in events {
            // Nobody uses a number twice.
            if !matches!(event, Event::Proposed { id, .. } if seen.parents.contains_key(&id)) {
                check(&mut seen, &mut rollout, event)?;
            }
        }
    }

    #[test]
    fn long_lives_of_a_host_keep_the_invariants(
        choices in prop::collection::vec((any::<u8>(), any::<prop::sample::Index>()), 0..300),
    ) {
        // Some hosts come up with what was active before.
        let before = (choices.len() % 2 == 1).then_some(Generation(7));
        let (mut seen, mut rollout) = (Seen::default(), Rollout::new(before, WARM_MAX));
        (seen.active, seen.last) = (before, before.map_or(0, |before| before.0));
        let mut next_id = 0;
        for (choice, which) in choices {
            let event = likely(&rollout, &mut next_id, choice, which);
            check(&mut seen, &mut rollout, event)?;
        }
        // Whatever is on its way comes to an end, and then nothing is left waiting.
        let ids: Vec<Id> = rollout.coming().map(|(id, _)| id).collect();
        for id in ids {
            check(&mut seen, &mut rollout, Event::Failed(id))?;
        }
        prop_assert_eq!(rollout.coming().count(), 0);
    }
}

/// Takes a proposal all the way.
fn activate(rollout: &mut Rollout, id: Id) -> Vec<Action> {
    activate_as(rollout, id, Kind::New)
}

fn activate_as(rollout: &mut Rollout, id: Id, kind: Kind) -> Vec<Action> {
    let parent = rollout.active();
    assert_eq!(rollout.on(Event::Proposed { id, parent, again: None, kind }), [Action::Admit(id)]);
    assert_eq!(rollout.on(Event::Admitted(id)), [Action::Warm(id)]);
    let generation = Generation(parent.map_or(1, |parent| parent.0 + 1));
    assert_eq!(rollout.on(Event::Warmed(id)), [Action::Record { id, generation }]);
    rollout.on(Event::Recorded(id))
}

#[test]
fn a_plan_goes_from_staged_to_forgotten() {
    let mut rollout = Rollout::new(None, 1);
    let of = Generation;
    assert_eq!(activate(&mut rollout, 1), [Action::Store { id: 1, generation: of(1) }], "nothing to go back to");
    assert_eq!(
        activate(&mut rollout, 2),
        [Action::Store { id: 2, generation: of(2) }, Action::Drain(of(1)), Action::Watch(of(2))]
    );
    assert_eq!(rollout.on(Event::Drained(of(1))), [Action::Retire { generation: of(1), rolled_back: false }]);
    assert_eq!(rollout.on(Event::ProbationEnded(of(2))), []);
    activate(&mut rollout, 3);
    assert_eq!(
        rollout.on(Event::Overdue(of(2))),
        [Action::Stop(of(2)), Action::Retire { generation: of(2), rolled_back: false }, Action::Forget(of(1)),]
    );
}

#[test]
fn of_two_that_follow_the_same_plan_the_second_is_told_of_the_first() {
    let mut rollout = Rollout::new(Some(Generation(7)), 2);
    for id in [1, 2] {
        rollout.on(Event::Proposed { id, parent: Some(Generation(7)), again: None, kind: Kind::New });
        rollout.on(Event::Admitted(id));
    }
    assert_eq!(rollout.on(Event::Warmed(2)), [Action::Record { id: 2, generation: Generation(8) }]);
    assert_eq!(rollout.on(Event::Warmed(1)), [], "its turn has not come");
    let actions = rollout.on(Event::Recorded(2));
    let why = Refusal::Conflict { active: Some(Generation(8)) };
    assert_eq!(actions.last(), Some(&Action::Refuse { id: 1, why }));
    let late = rollout.on(Event::Proposed { id: 3, parent: Some(Generation(7)), again: None, kind: Kind::New });
    assert_eq!(late, [Action::Refuse { id: 3, why }]);
}

#[test]
fn a_record_that_fails_leaves_what_is_active() {
    let mut rollout = Rollout::new(Some(Generation(3)), 2);
    rollout.on(Event::Proposed { id: 1, parent: Some(Generation(3)), again: None, kind: Kind::New });
    rollout.on(Event::Admitted(1));
    rollout.on(Event::Warmed(1));
    assert_eq!(rollout.on(Event::Failed(1)), [Action::Refuse { id: 1, why: Refusal::Failed }]);
    assert_eq!(rollout.active(), Some(Generation(3)));
    assert_eq!(rollout.on(Event::Recorded(1)), [], "too late");
}

#[test]
fn a_faulty_plan_makes_way_for_the_one_before_it_once() {
    let mut rollout = Rollout::new(Some(Generation(1)), 0);
    activate(&mut rollout, 1);
    rollout.on(Event::Drained(Generation(1)));
    let back = Action::RollBack { from: Generation(2), to: Generation(1) };
    assert_eq!(rollout.on(Event::Faulty(Generation(2))), [back]);
    assert_eq!(rollout.on(Event::Faulty(Generation(2))), [], "it is on its way");
    let again = Some(Generation(1));
    let actions = rollout.on(Event::Proposed { id: 9, parent: Some(Generation(2)), again, kind: Kind::Back });
    assert_eq!(actions, [Action::Record { id: 9, generation: Generation(3) }], "it is warm already");
    let actions = rollout.on(Event::Recorded(9));
    assert_eq!(
        actions,
        [
            Action::Store { id: 9, generation: Generation(3) },
            Action::Drain(Generation(2)),
            Action::Forget(Generation(1)),
        ],
        "what comes back is not on probation"
    );
    let retired = rollout.on(Event::Drained(Generation(2)));
    assert_eq!(
        retired,
        [Action::Retire { generation: Generation(2), rolled_back: true }, Action::Forget(Generation(2))]
    );
}

#[test]
fn after_its_probation_a_plan_is_not_rolled_back() {
    let mut rollout = Rollout::new(Some(Generation(1)), 1);
    activate(&mut rollout, 1);
    rollout.on(Event::ProbationEnded(Generation(2)));
    assert_eq!(rollout.on(Event::Faulty(Generation(2))), []);
}

#[test]
fn what_agents_learn_on_probation_changes_neither_its_end_nor_the_way_back() {
    let mut rollout = Rollout::new(Some(Generation(1)), 0);
    activate(&mut rollout, 1);
    rollout.on(Event::Proposed { id: 2, parent: Some(Generation(2)), again: None, kind: Kind::Learned });
    rollout.on(Event::Admitted(2));
    rollout.on(Event::Warmed(2));
    let actions = rollout.on(Event::Recorded(2));
    assert!(actions.contains(&Action::Watch(Generation(3))), "{actions:?}");
    rollout.on(Event::Drained(Generation(1)));
    rollout.on(Event::Drained(Generation(2)));
    let back = Action::RollBack { from: Generation(3), to: Generation(1) };
    assert_eq!(rollout.on(Event::Faulty(Generation(3))), [back]);
}

#[test]
fn whoever_goes_back_is_not_sent_forth_again_also_when_it_was_cold() {
    let mut rollout = Rollout::new(Some(Generation(5)), 1);
    rollout.on(Event::Proposed { id: 1, parent: Some(Generation(5)), again: None, kind: Kind::Back });
    rollout.on(Event::Admitted(1));
    rollout.on(Event::Warmed(1));
    let actions = rollout.on(Event::Recorded(1));
    assert_eq!(actions, [Action::Store { id: 1, generation: Generation(6) }, Action::Drain(Generation(5))]);
    assert_eq!(rollout.on(Event::Faulty(Generation(6))), []);
}

#[test]
fn an_hour_of_learning_pushes_out_nothing_that_somebody_changed() {
    let mut rollout = Rollout::new(None, 2);
    let mut next = 0;
    let mut turn = |rollout: &mut Rollout, kind| {
        next += 1;
        let before = rollout.active();
        activate_as(rollout, next, kind);
        rollout.on(Event::ProbationEnded(Generation(next)));
        before.into_iter().for_each(|before| drop(rollout.on(Event::Drained(before))));
    };
    for kind in [Kind::New, Kind::New, Kind::New] {
        turn(&mut rollout, kind);
    }
    (0..60).for_each(|_| turn(&mut rollout, Kind::Learned));
    let kept: Vec<u64> = rollout.kept().iter().map(|kept| kept.0).collect();
    assert_eq!(kept, [2, 3, 62], "two that were changed, and the newest of those that learned");
    turn(&mut rollout, Kind::New);
    let kept: Vec<u64> = rollout.kept().iter().map(|kept| kept.0).collect();
    assert_eq!(kept, [2, 3, 63]);
    turn(&mut rollout, Kind::New);
    let kept: Vec<u64> = rollout.kept().iter().map(|kept| kept.0).collect();
    assert_eq!(kept, [3, 63, 64], "what only learned takes no place of theirs");
}
