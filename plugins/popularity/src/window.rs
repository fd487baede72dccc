//! Counting in a window of time that ends when a request comes.

use greenroom_sdk::{Candidates, Fault, Observation, Positive, Shortlist, StateReader, StateWriter};

const HOUR_MS: i64 = 3_600_000;

/// Every event, oldest first.
#[derive(Default)]
pub(crate) struct Window {
    // Hours since 1970.
    hours: Vec<u32>,
    rows: Vec<u32>,
    ordered: Vec<u32>,
    scores: Vec<f32>,
    shortlist: Shortlist,
}

impl Window {
    pub(crate) fn of(positives: &[Positive]) -> Self {
        let mut events: Vec<(u32, u32)> = positives.iter().map(|p| (hour(p.time), p.row)).collect();
        events.sort_unstable();
        let (hours, rows) = events.into_iter().unzip();
        Self { hours, rows, ..Self::default() }
    }

    pub(crate) fn write(&self, writer: &mut StateWriter) {
        writer.u32s(&self.hours);
        writer.u32s(&self.rows);
    }

    pub(crate) fn read(reader: &mut StateReader<'_>) -> Result<Self, Fault> {
        Ok(Self { hours: reader.u32s()?, rows: reader.u32s()?, ..Self::default() })
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.hours.len() == self.rows.len() && self.hours.is_sorted()
    }

    /// The most liked rows of the `days` before the request, or before the last event when the request comes later. Rows
    /// that were not liked then follow in the order of `counts`, so that a thin window still fills the answer.
    pub(crate) fn best(&mut self, popular: &[u32], counts: &[f32], days: u32, seen: &Observation) -> Candidates {
        if self.ordered.len() != popular.len() {
            self.ordered = popular.to_vec();
            self.ordered.sort_unstable();
        }
        let most = counts.first().copied().unwrap_or(0.0);
        self.scores.clear();
        self.scores.resize(self.ordered.len(), 0.0);
        let mut add = |row: u32, score: f32| {
            let place = self.ordered.binary_search(&row).ok();
            if let Some(total) = place.and_then(|place| self.scores.get_mut(place)) {
                *total += score;
            }
        };
        for (&row, &count) in popular.iter().zip(counts) {
            add(row, count / (most + 1.0));
        }
        let end = hour(seen.now).min(self.hours.last().copied().unwrap_or(0));
        let begin = end.saturating_sub(days.saturating_mul(24));
        let from = self.hours.partition_point(|&h| h < begin);
        let to = self.hours.partition_point(|&h| h <= end);
        for &row in self.rows.get(from..to).unwrap_or_default() {
            add(row, 1.0);
        }
        self.shortlist.pick(&self.ordered, &mut self.scores, 0.0, seen)
    }
}

fn hour(time_ms: i64) -> u32 {
    u32::try_from(time_ms.max(0) / HOUR_MS).unwrap_or(u32::MAX)
}
