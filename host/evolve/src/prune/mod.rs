//! Trials that are given up before they are evaluated on all subjects.
//!
//! A trial is compared with those it may know of (by number, never by what happens to be over), at the rung where it is.
//! So what is pruned does not depend on timing, and a study that goes on after a kill prunes the same.

use serde::{Deserialize, Serialize};

use crate::Score;

/// Which trials are hopeless.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "pruner")]
pub enum Pruner {
    /// None.
    #[default]
    Never,
    /// Those that more than half of the others at the same rung dominate: the median rule (Golovin et al. 2017), which
    /// with several objectives counts who is better in all.
    Median {
        /// Compared with fewer others, a trial goes on.
        others_min: usize,
    },
    /// Those that are not among the best `1 / factor` at the same rung, themselves included: successive halving (Jamieson
    /// and Talwalkar 2016), decided when a trial comes by (Li et al. 2020).
    Halving {
        /// One of how many goes on, 2 or more.
        factor: usize,
        /// Compared with fewer others, a trial goes on.
        others_min: usize,
    },
}

impl Pruner {
    /// What is wrong with it in a study with so many rungs.
    #[must_use]
    pub fn mistake(self, rungs: usize) -> Option<String> {
        match self {
            Self::Never => None,
            _ if rungs < 2 => Some("pruner: trials have one rung, expected 2 or more to prune between".to_owned()),
            Self::Halving { factor: factor @ 0..=1, .. } => {
                Some(format!("pruner: factor is {factor}, expected 2 or more"))
            }
            Self::Median { .. } | Self::Halving { .. } => None,
        }
    }

    /// Whether a trial is given up for what others had at the same rung.
    #[must_use]
    pub fn gives_up<'a>(self, mine: &Score, others: impl Iterator<Item = &'a Score>) -> bool {
        if self == Self::Never {
            return false;
        }
        let (mut count, mut better) = (0_usize, 0_usize);
        for other in others {
            count += 1;
            better += usize::from(other.dominates(mine));
        }
        match self {
            Self::Never => false,
            Self::Median { others_min } => count >= others_min.max(1) && better * 2 > count,
            Self::Halving { factor, others_min } => {
                count >= others_min && better >= (count + 1).div_ceil(factor.max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(value: f64) -> Score {
        Score { values: vec![value], violations: Vec::new() }
    }

    #[track_caller]
    fn check(pruner: Pruner, mine: f64, others: &[f64], gives_up: bool) {
        let others: Vec<Score> = others.iter().copied().map(score).collect();
        assert_eq!(pruner.gives_up(&score(mine), others.iter()), gives_up);
    }

    #[test]
    fn below_the_median_is_hopeless_once_there_are_others() {
        let median = Pruner::Median { others_min: 4 };
        check(median, 0.0, &[1.0, 2.0, 3.0], false);
        check(median, 1.5, &[1.0, 2.0, 3.0, 4.0], true);
        check(median, 2.5, &[1.0, 2.0, 3.0, 4.0], false);
        check(median, 2.0, &[2.0; 9], false);
        check(Pruner::Median { others_min: 0 }, 0.0, &[], false);
        check(Pruner::Never, 0.0, &[1.0; 9], false);
    }

    #[test]
    fn halving_lets_the_best_third_go_on() {
        let third = Pruner::Halving { factor: 3, others_min: 0 };
        check(third, 0.0, &[], false);
        check(third, 0.0, &[1.0], true);
        check(third, 1.0, &[1.0, 0.0], false);
        // Of 9 with itself, the best 3.
        let others = [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0];
        check(third, 6.5, &others, false);
        check(third, 5.5, &others, true);
        check(Pruner::Halving { factor: 3, others_min: 9 }, 0.5, &others, false);
    }

    #[test]
    fn who_is_beyond_a_bound_is_behind_all_who_are_not() {
        let over = Score { values: vec![9.0], violations: vec![0.5] };
        let others = [Score { violations: vec![0.0], ..score(1.0) }, Score { violations: vec![-1.0], ..score(2.0) }];
        assert!(Pruner::Median { others_min: 2 }.gives_up(&over, others.iter()));
    }

    #[test]
    fn a_pruner_needs_rungs() {
        assert_eq!(Pruner::Never.mistake(1), None);
        assert_eq!(Pruner::Median { others_min: 5 }.mistake(3), None);
        let told = Pruner::Median { others_min: 5 }.mistake(1).unwrap();
        assert_eq!(told, "pruner: trials have one rung, expected 2 or more to prune between");
        assert!(Pruner::Halving { factor: 1, others_min: 0 }.mistake(3).is_some());
    }
}
