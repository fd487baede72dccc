//! How far a search is, and what it goes on with.

use std::collections::BTreeMap;

use greenroom_evolve::Yardstick;
use greenroom_evolve::knowledge::{Judgement, Record};
use greenroom_evolve::study::Cost;

use super::turn::Turn;
use super::{Evolution, Found, Plan, Round, Took};

/// What a round begins with.
pub(super) struct Base {
    pub(super) text: String,
    /// One an objective, larger is better.
    pub(super) values: Vec<f64>,
    /// One a constraint, 0 where it holds. The graph that a search begins with may break some.
    pub(super) violations: Vec<f64>,
    pub(super) inner: BTreeMap<String, f64>,
}

/// What became of a search so far.
pub(super) struct Course {
    pub(super) evolution: Evolution,
    pub(super) yardstick: Yardstick,
    /// What the graph has that it began with, one value an objective.
    pub(super) origin: Vec<f64>,
    pub(super) base: Base,
    pub(super) all: Vec<Found>,
    pub(super) bases: Vec<Found>,
    /// What is known of each trial now.
    pub(super) records: Vec<Record>,
    /// What all that was found, and the origin, are worth together.
    pub(super) best: f64,
    /// Trials.
    pub(super) spent: u64,
    /// Of those trials.
    pub(super) cost: Cost,
    pub(super) stopped: bool,
    pub(super) took: Took,
    pub(super) rungs: Vec<f64>,
}

impl Course {
    /// Whether no further round is begun.
    pub(super) fn is_over(&self, plan: &Plan<'_>) -> bool {
        self.stopped || self.spent >= plan.trials || plan.most.is_over(self.cost).is_some()
    }

    /// What all that was found is worth by now.
    pub(super) fn weigh(&mut self) {
        let values = self.all.iter().map(|found| found.values.as_slice());
        self.best = self.best.max(self.yardstick.worth(values.chain([self.origin.as_slice()])));
    }

    /// What the graphs of a round have of what it goes by; larger is better.
    pub(super) fn best_by(&self, turn: &Turn, round: &str) -> impl Iterator<Item = f64> {
        let of_round = self.all.iter().filter(move |found| found.round == round);
        of_round.filter_map(move |found| turn.goes_by(&found.inner, &found.values)?.first().copied())
    }

    /// What the next round begins with: the best by the outer reward, whatever found it.
    pub(super) fn promote(&mut self) {
        let worth = |values: &[f64]| self.yardstick.worth([values]);
        let best = self.all.iter().map(|found| (worth(&found.values), found));
        // What keeps to the constraints is better than what does not, whatever it has.
        let breaks = self.base.violations.iter().any(|violation| *violation > 0.0);
        let best = best.max_by(|a, b| a.0.total_cmp(&b.0));
        let best = best.filter(|(best, _)| breaks || *best > worth(&self.base.values));
        if let Some((_, better)) = best.map(|(worth, found)| (worth, found.clone())) {
            let (text, values, inner) = (better.text.clone(), better.values.clone(), better.inner.clone());
            let violations = vec![0.0; self.base.violations.len()];
            self.base = Base { text, values, violations, inner };
            self.bases.push(better);
        }
    }

    /// Says of the best of a round by its inner reward that it is not promoted, when the outer reward paid for it.
    pub(super) fn hold_back(&mut self, turn: &Turn, round: &str) {
        let Some(aim) = &turn.by else { return };
        let of = |inner: &BTreeMap<String, f64>| inner.get(&aim.objective.name).map(|value| aim.oriented(*value));
        let Some(had) = of(&self.base.inner) else { return };
        let of_round = self.all.iter().filter(|found| found.round == round);
        let best = of_round.filter_map(|found| Some((of(&found.inner)?, found))).max_by(|a, b| a.0.total_cmp(&b.0));
        let worth = |values: &[f64]| self.yardstick.worth([values]);
        let Some((gained, found)) = best.filter(|(gained, _)| *gained > had) else { return };
        let (before, now) = (worth(&self.base.values), worth(&found.values));
        if now >= before {
            return;
        }
        let (inner, from, to) = (&aim.objective.name, aim.oriented(had), aim.oriented(gained));
        let why = format!(
            "trial {} of {round} is not promoted: its inner reward, {inner}, rose ({from:.5} to {to:.5}) at the cost of the outer \
             one ({before:.5} to {now:.5})",
            found.number,
        );
        let trial = Some((found.round.clone(), found.number));
        self.records.iter_mut().filter(|record| record.trial == trial).for_each(|record| {
            record.judgement = Judgement::InnerOnly;
        });
        self.evolution.note(turn.level, &why);
    }
}

/// What a round came to.
pub(super) fn gain(round: &Round, turn: &Turn, inner: (f64, f64), outer: (f64, f64), several: bool) -> String {
    let gained = |(from, to): (f64, f64)| format!("gained {:.5} ({from:.5} to {to:.5})", to - from);
    let of = if several { " of hypervolume" } else { "" };
    match &turn.by {
        None => format!("{} trials {}{of}", round.trials, gained(outer)),
        Some(aim) => format!(
            "{} trials by {} {}; the outer reward {}{of}",
            round.trials,
            aim.objective.name,
            gained((aim.oriented(inner.0), aim.oriented(inner.1))),
            gained(outer)
        ),
    }
}
