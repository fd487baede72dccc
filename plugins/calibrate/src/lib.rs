//! Probabilities for scores: a column "probability" that says how often a row with such a score turned out well.
//!
//! The order of rows stays. Before the first feedback the probability is the logistic function of the score.

mod curve;

use curve::{Curve, Outcome, SCHEMA, log_loss};
use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Learner, Lifecycle, Observation, Params, Policy,
    RewardLevel, Role, State, boolean, choice, describe, float,
};

const PORT: &str = "ranked";
const COLUMN: &str = "probability";

/// Turns scores into probabilities.
#[derive(Default)]
pub struct Calibrate {
    isotonic: bool,
    replace: bool,
    strength: f64,
    curve: Option<Curve>,
    outcomes: Vec<Outcome>,
    left_out: u64,
}

// 8 bytes each: enough to settle a curve, and bounded.
const OUTCOMES_MAX: usize = 4 << 20;

impl Policy for Calibrate {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let Some(all) = seen.take_candidates(PORT)? else { return Ok(Candidates::default().into()) };
        let mut all = all.only(|row| seen.admits(row)).first(seen.limit);
        let unlearned = Curve::unlearned();
        let curve = self.curve.as_ref().unwrap_or(&unlearned);
        #[expect(clippy::cast_possible_truncation, reason = "a probability")]
        let probabilities: Vec<f32> = all.scores.iter().map(|&score| curve.probability(score) as f32).collect();
        if self.replace {
            all.scores.clone_from(&probabilities);
        }
        all.columns.retain(|column| column.name != COLUMN);
        all.push_f32s(COLUMN, probabilities);
        Ok(all.into())
    }
}

impl Lifecycle for Calibrate {
    fn describe() -> Descriptor {
        describe("calibrate", "0.1.0", Role::Calibration, "says how probable it is that a row turns out well")
            .metric("log-loss", RewardLevel::Inner)
            .takes(PORT, false, &[])
            .produces(&[COLUMN])
            .state(SCHEMA)
            .parameter(
                choice("method", &["platt", "isotonic"], "platt", "a logistic curve, or any that does not fall")
                    .shapes_state(),
            )
            .parameter(
                float("strength", 0.01, 10_000.0, 1.0, "for how many outcomes the earlier curve counts")
                    .log()
                    .when("method", &["platt"])
                    .shapes_state(),
            )
            .parameter(boolean("replace", false, "whether the probability becomes the score"))
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.isotonic = params.choice("method")? == "isotonic";
        self.strength = params.float("strength")?;
        self.replace = params.boolean("replace")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        self.curve.as_ref().unwrap_or(&Curve::unlearned()).snapshot()
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        self.curve = Some(Curve::restore(&state)?);
        Ok(())
    }
}

