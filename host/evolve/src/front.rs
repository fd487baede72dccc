//! Of several objectives: what no other beats, and how much of what one could want is reached by all of it together.

use serde::{Deserialize, Serialize};

use crate::knowledge::Change;
use crate::study::Objective;

/// How far behind the origin the reference point lies in each objective, as a share of what the origin has. What loses more
/// than that of anything is no trade that anybody asked for, and adds nothing.
const BEHIND: f64 = 0.1;

/// What values of a search are measured by: the best one where there is one objective, the hypervolume where there are several
/// (Zitzler and Thiele 1999). It is fixed by the origin, so that a search knows when it gains no more.
///
/// Objectives have units of their own, so each counts as a share of what the origin has of it (of 1 where that has 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Yardstick {
    origin: Vec<f64>,
}

impl Yardstick {
    /// Of what the origin has, one value an objective; larger is better.
    #[must_use]
    pub fn of(origin: &[f64]) -> Self {
        Self { origin: origin.to_vec() }
    }

    /// How good all of these are together, none of them having to beat the others.
    #[must_use]
    pub fn worth<'v>(&self, points: impl IntoIterator<Item = &'v [f64]>) -> f64 {
        if self.origin.len() < 2 {
            let values = points.into_iter().filter_map(|values| values.first().copied());
            return values.fold(f64::NEG_INFINITY, f64::max);
        }
        hypervolume(points.into_iter().map(|values| self.apart(values)).collect())
    }

    /// What `worth` has to grow by for one objective to have grown by a share of what the origin has.
    #[must_use]
    pub fn step(&self, worth: f64, share: f64) -> f64 {
        worth.abs() * if self.origin.len() < 2 { share } else { share / BEHIND }
    }

    /// The reference point: what is worse than it in anything is worth nothing.
    #[must_use]
    pub fn reference(&self) -> Vec<f64> {
        self.origin.iter().map(|value| value - BEHIND * unit(*value)).collect()
    }

    /// The places of those that no other beats, those first that add the most to what stands before them; of those that add nothing
    /// the better ones by the first objective.
    #[must_use]
    pub fn front(&self, points: &[&[f64]]) -> Vec<usize> {
        let beaten = |mine: &[f64]| points.iter().any(|other| beats(other, mine));
        let alike = |at: usize, mine: &[f64]| points.iter().take(at).any(|earlier| *earlier == mine);
        let mut left: Vec<(usize, &[f64])> = (points.iter().copied().enumerate())
            .filter(|(at, values)| !beaten(values) && !alike(*at, values))
            .collect();
        left.sort_by(|(_, a), (_, b)| first(b).total_cmp(&first(a)));
        let mut chosen: Vec<(usize, &[f64])> = Vec::new();
        while !left.is_empty() {
            let with = |values: &[f64]| self.worth(chosen.iter().map(|(_, values)| *values).chain([values]));
            // Of equals the one that comes first.
            let worths = left.iter().map(|(_, values)| with(values)).enumerate();
            let best = worths.reduce(|best, next| if next.1 > best.1 { next } else { best });
            chosen.push(left.remove(best.map_or(0, |(place, _)| place)));
        }
        chosen.into_iter().map(|(at, _)| at).collect()
    }

    /// How far beyond the reference point, in the units in which objectives are compared.
    fn apart(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(&self.origin).map(|(value, origin)| (value - origin) / unit(*origin) + BEHIND).collect()
    }
}

fn unit(value: f64) -> f64 {
    if value == 0.0 { 1.0 } else { value.abs() }
}

fn first(values: &[f64]) -> f64 {
    values.first().copied().unwrap_or(f64::NEG_INFINITY)
}

/// Better in something and worse in nothing.
fn beats(values: &[f64], than: &[f64]) -> bool {
    let pairs = || values.iter().zip(than);
    pairs().all(|(a, b)| a >= b) && pairs().any(|(a, b)| a > b)
}

/// The volume of what is between the origin of coordinates and any of the points, by slices along the last coordinate (While,
/// Hingston, Barone and Huband 2006).
fn hypervolume(mut points: Vec<Vec<f64>>) -> f64 {
    points.retain(|point| point.iter().all(|x| *x > 0.0));
    let mut points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    sliced(&mut points)
}

