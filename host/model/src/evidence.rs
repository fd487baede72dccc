//! What speaks for a plan that an evolution hands over: what a proof comes to, for whoever is to activate the plan for it.
//!
//! It is made of numbers and not of verdicts, so that whoever is shown it comes to the verdict by themselves
//! ([`Evidence::doubts`]). What the numbers were measured from is with the evolution: that they were measured is its word.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// How often, at most, a plan may be found better that is not, one-sided. Evidence at a higher level is none.
const LEVEL_MAX: f64 = 0.025;

/// Of fewer subjects an interval says nothing.
const USERS_MIN: u64 = 10;

/// Means and their difference come from sums of the same values in different orders: so far they may be apart, as a share of
/// the larger mean.
const ROUNDING: f64 = 1e-9;

/// What speaks for a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The evolution that found it.
    pub study: String,
    /// What is larger, such as `ndcg@10`.
    pub metric: String,
    /// Of the graph that was proven, with the learned states that it gives.
    pub candidate: Digest,
    /// Of the graph that it was compared with, likewise.
    pub base: Digest,
    /// Of the events and the items that both were evaluated on.
    pub events: Digest,
    /// How those were split.
    pub protocol: String,
    /// The seeds of evaluations.
    pub seeds: Vec<u64>,
    /// How often, at most, any of those that were judged together may be found better when none is: one-sided.
    pub level: f64,
    /// On the part that it was chosen on, which the search has not used.
    pub validation: Compared,
    /// On the part that nothing was chosen on.
    pub test: Compared,
}

/// What a graph had beside the one that it was compared with. Larger is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// How many subjects.
    pub users: u64,
    /// How many graphs were judged together: the interval is adjusted for all of them.
    pub arms: u64,
    /// The mean over subjects of what the other one had.
    pub baseline: f64,
    /// The mean over subjects of what it had.
    pub mean: f64,
    /// The mean over subjects of what it had more.
    pub difference: f64,
    /// The lower end of that; none when nothing tells how sure it is.
    pub low: Option<f64>,
    /// The upper end, likewise.
    pub high: Option<f64>,
}

/// Why evidence is no proof.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "said by the message")]
pub enum Doubt {
    Itself,
    Level(f64),
    NoSeeds,
    SeedTwice(u64),
    TooFew { users: u64 },
    NotBetter { low: Option<f64> },
    Contradicted { difference: f64 },
    Undefined { part: &'static str, what: &'static str, value: f64 },
    Apart { part: &'static str, mean: f64, baseline: f64, difference: f64 },
    Outside { part: &'static str, difference: f64, low: Option<f64>, high: Option<f64> },
    NobodyJudged { part: &'static str },
}

impl Evidence {
    /// All that keeps it from being a proof; nothing of one that is.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if self.candidate == self.base {
            doubts.push(Doubt::Itself);
        }
        // Also what is no number.
        if !(self.level > 0.0 && self.level <= LEVEL_MAX) {
            doubts.push(Doubt::Level(self.level));
        }
        if self.seeds.is_empty() {
            doubts.push(Doubt::NoSeeds);
        }
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        let twice = seeds.windows(2).filter(|pair| pair.first() == pair.last()).filter_map(|pair| pair.first());
        doubts.extend(twice.copied().next().map(Doubt::SeedTwice));
        self.validation.doubts("validation", &mut doubts);
        self.test.doubts("test", &mut doubts);
        if self.validation.users < USERS_MIN {
            doubts.push(Doubt::TooFew { users: self.validation.users });
        }
        if !self.validation.low.is_some_and(|low| low > 0.0) {
            doubts.push(Doubt::NotBetter { low: self.validation.low });
        }
        // The level is that of the validation part: the test part can only take a proof away.
        if self.test.difference <= 0.0 {
            doubts.push(Doubt::Contradicted { difference: self.test.difference });
        }
        doubts
    }
}

impl Compared {
    fn doubts(&self, part: &'static str, doubts: &mut Vec<Doubt>) {
        let Self { users, arms, baseline, mean, difference, low, high } = *self;
        if users == 0 || arms == 0 {
            doubts.push(Doubt::NobodyJudged { part });
        }
        let numbers = [("baseline", baseline), ("mean", mean), ("difference", difference)];
        let ends = [("low", low), ("high", high)].into_iter().filter_map(|(what, end)| Some((what, end?)));
        let undefined: Vec<Doubt> = numbers
            .into_iter()
            .chain(ends)
            .filter(|(_, value)| !value.is_finite())
            .map(|(what, value)| Doubt::Undefined { part, what, value })
            .collect();
        if !undefined.is_empty() {
            doubts.extend(undefined);
            return;
        }
        if (mean - baseline - difference).abs() > ROUNDING * mean.abs().max(baseline.abs()).max(1.0) {
            doubts.push(Doubt::Apart { part, mean, baseline, difference });
        }
        if low.is_some_and(|low| low > difference) || high.is_some_and(|high| high < difference) {
            doubts.push(Doubt::Outside { part, difference, low, high });
        }
    }
}

impl fmt::Display for Compared {
    /// The difference with its interval.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.4}", self.difference)?;
        match (self.low, self.high) {
            (None, None) => Ok(()),
            (low, high) => write!(f, " [{}, {}]", end(low, "-inf"), end(high, "+inf")),
        }
    }
}

