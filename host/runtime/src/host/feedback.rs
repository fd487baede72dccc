//! Feedback from outside: checked as a whole, durable before it is acknowledged.

use std::fmt;

use greenroom_memory::{AppendError, Event, Outcome, id_fault};
use greenroom_model::{NONE, Told};
use thiserror::Error;

use super::{Host, now_ms};

/// How far an event's time may be ahead of the host's clock, in milliseconds. Clocks of callers differ, by less than
/// this. What lies further ahead has another unit or a wrong date, and no read would find it before its time comes.
const AHEAD_MS_MAX: i64 = 60 * 60 * 1_000;

/// Something that is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackMistake {
    /// Its place in what was told, from 0.
    pub place: usize,
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl fmt::Display for FeedbackMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}, `{}`: {}", self.place, self.field, self.message)
    }
}

/// Why feedback was not taken; then none of it was.
#[derive(Debug, Clone, Error)]
pub enum FeedbackError {
    /// All that is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FeedbackMistake>),
    /// It could not be made durable.
    #[error("the feedback could not be kept: {0}")]
    Unavailable(String),
}

impl Host {
    /// Takes feedback; it is durable when this answers.
    ///
    /// # Errors
    /// See [`FeedbackError`].
    pub async fn feedback(&self, told: Vec<Told>) -> Result<Vec<Outcome>, FeedbackError> {
        let events = told.len();
        let kept = self.kept(told).await;
        self.count(events, kept.as_deref());
        kept
    }

    async fn kept(&self, told: Vec<Told>) -> Result<Vec<Outcome>, FeedbackError> {
        let store = &self.inner.store;
        let now = now_ms();
        let mut mistakes = Vec::new();
        let delisted = store.items().delisted();
        let mut rows = Vec::with_capacity(told.len());
        for (place, event) in told.iter().enumerate() {
            let mut wrong = |field, message| mistakes.push(FeedbackMistake { place, field, message });
            match store.items().row(&event.item) {
                Some(row) if delisted.binary_search(&row).is_ok() && !event.retract => {
                    wrong("item", format!("\"{}\" was delisted", event.item));
                }
                Some(row) => rows.push(row),
                None => wrong("item", format!("\"{}\" is not in the catalog", event.item)),
            }
            if !event.value.is_finite() {
                wrong("value", format!("{} is no finite number", event.value));
            }
            let ids = [
                ("event_id", Some(&event.event_id)),
                ("request_id", event.request_id.as_ref()),
                ("subject", event.subject.as_ref()),
            ];
            for (field, id) in ids {
                if let Some(fault) = id.and_then(|id| id_fault(id)) {
                    wrong(field, format!("the id {fault}"));
                }
            }
            if let Some(time) = event.time_ms.filter(|time| *time > now.saturating_add(AHEAD_MS_MAX)) {
                let found = format!("{time} is too far ahead of the host's clock, which is at {now}");
                let expected = format!("milliseconds since 1970, at most {AHEAD_MS_MAX} more than the clock");
                wrong("time", format!("{found}; expected {expected}"));
            }
        }
        if !mistakes.is_empty() {
            return Err(FeedbackError::Invalid(mistakes));
        }
        // Nothing in the batch is refused from here on: a refused one would leave the numbers of its subjects behind.
        let subjects = self.subjects(&told).await?;
        let events = told.into_iter().zip(rows).zip(subjects).map(|((told, row), subject)| Event {
            id: told.event_id,
            request_id: told.request_id,
            subject,
            row,
            kind: told.kind,
            value: told.value,
            event_time_ms: told.time_ms.unwrap_or(now),
            receive_time_ms: now,
            retracts: told.retract,
        });
        let outcomes = store.log().append_events(events.collect()).await.map_err(|error| match error {
            AppendError::Invalid(mistakes) => FeedbackError::Invalid(
                mistakes
                    .into_iter()
                    .map(|m| FeedbackMistake { place: m.place, field: "event", message: m.reason.clone() })
                    .collect(),
            ),
            AppendError::Unavailable(error) => FeedbackError::Unavailable(error.to_string()),
        })?;
        tracing::info!(events = outcomes.len(), "feedback");
        Ok(outcomes)
    }

    /// The subjects' numbers: of the event, or else of the decision that it is about.
    async fn subjects(&self, told: &[Told]) -> Result<Vec<Option<u32>>, FeedbackError> {
        let store = &self.inner.store;
        // A decision is in the log's queue when it is answered, and can be read a moment later.
        let queued = |event: &Told| {
            let unread = |id: &str| matches!(store.log().decision(id), Ok(None));
            event.subject.is_none() && event.request_id.as_deref().is_some_and(unread)
        };
        if told.iter().any(queued) {
            store.log().flush().await.map_err(|error| FeedbackError::Unavailable(error.to_string()))?;
        }
        let decided_for = |request_id: &Option<String>| {
            let decision = store.log().decision(request_id.as_deref()?).ok().flatten()?;
            decision.subject
        };
        // By its number where the decision has one: who was forgotten meanwhile does not come again by what was decided before.
        let whose: Vec<Result<u32, Option<String>>> = told
            .iter()
            .map(|event| match (event.subject.clone(), decided_for(&event.request_id)) {
                (Some(key), _) => Err(Some(key)),
                (None, Some(decided)) if decided.number != NONE => Ok(decided.number),
                (None, decided) => Err(decided.map(|decided| decided.key)),
            })
            .collect();
        let named: Vec<&str> = whose.iter().filter_map(|of| of.as_ref().err()?.as_deref()).collect();
        let assigned = store.subjects().assign(&named).await;
        let mut numbers = assigned.map_err(|error| FeedbackError::Unavailable(error.to_string()))?.into_iter();
        let number = |of: Result<u32, Option<String>>| match of {
            Ok(number) => Some(number),
            Err(Some(_)) => numbers.next(),
            Err(None) => None,
        };
        Ok(whose.into_iter().map(number).collect())
    }
}
