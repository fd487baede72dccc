//! Which trials are better than which.

use super::Seen;
use crate::{Outcome, Told};

/// How good a trial is. Trials come in classes, each behind the one before: those that hold all constraints, those that were
/// pruned (a later rung first: it took more to be hopeless there), those that break constraints (the least first: Deb 2002),
/// and those that failed. Within a class and a rung, or with the same violations, objectives decide.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    class: u8,
    /// Within a class, less is better.
    distance: f64,
    /// Larger is better.
    values: Vec<f64>,
}

impl Standing {
    /// Whether a trial is no worse in all and better in something.
    pub(super) fn dominates(&self, other: &Self) -> bool {
        match self.class.cmp(&other.class).then(self.distance.total_cmp(&other.distance)) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => {
                let mut pairs = self.values.iter().zip(&other.values);
                pairs.all(|(a, b)| a >= b) && self.values.iter().zip(&other.values).any(|(a, b)| a > b)
            }
        }
    }

    /// Of the first objective.
    pub(super) fn value(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    /// Whether it holds all constraints and was evaluated to the end.
    pub(super) fn sound(&self) -> bool {
        self.class == 0
    }

    /// Whether it was evaluated to the end and breaks a constraint.
    pub(super) fn broken(&self) -> bool {
        self.class == 2
    }
}

/// How good each trial is. Violations count relative to the largest that was seen of each constraint, since constraints have
/// units of their own.
pub(super) fn standings(told: &[Told], objectives: usize) -> Vec<Standing> {
    let mut largest: Vec<f64> = Vec::new();
    for trial in told {
        if let Outcome::Complete { violations, .. } = &trial.outcome {
            largest.resize(largest.len().max(violations.len()), 0.0);
            largest
                .iter_mut()
                .zip(violations)
                .filter(|(_, v)| v.is_finite())
                .for_each(|(most, v)| *most = most.max(*v));
        }
    }
    told.iter().map(|trial| standing(&trial.outcome, objectives, &largest)).collect()
}

fn standing(outcome: &Outcome, objectives: usize, largest: &[f64]) -> Standing {
    let (class, distance, values) = match outcome {
        Outcome::Complete { values, violations } => {
            let each = violations.iter().zip(largest).filter(|(v, _)| **v > 0.0 || v.is_nan());
            let sum: f64 = each.map(|(v, most)| if v.is_finite() && *most > 0.0 { v / most } else { 2.0 }).sum();
            (if sum > 0.0 { 2 } else { 0 }, sum, values)
        }
        Outcome::Pruned { rung, values } => (1, -f64::from(*rung), values),
        Outcome::Failed { .. } => return Standing { class: 3, distance: 0.0, values: Vec::new() },
    };
    if values.len() < objectives || values.iter().any(|value| value.is_nan()) {
        return Standing { class: 3, distance: 0.0, values: Vec::new() };
    }
    Standing { class, distance, values: values.clone() }
}

/// Places of trials, best first, and for each trial the front it is on, from 0. With one objective a front is all that is
/// equally good; with several, what is dominated by earlier fronts alone, and within a front the loneliest come first
/// (fast non-dominated sorting and crowding distance, Deb 2002). Of equals the earlier trial comes first.
pub(super) fn ranked(seen: Seen<'_>) -> (Vec<usize>, Vec<usize>) {
    let all = standings(seen.told, seen.objectives);
    let mut fronts = vec![0; all.len()];
    let mut order: Vec<usize> = Vec::with_capacity(all.len());
    for (number, mut front) in sorted(&all, seen.objectives).into_iter().enumerate() {
        for place in &front {
            if let Some(slot) = fronts.get_mut(*place) {
                *slot = number;
            }
        }
        if seen.objectives > 1 {
            let lonely = crowding(&all, &front, seen.objectives);
            let mut by: Vec<(usize, f64)> = front.iter().copied().zip(lonely).collect();
            by.sort_by(|a, b| b.1.total_cmp(&a.1));
            front = by.into_iter().map(|(place, _)| place).collect();
        }
        order.extend(front);
    }
    (order, fronts)
}

fn sorted(all: &[Standing], objectives: usize) -> Vec<Vec<usize>> {
    if objectives == 1 {
        let mut order: Vec<(usize, &Standing)> = all.iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| {
            let value = |s: &Standing| s.values.first().copied().unwrap_or(f64::NEG_INFINITY);
            a.class.cmp(&b.class).then(a.distance.total_cmp(&b.distance)).then(value(b).total_cmp(&value(a)))
        });
        return order
            .chunk_by(|(_, a), (_, b)| !a.dominates(b))
            .map(|equal| equal.iter().map(|(place, _)| *place).collect())
            .collect();
    }
    let mut fronts = Vec::new();
    let mut left: Vec<(usize, &Standing)> = all.iter().enumerate().collect();
    while !left.is_empty() {
        let (front, rest): (Vec<_>, Vec<_>) =
            left.iter().copied().partition(|(_, trial)| !left.iter().any(|(_, other)| other.dominates(trial)));
        fronts.push(front.into_iter().map(|(place, _)| place).collect());
        left = rest;
    }
    fronts
}

/// How far the neighbours of each on a front are, summed over objectives relative to the front's width; infinite at its ends.
fn crowding(all: &[Standing], front: &[usize], objectives: usize) -> Vec<f64> {
    let mut lonely = vec![0.0; front.len()];
    for objective in 0..objectives {
        let value = |place: &usize| all.get(*place).and_then(|s| s.values.get(objective)).copied().unwrap_or(0.0);
        let mut along: Vec<(usize, f64)> = front.iter().map(value).enumerate().collect();
        along.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(first), Some(last)) = (along.first().copied(), along.last().copied()) else { continue };
        let mut add = |at: usize, more: f64| {
            if let Some(distance) = lonely.get_mut(at) {
                *distance += more;
            }
        };
        add(first.0, f64::INFINITY);
        add(last.0, f64::INFINITY);
        if last.1 > first.1 {
            for triple in along.windows(3) {
                if let [before, at, after] = triple {
                    add(at.0, (after.1 - before.1) / (last.1 - first.1));
                }
            }
        }
    }
    lonely
}
