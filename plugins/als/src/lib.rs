//! Implicit-feedback ALS: items and subjects as points, found by alternating least squares.
//!
//! Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008, with the conjugate gradient
//! of Takács, Pilászy, Tikk (RecSys 2011), preconditioned by the Gram matrix, in the conventions of `implicit`: a like has
//! the confidence `alpha`, everything else 1, and `regularization` is added to the diagonal as it is. Of the points found
//! only those of items are kept. A subject's own is solved for when it is seen, so that its latest likes count and a new
//! subject is like any other.

mod root;
mod solve;
mod tiles;
mod train;
mod whitened;

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Lifecycle, Lists, Observation,
    Params, Policy, RewardLevel, Role, Shortlist, State, StateReader, StateWriter, describe, dots, float, integer,
};
use solve::{Points, Scratch};
use train::{Settings, train};

const SCHEMA: &str = "als/1";

/// Recommends the items that point where the subject's history points.
#[derive(Default)]
pub struct Als {
    settings: Settings,
    half_life: f64,
    learned: Interactions,
    // Known items, ascending, and the point of each.
    rows: Vec<u32>,
    items: Points,
    gram: Vec<f32>,
    scores: Vec<f32>,
    likes: Vec<(u32, f32)>,
    subject: Vec<f32>,
    scratch: Scratch,
    shortlist: Shortlist,
}

impl Policy for Als {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.likes.clear();
        for (row, weight) in seen.history.weighted(self.half_life) {
            if let Ok(item) = self.rows.binary_search(&row) {
                self.likes.extend(u32::try_from(item).map(|item| (item, weight)));
            }
        }
        if self.likes.is_empty() {
            return Ok(Candidates::default().into());
        }
        let width = self.items.width();
        self.subject.clear();
        self.subject.resize(width, 0.0);
        self.scratch.solve(&mut self.subject, &self.items, &self.gram, &self.likes, self.settings.alpha, 2 * width);
        self.scores.clear();
        self.scores.extend(dots(self.items.values(), &self.subject));
        Ok(self.shortlist.pick(&self.rows, &mut self.scores, f32::NEG_INFINITY, &seen).into())
    }
}

impl Lifecycle for Als {
    fn describe() -> Descriptor {
        describe("als", "0.1.0", Role::Recall, "recommends by implicit-feedback matrix factorisation (ALS)")
            .metric("recall@200", RewardLevel::Inner)
            .history(1000)
            .state(SCHEMA)
            .parameter(integer("factors", 1, 512, 64, "dimensions of a point").log().shapes_state())
            .parameter(
                float("regularization", 1e-4, 1000.0, 20.0, "what is added to the diagonal").log().shapes_state(),
            )
            .parameter(
                float("alpha", 1.0, 1000.0, 5.0, "confidence of a like; 1 for what is not known").log().shapes_state(),
            )
            .parameter(integer("iterations", 1, 200, 20, "rounds over subjects and items").log().shapes_state())
            .parameter(float("half_life", 0.5, 500.0, 5.0, "events after which a liked item weighs half").log())
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        #[expect(clippy::cast_possible_truncation, reason = "factors are f32")]
        {
            self.settings = Settings {
                factors: params.integer("factors")?,
                regularization: params.float("regularization")? as f32,
                alpha: params.float("alpha")? as f32,
                iterations: params.integer("iterations")?,
            };
        }
        self.half_life = params.float("half_life")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::with_capacity(32 + 4 * (self.rows.len() + self.items.values().len()));
        writer.u32s(&self.rows);
        writer.f32s(&self.gram);
        writer.f32s(self.items.values());
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let (rows, gram, points) = (reader.u32s()?, reader.f32s()?, reader.f32s()?);
        let width = if rows.is_empty() { 0 } else { points.len() / rows.len() };
        let fits = points.len() == width * rows.len() && gram.len() == width * width;
        reader.finish(fits && rows.is_sorted_by(|a, b| a < b))?;
        (self.rows, self.gram, self.items) = (rows, gram, Points::of(width, points));
        Ok(())
    }
}

impl Learner for Als {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let positives = self.learned.positives();
        let mut rows: Vec<u32> = positives.iter().map(|p| p.row).collect();
        rows.sort_unstable();
        rows.dedup();
        let subjects = Lists::of_subjects(&positives, &rows);
        (self.items, self.gram) = train(&subjects, rows.len(), &self.settings);
        self.rows = rows;
        Ok(FitReport { examples: subjects.values().len() as u64, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Als);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Payload, native};

    use super::*;

    fn trained(params: &Params, events: &[(u32, u32, i64)]) -> Als {
        let mut learner = Als::default();
        learner.configure(params).unwrap();
        learner.learn(native::organic(events)).unwrap();
        learner.fit().unwrap();
        let mut agent = Als::default();
        agent.configure(params).unwrap();
        agent.restore(learner.snapshot().unwrap()).unwrap();
        agent
    }

    fn ask(agent: &mut Als, seen: Observation) -> Candidates {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all,
            _ => Candidates::default(),
        }
    }

    fn small() -> Params {
        Params::defaults(&Als::describe()).with("factors", 4_i64).with("half_life", 0.0)
    }

    // Two tastes that do not touch: rows 0 to 5, and rows 10 to 15. Each subject lacks one row of its taste.
    fn two_tastes() -> Vec<(u32, u32, i64)> {
        let of =
            |subject: u32| (0..6).filter(move |i| *i != subject % 6).map(move |i| (subject, i + 10 * (subject % 2), 0));
        (0..24).flat_map(of).collect()
    }

    #[test]
    fn what_a_taste_shares_comes_before_what_it_does_not() {
        let mut agent = trained(&small(), &two_tastes());
        let seen = Observation { excluded: vec![10, 11], ..native::observe(4, &[(10, 5), (11, 6)]) };
        let mut best = ask(&mut agent, seen).rows;
        best.sort_unstable();
        assert_eq!(best, [12, 13, 14, 15]);
    }

    #[test]
    fn the_same_events_give_the_same_state() {
        let state =
            |iterations: i64| trained(&small().with("iterations", iterations), &two_tastes()).snapshot().unwrap();
        assert_eq!(state(7), state(7));
        assert_ne!(state(7), state(8));
    }

    #[test]
    fn what_was_liked_lately_weighs_more() {
        let mut agent = trained(&small().with("half_life", 1.0), &two_tastes());
        let best = ask(&mut agent, native::observe(1, &[(10, 5), (0, 6), (1, 7), (2, 8)])).rows;
        assert!(best[0] < 6, "{best:?}");
        let best = ask(&mut agent, native::observe(1, &[(0, 5), (10, 6), (11, 7), (12, 8)])).rows;
        assert!(best[0] >= 10, "{best:?}");
    }

    #[test]
    fn without_a_known_history_there_is_no_answer() {
        let mut agent = trained(&small(), &two_tastes());
        assert!(ask(&mut agent, native::observe(10, &[])).is_empty());
        assert!(ask(&mut agent, native::observe(10, &[(99, 5)])).is_empty());
        assert!(ask(&mut trained(&small(), &[]), native::observe(10, &[(0, 5)])).is_empty());
    }

    #[test]
    fn a_state_with_points_that_do_not_fit_is_refused() {
        let mut writer = StateWriter::default();
        writer.u32s(&[1, 2]);
        writer.f32s(&[1.0]);
        writer.f32s(&[1.0, 2.0, 3.0]);
        assert!(Als::default().restore(writer.finish(SCHEMA)).is_err());
    }
}
