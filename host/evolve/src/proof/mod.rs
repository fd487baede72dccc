//! Whether what a study found is better than what there was.
//!
//! The best of many trials looks better than it is. So a study's values choose who is proven, and prove nothing: the few
//! best are evaluated anew, on a validation part that the search has not used, with all of several seeds that were
//! declared before; they are judged together ([`judge`]); and only who is better there is evaluated on the test part,
//! once, which is written down before it happens ([`TestPart`]).

mod cells;
mod judge;
mod test_part;

pub use cells::{Arm, Cell, Unusable};
pub use judge::{Judged, Judgement, Terms, USERS_MIN, Verdict, judge};
pub use test_part::{Reading, TestError, TestPart, TestUse, Ticket};

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use crate::study::Data;

/// How far a candidate came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// On the validation part it was not better.
    Unproven,
    /// On the validation part it was better. The test part was not read.
    Validated,
    /// And on the test part its mean difference is above 0 too.
    Proven,
    /// But on the test part it is not.
    Contradicted,
}

/// What is handed over with a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The study that found it.
    pub study: String,
    /// What was proven: the digest of the plan. It is the arms' name in the judgements, written as a digest is.
    pub candidate: Digest,
    /// On what.
    pub data: Data,
    /// How it was judged.
    pub terms: Terms,
    /// The best few of the study, on the validation part.
    pub validation: Judgement,
    /// The candidate alone, on the test part.
    pub test: Option<Judgement>,
}

impl Proof {
    /// How far the candidate came. Only one that is [`Standing::Proven`] may be activated for it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let name = self.candidate.to_string();
        let better = self.validation.arm(&name).is_some_and(|arm| arm.verdict == Verdict::Better);
        match (better, &self.test) {
            (false, _) => Standing::Unproven,
            (true, None) => Standing::Validated,
            (true, Some(test)) => match test.arm(&name) {
                Some(arm) if arm.difference > 0.0 => Standing::Proven,
                _ => Standing::Contradicted,
            },
        }
    }
}
