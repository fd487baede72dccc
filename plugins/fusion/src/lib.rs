//! One list of what several sources offer.
//!
//! Without feedback, and for subjects without history, by weighted reciprocal ranks (Cormack, Clarke and Büttcher, SIGIR
//! 2009), which need no common scale of scores. With feedback, by a weighted sum of standardised scores whose weights are
//! learned: a source's word counts as far as it told what turned out well.
//!
//! Beside the rows goes what each source said: columns "PORT.score" (standardised; the lowest offered where the port did
//! not offer the row) and "PORT.rank" (from 0; -1 where it did not), both f32.

mod model;
mod offers;

use std::collections::BTreeMap;

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Observation, Params, Policy,
    RewardLevel, Role, State, choice, describe, float, integer, numbers,
};
use model::{Lessons, Model, SCHEMA};
use offers::{Offers, Scale, narrow};

/// Merges lists.
#[derive(Default)]
pub struct Fusion {
    weighted: bool,
    rank_offset: f32,
    initial: BTreeMap<String, f64>,
    scale: Scale,
    strength: f64,
    negatives_max: usize,
    model: Model,
    lessons: Lessons,
}

impl Policy for Fusion {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        let offers = Offers::of(&seen, self.scale)?;
        // What was learned from subjects with a history says nothing of one without.
        let learned = self.weighted && !self.model.is_empty() && !seen.history.rows.is_empty();
        let mut scores = vec![0.0_f32; offers.rows.len()];
        for offer in &offers.ports {
            let (by_score, by_offer) = self.model.worth(&offer.port);
            let initial = narrow(self.initial(&offer.port));
            for (total, (score, rank)) in scores.iter_mut().zip(offer.scores.iter().zip(&offer.ranks)) {
                *total += match (learned, *rank >= 0.0) {
                    (true, true) => by_score * score + by_offer,
                    (true, false) => by_score * score,
                    (false, true) => initial / (self.rank_offset + 1.0 + rank),
                    (false, false) => 0.0,
                };
            }
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        // Rows are ascending, so a stable sort leaves ties to the smaller one.
        order.sort_by(|&a, &b| score_at(&scores, b).total_cmp(&score_at(&scores, a)));
        order.truncate(seen.limit as usize);
        let mut all = Candidates { rows: offers.rows, scores, sources: offers.sources, columns: Vec::new() };
        for offer in offers.ports {
            all.push_f32s(format!("{}.score", offer.port), offer.scores);
            all.push_f32s(format!("{}.rank", offer.port), offer.ranks);
        }
        Ok(all.pick(&order).into())
    }
}

fn score_at(scores: &[f32], place: usize) -> f32 {
    scores.get(place).copied().unwrap_or(f32::NEG_INFINITY)
}

impl Lifecycle for Fusion {
    fn describe() -> Descriptor {
        describe("fusion", "0.1.0", Role::Fusion, "merges what several sources offer")
            .metric("ndcg@10", RewardLevel::Outer)
            .takes("*", true, &[])
            .history(1)
            .state(SCHEMA)
            .parameter(choice("method", &["weighted", "rrf"], "weighted", "by learned weights, or by ranks alone"))
            .parameter(float("rrf_k", 0.0, 1000.0, 60.0, "how slowly the worth of a rank falls").log())
            .parameter(
                numbers("weights", "what each port is worth before anything is learned; 1 where not given")
                    .shapes_state(),
            )
            .parameter(
                choice("scale", Scale::NAMES, "spread", "what makes scores of different sources comparable")
                    .when("method", &["weighted"])
                    .shapes_state(),
            )
            .parameter(
                float("strength", 0.01, 10_000.0, 3.0, "for how many positives the initial weights count")
                    .log()
                    .when("method", &["weighted"])
                    .shapes_state(),
            )
            .parameter(
                integer("negatives", 1, 10_000, 100, "rows without reward that a request teaches with, at most")
                    .log()
                    .when("method", &["weighted"])
                    .shapes_state(),
            )
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.weighted = params.choice("method")? == "weighted";
        self.rank_offset = narrow(params.float("rrf_k")?);
        self.initial = params.named("weights")?;
        let bad: Vec<&str> =
            self.initial.iter().filter(|(_, w)| !w.is_finite() || **w < 0.0).map(|(port, _)| port.as_str()).collect();
        if !bad.is_empty() {
            return Err(Fault::invalid_parameters(format!(
                "`weights` takes numbers from 0 up, which those of {} are not",
                bad.join(", ")
            )));
        }
        self.scale = Scale::named(params.choice("scale")?);
        self.strength = params.float("strength")?;
        self.negatives_max = params.integer("negatives")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        self.model.snapshot()
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        self.model = Model::restore(&state, self.scale)?;
        Ok(())
    }
}

impl Learner for Fusion {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.lessons.learn(&batch, self.scale, self.negatives_max)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let scale = match self.scale {
            Scale::Spread => "spread",
            Scale::Range => "range",
            Scale::Rank => "rank",
        };
        let examples = self.lessons.rows();
        let mut lessons = std::mem::take(&mut self.lessons);
        let (model, found, notes) = lessons.fit(&self.model, scale, self.strength, |port| self.initial(port));
        self.model = model;
        Ok(FitReport { examples, loss: (examples > 0).then_some(found.loss), notes })
    }
}

impl Fusion {
    fn initial(&self, port: &str) -> f64 {
        self.initial.get(port).copied().unwrap_or(1.0)
    }
}

greenroom_sdk::export_agent!(Fusion);

#[cfg(test)]
mod tests;