fn sliced(points: &mut [&[f64]]) -> f64 {
    let last = |point: &[f64]| point.last().copied().unwrap_or_default();
    points.sort_by(|a, b| last(b).total_cmp(&last(a)));
    let mut volume = 0.0;
    for at in 0..points.len() {
        let Some(high) = points.get(at).map(|point| last(point)) else { break };
        let low = points.get(at + 1).map_or(0.0, |point| last(point));
        if high <= low {
            continue;
        }
        let above = points.iter().take(at + 1);
        let mut rest: Vec<&[f64]> = above.filter_map(|point| point.split_last().map(|(_, rest)| rest)).collect();
        volume += (high - low) * if rest.iter().all(|rest| rest.is_empty()) { 1.0 } else { sliced(&mut rest) };
    }
    volume
}

/// The trials of an evolution that no other beats, for people. Values are in the direction of each objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Front {
    /// What they are of.
    pub objectives: Vec<Objective>,
    /// What the graph has that the search began with.
    pub origin: Vec<f64>,
    /// The reference point of the hypervolumes.
    pub reference: Vec<f64>,
    /// Of the origin and the members, in units of what the origin has of each objective.
    pub hypervolume: f64,
    /// Of the origin alone.
    pub hypervolume_origin: f64,
    /// Those that add the most come first. Those alone that keep to the constraints.
    pub members: Vec<Member>,
}

/// A trial on a front.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The study that found it.
    pub study: String,
    /// Its number there.
    pub trial: u64,
    /// One an objective.
    pub values: Vec<f64>,
    /// What tells it from the graph that its study began with.
    pub changes: Vec<Change>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(origin: &[f64], points: &[&[f64]]) -> f64 {
        Yardstick::of(origin).worth(points.iter().copied())
    }

    #[track_caller]
    fn check(origin: &[f64], points: &[&[f64]], expected: f64) {
        let found = worth(origin, points);
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn one_objective_is_worth_its_best_value() {
        check(&[0.1], &[&[0.2], &[0.3], &[0.1]], 0.3);
        assert_eq!(Yardstick::of(&[0.1]).step(0.5, 0.002), 0.001);
    }

    #[test]
    fn several_are_worth_what_they_beat_together() {
        // Units are the origin's: one of 2 and one of 10, where less is better and values are turned around.
        let origin = [2.0, -10.0];
        check(&origin, &[&origin], 0.01);
        check(&origin, &[&[2.2, -10.0]], 0.2 * 0.1);
        // An L: 0.3 x 0.1 and 0.1 x 0.3, which share 0.1 x 0.1.
        check(&origin, &[&[2.4, -10.0], &[2.0, -8.0]], 0.05);
        // What is beaten, and what is behind the reference in anything, adds nothing.
        check(&origin, &[&[2.4, -10.0], &[2.0, -8.0], &[2.0, -10.0], &[9.0, -11.1]], 0.05);
        assert_eq!(worth(&origin, &[]), 0.0);
    }

    #[test]
    fn three_objectives_have_a_volume() {
        let origin = [1.0, 1.0, 0.0];
        check(&origin, &[&[1.1, 1.1, 0.1]], 0.2 * 0.2 * 0.2);
        // Three bars along the axes that share a cube.
        check(&origin, &[&[1.2, 1.0, 0.0], &[1.0, 1.2, 0.0], &[1.0, 1.0, 0.2]], 0.007);
        check(&origin, &[&[1.2, 1.0, 0.0], &[1.0, 1.2, 0.0], &[1.0, 1.0, 0.2], &[1.1, 1.1, 0.1]], 0.011);
    }

    #[test]
    fn a_front_is_ordered_by_what_each_adds() {
        let yardstick = Yardstick::of(&[1.0, 1.0]);
        let points: [&[f64]; 6] = [&[1.3, 0.8], &[1.0, 1.0], &[1.15, 1.0], &[1.1, 1.1], &[1.0, 1.2], &[1.1, 1.1]];
        // The corner first, then the ends; what is behind the reference comes last; what is beaten, or there twice, not at all.
        assert_eq!(yardstick.front(&points), [3, 4, 2, 0]);
        assert_eq!(yardstick.reference(), [0.9, 0.9]);
        assert_eq!(Yardstick::of(&[1.0]).front(&[&[2.0], &[3.0], &[1.0]]), [1]);
        assert!(yardstick.front(&[]).is_empty());
    }

    #[test]
    fn a_step_of_one_objective_is_a_step_of_the_volume() {
        let yardstick = Yardstick::of(&[1.0, 1.0]);
        let before = yardstick.worth([[1.0, 1.0].as_slice()]);
        let after = yardstick.worth([[1.002, 1.0].as_slice()]);
        assert!((after - before - yardstick.step(before, 0.002)).abs() < 1e-12);
    }
}
