//! A model of the objective, and the point that promises most by it.

mod features;
mod model;
mod search;

use std::sync::Mutex;

use super::order::{ranked, standings};
use super::{QuasiRandom, Sampler, Seen, lagrange};
use crate::space::Units;
use crate::{Draws, Point, Space, child_seed};
use features::Features;
use model::{Fitted, Model};

/// How many trials the model is made of at the most: what it takes grows with the square. The best half of them are the best
/// of all, the others the latest.
const MOST: usize = 100;
/// How many the weights of the model are fitted to at the most.
const FIT: usize = 60;

/// Bayesian optimisation with a Gaussian process (Mockus 1975; Snoek 2012). After a quasi-random start, a model of the
/// objective is made of the trials, and the point is suggested that is expected to improve most on the best by it.
///
/// The kernel is Matern's of smoothness 5/2, with a weight of its own for each dimension; whole numbers of few values, which are
/// often codes, count by their distance and by whether they are the same, and the weights tell which. A dimension that does
/// not matter at a point is unlike any value of it.
///
/// A study that is given where to begin tries seven of eight points beside one of the best two, with one to three dimensions
/// changed: from what works already most of a large space is a way down, and no model knows of which dimensions before it
/// has fallen as often as there are some (trust regions, Eriksson 2019; few changed dimensions, Regis and Shoemaker 2013).
///
/// What is being tried counts as if it had come to what is expected of it (the
/// "kriging believer", Ginsbourger 2010), so that parallel trials go apart. A point is not suggested twice.
#[derive(Debug)]
pub struct GaussianProcess {
    start: QuasiRandom,
    /// What was fitted last, and of what: a cache alone, the same trials are always fitted alike.
    last: Mutex<Option<(u64, Fitted)>>,
}

impl GaussianProcess {
    /// For a study of some seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { start: QuasiRandom::new(seed), last: Mutex::new(None) }
    }
}

/// One of so many trials of a study that is given where to begin goes by the whole space.
const FAR: u64 = 8;
/// From how many trials on a model says which of the points beside the best one is tried.
const BESIDE: usize = 6;

/// How many trials are quasi-random before the first is suggested.
fn begin(space: &Space) -> usize {
    (space.dimensions().len() + 4).clamp(6, 20)
}

impl Sampler for GaussianProcess {
    fn name(&self) -> &'static str {
        "gaussian-process"
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        let given = (seen.told.len() + seen.pending.len()) as u64 > number;
        let near = given && number % FAR != FAR - 1;
        if space.dimensions().is_empty() || (seen.told.len() < begin(space) && !(near && seen.told.len() >= BESIDE)) {
            let beside = if near { search::beside(space, seen, draws) } else { None };
            return beside.unwrap_or_else(|| self.start.suggest(space, seen, number, draws));
        }
        let features = Features::of(space);
        let fitted = self.fitted(space, &features, seen);
        let (order, fronts) = ranked(seen);
        let goals = goals(seen, &order, &fronts);
        let (trials, goals) = picked(space, seen, latest(&order, MOST), &goals);
        let points: Vec<Vec<f64>> = trials.iter().map(|units| features.at(units)).collect();
        let Some(mut model) = Model::new(&features, &fitted, points, &goals) else {
            return self.start.suggest(space, seen, number, draws);
        };
        for point in seen.pending {
            model.believe(features.at(&space.units(point)));
        }
        let best = if near { search::nearest } else { search::best };
        best(space, &features, &model, &trials, seen, draws)
            .unwrap_or_else(|| self.start.suggest(space, seen, number, draws))
    }
}

