//! Working with candidates in columns.

use crate::{Candidates, Column, Decision, Fault, Input, Observation, Payload, Values};

#[expect(clippy::derivable_impls, reason = "the type is generated, with the same derives as all others")]
impl Default for Candidates {
    fn default() -> Self {
        Self { rows: Vec::new(), scores: Vec::new(), sources: Vec::new(), columns: Vec::new() }
    }
}

impl Candidates {
    /// Candidates without columns.
    #[must_use]
    pub fn new(rows: Vec<u32>, scores: Vec<f32>) -> Self {
        Self { rows, scores, ..Self::default() }
    }

    /// The `limit` best of (score, row) pairs: by descending score, ties by ascending row. Scores must be finite.
    #[must_use]
    pub fn best(mut scored: Vec<(f32, u32)>, limit: u32) -> Self {
        let limit = limit as usize;
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if scored.len() > limit && limit > 0 {
            scored.select_nth_unstable_by(limit - 1, order);
        }
        scored.truncate(limit);
        scored.sort_unstable_by(order);
        Self::new(scored.iter().map(|x| x.1).collect(), scored.iter().map(|x| x.0).collect())
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
