//! What a trial came to.

use serde::{Deserialize, Serialize};

use crate::Point;

/// Why a trial has no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// An agent refused its parameters, or the graph does not hold together.
    Invalid,
    /// An agent trapped, or reported a fault.
    Fault,
    /// A limit on fuel, memory or host calls was hit.
    Budget,
    /// The time ran out. On a machine that is less busy it may not.
    Deadline,
    /// A metric that is no number, or none at all.
    Undefined,
    /// The host's own: a full disk, a lost file.
    Host,
}

impl Failure {
    /// Whether the same plan on the same data would fail so again.
    #[must_use]
    pub fn recurs(self) -> bool {
        match self {
            Self::Invalid | Self::Fault | Self::Budget => true,
            // What is undefined depends on what is asked for.
            Self::Deadline | Self::Undefined | Self::Host => false,
        }
    }
}

/// What became of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// It was evaluated.
    Complete {
        /// One an objective, in the study's order, all finite. Larger is better.
        values: Vec<f64>,
        /// One a constraint: how far it is beyond its bound; 0 or below when it holds.
        violations: Vec<f64>,
    },
    /// It was given up, since it was hopeless.
    Pruned {
        /// At which rung, from 0.
        rung: u32,
        /// What it had there, one an objective. Larger is better.
        values: Vec<f64>,
    },
    /// It has no values.
    Failed {
        /// What class of failure.
        failure: Failure,
        /// For a person.
        why: String,
    },
}

/// A trial that is over, as samplers see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its number in the study, from 0.
    pub number: u64,
    /// What was tried.
    pub point: Point,
    /// What became of it.
    pub outcome: Outcome,
}
