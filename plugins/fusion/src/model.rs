//! What each source is worth: learned from which of the rows that were offered together turned out well.

use greenroom_sdk::{Fault, Feedback, Listwise, State, Weights, decode, encode};
use serde::{Deserialize, Serialize};

use crate::offers::{Scale, narrow};

pub(crate) const SCHEMA: &str = "fusion/1";

/// A source's worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Worth {
    port: String,
    /// Of its standardised score.
    score: f64,
    /// Of being offered by it at all.
    offered: f64,
}

/// What was learned; nothing before the first `fit`.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    scale: String,
    // By ascending name of the port.
    ports: Vec<Worth>,
    requests: u64,
}

// A source is never worth less than this: who is alone in answering still answers best first.
const SCORE_MIN: f64 = 0.02;

impl Model {
    pub(crate) fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }

    /// What a standardised score, and being offered, are worth at a port.
    pub(crate) fn worth(&self, port: &str) -> (f32, f32) {
        let known = self.known(port);
        known.map_or((narrow(SCORE_MIN), 0.0), |worth| (narrow(worth.score.max(SCORE_MIN)), narrow(worth.offered)))
    }

    fn known(&self, port: &str) -> Option<&Worth> {
        self.ports.iter().find(|worth| worth.port == port)
    }

    pub(crate) fn snapshot(&self) -> Result<State, Fault> {
        encode(SCHEMA, self)
    }

    pub(crate) fn restore(state: &State, scale: Scale) -> Result<Self, Fault> {
        let model: Self = decode(state)?;
        if !model.ports.iter().all(|worth| worth.score.is_finite() && worth.offered.is_finite()) {
            return Err(Fault::invalid_state("a weight that is no number; train again"));
        }
        if !model.is_empty() && Scale::named(&model.scale) != scale {
            return Err(Fault::invalid_state(format!(
                "weights were learned with scale = \"{}\", and another is configured; train again",
                model.scale
            )));
        }
        Ok(model)
    }
}

/// Feedback until the next `fit`.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    ports: Vec<String>,
    // Which of them offered anything.
    heard: Vec<bool>,
    lists: Listwise,
    late: bool,
}

impl Lessons {
    pub(crate) fn learn(&mut self, batch: &Feedback, scale: Scale, negatives_max: usize) -> Result<(), Fault> {
        batch.check()?;
        let mut ports: Vec<&str> =
            batch.inputs.iter().filter_map(|column| column.name.strip_suffix(".score")).collect();
        // A dot is in the name of a column that a source passed on.
        ports.retain(|port| !port.contains('.'));
        ports.sort_unstable();
        if self.lists.is_empty() {
            self.ports = ports.iter().map(|&port| port.to_owned()).collect();
            self.heard = vec![false; ports.len()];
            self.lists = Listwise::new(2 * ports.len());
        }
        self.late |= ports.iter().any(|&port| !self.ports.iter().any(|known| known == port));
        let columns: Vec<(Vec<f32>, Vec<f32>)> = self
            .ports
            .iter()
            .map(|port| {
                let scores = batch.input(&format!("{port}.score")).unwrap_or_default();
                let ranks = batch.input(&format!("{port}.rank")).unwrap_or_else(|| places(&scores));
                (scores, ranks)
            })
            .collect();
        for range in batch.asked() {
            let (n, width) = (range.len(), 2 * self.ports.len());
            let mut features = vec![0.0; n * width];
            for (port, (scores, ranks)) in columns.iter().enumerate() {
                let scores = scores.get(range.clone()).unwrap_or_default();
                let ranks = ranks.get(range.clone()).unwrap_or_default();
                let offered: Vec<bool> = scores.iter().zip(ranks).map(|(s, r)| s.is_finite() && *r >= 0.0).collect();
                let only = |all: &[f32]| -> Vec<f32> {
                    all.iter().zip(&offered).filter(|(_, o)| **o).map(|(x, _)| *x).collect()
                };
                let (standardised, absent) = scale.standardise(&only(scores), &only(ranks));
                if let Some(heard) = self.heard.get_mut(port) {
                    *heard |= !standardised.is_empty();
                }
                let mut next = standardised.into_iter();
                for (row, &offered) in features.chunks_exact_mut(width).zip(&offered) {
                    if let Some([score, was_offered]) = row.get_mut(2 * port..2 * port + 2) {
                        *score = if offered { next.next().unwrap_or(absent) } else { absent };
                        *was_offered = if offered { 1.0 } else { 0.0 };
                    }
                }
            }
            let positive: Vec<bool> = range.map(|event| batch.is_rewarded(event)).collect();
            self.lists.push(&features, &positive, negatives_max);
        }
        Ok(())
    }

    /// What was learned, beginning from what was known, and `initial` for what was not.
    pub(crate) fn fit(
        &mut self,
        known: &Model,
        scale: &str,
        strength: f64,
        initial: impl Fn(&str) -> f64,
    ) -> (Model, Weights, Vec<String>) {
        let prior: Vec<f64> = self
            .ports
            .iter()
            .flat_map(|port| known.known(port).map_or([initial(port), 0.0], |worth| [worth.score, worth.offered]))
            .collect();
        let found = self.lists.fit(&prior, strength);
        let mut model = Model { requests: known.requests + self.lists.len() as u64, ..known.clone() };
        scale.clone_into(&mut model.scale);
        if !self.lists.is_empty() {
            for ((port, heard), worth) in self.ports.iter().zip(&self.heard).zip(found.weights.chunks_exact(2)) {
                // A port that was silent would keep its initial weight, on a scale that the others have left.
                let (&[score, offered], true) = (worth, *heard) else { continue };
                model.ports.retain(|other| other.port != *port);
                model.ports.push(Worth { port: port.clone(), score, offered });
            }
            model.ports.sort_by(|a, b| a.port.cmp(&b.port));
        }
        let mut notes: Vec<String> = Vec::new();
        if self.late {
            notes.push("ports that only later batches had are learned from after this fit".into());
        }
        for worth in &model.ports {
            notes.push(format!(
                "{}: score {:.3}, offered {:.3}",
                worth.port,
                worth.score.max(SCORE_MIN),
                worth.offered
            ));
        }
        *self = Self::default();
        (model, found, notes)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.lists.rows() as u64
    }
}

// A stand-in for ranks that were not logged: rows are offered where they have a score.
fn places(scores: &[f32]) -> Vec<f32> {
    scores.iter().map(|s| if s.is_finite() { 0.0 } else { -1.0 }).collect()
}
