//! EASE^R: a linear model from what a subject liked to what it will like, with a closed form.
//!
//! Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019. With X the subjects' likes and
//! P = (XᵀX + λI)⁻¹, the weight from item i to item j is -P(i,j) / P(j,j), and 0 from an item to itself. Only the
//! `items_max` most popular items take part: the state grows with their square and the fit with their cube, or with that of
//! the subjects when they are fewer, and what is liked rarely is what this model learns worst.

mod model;
mod solve;

use greenroom_sdk::{
    Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Lifecycle, Lists, Observation, Params,
    Policy, RewardLevel, Role, State, by_popularity, describe, float, integer,
};
use model::Model;

const SCHEMA: &str = "ease/1";

/// Recommends what a linear model expects of the subject's history.
#[derive(Default)]
pub struct Ease {
    items_max: usize,
    lambda: f64,
    half_life: f64,
    learned: Interactions,
    model: Model,
}

impl Policy for Ease {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        Ok(self.model.best(&seen.history.weighted(self.half_life), &seen).into())
    }
}

impl Lifecycle for Ease {
    fn describe() -> Descriptor {
        describe("ease", "0.1.0", Role::Recall, "recommends what a linear model expects of the history (EASE^R)")
            .metric("recall@200", RewardLevel::Inner)
            .history(1000)
            .state(SCHEMA)
            .parameter(
                integer("items_max", 10, 8000, 2000, "how many of the most popular items take part")
                    .log()
                    .shapes_state(),
            )
            .parameter(float("lambda", 1.0, 10_000.0, 200.0, "regularisation").log().shapes_state())
            .parameter(float("half_life", 0.5, 500.0, 8.0, "events after which a liked item weighs half").log())
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.items_max = params.integer("items_max")?;
        self.lambda = params.float("lambda")?;
        self.half_life = params.float("half_life")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        Ok(State { schema: SCHEMA.into(), bytes: self.model.bytes() })
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        self.model = Model::from_state(state)?;
        Ok(())
    }
}

impl Learner for Ease {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let positives = self.learned.positives();
        let popular = by_popularity(&positives);
        let mut rows: Vec<u32> = popular.iter().take(self.items_max).map(|x| x.0).collect();
        rows.sort_unstable();
        let subjects = Lists::of_subjects(&positives, &rows);
        let mut notes = Vec::new();
        if popular.len() > rows.len() {
            notes.push(format!(
                "{} of {} items were left out as less popular",
                popular.len() - rows.len(),
                popular.len()
            ));
        }
        let weights = solve::weights(&subjects, rows.len(), self.lambda)?;
        self.model = Model::new(&rows, &weights, SCHEMA)?;
        Ok(FitReport { examples: subjects.values().len() as u64, loss: None, notes })
    }
}

greenroom_sdk::export_agent!(Ease);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Candidates, Payload, native};

    use super::*;

    fn trained(params: &Params, events: &[(u32, u32, i64)]) -> Ease {
        let mut learner = Ease::default();
        learner.configure(params).unwrap();
        learner.learn(native::organic(events)).unwrap();
        learner.fit().unwrap();
        let mut agent = Ease::default();
        agent.configure(params).unwrap();
        agent.restore(learner.snapshot().unwrap()).unwrap();
        assert_eq!(agent.snapshot().unwrap(), learner.snapshot().unwrap());
        agent
    }

    fn ask(agent: &mut Ease, seen: Observation) -> Candidates {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all,
            _ => Candidates::default(),
        }
    }

    fn defaults() -> Params {
        Params::defaults(&Ease::describe()).with("lambda", 1.0)
    }

    // Two subjects like 3 and 7, a third one 7 alone.
    const EVENTS: &[(u32, u32, i64)] = &[(1, 3, 0), (1, 7, 1), (2, 3, 0), (2, 7, 1), (3, 7, 0)];

    #[test]
    fn weights_are_those_of_the_closed_form() {
        // XᵀX + I = [[3, 2], [2, 4]], whose inverse is [[4, -2], [-2, 3]] / 8: from 3 to 7 it is 2/3, back it is 2/4.
        let mut agent = trained(&defaults(), EVENTS);
        let forth = ask(&mut agent, native::observe(10, &[(3, 5)]));
        assert_eq!(forth.rows, [7, 3]);
        assert!((forth.scores[0] - 2.0 / 3.0).abs() < 1e-6 && forth.scores[1] == 0.0, "{:?}", forth.scores);
        let back = ask(&mut agent, native::observe(10, &[(7, 5)]));
        assert_eq!(back.rows, [3, 7]);
        assert!((back.scores[0] - 0.5).abs() < 1e-6, "{:?}", back.scores);
    }

    #[test]
    fn only_the_most_popular_items_take_part() {
        let events: Vec<(u32, u32, i64)> = (0..30).flat_map(|s| (0..20 - s % 9).map(move |row| (s, row, 0))).collect();
        let mut agent = trained(&defaults().with("items_max", 10_i64), &events);
        let best = ask(&mut agent, native::observe(100, &[(3, 5)]));
        assert_eq!(best.len(), 10);
        assert!(best.rows.iter().all(|&row| row < 10), "{:?}", best.rows);
    }

    #[test]
    fn excluded_rows_are_left_out_and_only_allowed_ones_are_in() {
        let mut agent = trained(&defaults(), EVENTS);
        let seen = native::observe(10, &[(3, 5)]);
        assert_eq!(ask(&mut agent, Observation { excluded: vec![3], ..seen.clone() }).rows, [7]);
        assert_eq!(ask(&mut agent, Observation { allowed: Some(vec![3, 4]), ..seen }).rows, [3]);
    }

    #[test]
    fn without_a_known_history_there_is_no_answer() {
        let mut agent = trained(&defaults(), EVENTS);
        assert!(ask(&mut agent, native::observe(10, &[])).is_empty());
        assert!(ask(&mut agent, native::observe(10, &[(4, 5)])).is_empty());
        assert!(ask(&mut Ease::default(), native::observe(10, &[(4, 5)])).is_empty());
    }

    #[test]
    fn nothing_learned_fits_to_an_empty_model() {
        assert!(ask(&mut trained(&defaults(), &[]), native::observe(10, &[(3, 5)])).is_empty());
    }

    #[test]
    fn a_state_that_is_cut_or_longer_is_refused() {
        let whole = trained(&defaults(), EVENTS).snapshot().unwrap();
        for bytes in [whole.bytes[..whole.bytes.len() - 1].to_vec(), [&whole.bytes[..], &[0]].concat(), vec![1; 9]] {
            assert!(Ease::default().restore(State { schema: SCHEMA.into(), bytes }).is_err());
        }
    }
}
