//! The learned weights, kept as the bytes of the state that they came in.
//!
//! A state of 2,000 items is 16 MB. It is not copied when it is restored; floats are read from the bytes where they
//! stand, which costs nothing where memory is little-endian.

use greenroom_sdk::{Candidates, Fault, Observation, Shortlist, State, StateReader, StateWriter};

/// Weights from each item to all items.
#[derive(Default)]
pub(crate) struct Model {
    // Two columns: rows, and weights row after row.
    bytes: Vec<u8>,
    weights_at: usize,
    rows: Vec<u32>,
    scores: Vec<f32>,
    shortlist: Shortlist,
}

impl Model {
    /// Of `rows` (ascending) and their weights, row after row.
    pub(crate) fn new(rows: &[u32], weights: &[f32], schema: &str) -> Result<Self, Fault> {
        let mut writer = StateWriter::with_capacity(16 + 4 * (rows.len() + weights.len()));
        writer.u32s(rows);
        writer.f32s(weights);
        Self::from_state(writer.finish(schema))
    }

    pub(crate) fn from_state(state: State) -> Result<Self, Fault> {
        let mut reader = StateReader::new(&state);
        let rows = reader.u32s()?;
        let weights = reader.raw(4)?.len();
        let fits = rows.is_sorted_by(|a, b| a < b) && weights == 4 * rows.len() * rows.len();
        reader.finish(fits)?;
        let weights_at = state.bytes.len() - weights;
        Ok(Self { bytes: state.bytes, weights_at, rows, ..Self::default() })
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        if !self.bytes.is_empty() {
            return self.bytes.clone();
        }
        // Two empty columns.
        vec![0; 16]
    }

    fn weights_of(&self, item: usize) -> &[u8] {
        let width = 4 * self.rows.len();
        let from = self.weights_at + item * width;
        self.bytes.get(from..from + width).unwrap_or_default()
    }

    /// The best rows after a history of rows with their weights. None when no row of it is known.
    pub(crate) fn best(&mut self, history: &[(u32, f32)], seen: &Observation) -> Candidates {
        let mut scores = std::mem::take(&mut self.scores);
        scores.clear();
        scores.resize(self.rows.len(), 0.0);
        let mut known = false;
        for (row, weight) in history {
            if let Ok(item) = self.rows.binary_search(row) {
                known = true;
                add(&mut scores, self.weights_of(item), *weight);
            }
        }
        let best = match known {
            true => self.shortlist.pick(&self.rows, &mut scores, f32::NEG_INFINITY, seen),
            false => Candidates::default(),
        };
        self.scores = scores;
        best
    }
}

// Sixteen at a turn: see `greenroom_sdk::add`, which takes floats that stand where floats may.
fn add(scores: &mut [f32], weights: &[u8], factor: f32) {
    let at = |score: &mut f32, bytes: &[u8; 4]| *score += factor * f32::from_le_bytes(*bytes);
    let (weights, rest) = weights.as_chunks::<4>().0.as_chunks::<16>();
    let (scores, rest_scores) = scores.as_chunks_mut::<16>();
    for (scores, weights) in scores.iter_mut().zip(weights) {
        scores.iter_mut().zip(weights).for_each(|(score, bytes)| at(score, bytes));
    }
    rest_scores.iter_mut().zip(rest).for_each(|(score, bytes)| at(score, bytes));
}
