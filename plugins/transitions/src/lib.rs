//! What was liked next: of each item what follows on it in the ways of subjects; a subject is offered what follows on what it
//! liked lately.
//!
//! Two likes of a subject count the less the more others are between them, and one that came before counts less than one
//! that came after. A subject's likes are ordered by time, and by row where times are equal, which says how far apart they
//! are; but likes of one time have no direction. It is a Markov chain over items with skips and shrinkage, as in Shani,
//! Heckerman and Brafman, "An MDP-Based Recommender System", JMLR 2005, and what session-based recommenders are measured by as
//! "sequential rules" (Ludewig and Jannach, "Evaluation of Session-Based Recommendation Algorithms", UMUAI 2018), whose
//! distances weigh 1/d where ours halve.

mod followers;

use followers::{Following, followers};
use greenroom_sdk::{
    Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Learning, Lifecycle, Neighbours,
    Observation, Params, Policy, RewardLevel, Role, Shortlist, State, StateReader, StateWriter, describe, float,
    integer, scatter,
};

const SCHEMA: &str = "transitions/1";

/// Recommends what others liked next.
#[derive(Default)]
pub struct Transitions {
    following: Following,
    half_life: f64,
    learned: Interactions,
    // Known items, ascending; all below speaks of places in it.
    rows: Vec<u32>,
    followers: Neighbours,
    scores: Vec<f32>,
    shortlist: Shortlist,
}

impl Policy for Transitions {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.scores.clear();
        self.scores.resize(self.rows.len(), 0.0);
        for (row, weight) in seen.history.weighted(self.half_life) {
            let Ok(item) = self.rows.binary_search(&row) else { continue };
            let (followers, weights) = self.followers.of(item);
            scatter(&mut self.scores, followers, weights, weight);
        }
        Ok(self.shortlist.pick(&self.rows, &mut self.scores, 0.0, &seen).into())
    }
}

impl Lifecycle for Transitions {
    fn describe() -> Descriptor {
        describe("transitions", "0.1.0", Role::Recall, "recommends what others liked next after what the subject liked")
            .metric("recall@200", RewardLevel::Inner)
            .history(1000)
            .state(SCHEMA)
            .learning(Learning::Onward)
            .parameter(
                float("reach", 0.25, 50.0, 14.0, "likes between two of a subject after which they count half")
                    .log()
                    .shapes_state(),
            )
            .parameter(
                float(
                    "backwards",
                    0.0,
                    1.0,
                    0.25,
                    "what one counts that came before, where one that came after counts 1",
                )
                .shapes_state(),
            )
            .parameter(
                float(
                    "shrink",
                    0.0,
                    1000.0,
                    50.0,
                    "how many likes of an item speak against what follows on it by chance",
                )
                .shapes_state(),
            )
            .parameter(
                float("discount", 0.0, 1.0, 0.3, "how far a follower's number of likes is normalised away")
                    .shapes_state(),
            )
            .parameter(integer("neighbours", 1, 1000, 500, "followers kept of each item").log().shapes_state())
            .parameter(float("half_life", 0.5, 500.0, 3.0, "events after which a liked item weighs half").log())
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.following = Following {
            reach: params.float("reach")?,
            backwards: params.float("backwards")?,
            shrink: params.float("shrink")?,
            discount: params.float("discount")?,
            kept: params.integer("neighbours")?,
        };
        self.half_life = params.float("half_life")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        writer.u32s(&self.rows);
        self.followers.write(&mut writer);
        self.learned.write(&mut writer);
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let rows = reader.u32s()?;
        let followers = Neighbours::read(&mut reader)?;
        let learned = Interactions::read(&mut reader)?;
        reader.finish(rows.is_sorted_by(|a, b| a < b) && followers.are_of(rows.len()))?;
        (self.rows, self.followers, self.learned) = (rows, followers, learned);
        Ok(())
    }
}

impl Learner for Transitions {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let positives = self.learned.positives();
        self.rows = positives.iter().map(|p| p.row).collect();
        self.rows.sort_unstable();
        self.rows.dedup();
        let (found, examples) = followers(&positives, &self.rows, self.following);
        self.followers = found;
        Ok(FitReport { examples: examples as u64, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(Transitions);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Candidates, NONE, Payload, native};

    use super::*;

    fn learner(params: &Params, batches: &[Feedback]) -> Transitions {
        let mut learner = Transitions::default();
        learner.configure(params).unwrap();
        for batch in batches {
            learner.learn(batch.clone()).unwrap();
        }
        learner.fit().unwrap();
        learner
    }

    fn trained(params: &Params, events: &[(u32, u32, i64)]) -> Transitions {
        let mut agent = Transitions::default();
        agent.configure(params).unwrap();
        agent.restore(learner(params, &[native::organic(events)]).snapshot().unwrap()).unwrap();
        agent
    }

    fn ask(agent: &mut Transitions, seen: Observation) -> Candidates {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all,
            _ => Candidates::default(),
        }
    }

    // What follows on an item, with weights.
    fn after(agent: &mut Transitions, item: u32) -> Vec<(u32, f32)> {
        let best = ask(agent, native::observe(10, &[(item, 100)]));
        best.rows.into_iter().zip(best.scores).collect()
    }

    fn defaults() -> Params {
        Params::defaults(&Transitions::describe())
    }

