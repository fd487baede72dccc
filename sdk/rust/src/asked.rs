//! Feedback by request: what an agent saw, and how it turned out.

use std::ops::Range;

use crate::{Fault, Feedback, NONE, Observation, Values};

const RETRACTED: u8 = 2;

impl Feedback {
    /// The rows of each request, in order. Organic events are not among them.
    pub fn asked(&self) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        self.requests.chunk_by(|a, b| a == b).filter_map(move |same| {
            let range = from..from + same.len();
            from = range.end;
            (same.first() != Some(&NONE)).then_some(range)
        })
    }

    /// Whether an event is organic: no decision was recorded for it.
    #[must_use]
    pub fn is_organic(&self, event: usize) -> bool {
        self.requests.get(event).is_none_or(|&request| request == NONE)
    }

    /// Whether an event was taken back.
    #[must_use]
    pub fn is_retracted(&self, event: usize) -> bool {
        self.statuses.get(event) == Some(&RETRACTED)
    }

    /// Whether an event earned something: its outer reward is above 0, or the batch knows no rewards; and it was not
    /// taken back.
    #[must_use]
    pub fn is_rewarded(&self, event: usize) -> bool {
        !self.is_retracted(event) && self.outer_rewards.get(event).is_none_or(|&reward| reward > 0.0)
    }

    /// What the agent saw then in a column of its inputs, as f32 whatever its type.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<Vec<f32>> {
        self.inputs.iter().find(|column| column.name == name).map(|column| column.values.to_f32s())
    }

    /// That every column is as long as `rows` or empty.
    ///
    /// # Errors
    /// `InvalidFeedback` that names the columns that are not.
    pub fn check(&self) -> Result<(), Fault> {
        let n = self.rows.len();
        let columns = [
            ("requests", self.requests.len()),
            ("subjects", self.subjects.len()),
            ("event-times", self.event_times.len()),
            ("statuses", self.statuses.len()),
            ("outer-rewards", self.outer_rewards.len()),
        ];
        let inputs = self.inputs.iter().map(|column| (column.name.as_str(), column.values.to_f32s().len()));
        let wrong: Vec<String> = columns
            .into_iter()
            .chain(inputs)
            .filter(|(_, len)| *len != 0 && *len != n)
            .map(|(name, len)| format!("`{name}` has {len} values"))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Fault::invalid_feedback(format!("the batch has {n} rows, but {}", wrong.join(", "))))
    }
}

impl Values {
    /// The values as f32.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "features don't need more")]
    pub fn to_f32s(&self) -> Vec<f32> {
        match self {
            Self::F32s(values) => values.clone(),
            Self::S64s(values) => values.iter().map(|&v| v as f32).collect(),
            Self::U32s(values) => values.iter().map(|&v| v as f32).collect(),
        }
    }
}

impl Observation {
    /// Whether a row may be in the answer: it is not excluded, and allowed where only some are.
    #[must_use]
    pub fn admits(&self, row: u32) -> bool {
        self.excluded.binary_search(&row).is_err()
            && self.allowed.as_ref().is_none_or(|allowed| allowed.binary_search(&row).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, native};

    #[test]
    fn requests_are_runs_of_rows_and_organic_events_are_none() {
        let mut batch = native::organic(&[(0, 1, 0), (0, 2, 0), (0, 3, 0), (0, 4, 0), (0, 5, 0)]);
        batch.requests = vec![NONE, 0, 0, 1, NONE];
        assert_eq!(batch.asked().collect::<Vec<_>>(), [1..3, 3..4]);
        assert!(batch.is_organic(0) && !batch.is_organic(1));
    }

    #[test]
    fn a_column_of_inputs_is_read_whatever_its_type() {
        let mut batch = native::organic(&[(0, 1, 0)]);
        batch.inputs.push(Column { name: "ease.rank".into(), values: Values::S64s(vec![-1]) });
        assert_eq!(batch.input("ease.rank"), Some(vec![-1.0]));
        assert_eq!(batch.input("als.rank"), None);
    }

    #[test]
    fn a_short_column_is_refused_by_name() {
        let mut batch = native::organic(&[(0, 1, 0)]);
        batch.inputs.push(Column { name: "ease.score".into(), values: Values::F32s(vec![1.0, 2.0]) });
        assert!(batch.check().unwrap_err().message.contains("`ease.score` has 2 values"));
    }

    #[test]
    fn only_what_is_allowed_and_not_excluded_is_admitted() {
        let seen = Observation { excluded: vec![2], allowed: Some(vec![1, 2]), ..native::observe(1, &[]) };
        assert_eq!([1, 2, 3].map(|row| seen.admits(row)), [true, false, false]);
    }
}
