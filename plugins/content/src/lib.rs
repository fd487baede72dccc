//! What an item is, rather than who liked it: the recall agent for items that nobody has liked yet, and for subjects that
//! have liked nothing yet.
//!
//! An item's facts are its genres, weighted by how few items have them, and its year. A subject's profile is the sum of
//! those of what it liked. The score is the cosine of genres, plus how close the years are, plus a little popularity, which
//! tells apart the many items whose facts are the same. All facts are read when the agent learns; a decision reads none.

mod facts;
mod profile;

use facts::Facts;
use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Lifecycle, Observation,
    Params, Policy, RewardLevel, Role, Shortlist, State, StateReader, StateWriter, by_popularity, describe, float,
};
use profile::{Profile, Weights};

const SCHEMA: &str = "content/1";

/// Recommends items whose facts are like those of what the subject liked.
#[derive(Default)]
pub struct Content {
    weights: Weights,
    half_life: f64,
    learned: Interactions,
    facts: Facts,
    // How popular each item is, from 0 to 1.
    popularity: Vec<f32>,
    // The same, and NaN for items that nothing is known of.
    priors: Vec<f32>,
    rows: Vec<u32>,
    scores: Vec<f32>,
    profile: Profile,
    shortlist: Shortlist,
}

impl Policy for Content {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        if self.facts.is_empty() {
            return Ok(Candidates::default().into());
        }
        self.profile.become_that_of(&seen.history.weighted(self.half_life), &self.facts, &self.weights);
        self.profile.scores(&self.facts, &self.priors, &self.weights, &mut self.scores);
        Ok(self.shortlist.pick(&self.rows, &mut self.scores, f32::NEG_INFINITY, &seen).into())
    }
}

impl Lifecycle for Content {
    fn describe() -> Descriptor {
        describe("content", "0.1.0", Role::Recall, "recommends items with the genres and years of what was liked")
            .metric("recall@200", RewardLevel::Inner)
            .history(200)
            .facts(&["genres", "year"])
            .state(SCHEMA)
            .parameter(float("year_weight", 0.0, 4.0, 0.6, "what close years weigh beside genres"))
            .parameter(
                float("year_scale", 1.0, 100.0, 8.0, "years apart at which closeness has fallen to a third").log(),
            )
            .parameter(float("popularity_weight", 0.0, 4.0, 0.3, "what popularity weighs beside genres"))
            .parameter(float("half_life", 0.5, 500.0, 10.0, "events after which a liked item weighs half").log())
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        #[expect(clippy::cast_possible_truncation, reason = "weights of a score in f32")]
        {
            self.weights = Weights {
                year: params.float("year_weight")? as f32,
                year_scale: params.float("year_scale")? as f32,
                popularity: params.float("popularity_weight")? as f32,
            };
        }
        self.half_life = params.float("half_life")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        writer.f32s(&self.popularity);
        self.facts.write(&mut writer);
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let popularity = reader.f32s()?;
        let facts = Facts::read(&mut reader)?;
        reader.finish(facts.is_whole() && facts.len() == popularity.len())?;
        self.take(facts, popularity);
        Ok(())
    }
}

impl Learner for Content {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let (facts, notes) = Facts::gather();
        let positives = self.learned.positives();
        let counted = by_popularity(&positives);
        let most = counted.first().map_or(1, |x| x.1);
        let mut popularity = vec![0.0; facts.len()];
        for (row, count) in counted {
            if let Some(slot) = popularity.get_mut(row as usize) {
                *slot = share(count, most);
            }
        }
        self.take(facts, popularity);
        Ok(FitReport { examples: positives.len() as u64, loss: None, notes })
    }
}

impl Content {
    fn take(&mut self, facts: Facts, popularity: Vec<f32>) {
        #[expect(clippy::cast_possible_truncation, reason = "rows are u32")]
        {
            self.rows = (0..facts.len() as u32).collect();
        }
        self.profile = Profile::over(&facts);
        self.priors = self.profile.priors(&facts, &popularity);
        self.facts = facts;
        self.popularity = popularity;
    }
}

// Twice as popular is a step, wherever it begins.
#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn share(count: u32, most: u32) -> f32 {
    (f64::from(count).ln_1p() / f64::from(most).ln_1p()) as f32
}

