//! Several objectives as one, in another direction each time.

use crate::{Draws, Outcome, Told};

/// What all objectives count for beside the worst of them: else what is weakly beaten is as good as what beats it.
const ALL: f64 = 0.05;

/// The trials with one value each: minus the augmented Chebyshev distance from the best of each objective, by weights that are
/// drawn evenly (ParEGO, Knowles 2006). Each draw looks at another part of the front, so that one model after the other finds
/// all of it. Objectives count by the width of what trials that keep to the constraints have of them.
pub(super) fn scalarised(told: &[Told], objectives: usize, draws: &mut Draws) -> Vec<Told> {
    // Exponentials that are divided by their sum are even on the simplex.
    let drawn: Vec<f64> = (0..objectives).map(|_| -libm::log(1.0 - draws.unit())).collect();
    let sum: f64 = drawn.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let weights: Vec<f64> = drawn.into_iter().map(|x| x / sum).collect();
    let ends = ends(told, objectives);
    let one = |values: &[f64]| {
        let behind = values.iter().zip(&ends).zip(&weights).map(|((value, (low, high)), weight)| {
            let width = high - low;
            weight * if width > 0.0 { (high - value) / width } else { 0.0 }
        });
        let (worst, all) = behind.fold((f64::NEG_INFINITY, 0.0), |(worst, all), x| (worst.max(x), all + x));
        vec![-(worst + ALL * all)]
    };
    let usable = |values: &[f64]| values.len() == objectives && values.iter().all(|value| value.is_finite());
    let scalar = |outcome: &Outcome| match outcome {
        Outcome::Complete { values, violations } if usable(values) => {
            Outcome::Complete { values: one(values), violations: violations.clone() }
        }
        Outcome::Pruned { rung, values } if usable(values) => Outcome::Pruned { rung: *rung, values: one(values) },
        other => other.clone(),
    };
    told.iter().map(|trial| Told { outcome: scalar(&trial.outcome), ..trial.clone() }).collect()
}

/// The least and the most of each objective: of trials that keep to the constraints, of all that are complete where none does.
fn ends(told: &[Told], objectives: usize) -> Vec<(f64, f64)> {
    let of = |all: bool| -> Vec<(f64, f64)> {
        let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); objectives];
        for trial in told {
            let Outcome::Complete { values, violations } = &trial.outcome else { continue };
            if all || violations.iter().all(|violation| *violation <= 0.0) {
                for ((low, high), value) in ends.iter_mut().zip(values).filter(|(_, value)| value.is_finite()) {
                    (*low, *high) = (low.min(*value), high.max(*value));
                }
            }
        }
        ends
    };
    let kept = of(false);
    if kept.iter().any(|(low, high)| low > high) { of(true) } else { kept }
}
