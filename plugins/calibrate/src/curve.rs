//! From scores to probabilities.

use greenroom_sdk::{Fault, State, decode, encode};
use serde::{Deserialize, Serialize};

pub(crate) const SCHEMA: &str = "calibrate/1";

/// A score that was shown, and whether it turned out well.
pub(crate) type Outcome = (f32, bool);

/// What was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Curve {
    /// A logistic function of the score (Platt 1999).
    Platt {
        /// Above 0: a higher score is never less probable.
        slope: f64,
        /// The log odds at score 0.
        offset: f64,
    },
    /// A rising line through knots, level beyond the ends (Zadrozny and Elkan 2002).
    Isotonic(Vec<Knot>),
}

/// A point of a rising line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Knot {
    score: f64,
    probability: f64,
    /// How many outcomes stand behind it.
    weight: f64,
}

// More would follow the noise and slow the search.
const KNOTS_MAX: usize = 200;
const SLOPE_MIN: f64 = 1e-6;
const STEPS_MAX: usize = 50;
// A probability of 0 or 1 would cost infinitely when wrong.
const SURE: f64 = 1e-6;

impl Curve {
    /// Before anything is learned.
    pub(crate) fn unlearned() -> Self {
        Self::Platt { slope: 1.0, offset: 0.0 }
    }

    pub(crate) fn probability(&self, score: f32) -> f64 {
        let score = f64::from(score);
        match self {
            Self::Platt { slope, offset } => 1.0 / (1.0 + (-(slope * score + offset)).exp()),
            Self::Isotonic(knots) => {
                let above = knots.partition_point(|knot| knot.score <= score);
                let before = above.checked_sub(1).and_then(|i| knots.get(i));
                match (before, knots.get(above)) {
                    (Some(a), Some(b)) => {
                        let share = (score - a.score) / (b.score - a.score);
                        a.probability + share * (b.probability - a.probability)
                    }
                    (Some(only), None) | (None, Some(only)) => only.probability,
                    (None, None) => 0.5,
                }
            }
        }
    }

    /// A logistic curve through outcomes, drawn to this one as if by `strength` outcomes.
    pub(crate) fn platt(&self, outcomes: &[Outcome], strength: f64) -> Self {
        let (prior_slope, prior_offset) = match self {
            Self::Platt { slope, offset } => (*slope, *offset),
            Self::Isotonic(_) => (1.0, 0.0),
        };
        let (mut slope, mut offset) = (prior_slope, prior_offset);
        let cost = |slope: f64, offset: f64| -> f64 {
            let pull = strength * ((slope - prior_slope).powi(2) + (offset - prior_offset).powi(2));
            let curve = Self::Platt { slope, offset };
            pull + outcomes.iter().map(|outcome| surprise(&curve, *outcome)).sum::<f64>()
        };
        let mut here = cost(slope, offset);
        for _ in 0..STEPS_MAX {
            let (mut gs, mut go) = (2.0 * strength * (slope - prior_slope), 2.0 * strength * (offset - prior_offset));
            let (mut ss, mut so, mut oo) = (2.0 * strength, 0.0, 2.0 * strength);
            let curve = Self::Platt { slope, offset };
            for &(score, good) in outcomes {
                let x = f64::from(score);
                let p = curve.probability(score);
                let off = p - if good { 1.0 } else { 0.0 };
                let bend = p * (1.0 - p);
                (gs, go) = (gs + off * x, go + off);
                (ss, so, oo) = (ss + bend * x * x, so + bend * x, oo + bend);
            }
            let det = ss * oo - so * so;
            if det.is_nan() || det <= 0.0 {
                break;
            }
            let (step_slope, step_offset) = ((gs * oo - go * so) / det, (go * ss - gs * so) / det);
            let mut share = 1.0;
            let mut moved = false;
            for _ in 0..30 {
                let next = ((slope - share * step_slope).max(SLOPE_MIN), offset - share * step_offset);
                let there = cost(next.0, next.1);
                if there < here {
                    moved = here - there > 1e-12 * here.abs();
                    (slope, offset) = next;
                    here = there;
                    break;
                }
                share /= 2.0;
            }
            if !moved {
                break;
            }
        }
        Self::Platt { slope, offset }
    }

