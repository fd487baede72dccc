//! What most subjects liked: the recall agent that always has an answer, and the yardstick of all others.
//!
//! With a window it counts what was liked in the `window_days` before the request. Then the state holds every event with
//! its hour, so that a request is answered as of its own time, whenever that is.

mod window;

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Learning, Lifecycle,
    Observation, Params, Policy, RewardLevel, Role, State, StateReader, StateWriter, by_popularity, describe, integer,
};
use window::Window;

const SCHEMA: &str = "popularity/2";

/// Recommends by how often rows were liked.
#[derive(Default)]
pub struct Popularity {
    window_days: u32,
    learned: Interactions,
    // All that was ever liked, most popular first, ties by ascending row.
    rows: Vec<u32>,
    counts: Vec<f32>,
    window: Window,
}

impl Policy for Popularity {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        if self.window_days > 0 {
            return Ok(self.window.best(&self.rows, &self.counts, self.window_days, &seen).into());
        }
        let admitted = |row: &u32| {
            seen.excluded.binary_search(row).is_err()
                && seen.allowed.as_ref().is_none_or(|allowed| allowed.binary_search(row).is_ok())
        };
        let ranked = self.rows.iter().copied().zip(self.counts.iter().copied());
        let (rows, scores) = ranked.filter(|(row, _)| admitted(row)).take(seen.limit as usize).unzip();
        Ok(Candidates::new(rows, scores).into())
    }
}

impl Lifecycle for Popularity {
    fn describe() -> Descriptor {
        describe("popularity", "0.1.0", Role::Recall, "recommends what most subjects liked")
            .metric("recall@200", RewardLevel::Inner)
            .state(SCHEMA)
            .learning(Learning::Onward)
            .parameter(
                integer(
                    "window_days",
                    0,
                    36_500,
                    0,
                    "count what was liked in so many days before the request; 0 for all",
                )
                .shapes_state(),
            )
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.window_days = params.integer("window_days")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        writer.u32s(&self.rows);
        writer.f32s(&self.counts);
        self.window.write(&mut writer);
        self.learned.write(&mut writer);
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let (rows, counts) = (reader.u32s()?, reader.f32s()?);
        let window = Window::read(&mut reader)?;
        let learned = Interactions::read(&mut reader)?;
        reader.finish(rows.len() == counts.len() && window.is_whole())?;
        (self.rows, self.counts, self.window, self.learned) = (rows, counts, window, learned);
        Ok(())
    }
}

impl Learner for Popularity {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let positives = self.learned.positives();
        let counted = by_popularity(&positives);
        self.rows = counted.iter().map(|x| x.0).collect();
        #[expect(clippy::cast_precision_loss, reason = "counts order the same beyond 16 million")]
        {
            self.counts = counted.iter().map(|x| x.1 as f32).collect();
        }
        self.window = if self.window_days > 0 { Window::of(&positives) } else { Window::default() };
        Ok(FitReport { examples: positives.len() as u64, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Popularity);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Payload, native};

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn learner(window_days: i64) -> Popularity {
        let mut learner = Popularity::default();
        learner.configure(&Params::defaults(&Popularity::describe()).with("window_days", window_days)).unwrap();
        learner
    }

    fn trained(window_days: i64, events: &[(u32, u32, i64)]) -> Popularity {
        let mut learner = self::learner(window_days);
        learner.learn(native::organic(events)).unwrap();
        learner.fit().unwrap();
        let mut agent = self::learner(window_days);
        agent.restore(learner.snapshot().unwrap()).unwrap();
        agent
    }

    fn rows(agent: &mut Popularity, seen: Observation) -> Vec<u32> {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all.rows,
            _ => Vec::new(),
        }
    }

    fn at(now: i64) -> Observation {
        Observation { now, ..native::observe(10, &[]) }
    }

    const EVENTS: &[(u32, u32, i64)] =
        &[(1, 5, 0), (2, 5, HOUR), (3, 5, 2 * HOUR), (1, 8, 40 * HOUR), (2, 8, 41 * HOUR), (3, 9, 90 * HOUR)];

    #[test]
    fn the_most_liked_come_first() {
        assert_eq!(rows(&mut trained(0, EVENTS), at(0)), [5, 8, 9]);
    }

    #[test]
    fn excluded_rows_are_left_out_and_only_allowed_ones_are_in() {
        for days in [0, 1] {
            let mut agent = trained(days, EVENTS);
            assert_eq!(rows(&mut agent, Observation { excluded: vec![5], ..at(3 * HOUR) }), [8, 9]);
            assert_eq!(rows(&mut agent, Observation { allowed: Some(vec![7, 9]), ..at(3 * HOUR) }), [9]);
            assert_eq!(rows(&mut agent, Observation { limit: 0, ..at(0) }), [0; 0]);
        }
    }

    #[test]
    fn a_window_counts_what_was_liked_just_before_the_request_and_then_the_rest() {
        let mut agent = trained(1, EVENTS);
        assert_eq!(rows(&mut agent, at(42 * HOUR)), [8, 5, 9]);
        assert_eq!(rows(&mut agent, at(3 * HOUR)), [5, 8, 9]);
        assert_eq!(rows(&mut agent, at(91 * HOUR)), [9, 5, 8]);
    }

    #[test]
    fn a_request_long_after_the_last_event_sees_the_last_window() {
        assert_eq!(rows(&mut trained(1, EVENTS), at(10_000_000 * HOUR)), [9, 5, 8]);
    }

    #[test]
    fn without_feedback_there_is_no_answer() {
        assert!(rows(&mut trained(0, &[]), at(0)).is_empty());
        assert!(rows(&mut trained(7, &[]), at(0)).is_empty());
    }

    #[test]
    fn a_state_that_learns_on_is_the_one_that_learned_everything() {
        for days in [0, 1] {
            let mut later = native::organic(&[(1, 5, 0), (9, 8, 50 * HOUR), (3, 9, 60 * HOUR)]);
            // The first event is taken back.
            later.events = vec![0, 100, 101];
            later.statuses = vec![2, 1, 1];
            let mut at_once = learner(days);
            at_once.learn(native::organic(EVENTS)).unwrap();
            at_once.learn(later.clone()).unwrap();
            at_once.fit().unwrap();
            let mut onward = trained(days, EVENTS);
            onward.learn(later).unwrap();
            onward.fit().unwrap();
            assert!(onward.snapshot().unwrap() == at_once.snapshot().unwrap(), "a window of {days} days");
            assert_eq!(rows(&mut onward, at(91 * HOUR)).len(), 3);
        }
    }

    #[test]
    fn a_truncated_state_is_refused() {
        let mut state = trained(1, EVENTS).snapshot().unwrap();
        state.bytes.pop();
        assert!(Popularity::default().restore(state).is_err());
    }
}