    // Nothing but counts: half a like's distance, nothing backwards, nothing normalised but by the item's own likes.
    fn plain() -> Params {
        let params = defaults().with("reach", 1.0).with("backwards", 0.0).with("shrink", 0.0);
        params.with("discount", 0.0).with("half_life", 1.0)
    }

    const WAY: &[(u32, u32, i64)] = &[(1, 10, 0), (1, 30, 1), (1, 20, 2), (1, 40, 3)];

    #[test]
    fn what_came_sooner_after_an_item_weighs_more() {
        assert_eq!(after(&mut trained(&plain(), WAY), 10), [(30, 1.0), (20, 0.5), (40, 0.25)]);
        assert_eq!(after(&mut trained(&plain(), WAY), 20), [(40, 1.0)]);
    }

    #[test]
    fn what_is_too_far_away_does_not_follow() {
        let way: Vec<(u32, u32, i64)> = (0..8).map(|n| (1, n, i64::from(n))).collect();
        let rows: Vec<u32> = after(&mut trained(&plain(), &way), 0).iter().map(|x| x.0).collect();
        assert_eq!(rows, [1, 2, 3, 4]);
    }

    #[test]
    fn what_came_before_weighs_what_it_is_to() {
        assert_eq!(
            after(&mut trained(&plain().with("backwards", 0.25), WAY), 20),
            [(40, 1.0), (30, 0.25), (10, 0.125)]
        );
        assert_eq!(after(&mut trained(&plain(), WAY), 40), []);
    }

    #[test]
    fn likes_of_one_time_have_no_direction() {
        let together = &[(1, 10, 5), (1, 20, 5), (1, 30, 6)];
        let mut agent = trained(&plain(), together);
        assert_eq!(after(&mut agent, 10), [(20, 0.5), (30, 0.5)]);
        assert_eq!(after(&mut agent, 20), [(30, 1.0), (10, 0.5)]);
    }

    #[test]
    fn nothing_follows_from_one_subject_to_the_next_nor_among_strangers() {
        let events = &[(1, 10, 0), (2, 20, 1), (NONE, 30, 2), (NONE, 40, 3)];
        let mut agent = trained(&plain().with("backwards", 1.0), events);
        for item in [10, 20, 30, 40] {
            assert_eq!(after(&mut agent, item), []);
        }
    }

    #[test]
    fn the_order_in_which_events_are_told_is_not_that_of_likes() {
        let mut told_late = WAY.to_vec();
        told_late.reverse();
        assert_eq!(after(&mut trained(&plain(), &told_late), 10), after(&mut trained(&plain(), WAY), 10));
    }

    #[test]
    fn rare_items_and_popular_followers_are_shrunk() {
        // 20 follows on 10 in one of two likes, and is liked four times.
        let events = &[(1, 10, 0), (1, 20, 1), (2, 10, 0), (3, 20, 0), (4, 20, 0), (5, 20, 0)];
        assert_eq!(after(&mut trained(&plain(), events), 10), [(20, 0.5)]);
        assert_eq!(after(&mut trained(&plain().with("shrink", 8.0), events), 10), [(20, 0.1)]);
        assert_eq!(after(&mut trained(&plain().with("discount", 0.5), events), 10), [(20, 0.25)]);
    }

    #[test]
    fn only_the_best_followers_are_kept() {
        assert_eq!(after(&mut trained(&plain().with("neighbours", 2_i64), WAY), 10), [(30, 1.0), (20, 0.5)]);
    }

    #[test]
    fn what_follows_on_the_latest_like_comes_first() {
        let events = &[(1, 1, 0), (1, 2, 1), (2, 3, 0), (2, 4, 1)];
        let seen = Observation { excluded: vec![1, 3], ..native::observe(10, &[(1, 5), (3, 6)]) };
        let best = ask(&mut trained(&plain(), events), seen);
        assert_eq!((best.rows, best.scores), (vec![4, 2], vec![1.0, 0.5]));
    }

    #[test]
    fn without_a_known_history_there_is_no_answer() {
        let mut agent = trained(&defaults(), WAY);
        assert!(ask(&mut agent, native::observe(10, &[])).is_empty());
        assert_eq!(after(&mut agent, 99), []);
        assert!(learner(&defaults(), &[]).snapshot().is_ok());
    }

    #[test]
    fn a_state_that_learns_on_is_the_one_that_learned_everything() {
        let mut later = native::organic(&[(1, 10, 0), (1, 50, 2), (5, 20, 6), (5, 10, 7)]);
        // The first event is taken back; the second comes between others, at the time of one of them.
        later.events = vec![0, 100, 101, 102];
        later.statuses = vec![2, 1, 1, 1];
        let at_once = learner(&defaults(), &[native::organic(WAY), later.clone()]);
        let mut onward = trained(&defaults(), WAY);
        onward.learn(later).unwrap();
        onward.fit().unwrap();
        assert!(onward.snapshot().unwrap() == at_once.snapshot().unwrap());
        let rows: Vec<u32> = after(&mut onward, 20).iter().map(|x| x.0).collect();
        assert_eq!(rows, [10, 40, 50, 30]);
    }

    #[test]
    fn a_truncated_state_is_refused() {
        let mut state = trained(&defaults(), WAY).snapshot().unwrap();
        state.bytes.truncate(state.bytes.len() - 4);
        assert!(Transitions::default().restore(state).is_err());
    }
}