    /// The rising line nearest to outcomes, and to this one's knots with the outcomes behind them, by pooling adjacent
    /// violators.
    pub(crate) fn isotonic(&self, outcomes: &[Outcome]) -> Self {
        let mut points: Vec<Knot> = match self {
            Self::Isotonic(knots) => knots.clone(),
            Self::Platt { .. } => Vec::new(),
        };
        points.extend(outcomes.iter().map(|&(score, good)| Knot {
            score: f64::from(score),
            probability: if good { 1.0 } else { 0.0 },
            weight: 1.0,
        }));
        points.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.probability.total_cmp(&b.probability)));
        let fewest = points.iter().map(|point| point.weight).sum::<f64>() / KNOTS_MAX as f64;
        let mut pools: Vec<Knot> = Vec::new();
        for bin in bins(&points, fewest) {
            pools.push(bin);
            while let Some(&[a, b]) = pools.last_chunk() {
                if a.probability < b.probability {
                    break;
                }
                pools.truncate(pools.len() - 2);
                pools.push(merged(a, b));
            }
        }
        Self::Isotonic(pools)
    }

    pub(crate) fn snapshot(&self) -> Result<State, Fault> {
        encode(SCHEMA, self)
    }

    pub(crate) fn restore(state: &State) -> Result<Self, Fault> {
        let curve: Self = decode(state)?;
        let sound = match &curve {
            Self::Platt { slope, offset } => slope.is_finite() && *slope > 0.0 && offset.is_finite(),
            Self::Isotonic(knots) => {
                let rising = |a: &Knot, b: &Knot| a.score < b.score && a.probability <= b.probability;
                knots.is_sorted_by(rising)
                    && knots
                        .iter()
                        .all(|k| k.score.is_finite() && (0.0..=1.0).contains(&k.probability) && k.weight > 0.0)
            }
        };
        if sound { Ok(curve) } else { Err(Fault::invalid_state("a curve that does not rise; train again")) }
    }
}

// Points of one score together, and then neighbours until at least `fewest` outcomes stand behind each.
fn bins(points: &[Knot], fewest: f64) -> Vec<Knot> {
    let mut bins: Vec<Knot> = Vec::new();
    for same in points.chunk_by(|a, b| a.score == b.score) {
        let Some(all) = same.iter().copied().reduce(merged) else { continue };
        match bins.last_mut() {
            Some(last) if last.weight < fewest => *last = merged(*last, all),
            _ => bins.push(all),
        }
    }
    bins
}

// Two pools as one: where they are and what they say by their weights.
fn merged(a: Knot, b: Knot) -> Knot {
    let weight = a.weight + b.weight;
    let mean = |x: f64, y: f64| (x * a.weight + y * b.weight) / weight;
    Knot { score: mean(a.score, b.score), probability: mean(a.probability, b.probability).clamp(0.0, 1.0), weight }
}

/// Mean surprise at outcomes, in nats.
pub(crate) fn log_loss(curve: &Curve, outcomes: &[Outcome]) -> f64 {
    let total: f64 = outcomes.iter().map(|outcome| surprise(curve, *outcome)).sum();
    total / outcomes.len().max(1) as f64
}

fn surprise(curve: &Curve, (score, good): Outcome) -> f64 {
    let p = curve.probability(score).clamp(SURE, 1.0 - SURE);
    if good { -p.ln() } else { -(1.0 - p).ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Of scores 0 to 9, that share in tenths turns out well.
    fn outcomes() -> Vec<Outcome> {
        (0..1000).map(|i| (i % 10, i / 10 % 10)).map(|(score, draw)| (score as f32, draw < score)).collect()
    }

    #[test]
    fn platt_finds_the_slope_and_the_level() {
        let curve = Curve::unlearned().platt(&outcomes(), 1.0);
        assert!((curve.probability(5.0) - 0.5).abs() < 0.06, "{curve:?}");
        assert!(curve.probability(9.0) > 0.85 && curve.probability(0.0) < 0.1, "{curve:?}");
    }

    #[test]
    fn isotonic_finds_each_share() {
        let curve = Curve::unlearned().isotonic(&outcomes());
        for score in 0..10_u8 {
            let share = f64::from(score) / 10.0;
            assert!((curve.probability(f32::from(score)) - share).abs() < 1e-9, "{score}: {curve:?}");
        }
    }

    #[test]
    fn scores_that_tell_the_opposite_still_give_a_curve_that_does_not_fall() {
        let wrong: Vec<Outcome> = outcomes().into_iter().map(|(score, good)| (-score, good)).collect();
        for curve in [Curve::unlearned().platt(&wrong, 1.0), Curve::unlearned().isotonic(&wrong)] {
            let all: Vec<f64> = (-10..10).map(|score| curve.probability(score as f32)).collect();
            assert!(all.is_sorted(), "{curve:?}");
        }
    }

    #[test]
    fn many_scores_make_few_knots() {
        let many: Vec<Outcome> = (0..100_000).map(|i| (i as f32, i % 7 < i / 20_000)).collect();
        let Curve::Isotonic(knots) = Curve::unlearned().isotonic(&many) else { panic!("not isotonic") };
        assert!(knots.len() <= KNOTS_MAX + 1, "{}", knots.len());
    }

    #[test]
    fn later_outcomes_add_to_earlier_ones() {
        let (first, second) = (outcomes(), vec![(5.0, true); 100]);
        let before = Curve::unlearned().isotonic(&first);
        let after = before.isotonic(&second);
        assert!(after.probability(5.0) > before.probability(5.0) + 0.05, "{after:?}");
        assert!((after.probability(1.0) - before.probability(1.0)).abs() < 1e-9, "{after:?}");
    }
}
