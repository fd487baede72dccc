//! Tree-structured Parzen estimators: where good trials are and bad ones are not.

use super::order::ranked;
use super::parzen::Parzen;
use super::{Random, Sampler, Seen};
use crate::space::Units;
use crate::{Condition, Domain, Draws, Point, Space};

/// How many trials are random before the first is suggested.
const RANDOM: usize = 10;
/// How many points are drawn among which the best is suggested.
const CANDIDATES: usize = 24;
/// Which share of the trials is good.
const GOOD: f64 = 0.1;
/// How many good ones there are at the most.
const GOOD_MOST: usize = 25;
/// How many of the rest are looked at: the latest. Beyond it a suggestion would take ever longer.
const BAD_MOST: usize = 100;

/// TPE (Bergstra 2011, 2013). One density is fitted to the good trials and one to the rest; points are drawn from the first, and
/// the one is suggested that is likeliest there for how likely it is in the second. In the independent form each dimension has
/// densities of its own; in the multivariate form (Falkner 2018) all dimensions that matter under the same condition have one
/// together, so that what goes well together is tried together. How wide kernels are at the
/// least, how they are cut, and what stands for the time before any trial follow Watanabe (2023).
///
/// Trials that were pruned, break constraints or failed stand behind all others, in this order. Those that are being tried
/// count as bad ones, so that parallel trials go apart (the "constant liar", Ginsbourger 2010). With several objectives, good are
/// the first fronts.
#[derive(Debug, Clone, Copy)]
pub struct Tpe {
    multivariate: bool,
}

impl Tpe {
    /// With densities for each dimension by itself.
    #[must_use]
    pub fn independent() -> Self {
        Self { multivariate: false }
    }

    /// With densities over all dimensions that matter together.
    #[must_use]
    pub fn multivariate() -> Self {
        Self { multivariate: true }
    }
}

impl Sampler for Tpe {
    fn name(&self) -> &'static str {
        if self.multivariate { "tpe-multivariate" } else { "tpe" }
    }

    fn suggest(&self, space: &Space, seen: Seen<'_>, number: u64, draws: &mut Draws) -> Point {
        if seen.told.len() < RANDOM {
            return Random.suggest(space, seen, number, draws);
        }
        let (good, bad) = split(space, seen);
        let mut chosen: Units = Vec::new();
        for group in groups(space, self.multivariate) {
            chosen.resize(chosen.len().max(group.iter().max().map_or(0, |last| last + 1)), None);
            if !group.first().is_some_and(|first| space.matters(*first, &chosen)) {
                continue;
            }
            let best = self.suggest_group(space, &group, &good, &bad, draws);
            for (place, unit) in group.iter().zip(best) {
                if let Some(slot) = chosen.get_mut(*place) {
                    *slot = Some(unit);
                }
            }
        }
        space.point(&chosen)
    }
}

impl Tpe {
    fn suggest_group(
        &self,
        space: &Space,
        group: &[usize],
        good: &[Units],
        bad: &[Units],
        draws: &mut Draws,
    ) -> Vec<f64> {
        let domains: Vec<&Domain> = group
            .iter()
            .filter_map(|place| space.dimensions().get(*place))
            .map(|dimension| &dimension.domain)
            .collect();
        let having = |trials: &[Units]| -> Vec<Vec<f64>> {
            let of = |trial: &Units| group.iter().map(|place| trial.get(*place).copied().flatten()).collect();
            trials.iter().filter_map(of).collect()
        };
        let (good, bad) = (having(good), having(bad));
        let likely = Parzen::new(&domains, &good);
        let unlikely = Parzen::new(&domains, &bad);
        let mut best: Option<(f64, Vec<f64>)> = None;
        for _ in 0..CANDIDATES {
            let drawn = likely.draw(draws);
            let cells: Vec<_> = domains.iter().zip(&drawn).map(|(domain, unit)| domain.cell(*unit)).collect();
            let score = likely.log_density(&drawn, &cells) - unlikely.log_density(&drawn, &cells);
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, drawn));
            }
        }
        best.map(|(_, point)| point).unwrap_or_default()
    }
}

/// Coordinates of the good trials, best first, and of the others, the latest of them, with what is being tried.
fn split(space: &Space, seen: Seen<'_>) -> (Vec<Units>, Vec<Units>) {
    let (order, _) = ranked(seen);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let count = ((GOOD * order.len() as f64).ceil() as usize).min(GOOD_MOST);
    let units = |place: &usize| seen.told.get(*place).map(|trial| space.units(&trial.point));
    let good = order.iter().take(count).filter_map(units).collect();
    let mut rest: Vec<usize> = order.into_iter().skip(count).collect();
    rest.sort_unstable();
    let bad = rest.iter().skip(rest.len().saturating_sub(BAD_MOST)).filter_map(units);
    (good, bad.chain(seen.pending.iter().map(|point| space.units(point))).collect())
}

/// Places of dimensions that are chosen together: those with the same condition, in the order of the first of each.
fn groups(space: &Space, multivariate: bool) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Option<&Condition>, Vec<usize>)> = Vec::new();
    for (place, dimension) in space.dimensions().iter().enumerate() {
        let condition = dimension.condition.as_ref();
        match groups.iter_mut().find(|(other, _)| multivariate && *other == condition) {
            Some((_, group)) => group.push(place),
            None => groups.push((condition, vec![place])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
