//! Who is better than the baseline, of several that were chosen.

use greenroom_experiment::Family;
use serde::{Deserialize, Deserializer, Serialize};

use super::cells::{Arm, Cells, Unusable};

/// Of fewer subjects an interval says nothing: samples of one subject are all the same.
pub const USERS_MIN: usize = 10;

/// How arms are judged; declared before anything is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// The seeds of evaluations. Every arm has values with all of them.
    pub seeds: Vec<u64>,
    /// How often, at most, any of the arms may be found better when none is: one-sided.
    pub level: f64,
    /// Samples of the bootstrap.
    pub resamples: usize,
    /// Where its draws come from.
    pub draws: u64,
}

impl Terms {
    /// With these seeds, at 2.5 %, with 10,000 samples.
    #[must_use]
    pub fn of_seeds(seeds: Vec<u64>) -> Self {
        let Family { resamples, level, seed } = Family::default();
        Self { seeds, level, resamples, draws: seed }
    }
}

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is above 0.
    Better,
    /// It is below 0.
    Worse,
    /// It holds 0, or there are fewer than 10 subjects.
    Undecided,
}

/// An arm that was judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// The mean over subjects of what it has.
    pub mean: f64,
    /// The mean over subjects of what it has more than the baseline.
    pub difference: f64,
    /// The standard error of that.
    pub se: f64,
    /// The lower end, adjusted for all arms that were judged.
    #[serde(deserialize_with = "low")]
    pub low: f64,
    /// The upper end, likewise.
    #[serde(deserialize_with = "high")]
    pub high: f64,
    /// How often the best of as many arms without a difference does so well.
    pub p: f64,
    /// What the interval says.
    pub verdict: Verdict,
}

/// JSON has nothing for an end that is infinite, as that of an arm is that is the same for all subjects: it is null there.
fn low<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NEG_INFINITY))
}

fn high<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

/// What became of arms that were judged together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// How many subjects.
    pub users: usize,
    /// The mean over subjects of what the baseline has.
    pub baseline: f64,
    /// In the order that they were given in.
    pub arms: Vec<Judged>,
    /// Arms that could not be judged, with why. They are not better.
    pub unusable: Vec<(String, Unusable)>,
}

impl Judgement {
    /// The arm of a name.
    #[must_use]
    pub fn arm(&self, name: &str) -> Option<&Judged> {
        self.arms.iter().find(|arm| arm.name == name)
    }

    /// The one that is better by the most for certain: with the highest lower end of those that are better.
    #[must_use]
    pub fn best(&self) -> Option<&Judged> {
        let better = self.arms.iter().filter(|arm| arm.verdict == Verdict::Better);
        better.max_by(|a, b| a.low.total_cmp(&b.low))
    }
}

/// Judges arms that were chosen together against a baseline: paired by subject, block and seed, averaged within subjects,
/// subjects resampled, all arms at once ([`Family`]: max-T).
///
/// # Errors
/// What is wrong with the baseline. What is wrong with an arm is in the judgement.
pub fn judge(terms: &Terms, baseline: &Arm, arms: &[Arm]) -> Result<Judgement, Unusable> {
    let its = Cells::of(baseline, &terms.seeds)?;
    let (mut names, mut differences, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for arm in arms {
        let judged = Cells::of(arm, &terms.seeds).and_then(|cells| Ok((cells.mean(), cells.more_than(&its)?)));
        match judged {
            Ok((mean, more)) => {
                names.push((arm.name.clone(), mean));
                differences.push(more);
            }
            Err(why) => unusable.push((arm.name.clone(), why)),
        }
    }
    let family = Family { resamples: terms.resamples, level: terms.level, seed: terms.draws };
    let adjusted = family.judge(&differences).unwrap_or_default();
    let users = its.users();
    let judged = names.into_iter().zip(adjusted).map(|((name, mean), adjusted)| {
        let greenroom_experiment::Adjusted { difference, se, low, high, p } = adjusted;
        let verdict = match () {
            () if users < USERS_MIN => Verdict::Undecided,
            () if low > 0.0 => Verdict::Better,
            () if high < 0.0 => Verdict::Worse,
            () => Verdict::Undecided,
        };
        Judged { name, mean, difference, se, low, high, p, verdict }
    });
    Ok(Judgement { users, baseline: its.mean(), arms: judged.collect(), unusable })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Cell;

    #[test]
    fn a_judgement_of_an_arm_that_is_the_same_can_be_written_down_and_read_again() {
        let arm = |name: &str| {
            let cells = (0..20).map(|user| Cell { user, block: 0, seed: 1, value: f64::from(user) });
            Arm { name: name.to_owned(), cells: cells.collect() }
        };
        let judgement = judge(&Terms::of_seeds(vec![1]), &arm("baseline"), &[arm("same")]).unwrap();
        assert_eq!((judgement.arms[0].low, judgement.arms[0].high), (f64::NEG_INFINITY, f64::INFINITY));
        let json = serde_json::to_vec(&judgement).unwrap();
        assert_eq!(serde_json::from_slice::<Judgement>(&json).unwrap(), judgement);
        let packed = rmp_serde::to_vec_named(&judgement).unwrap();
        assert_eq!(rmp_serde::from_slice::<Judgement>(&packed).unwrap(), judgement);
    }
}