greenroom_sdk::export_agent!(Content);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Payload, native};

    use super::*;

    const COMEDY: i64 = 1;
    const DRAMA: i64 = 2;
    const NOIR: i64 = 4;

    // 0 to 2 are comedies, 3 and 4 dramas, 5 a drama and film noir, 6 is unknown.
    fn world() {
        let years = vec![1990.0, 1991.0, 2010.0, 1990.0, 2010.0, 1950.0, f32::NAN];
        let genres = vec![COMEDY, COMEDY, COMEDY, DRAMA, DRAMA, DRAMA | NOIR, 0];
        native::set_facts(7, &[("year", years)], &[("genres", vec!["Comedy", "Drama", "Film-Noir"], genres)]);
    }

    fn trained(events: &[(u32, u32, i64)]) -> Content {
        let params = Params::defaults(&Content::describe());
        let mut learner = Content::default();
        learner.configure(&params).unwrap();
        learner.learn(native::organic(events)).unwrap();
        learner.fit().unwrap();
        let state = learner.snapshot().unwrap();
        // What is learned needs no memory any more.
        native::set_facts(0, &[], &[]);
        let mut agent = Content::default();
        agent.configure(&params).unwrap();
        agent.restore(state).unwrap();
        agent
    }

    fn rows(agent: &mut Content, seen: Observation) -> Vec<u32> {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all.rows,
            _ => Vec::new(),
        }
    }

    #[test]
    fn items_that_nobody_liked_are_found_by_genre_and_year() {
        world();
        let mut agent = trained(&[]);
        let seen = |row, limit| Observation { excluded: vec![row], ..native::observe(limit, &[(row, 5)]) };
        assert_eq!(rows(&mut agent, seen(0, 2)), [1, 2]);
        assert_eq!(rows(&mut agent, seen(4, 1)), [3]);
        assert_eq!(rows(&mut agent, seen(5, 1)), [3]);
    }

    #[test]
    fn between_items_with_the_same_facts_popularity_decides() {
        world();
        let mut agent = trained(&[(1, 1, 0), (2, 1, 0), (1, 4, 0)]);
        assert_eq!(rows(&mut agent, native::observe(1, &[(2, 5), (0, 6)])), [1]);
    }

    #[test]
    fn a_subject_without_history_gets_what_is_popular_and_recent() {
        world();
        assert_eq!(rows(&mut trained(&[]), native::observe(2, &[])), [2, 4]);
        world();
        let many: Vec<(u32, u32, i64)> = (0..9).map(|subject| (subject, 4, 0)).collect();
        assert_eq!(rows(&mut trained(&many), native::observe(2, &[])), [4, 2]);
    }

    #[test]
    fn an_item_without_facts_is_not_offered() {
        world();
        let all = rows(&mut trained(&[(1, 6, 0)]), native::observe(100, &[(0, 5)]));
        assert_eq!(all.len(), 6);
        assert!(!all.contains(&6));
    }

    #[test]
    fn excluded_rows_are_left_out_and_only_allowed_ones_are_in() {
        world();
        let mut agent = trained(&[]);
        let seen = Observation { excluded: vec![1], allowed: Some(vec![1, 2, 5]), ..native::observe(9, &[(0, 5)]) };
        assert_eq!(rows(&mut agent, seen), [2, 5]);
    }

    #[test]
    fn without_facts_it_says_so_once_and_answers_nothing() {
        native::set_facts(5, &[], &[]);
        let _ = native::take_log();
        let mut agent = Content::default();
        agent.learn(native::organic(&[(1, 1, 0)])).unwrap();
        let notes = agent.fit().unwrap().notes;
        assert!(notes.len() == 1 && notes[0].contains("genres"), "{notes:?}");
        assert!(rows(&mut agent, native::observe(10, &[(1, 5)])).is_empty());
        assert_eq!(native::take_log(), Vec::<String>::new(), "a note is said already");
    }

    #[test]
    fn one_field_alone_is_enough() {
        native::set_facts(3, &[("year", vec![1990.0, 1991.0, 2010.0])], &[]);
        let seen = Observation { excluded: vec![0], ..native::observe(9, &[(0, 5)]) };
        assert_eq!(rows(&mut trained(&[]), seen), [1, 2]);
    }

    #[test]
    fn a_truncated_state_is_refused() {
        world();
        let mut state = trained(&[(1, 1, 0)]).snapshot().unwrap();
        state.bytes.pop();
        assert!(Content::default().restore(state).is_err());
    }
}
