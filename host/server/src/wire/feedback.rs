//! What `POST /v1/feedback` answers.

use greenroom_memory::Outcome;
use greenroom_runtime::{FeedbackError, FeedbackMistake};
use greenroom_wire::Mistake;
use serde::Serialize;

use crate::problem::Problem;

/// Feedback that the host refused.
pub(crate) struct Refused {
    pub(crate) error: FeedbackError,
    pub(crate) alone: bool,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused.error {
            FeedbackError::Invalid(mistakes) => {
                Self::invalid(mistakes.into_iter().map(|mistake| refused_field(mistake, refused.alone)).collect())
            }
            FeedbackError::Unavailable(reason) => {
                Self::unavailable(format!("the feedback could not be kept: {reason}"))
            }
        }
    }
}

fn refused_field(mistake: FeedbackMistake, alone: bool) -> Mistake {
    let FeedbackMistake { place, field, message } = mistake;
    let field = if alone { field.to_owned() } else { format!("events[{place}].{field}") };
    Mistake { field, message }
}

/// What became of events.
#[derive(Debug, Serialize)]
pub(crate) struct Kept<'k> {
    events: Vec<KeptEvent<'k>>,
}

#[derive(Debug, Serialize)]
struct KeptEvent<'k> {
    event_id: &'k str,
    outcome: &'static str,
    /// Where its item was shown, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
}

impl<'k> Kept<'k> {
    pub(crate) fn new(ids: &'k [String], outcomes: &[Outcome]) -> Self {
        let event = |(event_id, outcome): (&'k String, &Outcome)| {
            let (outcome, position) = match *outcome {
                Outcome::Joined { position } => ("joined", Some(position)),
                Outcome::NotShown => ("not_shown", None),
                Outcome::UnknownRequest => ("unknown_request", None),
                Outcome::Late => ("late", None),
                Outcome::Organic => ("organic", None),
                Outcome::Repeated => ("repeated", None),
                Outcome::Retracted => ("retracted", None),
                Outcome::RetractsUnknown => ("retracts_unknown", None),
            };
            KeptEvent { event_id, outcome, position }
        };
        Self { events: ids.iter().zip(outcomes).map(event).collect() }
    }
}
