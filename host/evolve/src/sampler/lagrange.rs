//! Bounds as a price: what a trial has, less what it is beyond each bound times a multiplier.

use crate::{Outcome, Told};

/// How much a multiplier grows with a trial that breaks its bound, and shrinks with one that holds it. It grows faster: a price
/// that is too low leads to points that cannot be had, one that is too high only away from the bound.
const GROWS: f64 = 1.3;
const SHRINKS: f64 = 1.1;
/// Where multipliers begin: the typical violation costs what good trials differ by.
const BEGIN: f64 = 1.0;
/// What they stay between, so that the price comes back in time when what is tried moves elsewhere.
const ENDS: (f64, f64) = (0.1, 10_000.0);

/// What each trial is charged for what it breaks, in units of `spread`, what good trials differ by: the exact penalty of a
/// Lagrangian whose multipliers follow from the trials in their order alone. 0 for those that hold all bounds; none for those
/// that are not complete.
///
/// Violations count in units of the typical one of their constraint, since constraints have units of their own.
pub(super) fn charges(told: &[Told], spread: f64) -> Vec<Option<f64>> {
    let violations = |trial: &Told| match &trial.outcome {
        Outcome::Complete { violations, .. } => Some(violations.clone()),
        Outcome::Pruned { .. } | Outcome::Failed { .. } => None,
    };
    let all: Vec<Option<Vec<f64>>> = told.iter().map(violations).collect();
    let count = all.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let units: Vec<f64> = (0..count)
        .map(|at| {
            let of_it = all.iter().flatten().filter_map(|violations| violations.get(at)).copied();
            let mut broken: Vec<f64> = of_it.filter(|violation| *violation > 0.0 && violation.is_finite()).collect();
            broken.sort_unstable_by(f64::total_cmp);
            broken.get(broken.len() / 2).copied().unwrap_or(1.0)
        })
        .collect();
    let mut multipliers = vec![BEGIN; count];
    for violations in all.iter().flatten() {
        for (multiplier, violation) in multipliers.iter_mut().zip(violations) {
            let holds = *violation <= 0.0;
            *multiplier = (if holds { *multiplier / SHRINKS } else { *multiplier * GROWS }).clamp(ENDS.0, ENDS.1);
        }
    }
    let charge = |violations: Vec<f64>| -> f64 {
        let each = violations.iter().zip(&units).zip(&multipliers);
        // What is infinite, or no number, is beyond any price.
        each.map(
            |((violation, unit), multiplier)| {
                if violation.is_nan() { f64::INFINITY } else { multiplier * violation.max(0.0) / unit }
            },
        )
        .sum()
    };
    all.into_iter().map(|violations| violations.map(|violations| spread * charge(violations))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, Point};

    fn told(all: &[&[f64]]) -> Vec<Told> {
        let trial = |(number, violations): (u64, &&[f64])| {
            let outcome = Outcome::Complete { values: vec![0.0], violations: violations.to_vec() };
            Told { number, point: Point::new(), outcome }
        };
        (0..).zip(all).map(trial).collect()
    }

    fn last(all: &[&[f64]]) -> f64 {
        charges(&told(all), 1.0).pop().unwrap().unwrap()
    }

    #[test]
    fn what_breaks_a_bound_pays_for_it_and_what_holds_all_pays_nothing() {
        let all = charges(&told(&[&[-1.0, 0.0], &[2.0, -9.0], &[4.0, 0.0]]), 0.5);
        assert_eq!(all[0], Some(0.0));
        // Being far below one bound pays for nothing; twice as far beyond costs twice as much.
        assert!(all[1].unwrap() > 0.0 && (all[2].unwrap() / all[1].unwrap() - 2.0).abs() < 1e-12, "{all:?}");
    }

    #[test]
    fn the_price_grows_while_a_bound_is_broken_and_falls_while_it_holds() {
        let (once, often) = (last(&[&[1.0]]), last(&[&[1.0], &[1.0], &[1.0]]));
        let after = last(&[&[1.0], &[-1.0], &[-1.0], &[1.0]]);
        assert!(often > once && after < last(&[&[1.0], &[1.0]]), "{once} {often} {after}");
        // Each bound has a price of its own, in units of its own.
        let two = charges(&told(&[&[1.0, -1.0], &[1.0, -1.0], &[1e6, 0.0], &[0.0, 1e-6]]), 1.0);
        assert!(two[0].unwrap() > two[3].unwrap() * 1.5, "{two:?}");
        let long: Vec<&[f64]> = vec![&[1.0]; 500];
        assert!(last(&long).is_finite());
    }

    #[test]
    fn what_is_not_complete_has_no_price_and_what_is_no_number_any() {
        let mut all = told(&[&[f64::NAN], &[f64::INFINITY]]);
        all.push(Told { outcome: Outcome::Failed { failure: Failure::Fault, why: String::new() }, ..all[0].clone() });
        all.push(Told { outcome: Outcome::Pruned { rung: 0, values: vec![1.0] }, ..all[0].clone() });
        assert_eq!(charges(&all, 1.0), [Some(f64::INFINITY), Some(f64::INFINITY), None, None]);
    }
}
