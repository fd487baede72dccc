//! Working with candidates in columns.

use crate::{Candidates, Column, Decision, Fault, Input, Observation, Payload, Values};

#[expect(clippy::derivable_impls, reason = "the type is generated, with the same derives as all others")]
impl Default for Candidates {
    fn default() -> Self {
        Self { rows: Vec::new(), scores: Vec::new(), sources: Vec::new(), columns: Vec::new() }
    }
}

/// Ascends as scores descend, and as rows ascend among equal scores, in the order of [`f32::total_cmp`].
fn key(score: f32, row: u32) -> u64 {
    let bits = score.to_bits();
    // Of a negative number the other bits fall as it rises; the sign goes first.
    let descending = if bits >> 31 == 0 { bits ^ 0x7fff_ffff } else { bits };
    u64::from(descending) << 32 | u64::from(row)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
fn row_of(key: u64) -> u32 {
    key as u32
}

fn score_of(key: u64) -> f32 {
    let descending = (key >> 32) as u32;
    f32::from_bits(if descending >> 31 == 0 { descending ^ 0x7fff_ffff } else { descending })
}

impl Candidates {
    /// Candidates without columns.
    #[must_use]
    pub fn new(rows: Vec<u32>, scores: Vec<f32>) -> Self {
        Self { rows, scores, ..Self::default() }
    }

    /// The `limit` best of (score, row) pairs: by descending score, ties by ascending row. Scores must be finite.
    #[must_use]
    pub fn best(scored: Vec<(f32, u32)>, limit: u32) -> Self {
        let limit = limit as usize;
        // One number for both, since numbers are ordered by far less code, and faster, than pairs are.
        let mut keys: Vec<u64> = scored.iter().map(|&(score, row)| key(score, row)).collect();
        if keys.len() > limit && limit > 0 {
            keys.select_nth_unstable(limit - 1);
        }
        keys.truncate(limit);
        keys.sort_unstable();
        Self::new(keys.iter().map(|&key| row_of(key)).collect(), keys.iter().map(|&key| score_of(key)).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A column of f32 by name.
    #[must_use]
    pub fn f32s(&self, name: &str) -> Option<&[f32]> {
        self.columns.iter().find(|c| c.name == name).and_then(|c| match &c.values {
            Values::F32s(v) => Some(v.as_slice()),
            _ => None,
        })
    }

    /// Adds a column of f32. Its length must be that of `rows`.
    pub fn push_f32s(&mut self, name: impl Into<String>, values: Vec<f32>) {
        self.columns.push(Column { name: name.into(), values: Values::F32s(values) });
    }

    /// Appends rows and scores of others, dropping columns.
    pub fn extend(&mut self, other: &Candidates) {
        self.rows.extend_from_slice(&other.rows);
        self.scores.extend_from_slice(&other.scores);
        self.sources.clear();
        self.columns.clear();
    }

    /// The first `limit` of these, with their columns.
    #[must_use]
    pub fn first(mut self, limit: u32) -> Self {
        let n = self.rows.len().min(limit as usize);
        self.rows.truncate(n);
        self.scores.truncate(n);
        self.sources.truncate(n);
        for column in &mut self.columns {
            match &mut column.values {
                Values::F32s(v) => v.truncate(n),
                Values::S64s(v) => v.truncate(n),
                Values::U32s(v) => v.truncate(n),
            }
        }
        self
    }

    /// The candidates at `places`, in that order, with their source masks and columns. Places beyond the end are left
    /// out.
    #[must_use]
    pub fn pick(&self, places: &[usize]) -> Self {
        fn at<T: Copy>(from: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|&i| from.get(i).copied()).collect()
        }
        let columns = self.columns.iter().map(|column| Column {
            name: column.name.clone(),
            values: match &column.values {
                Values::F32s(v) => Values::F32s(at(v, places)),
                Values::S64s(v) => Values::S64s(at(v, places)),
                Values::U32s(v) => Values::U32s(at(v, places)),
            },
        });
        Self {
            rows: at(&self.rows, places),
            scores: at(&self.scores, places),
            sources: at(&self.sources, places),
            columns: columns.collect(),
        }
    }
}

impl Candidates {
    /// Leaves out rows that are not `kept`; nothing is copied when all are.
    #[must_use]
    pub fn only(self, kept: impl Fn(u32) -> bool) -> Self {
        let places: Vec<usize> = self.rows.iter().enumerate().filter(|(_, row)| kept(**row)).map(|(i, _)| i).collect();
        if places.len() == self.rows.len() { self } else { self.pick(&places) }
    }
}

impl Observation {
    /// What arrived at a port; none when nothing did.
    #[must_use]
    pub fn input(&self, port: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.port == port)
    }

    /// Takes the candidates that arrived at a port out of the observation; none when nothing did.
    ///
    /// # Errors
    /// `InvalidObservation` when something else arrived.
    pub fn take_candidates(&mut self, port: &str) -> Result<Option<Candidates>, Fault> {
        let Some(place) = self.inputs.iter().position(|input| input.port == port) else { return Ok(None) };
        let input = self.inputs.swap_remove(place);
        input.candidates()?;
        match input.payload {
            Payload::Candidates(candidates) => Ok(Some(candidates)),
            _ => Ok(None),
        }
    }
}

impl Decision {
    /// The candidates that were decided for; none when it is something else.
    #[must_use]
    pub fn candidates(&self) -> Option<&Candidates> {
        match &self.payload {
            Payload::Candidates(candidates) => Some(candidates),
            _ => None,
        }
    }
}

impl From<Candidates> for Decision {
    fn from(candidates: Candidates) -> Self {
        Self { payload: Payload::Candidates(candidates), policy: None }
    }
}

impl Input {
    /// What arrived, which has to be candidates.
    ///
    /// # Errors
    /// `InvalidObservation` when it is anything else.
    pub fn candidates(&self) -> Result<&Candidates, Fault> {
        match &self.payload {
            Payload::Candidates(candidates) => Ok(candidates),
            _ => Err(Fault::invalid_observation(format!(
                "port \"{}\" takes candidates, and \"{}\" sent something else",
                self.port, self.node
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_those_of_the_total_order() {
        let scores =
            [0.0, -0.0, 1.0, -1.0, f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1.0e-40, -1.0e-40, 0.5, 1.0, f32::INFINITY];
        let mut pairs: Vec<(f32, u32)> = (0..200).map(|i| (scores[i % scores.len()], (i * 7 % 200) as u32)).collect();
        let best = Candidates::best(pairs.clone(), 50);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        pairs.truncate(50);
        let found: Vec<_> = best.scores.iter().map(|s| s.to_bits()).zip(best.rows).collect();
        let expected: Vec<_> = pairs.iter().map(|p| (p.0.to_bits(), p.1)).collect();
        assert_eq!(found, expected);
        assert!(Candidates::best(vec![(1.0, 1)], 0).is_empty());
        assert_eq!(Candidates::best(vec![(1.0, 1)], 9).rows, [1]);
    }
}
