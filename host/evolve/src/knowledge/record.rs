//! What is known of one thing that was tried.

use std::collections::BTreeMap;

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use crate::records::{RecordError, canonical};
use crate::study::{Cost, Data};
use crate::{Failure, Outcome, Point, Space};

/// A metric and where it probably lies; the ends are the value where nothing is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "an interval is an interval")]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// One thing that differs from the parent, as in a graph file; none where there is or was nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What: `agents.ease.lambda`, `nodes.fusion`.
    pub what: String,
    /// What it was.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

/// What was made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Judgement {
    /// A trial of a study: it has values, which are no proof.
    Tried,
    /// It was given up.
    Pruned,
    /// It has failed.
    Failed {
        /// What class of failure.
        failure: Failure,
        /// For a person.
        why: String,
    },
    /// Better on a validation part alone.
    Validated,
    /// Better on the test part as well.
    Proven,
    /// Judged, and not found better.
    Unproven,
    /// Its inner reward rose and the outer one did not.
    InnerOnly,
    /// It served, and was taken back.
    RolledBack,
}

impl From<&Outcome> for Judgement {
    /// What is made of a trial by itself.
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Complete { .. } => Self::Tried,
            Outcome::Pruned { .. } => Self::Pruned,
            Outcome::Failed { failure, why } => Self::Failed { failure: *failure, why: why.clone() },
        }
    }
}

/// What a sampler can go by in another study of the same agent and space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Whose space it is: the digest of the agent's component; for the space of a graph, of the components of its agents.
    pub of: Digest,
    /// The digest of the space: see [`space_digest`].
    pub space: Digest,
    /// What was tried there.
    pub point: Point,
    /// What the values are of, as in [`Config::aims`](crate::study::Config::aims).
    pub aims: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What is known of one thing that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Why it was tried.
    pub hypothesis: String,
    /// The plan that was tried.
    pub plan: Digest,
    /// The plan that it was made from; none for an origin.
    pub parent: Option<Digest>,
    /// What was changed.
    pub difference: Vec<Change>,
    /// Who proposed it: a sampler, an evolution agent, an operator.
    pub proposer: String,
    /// The study and the number of the trial.
    pub trial: Option<(String, u64)>,
    /// On what data.
    pub data: Data,
    /// The seeds of its evaluations.
    pub seeds: Vec<u64>,
    /// By name: `ndcg@10`, `ease recall@20`.
    pub metrics: BTreeMap<String, Estimate>,
    /// What its evaluations cost.
    pub cost: Cost,
    /// What was made of it.
    pub judgement: Judgement,
    /// What a sampler can go by.
    pub prior: Option<Prior>,
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
}

impl Record {
    /// Of all but what depends on the clock: the same for whoever looks at the same thing again.
    pub(super) fn timeless_digest(&self) -> Result<Digest, RecordError> {
        let cost = Cost { time_us: 0, ..self.cost };
        digest("a record", &Self { time_ms: 0, cost, ..self.clone() })
    }
}

/// The digest of a point.
///
/// # Errors
/// None that is known of; a point can be written down.
pub fn point_digest(point: &Point) -> Result<Digest, RecordError> {
    digest("a point", point)
}

/// The digest of a space.
///
/// # Errors
/// As [`point_digest`].
pub fn space_digest(space: &Space) -> Result<Digest, RecordError> {
    digest("a space", space)
}

fn digest<T: Serialize>(what: &str, value: &T) -> Result<Digest, RecordError> {
    let unreadable = |error: rmp_serde::encode::Error| RecordError::Unreadable {
        namespace: super::SPACE,
        key: what.to_owned(),
        why: error.to_string(),
    };
    Ok(Digest::of(&canonical(value).map_err(unreadable)?))
}
