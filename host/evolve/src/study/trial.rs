//! What is written down of a trial.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::{Config, Direction};
use crate::{Failure, Outcome, Point, Score, Told};

/// What evaluations cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Fuel of all calls.
    pub fuel: u64,
    /// Microseconds of the clock on the wall.
    pub time_us: u64,
    /// The most bytes of memory that were in use.
    pub bytes: u64,
}

impl Cost {
    /// Of both, one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            fuel: self.fuel.saturating_add(other.fuel),
            time_us: self.time_us.saturating_add(other.time_us),
            bytes: self.bytes.max(other.bytes),
        }
    }
}

/// What an evaluation came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// One an objective, in the study's order and in its own direction.
    pub values: Vec<f64>,
    /// One a constraint, in the study's order: what is bounded, in its own unit.
    pub constrained: Vec<f64>,
    /// What this evaluation cost.
    pub cost: Cost,
    /// Inner rewards by agent and metric, for people and for the controller; the study does not go by them.
    pub inner: BTreeMap<String, f64>,
}

/// An evaluation with fresh seeds of a trial that was among the best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// Before the trial of which number.
    pub before: u64,
    /// What it came to: complete or failed.
    pub outcome: Outcome,
    /// What it cost.
    pub cost: Cost,
}

/// A trial that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Over {
    /// What became of it.
    pub outcome: Outcome,
    /// What it had at the rungs that it came to, the last rung included.
    pub rungs: Vec<Score>,
    /// What all rungs cost.
    pub cost: Cost,
    /// Inner rewards of the highest rung.
    pub inner: BTreeMap<String, f64>,
    /// Evaluations with fresh seeds, the first first.
    pub again: Vec<Again>,
    /// When it was over, in milliseconds since 1970.
    pub over_ms: i64,
}

/// How far a trial is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Whoever held the study's lease with this epoch evaluates it.
    Running {
        /// See [`Lease`](super::Lease).
        epoch: u64,
    },
    /// It is over.
    Over(Over),
}

/// A trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number in the study, from 0.
    pub number: u64,
    /// The seed of its first evaluation.
    pub seed: u64,
    /// What is tried.
    pub point: Point,
    /// How far it is.
    pub state: State,
}

impl Trial {
    /// What became of it.
    #[must_use]
    pub fn over(&self) -> Option<&Over> {
        match &self.state {
            State::Over(over) => Some(over),
            State::Running { .. } => None,
        }
    }

    /// What a sampler may know of it when the trial `at` is asked for: the mean over its evaluations up to then. Whoever
    /// fails with fresh seeds has failed.
    #[must_use]
    pub fn told(&self, at: u64) -> Option<Told> {
        let over = self.over()?;
        let again = || over.again.iter().filter(|again| again.before <= at).map(|again| &again.outcome);
        let failed = again().find(|outcome| matches!(outcome, Outcome::Failed { .. }));
        let outcome = match (&over.outcome, failed) {
            (_, Some(failed)) => failed.clone(),
            (Outcome::Complete { values, violations }, None) => {
                let (mut values, mut violations, mut count) = (values.clone(), violations.clone(), 1.0);
                for outcome in again() {
                    if let Outcome::Complete { values: more, violations: beyond } = outcome {
                        count += 1.0;
                        values.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
                        violations.iter_mut().zip(beyond).for_each(|(sum, x)| *sum += x);
                    }
                }
                values.iter_mut().chain(&mut violations).for_each(|sum| *sum /= count);
                Outcome::Complete { values, violations }
            }
            (outcome, None) => outcome.clone(),
        };
        Some(Told { number: self.number, point: self.point.clone(), outcome })
    }

    /// What it cost, with what was evaluated anew before the trial `at`.
    #[must_use]
    pub fn cost(&self, at: u64) -> Cost {
        let Some(over) = self.over() else { return Cost::default() };
        over.again.iter().filter(|again| again.before <= at).fold(over.cost, |cost, again| cost.and(again.cost))
    }

    /// Without what depends on the clock: what two runs of a study have in common.
    #[must_use]
    pub fn timeless(mut self) -> Self {
        if let State::Over(over) = &mut self.state {
            over.over_ms = 0;
            over.cost.time_us = 0;
            over.again.iter_mut().for_each(|again| again.cost.time_us = 0);
        }
        self
    }
}

impl Config {
    /// What was measured as samplers see it: larger is better, and constraints as shares of their bounds.
    ///
    /// # Errors
    /// What makes it unusable: values that are missing, or no numbers.
    pub fn score(&self, measured: &Measured) -> Result<Score, (Failure, String)> {
        let Measured { values, constrained, .. } = measured;
        for (what, found, expected) in [
            ("objectives", values.len(), self.objectives.len()),
            ("constraints", constrained.len(), self.constraints.len()),
        ] {
            if found != expected {
                let why = format!("the evaluator gave {found} values for the study's {expected} {what}");
                return Err((Failure::Host, why));
            }
        }
        let names = self.objectives.iter().map(|objective| &objective.name);
        let names = names.chain(self.constraints.iter().map(|constraint| &constraint.name));
        for (name, value) in names.zip(values.iter().chain(constrained)) {
            if !value.is_finite() {
                return Err((Failure::Undefined, format!("`{name}` is {value}, expected a finite number")));
            }
        }
        let better = |(value, objective): (&f64, &super::Objective)| match objective.direction {
            Direction::Maximise => *value,
            Direction::Minimise => -*value,
        };
        let values = values.iter().zip(&self.objectives).map(better).collect();
        let violations = constrained.iter().zip(&self.constraints).map(|(x, c)| c.bound.violation(*x)).collect();
        Ok(Score { values, violations })
    }
}
