//! Where the model promises most.

use super::features::Features;
use super::model::Model;
use crate::sampler::{Seen, gaussian, random};
use crate::space::Units;
use crate::{Draws, Point, Space};

/// How many points all over the space are looked at.
const ANYWHERE: usize = 50;
/// How many are begun from, and how many steps are tried from each.
const BEGINS: usize = 4;
const STEPS: usize = 30;

/// The point with the largest expected improvement (Mockus 1975) over the best that is expected of a trial, found by
/// steps from the best trials and from the best of points drawn all over the space. None when all that it saw was tried.
pub(super) fn best(
    space: &Space,
    features: &Features,
    model: &Model,
    trials: &[Units],
    seen: Seen<'_>,
    draws: &mut Draws,
) -> Option<Point> {
    let expected = model.expected();
    let most = expected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let known: Vec<Units> =
        (seen.told.iter().map(|trial| &trial.point)).chain(seen.pending).map(|point| space.units(point)).collect();
    let improvement = |mean: f64, variance: f64| {
        let deviation = libm::sqrt(variance);
        let z = (mean - most) / deviation;
        deviation * (z * gaussian::below(z) + gaussian::density(z))
    };
    // None when it was tried, or is no better than what is had.
    let promise = |units: &[Option<f64>], had: f64| {
        if known.iter().any(|other| other == units) {
            return None;
        }
        let (mean, kernels) = model.mean(&features.at(units));
        // Improvement grows with variance, which is dear to know and has a bound.
        if improvement(mean, model.variance()) <= had {
            return None;
        }
        Some(improvement(mean, model.variance_at(&kernels))).filter(|value| *value > had)
    };
    let mut begins: Vec<(f64, Vec<f64>)> = Vec::new();
    for _ in 0..ANYWHERE {
        let cube = random::cube(space, draws);
        if let Some(value) = promise(&space.settled(&cube), f64::NEG_INFINITY) {
            begins.push((value, cube));
        }
    }
    begins.sort_by(|a, b| b.0.total_cmp(&a.0));
    begins.truncate(2);
    let mut told: Vec<(f64, &Units)> = expected.iter().copied().zip(trials).collect();
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, units) in told.iter().take(BEGINS) {
        let cube: Vec<f64> = units.iter().map(|unit| unit.unwrap_or_else(|| draws.unit())).collect();
        begins.push((f64::NEG_INFINITY, cube));
    }
    let mut best: Option<(f64, Vec<f64>)> = None;
    for (mut most, mut at) in begins {
        for _ in 0..STEPS {
            let near = stepped(space, &at, draws);
            if let Some(value) = promise(&space.settled(&near), most) {
                (most, at) = (value, near);
            }
        }
        if most > f64::NEG_INFINITY && best.as_ref().is_none_or(|(value, _)| most > *value) {
            best = Some((most, at));
        }
    }
    best.map(|(_, cube)| space.point(&space.settled(&cube)))
}

/// A point beside another: one to three dimensions changed, a little or a lot.
fn stepped(space: &Space, at: &[f64], draws: &mut Draws) -> Vec<f64> {
    let mut near = at.to_vec();
    let changes = 1 + draws.below(3);
    let wide = libm::exp(-4.0 * draws.unit()) * 0.5;
    for _ in 0..changes {
        let place = usize::try_from(draws.below(near.len() as u64)).unwrap_or(0);
        let (Some(unit), Some(dimension)) = (near.get_mut(place), space.dimensions().get(place)) else { continue };
        let domain = &dimension.domain;
        let few = domain.count().is_some_and(|count| count <= 8);
        let moved = if !domain.ordered() || few {
            draws.unit()
        } else {
            let step = wide * draws.normal();
            // A whole number moves by one at least.
            let least = domain.cell(*unit).map_or(0.0, |(low, high)| high - low);
            if step.abs() < least { *unit + least.copysign(step) } else { *unit + step }
        };
        *unit = moved.clamp(0.0, 1.0);
    }
    near
}
