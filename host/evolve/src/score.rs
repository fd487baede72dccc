//! Which of two trials did better.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// What a trial has, at its end or on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// One an objective. Larger is better.
    pub values: Vec<f64>,
    /// One a constraint: how far it is beyond its bound; 0 or below when it holds.
    pub violations: Vec<f64>,
}

impl Score {
    /// Of a trial that is complete.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Complete { values, violations } => {
                Some(Self { values: values.clone(), violations: violations.clone() })
            }
            Outcome::Pruned { .. } | Outcome::Failed { .. } => None,
        }
    }

    /// The sum of all that is beyond bounds; 0 when all hold.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.violations.iter().map(|violation| violation.max(0.0)).sum()
    }

    /// Whether it is better than another one in something and worse in nothing, where keeping to the constraints comes
    /// first: constrained domination (Deb, Pratap, Agarwal and Meyarivan 2002, section VI). With one objective, whether it
    /// is better.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        match self.excess().total_cmp(&other.excess()) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal if self.excess() > 0.0 => false,
            Ordering::Equal => {
                let pairs = || self.values.iter().zip(&other.values);
                pairs().all(|(mine, theirs)| mine >= theirs) && pairs().any(|(mine, theirs)| mine > theirs)
            }
        }
    }
}

/// The places of the `top` best, the best first: those that the fewest dominate, the earlier of two alike.
#[must_use]
pub fn best(scores: &[Score], top: usize) -> Vec<usize> {
    let dominators = |mine: &Score| scores.iter().filter(|other| other.dominates(mine)).count();
    let mut places: Vec<(usize, usize)> = scores.iter().map(dominators).zip(0..).collect();
    places.sort_unstable();
    places.into_iter().take(top).map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(values: &[f64], violations: &[f64]) -> Score {
        Score { values: values.to_vec(), violations: violations.to_vec() }
    }

    #[test]
    fn keeping_to_constraints_comes_first() {
        let [good, poor, over, far] =
            [score(&[2.0], &[-1.0]), score(&[1.0], &[0.0]), score(&[9.0], &[0.1]), score(&[9.5], &[0.3])];
        assert!(good.dominates(&poor) && poor.dominates(&over) && over.dominates(&far));
        assert!(!poor.dominates(&good) && !over.dominates(&poor) && !good.dominates(&good));
        // What is far below one bound does not make up for another.
        assert!(poor.dominates(&score(&[9.0], &[-5.0, 0.2])));
        assert_eq!(best(&[far, over, poor.clone(), good, poor], 4), [3, 2, 4, 1]);
    }

    #[test]
    fn of_several_objectives_neither_is_best() {
        let scores = [[1.0, 5.0], [5.0, 1.0], [0.0, 4.0], [5.0, 0.0], [0.0, 0.0]].map(|values| score(&values, &[]));
        assert!(!scores[0].dominates(&scores[1]) && !scores[1].dominates(&scores[0]));
        assert_eq!(best(&scores, 9), [0, 1, 2, 3, 4]);
        assert_eq!(best(&scores, 2), [0, 1]);
    }
}