fn end(end: Option<f64>, none: &str) -> String {
    end.map_or_else(|| none.to_owned(), |end| format!("{end:+.4}"))
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => f.write_str("the candidate is the graph that it was compared with"),
            Self::Level(level) => {
                write!(f, "it was judged at a level of {level}, expected one above 0 and at most {LEVEL_MAX}")
            }
            Self::NoSeeds => f.write_str("it has no seeds"),
            Self::SeedTwice(seed) => write!(f, "seed {seed} is there twice"),
            Self::TooFew { users } => {
                write!(f, "it was chosen on {users} subjects, expected at least {USERS_MIN}")
            }
            Self::NotBetter { low } => write!(
                f,
                "on the validation part it is not better: the lower end of its difference is {}, expected one above 0",
                end(*low, "not known")
            ),
            Self::Contradicted { difference } => write!(
                f,
                "the test part contradicts it: its difference is {difference:+.4} there, expected one above 0"
            ),
            Self::Undefined { part, what, value } => {
                write!(f, "the {part} part has {value} as its {what}, expected a finite number")
            }
            Self::Apart { part, mean, baseline, difference } => write!(
                f,
                "the {part} part does not add up: a mean of {mean} is not the baseline's {baseline} and a difference of \
                 {difference}"
            ),
            Self::Outside { part, difference, low, high } => write!(
                f,
                "the {part} part does not add up: a difference of {difference:+.4} is not within [{}, {}]",
                end(*low, "-inf"),
                end(*high, "+inf")
            ),
            Self::NobodyJudged { part } => write!(f, "the {part} part has no subjects, or nothing was judged on it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> Evidence {
        let digest = |of: &str| Digest::of(of.as_bytes());
        Evidence {
            study: "evolution".to_owned(),
            metric: "ndcg@10".to_owned(),
            candidate: digest("candidate"),
            base: digest("base"),
            events: digest("events"),
            protocol: "p1".to_owned(),
            seeds: vec![1, 2, 3],
            level: 0.025,
            validation: Compared {
                users: 600,
                arms: 5,
                baseline: 0.1,
                mean: 0.11,
                difference: 0.01,
                low: Some(0.002),
                high: Some(0.018),
            },
            test: Compared {
                users: 659,
                arms: 1,
                baseline: 0.1,
                mean: 0.106,
                difference: 0.006,
                low: Some(-0.001),
                high: None,
            },
        }
    }

    #[track_caller]
    fn doubted(change: impl FnOnce(&mut Evidence), expected: &[&str]) {
        let mut evidence = proof();
        change(&mut evidence);
        let told: Vec<String> = evidence.doubts().iter().map(ToString::to_string).collect();
        let as_expected = told.len() == expected.len() && told.iter().zip(expected).all(|(t, e)| t.contains(e));
        assert!(as_expected, "{told:#?}, expected {expected:?}");
    }

    #[test]
    fn a_proof_leaves_no_doubt() {
        doubted(|_| {}, &[]);
        assert_eq!(proof().test.to_string(), "+0.0060 [-0.0010, +inf]");
        assert_eq!(Compared { low: None, high: None, ..proof().test }.to_string(), "+0.0060");
    }

    #[test]
    fn what_the_parts_say_is_judged_and_not_believed() {
        doubted(|e| e.validation.low = Some(-0.0001), &["is not better: the lower end of its difference is -0.0001"]);
        doubted(|e| e.validation.low = Some(0.0), &["is not better"]);
        doubted(|e| e.validation.low = None, &["is not better: the lower end of its difference is not known"]);
        doubted(|e| e.validation.users = 9, &["9 subjects, expected at least 10"]);
        let contradicted = |e: &mut Evidence| {
            (e.test.difference, e.test.mean) = (-0.006, 0.094);
            e.test.low = None;
        };
        doubted(contradicted, &["the test part contradicts it: its difference is -0.0060"]);
        let nothing = |e: &mut Evidence| (e.test.difference, e.test.mean) = (0.0, 0.1);
        doubted(nothing, &["the test part contradicts it: its difference is +0.0000"]);
    }

    #[test]
    fn numbers_that_do_not_fit_each_other_are_no_evidence() {
        doubted(|e| e.validation.mean = 0.12, &["the validation part does not add up: a mean of 0.12"]);
        doubted(|e| e.validation.low = Some(0.011), &["a difference of +0.0100 is not within [+0.0110, +0.0180]"]);
        doubted(|e| e.test.high = Some(0.005), &["the test part does not add up"]);
        doubted(|e| e.validation.difference = f64::NAN, &["has NaN as its difference"]);
        doubted(|e| e.test.high = Some(f64::INFINITY), &["has inf as its high"]);
        doubted(|e| e.test.users = 0, &["the test part has no subjects"]);
    }

    #[test]
    fn terms_under_which_anything_is_proven_are_refused() {
        doubted(|e| e.level = 0.5, &["a level of 0.5"]);
        doubted(|e| e.level = f64::NAN, &["a level of NaN"]);
        doubted(|e| e.level = 0.0, &["a level of 0,"]);
        doubted(|e| e.seeds.clear(), &["no seeds"]);
        doubted(|e| e.seeds.push(2), &["seed 2 is there twice"]);
        doubted(|e| e.base = e.candidate, &["the candidate is the graph"]);
        let all = |e: &mut Evidence| {
            e.level = 1.0;
            e.validation.low = None;
            e.test.difference = f64::NAN;
        };
        // What is no number is not above 0, and is told once.
        doubted(all, &["a level of 1,", "NaN as its difference", "is not better"]);
    }
}
