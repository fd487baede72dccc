//! Graphs that fail where they are judged. What is said of them is kept beside what is said of the others: that a candidate
//! traps is no reason to lose the rest of a study.

use greenroom_evolve::Failure as Class;
use greenroom_evolve::proof::Unusable;
use greenroom_evolve::study::Constraint;
use greenroom_model::Fault;
use greenroom_runtime::{Arena, Loaded, Score};

use super::reward::{Reward, classed};
use crate::exit::Failure;

/// One request in so many may be late more than with the graph as it is.
const LATE_PART: u64 = 100;

/// How a graph did among all subjects, or why it has failed. A failure of the host says nothing of the graph, and ends the
/// command.
pub(super) fn scored(arena: &Arena, loaded: &Loaded, seed: u64) -> Result<Result<Score, Unusable>, Failure> {
    match arena.score(loaded, 1.0, seed) {
        Ok(score) => Ok(Ok(score)),
        Err(error) => match classed(&error) {
            (Class::Host, _) => Err(error.into()),
            (failure, why) => Ok(Err(Unusable::Failed { failure, why })),
        },
    }
}

/// Whether a graph keeps to the constraints here too.
///
/// # Errors
/// The first one that it does not keep to.
fn kept(reward: &Reward, score: &Score) -> Result<(), Unusable> {
    let found = reward.constraints().into_iter().zip(reward.measured(score).constrained);
    // One that is no number is not kept to.
    let mut beyond = found.filter(|(constraint, value)| {
        let violation = constraint.bound.violation(*value);
        violation > 0.0 || violation.is_nan()
    });
    let told = |(constraint, value): (Constraint, f64)| Unusable::Beyond {
        constraint: constraint.name,
        value: value.to_string(),
        expected: constraint.bound.to_string(),
    };
    beyond.next().map_or(Ok(()), |found| Err(told(found)))
}

/// Requests in which agents of a graph broke, over all seeds, and the constraint that it does not keep to, if there is one.
#[derive(Default)]
pub(super) struct Broken {
    beyond: Option<Unusable>,
    broken: u64,
    late: u64,
    questions: u64,
    fault: Option<Fault>,
}

impl Broken {
    pub(super) fn add(&mut self, reward: &Reward, score: &Score) {
        self.beyond = self.beyond.take().or_else(|| kept(reward, score).err());
        self.broken += score.broken;
        self.late += score.late;
        self.questions += score.questions;
        self.fault = self.fault.take().or_else(|| score.fault.clone());
    }

    /// Whether it broke no more than the baseline: one that answers well where it does not trap is not better, it traps. How
    /// many are late depends on the machine, so that a few more are no failure.
    /// # Errors
    /// Why it is not to be judged.
    pub(super) fn beside(&self, baseline: &Self) -> Result<(), Unusable> {
        let late_max = baseline.late.saturating_add(self.questions / LATE_PART);
        let (failure, what, mine, its) = match () {
            () if self.broken > baseline.broken => (Class::Fault, "broke", self.broken, baseline.broken),
            () if self.late > late_max => (Class::Budget, "were not done in time", self.late, baseline.late),
            () => return self.beyond.clone().map_or(Ok(()), Err),
        };
        let fault = self.fault.as_ref().map(|fault| format!("; the first fault: {fault}")).unwrap_or_default();
        let of = self.questions;
        let why = format!("its agents {what} in {mine} of {of} requests, those of the graph as it is in {its}{fault}");
        Err(Unusable::Failed { failure, why })
    }
}
