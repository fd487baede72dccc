//! Where the model promises most.

use super::features::Features;
use super::model::Model;
use crate::sampler::order::ranked;
use crate::sampler::{Seen, gaussian, random};
use crate::space::Units;
use crate::{Draws, Point, Space};

/// How many points all over the space are looked at.
const ANYWHERE: usize = 50;
/// How many are begun from, and how many steps are tried from each.
const BEGINS: usize = 4;
const STEPS: usize = 30;
/// How many points beside each of the two best trials are looked at.
const NEAR: usize = 60;

/// What a point is expected to improve by (Mockus 1975) over the best that is expected of a trial.
struct Promise<'a> {
    features: &'a Features,
    model: &'a Model,
    known: Vec<Units>,
    expected: Vec<f64>,
    most: f64,
}

impl<'a> Promise<'a> {
    fn of(space: &Space, features: &'a Features, model: &'a Model, seen: Seen<'_>) -> Self {
        let expected = model.expected();
        let most = expected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { features, model, known: known(space, seen), expected, most }
    }

    fn improvement(&self, mean: f64, variance: f64) -> f64 {
        let deviation = libm::sqrt(variance);
        let z = (mean - self.most) / deviation;
        deviation * (z * gaussian::below(z) + gaussian::density(z))
    }

    /// None when it was tried, or is no better than what is had.
    fn at(&self, units: &[Option<f64>], had: f64) -> Option<f64> {
        if self.known.iter().any(|other| other == units) {
            return None;
        }
        let (mean, kernels) = self.model.mean(&self.features.at(units));
        // Improvement grows with variance, which is dear to know and has a bound.
        if self.improvement(mean, self.model.variance()) <= had {
            return None;
        }
        Some(self.improvement(mean, self.model.variance_at(&kernels))).filter(|value| *value > had)
    }

    /// The trials that are expected to be the best.
    fn best<'t>(&self, trials: &'t [Units], count: usize) -> impl Iterator<Item = &'t Units> {
        let mut told: Vec<(f64, &Units)> = self.expected.iter().copied().zip(trials).collect();
        told.sort_by(|a, b| b.0.total_cmp(&a.0));
        told.into_iter().take(count).map(|(_, units)| units)
    }
}

/// What was tried, or is.
fn known(space: &Space, seen: Seen<'_>) -> Vec<Units> {
    seen.told.iter().map(|trial| &trial.point).chain(seen.pending).map(|point| space.units(point)).collect()
}

/// The point of some units, with the very values of trials where it has their units: on its way through a logarithm 20 becomes
/// 20.000000000000007, which is another graph, and is learned for anew.
fn point(space: &Space, units: &Units, seen: Seen<'_>, known: &[Units]) -> Point {
    let mut point = space.point(units);
    for (place, dimension) in space.dimensions().iter().enumerate() {
        let unit = units.get(place).copied().flatten();
        let mut trials = seen.told.iter().map(|trial| &trial.point).chain(seen.pending).zip(known);
        let same = trials.find(|(_, known)| unit.is_some() && known.get(place).copied().flatten() == unit);
        if let (Some(value), Some((trial, _))) = (point.get_mut(&dimension.name), same)
            && let Some(told) = trial.get(&dimension.name)
        {
            *value = told.clone();
        }
    }
    point
}

/// With a value for what does not matter there.
fn whole(units: &Units, draws: &mut Draws) -> Vec<f64> {
    units.iter().map(|unit| unit.unwrap_or_else(|| draws.unit())).collect()
}

/// The point with the largest expected improvement, found by steps from the best trials and from the best of points drawn all over
/// the space. None when all that it saw was tried.
pub(super) fn best(
    space: &Space,
    features: &Features,
    model: &Model,
    trials: &[Units],
    seen: Seen<'_>,
    draws: &mut Draws,
) -> Option<Point> {
    let promise = Promise::of(space, features, model, seen);
    let mut begins: Vec<(f64, Vec<f64>)> = Vec::new();
    for _ in 0..ANYWHERE {
        let cube = random::cube(space, draws);
        if let Some(value) = promise.at(&space.settled(&cube), f64::NEG_INFINITY) {
            begins.push((value, cube));
        }
    }
    begins.sort_by(|a, b| b.0.total_cmp(&a.0));
    begins.truncate(2);
    for units in promise.best(trials, BEGINS) {
        begins.push((f64::NEG_INFINITY, whole(units, draws)));
    }
    let mut best: Option<(f64, Vec<f64>)> = None;
    for (mut most, mut at) in begins {
        for _ in 0..STEPS {
            let near = stepped(space, &at, draws);
            if let Some(value) = promise.at(&space.settled(&near), most) {
                (most, at) = (value, near);
            }
        }
        if most > f64::NEG_INFINITY && best.as_ref().is_none_or(|(value, _)| most > *value) {
            best = Some((most, at));
        }
    }
    best.map(|(_, cube)| point(space, &space.settled(&cube), seen, &promise.known))
}

/// The point with the largest expected improvement of those that are one step from one of the best trials. None when all of
/// them were tried.
pub(super) fn nearest(
    space: &Space,
    features: &Features,
    model: &Model,
    trials: &[Units],
    seen: Seen<'_>,
    draws: &mut Draws,
) -> Option<Point> {
    let promise = Promise::of(space, features, model, seen);
    let mut best: Option<(f64, Units)> = None;
    for units in promise.best(trials, 2) {
        for _ in 0..NEAR {
            let near = space.settled(&stepped(space, &whole(units, draws), draws));
            let had = best.as_ref().map_or(f64::NEG_INFINITY, |(had, _)| *had);
            if let Some(value) = promise.at(&near, had) {
                best = Some((value, near));
            }
        }
    }
    best.map(|(_, units)| point(space, &units, seen, &promise.known))
}

/// Any point one step from the best trial, for as long as there are too few for a model. None when all that it saw were tried,
/// or no trial is any good.
pub(super) fn beside(space: &Space, seen: Seen<'_>, draws: &mut Draws) -> Option<Point> {
    let (order, _) = ranked(seen);
    let best = seen.told.get(*order.first()?)?;
    let (at, known) = (whole(&space.units(&best.point), draws), known(space, seen));
    let near = (0..STEPS).map(|_| space.settled(&stepped(space, &at, draws))).find(|near| !known.contains(near))?;
    Some(point(space, &near, seen, &known))
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