impl GaussianProcess {
    /// Weights that suit the trials up to the last of some milestones, a fifth apart: a fit takes longer than a suggestion.
    fn fitted(&self, space: &Space, features: &Features, seen: Seen<'_>) -> Fitted {
        let mut milestone = begin(space).min(seen.told.len());
        while milestone + (milestone / 5).max(2) <= seen.told.len() {
            milestone += (milestone / 5).max(2);
        }
        let told = seen.told.get(..milestone).unwrap_or(seen.told);
        let seen = Seen { told, ..seen };
        let (order, fronts) = ranked(seen);
        let goals = goals(seen, &order, &fronts);
        let (trials, goals) = picked(space, seen, spread(&order, FIT), &goals);
        let mut key = 0_u64;
        let mut eat = |bits: u64| key = child_seed(key, bits);
        features.places().for_each(|place| eat(place as u64));
        trials.iter().flatten().for_each(|unit| eat(unit.map_or(u64::MAX, f64::to_bits)));
        goals.iter().for_each(|goal| eat(goal.to_bits()));
        if let Ok(last) = self.last.lock()
            && let Some((of, fitted)) = last.as_ref()
            && *of == key
        {
            return fitted.clone();
        }
        let points: Vec<Vec<f64>> = trials.iter().map(|units| features.at(units)).collect();
        let fitted = Fitted::to(features, &points, &goals);
        if let Ok(mut last) = self.last.lock() {
            *last = Some((key, fitted.clone()));
        }
        fitted
    }
}

/// Of all trials, best first, the best half of as many as are wanted, and the latest of the others.
fn latest(order: &[usize], most: usize) -> Vec<usize> {
    let mut chosen = order.to_vec();
    if chosen.len() > most {
        let mut rest = chosen.split_off(most / 2);
        rest.sort_unstable();
        chosen.extend(rest.iter().skip(rest.len() - (most - most / 2)));
    }
    chosen.sort_unstable();
    chosen
}

/// Of all trials, best first, as many as are wanted, good ones and bad ones alike.
fn spread(order: &[usize], most: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = if order.len() <= most {
        order.to_vec()
    } else {
        (0..most).filter_map(|at| order.get(at * order.len() / most)).copied().collect()
    };
    chosen.sort_unstable();
    chosen
}

fn picked(space: &Space, seen: Seen<'_>, places: Vec<usize>, goals: &[f64]) -> (Vec<Units>, Vec<f64>) {
    places.into_iter().filter_map(|place| Some((space.units(&seen.told.get(place)?.point), *goals.get(place)?))).unzip()
}

/// What the model is made for, of each trial: the objective, drawn together on both sides of the median so that few very bad
/// trials do not hide what the good ones differ by, and no trial is lost among equals as it is among ranks. Trials that were
/// pruned, break constraints or failed are below all others.
fn goals(seen: Seen<'_>, order: &[usize], fronts: &[usize]) -> Vec<f64> {
    let standings = standings(seen.told, seen.objectives);
    // With several objectives, the front that a trial is on stands for its value.
    let sound: Vec<f64> = (order.iter().filter_map(|place| Some((standings.get(*place)?, *fronts.get(*place)?))))
        .filter(|(standing, _)| standing.sound())
        .map(|(standing, front)| if seen.objectives == 1 { standing.value() } else { -(front as f64) })
        .collect();
    let median = sound.get(sound.len() / 2).copied().unwrap_or(0.0);
    let better = sound.split_at(sound.len() / 2).0;
    let spread =
        better.iter().map(|value| (value - median) * (value - median)).sum::<f64>() / better.len().max(1) as f64;
    let drawn = |value: f64| libm::asinh((value - median) / libm::sqrt(spread).max(1e-12));
    let worst = sound.last().copied().map_or(0.0, drawn);
    let count = order.len().max(1) as f64;
    let mut goals = vec![0.0; order.len()];
    for (rank, place) in order.iter().enumerate() {
        let below = || worst - 0.5 - 0.5 * (rank - sound.len()) as f64 / count;
        if let Some(goal) = goals.get_mut(*place) {
            *goal = sound.get(rank).copied().map_or_else(below, drawn);
        }
    }
    // What breaks bounds has a price, so that beside a bound the model sees how the objective goes on. As long as it is not known
    // what trials that hold all of them differ by, there is nothing to price it in.
    if seen.objectives == 1 && spread > 0.0 {
        let charges = lagrange::charges(seen.told, libm::sqrt(spread));
        for ((goal, standing), charge) in goals.iter_mut().zip(&standings).zip(charges) {
            if let Some(charge) = charge.filter(|_| standing.broken()) {
                // No further below than what is hopeless, which is there already.
                *goal = drawn(standing.value() - charge).max(worst - 1.0);
            }
        }
    }
    let mean = goals.iter().sum::<f64>() / count;
    goals.iter_mut().for_each(|goal| *goal -= mean);
    goals
}
