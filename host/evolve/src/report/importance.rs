//! Which dimensions of a space good trials have in common.
//!
//! PED-ANOVA (Watanabe, Bansal and Hutter 2023, local to what was tried): a dimension matters as far as the density of the
//! best tenth of the trials differs from that of all of them, by Pearson's divergence. It costs one pass over densities in
//! one dimension, where fANOVA (Hutter, Hoos and Leyton-Brown 2014) needs a forest, and it asks what makes trials good, where a share of all
//! variance mostly tells what makes poor ones poor.
//!
//! A few trials differ from all by chance too. So each divergence is compared with that of as many trials that are drawn
//! from all at random: what they have on average is taken off, and a dimension that does not exceed 19 of 20 such draws is told as
//! not distinguishable from chance.

use crate::study::Record;
use crate::{Draws, Outcome, Score, Space, best, child_seed};

/// Trials that count as the best: one of so many.
const TOP_SHARE: usize = 10;
/// And at least so many: fewer have no density.
const TOP_MIN: usize = 8;
/// Trials below which nothing is said of a dimension.
const TRIALS_MIN: usize = 24;
/// Cells of an ordered dimension.
const CELLS: usize = 32;
/// Draws of trials at random.
const DRAWS: usize = 200;

/// How much one dimension matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The dimension's name.
    pub dimension: String,
    /// Its share of what all dimensions have beyond chance, in `[0, 1]`.
    pub share: f64,
    /// How often trials that are drawn at random differ as much.
    pub p: f64,
    /// How many trials had a value of it.
    pub trials: usize,
}

/// How much each dimension of a study matters, those that matter most first. Trials that have failed say nothing; those
/// that were pruned are not among the best. Dimensions with too few trials are left out.
#[must_use]
pub fn importance(study: &Record) -> Vec<Importance> {
    let space = &study.config.space;
    let (mut units, mut scores) = (Vec::new(), Vec::new());
    for trial in &study.trials {
        let Some(told) = trial.told(u64::MAX) else { continue };
        if !matches!(told.outcome, Outcome::Failed { .. }) {
            units.push(space.units(&told.point));
            scores.push(Score::of(&told.outcome));
        }
    }
    let mut found: Vec<(Importance, f64)> = (0..space.dimensions().len())
        .filter_map(|place| {
            let with =
                units.iter().zip(&scores).filter_map(|(units, score)| Some((units.get(place)?.as_ref()?, score)));
            let (at, scores): (Vec<f64>, Vec<Option<Score>>) = with.map(|(unit, score)| (*unit, score.clone())).unzip();
            of_dimension(space, place, &at, &scores)
        })
        .collect();
    let sum: f64 = found.iter().map(|(_, beyond)| beyond).sum();
    for (importance, beyond) in &mut found {
        importance.share = if sum > 0.0 { *beyond / sum } else { 0.0 };
    }
    let mut found: Vec<Importance> = found.into_iter().map(|(importance, _)| importance).collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.p.total_cmp(&b.p)));
    found
}

/// Of one dimension, and what it has beyond chance.
fn of_dimension(space: &Space, place: usize, at: &[f64], scores: &[Option<Score>]) -> Option<(Importance, f64)> {
    let domain = &space.dimensions().get(place)?.domain;
    let complete: Vec<usize> =
        scores.iter().enumerate().filter_map(|(trial, score)| score.is_some().then_some(trial)).collect();
    let top = (complete.len() / TOP_SHARE).max(TOP_MIN);
    if at.len() < TRIALS_MIN || complete.len() < 2 * TOP_MIN {
        return None;
    }
    let of_complete: Vec<Score> = scores.iter().flatten().cloned().collect();
    let chosen: Vec<usize> = best(&of_complete, top).iter().filter_map(|place| complete.get(*place).copied()).collect();
    let few = domain.count().and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= CELLS);
    let weights = match few {
        Some(1) => return None,
        Some(cells) => counted(at, cells),
        None if domain.ordered() => smoothed(at),
        None => return None,
    };
    let whole = density(&weights, 0..at.len());
    let divergence = |chosen: &[usize]| {
        let part = density(&weights, chosen.iter().copied());
        whole.iter().zip(&part).map(|(all, some)| (some - all) * (some - all) / all).sum::<f64>()
    };
    let found = divergence(&chosen);
    let mut draws = Draws::new(child_seed(0x00ed_a70a, place as u64));
    let by_chance: Vec<f64> = (0..DRAWS).map(|_| divergence(&some_of(at.len(), chosen.len(), &mut draws))).collect();
    let mean = by_chance.iter().sum::<f64>() / DRAWS as f64;
    let as_much = by_chance.iter().filter(|divergence| **divergence >= found).count();
    let p = (1 + as_much) as f64 / (1 + DRAWS) as f64;
    let dimension = space.dimensions().get(place)?.name.clone();
    Some((Importance { dimension, share: 0.0, p, trials: at.len() }, (found - mean).max(0.0)))
}

/// How much of each trial is in each cell: all in one, and the prior's little in each.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a coordinate is in [0, 1]")]
fn counted(at: &[f64], cells: usize) -> Vec<Vec<f64>> {
    let cell = |unit: f64| ((unit * cells as f64) as usize).min(cells - 1);
    let weights = |unit: &f64| (0..cells).map(|c| f64::from(u8::from(c == cell(*unit)))).collect();
    at.iter().map(weights).collect()
}

/// The same by a normal density around each (Scott 1992), at the middle of each cell.
fn smoothed(at: &[f64]) -> Vec<Vec<f64>> {
    let count = at.len() as f64;
    let mean = at.iter().sum::<f64>() / count;
    let deviation = libm::sqrt(at.iter().map(|unit| (unit - mean) * (unit - mean)).sum::<f64>() / count);
    // Never narrower than a cell.
    let width = (1.059 * deviation * libm::pow(count, -0.2)).max(1.0 / CELLS as f64);
    let weights = |unit: &f64| {
        let bell = |cell: usize| {
            let away = ((cell as f64 + 0.5) / CELLS as f64 - unit) / width;
            libm::exp(-0.5 * away * away)
        };
        let bells: Vec<f64> = (0..CELLS).map(bell).collect();
        let sum: f64 = bells.iter().sum();
        bells.into_iter().map(|bell| bell / sum).collect()
    };
    at.iter().map(weights).collect()
}

/// The mean of some trials' weights, with the weight of one trial spread evenly over all cells, so that no cell is empty.
fn density(weights: &[Vec<f64>], chosen: impl IntoIterator<Item = usize>) -> Vec<f64> {
    let cells = weights.first().map_or(0, Vec::len);
    let (mut sums, mut count) = (vec![1.0 / cells as f64; cells], 1.0);
    for trial in chosen.into_iter().filter_map(|trial| weights.get(trial)) {
        sums.iter_mut().zip(trial).for_each(|(sum, weight)| *sum += weight);
        count += 1.0;
    }
    sums.iter_mut().for_each(|sum| *sum /= count);
    sums
}

/// Some of so many, drawn without putting back.
fn some_of(count: usize, some: usize, draws: &mut Draws) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    for place in 0..some.min(count) {
        let other = place + usize::try_from(draws.below((count - place) as u64)).unwrap_or(0);
        all.swap(place, other);
    }
    all.truncate(some);
    all
}