impl Learner for Calibrate {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        batch.check()?;
        let Some(scores) = batch.input("ranked.score") else { return Ok(()) };
        for event in batch.asked().flatten() {
            // What is not known to have been good or bad says nothing, and neither does what the port did not offer.
            match (scores.get(event), batch.outer_rewards.get(event)) {
                (Some(&score), Some(_)) if score.is_finite() => {
                    if self.outcomes.len() < OUTCOMES_MAX {
                        self.outcomes.push((score, batch.is_rewarded(event)));
                    } else {
                        self.left_out += 1;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let outcomes = std::mem::take(&mut self.outcomes);
        let mut notes = Vec::new();
        if self.left_out > 0 {
            notes.push(format!("{} outcomes were left out: fit more often", self.left_out));
        }
        self.left_out = 0;
        let before = self.curve.take().unwrap_or_else(Curve::unlearned);
        if outcomes.is_empty() {
            notes.push("no request to learn from: the curve stays".into());
            self.curve = Some(before);
            return Ok(FitReport { examples: 0, loss: None, notes });
        }
        notes.push(format!("log loss {:.5} before", log_loss(&before, &outcomes)));
        let curve = if self.isotonic { before.isotonic(&outcomes) } else { before.platt(&outcomes, self.strength) };
        let loss = Some(log_loss(&curve, &outcomes));
        self.curve = Some(curve);
        Ok(FitReport { examples: outcomes.len() as u64, loss, notes })
    }
}

greenroom_sdk::export_agent!(Calibrate);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Column, FaultKind, Input, Payload, Values, native};

    use super::*;

    fn agent(change: impl Fn(Params) -> Params) -> Calibrate {
        let mut agent = Calibrate::default();
        agent.configure(&change(Params::defaults(&Calibrate::describe()))).unwrap();
        agent
    }

    // One request in four of rows with score 2 turns out well, none of those with score -2.
    fn outcomes(n: u32) -> Feedback {
        let events: Vec<(u32, u32, i64)> = (0..n).flat_map(|u| [(u, 1, 0), (u, 2, 0)]).collect();
        let mut batch = native::organic(&events);
        batch.requests = (0..n).flat_map(|r| [r; 2]).collect();
        batch.outer_rewards = (0..n).flat_map(|r| [if r.is_multiple_of(4) { 1.0 } else { 0.0 }, 0.0]).collect();
        let scores = (0..n).flat_map(|_| [2.0, -2.0]).collect();
        batch.inputs = vec![Column { name: "ranked.score".into(), values: Values::F32s(scores) }];
        batch
    }

    fn seen(limit: u32) -> Observation {
        let mut all = Candidates::new(vec![7, 8, 9], vec![2.0, 0.0, -2.0]);
        all.sources = vec![1, 2, 3];
        all.push_f32s("ease.rank", vec![0.0, 1.0, 2.0]);
        let input = Input { port: PORT.into(), node: "rank".into(), payload: Payload::Candidates(all) };
        Observation { inputs: vec![input], ..native::observe(limit, &[]) }
    }

    fn ask(agent: &mut Calibrate, seen: Observation) -> Candidates {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all,
            _ => Candidates::default(),
        }
    }

    #[test]
    fn probabilities_become_those_that_were_observed_and_the_order_stays() {
        for method in ["platt", "isotonic"] {
            let mut agent = agent(|p| p.with("method", method));
            agent.learn(outcomes(4000)).unwrap();
            let report = agent.fit().unwrap();
            assert_eq!(report.examples, 8000);
            let all = ask(&mut agent, seen(9));
            let p = all.f32s(COLUMN).unwrap();
            assert!((p[0] - 0.25).abs() < 0.01 && p[2] < 0.01, "{method}: {p:?}");
            assert!(p.is_sorted_by(|a, b| a >= b));
            assert_eq!((all.rows, all.scores), (vec![7, 8, 9], vec![2.0, 0.0, -2.0]));
        }
    }

    #[test]
    fn before_feedback_there_is_a_probability_too() {
        assert_eq!(ask(&mut agent(|p| p), seen(9)).f32s(COLUMN).unwrap()[1], 0.5);
    }

    #[test]
    fn the_probability_becomes_the_score_when_asked_to() {
        let all = ask(&mut agent(|p| p.with("replace", true)), seen(9));
        assert_eq!(all.scores, all.f32s(COLUMN).unwrap());
    }

    #[test]
    fn what_came_with_rows_goes_on_with_them_under_the_limit() {
        let all = ask(&mut agent(|p| p), Observation { excluded: vec![7], ..seen(1) });
        assert_eq!((all.rows, all.sources), (vec![8], vec![2]));
        assert_eq!(all.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["ease.rank", COLUMN]);
    }

    #[test]
    fn state_comes_back_with_the_same_bytes_and_decisions() {
        for method in ["platt", "isotonic"] {
            let mut learner = agent(|p| p.with("method", method));
            learner.learn(outcomes(100)).unwrap();
            learner.fit().unwrap();
            let state = learner.snapshot().unwrap();
            let mut other = agent(|p| p.with("method", method));
            other.restore(state.clone()).unwrap();
            assert_eq!(other.snapshot().unwrap(), state);
            assert_eq!(ask(&mut other, seen(9)), ask(&mut learner, seen(9)));
        }
    }

    #[test]
    fn garbage_is_no_state() {
        let garbage = State { schema: SCHEMA.into(), bytes: vec![0xc1, 1, 2] };
        assert_eq!(agent(|p| p).restore(garbage).unwrap_err().kind, FaultKind::InvalidState);
        let falling = Curve::Platt { slope: -1.0, offset: 0.0 }.snapshot().unwrap();
        assert_eq!(agent(|p| p).restore(falling).unwrap_err().kind, FaultKind::InvalidState);
    }
}
