//! Items liked by the same subjects: for each item the most similar ones; a subject is offered the neighbours
//! of what it liked.
//!
//! Similarity is that of `implicit`'s `CosineRecommender` and `BM25Recommender`: the dot product of two items' columns of
//! subjects, with columns of unit length, or with each cell weighted as BM25 weights a term in a document.

mod similarity;

use greenroom_sdk::{
    Decision, Descriptor, Fault, Feedback, FitReport, Interactions, Learner, Learning, Lifecycle, Lists, Neighbours,
    Observation, Params, Policy, RewardLevel, Role, Shortlist, State, StateReader, StateWriter, choice, describe,
    float, integer, scatter,
};
pub use similarity::Metric;
use similarity::nearest;

const SCHEMA: &str = "item-knn/2";

/// Recommends the neighbours of what the subject liked.
#[derive(Default)]
pub struct ItemKnn {
    metric: Metric,
    kept: usize,
    half_life: f64,
    learned: Interactions,
    // Known items, ascending; all below speaks of places in it.
    rows: Vec<u32>,
    neighbours: Neighbours,
    scores: Vec<f32>,
    shortlist: Shortlist,
}

impl Policy for ItemKnn {
    fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
        self.scores.clear();
        self.scores.resize(self.rows.len(), 0.0);
        for (row, weight) in seen.history.weighted(self.half_life) {
            let Ok(item) = self.rows.binary_search(&row) else { continue };
            let (near, similarities) = self.neighbours.of(item);
            scatter(&mut self.scores, near, similarities, weight);
        }
        Ok(self.shortlist.pick(&self.rows, &mut self.scores, 0.0, &seen).into())
    }
}

impl Lifecycle for ItemKnn {
    fn describe() -> Descriptor {
        describe("item-knn", "0.1.0", Role::Recall, "recommends what is liked by those who liked the same")
            .metric("recall@200", RewardLevel::Inner)
            .history(1000)
            .state(SCHEMA)
            .learning(Learning::Onward)
            .parameter(choice("metric", &["cosine", "bm25"], "bm25", "how alike two items are").shapes_state())
            .parameter(
                integer("neighbours", 2, 1000, 300, "similar items kept of each item, itself among them")
                    .log()
                    .shapes_state(),
            )
            .parameter(
                float("k1", 0.0, 100.0, 1.2, "how late a longer column of subjects stops to weigh more")
                    .when("metric", &["bm25"])
                    .shapes_state(),
            )
            .parameter(
                float("b", 0.0, 1.0, 0.25, "how far an item's number of subjects is normalised away")
                    .when("metric", &["bm25"])
                    .shapes_state(),
            )
            .parameter(float("half_life", 0.5, 500.0, 5.0, "events after which a liked item weighs half").log())
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.metric = match params.choice("metric")? {
            "bm25" => Metric::Bm25 { k1: params.float("k1")?, b: params.float("b")? },
            _ => Metric::Cosine,
        };
        self.kept = params.integer("neighbours")?;
        self.half_life = params.float("half_life")?;
        Ok(())
    }

    fn snapshot(&self) -> Result<State, Fault> {
        let mut writer = StateWriter::default();
        writer.u32s(&self.rows);
        self.neighbours.write(&mut writer);
        self.learned.write(&mut writer);
        Ok(writer.finish(SCHEMA))
    }

    fn restore(&mut self, state: State) -> Result<(), Fault> {
        let mut reader = StateReader::new(&state);
        let rows = reader.u32s()?;
        let neighbours = Neighbours::read(&mut reader)?;
        let learned = Interactions::read(&mut reader)?;
        reader.finish(rows.is_sorted_by(|a, b| a < b) && neighbours.are_of(rows.len()))?;
        (self.rows, self.neighbours, self.learned) = (rows, neighbours, learned);
        Ok(())
    }
}

impl Learner for ItemKnn {
    fn learn(&mut self, batch: Feedback) -> Result<(), Fault> {
        self.learned.learn(&batch)
    }

    fn fit(&mut self) -> Result<FitReport, Fault> {
        let positives = self.learned.positives();
        self.rows = positives.iter().map(|p| p.row).collect();
        self.rows.sort_unstable();
        self.rows.dedup();
        let subjects = Lists::of_subjects(&positives, &self.rows);
        self.neighbours = nearest(&subjects, self.rows.len(), self.metric, self.kept);
        Ok(FitReport { examples: subjects.values().len() as u64, loss: None, notes: Vec::new() })
    }
}

greenroom_sdk::export_agent!(ItemKnn);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Candidates, Payload, native};

    use super::*;

    fn trained(params: &Params, events: &[(u32, u32, i64)]) -> ItemKnn {
        let mut learner = ItemKnn::default();
        learner.configure(params).unwrap();
        learner.learn(native::organic(events)).unwrap();
        learner.fit().unwrap();
        let mut agent = ItemKnn::default();
        agent.configure(params).unwrap();
        agent.restore(learner.snapshot().unwrap()).unwrap();
        agent
    }

    fn ask(agent: &mut ItemKnn, seen: Observation) -> Candidates {
        match agent.decide(seen).unwrap().payload {
            Payload::Candidates(all) => all,
            _ => Candidates::default(),
        }
    }

    fn defaults() -> Params {
        Params::defaults(&ItemKnn::describe())
    }

    fn cosine() -> Params {
        defaults().with("metric", "cosine")
    }

    // 10 and 11 are liked together twice, 10 and 12 once, 13 by a loner.
    const EVENTS: &[(u32, u32, i64)] =
        &[(1, 10, 0), (1, 11, 1), (2, 10, 0), (2, 11, 1), (3, 10, 0), (3, 12, 1), (4, 13, 0)];

    #[test]
    fn cosine_is_that_of_the_items_columns() {
        let seen = Observation { excluded: vec![10], ..native::observe(10, &[(10, 5)]) };
        let best = ask(&mut trained(&cosine(), EVENTS), seen);
        assert_eq!(best.rows, [11, 12]);
        assert!((best.scores[0] - 2.0 / 6.0_f32.sqrt()).abs() < 1e-6, "{:?}", best.scores);
        assert!((best.scores[1] - 1.0 / 3.0_f32.sqrt()).abs() < 1e-6, "{:?}", best.scores);
    }

    #[test]
    fn bm25_weighs_items_and_subjects() {
        let best = ask(&mut trained(&defaults().with("b", 0.75), EVENTS), native::observe(10, &[(12, 5)]));
        // Length norms: 4 items, 7 events; item 10 has 3, item 12 has 1. Subject 3 has 2 of 4 items.
        let cell = |n: f64| 2.2 / (1.2 * (0.25 + 0.75 * n / 1.75) + 1.0) * (4.0_f64.ln() - 3.0_f64.ln());
        assert_eq!(best.rows, [10]);
        assert!((f64::from(best.scores[0]) - cell(3.0) * cell(1.0)).abs() < 1e-6, "{:?}", best.scores);
    }

    #[test]
    fn only_the_nearest_are_kept() {
        let best = ask(&mut trained(&cosine().with("neighbours", 2_i64), EVENTS), native::observe(10, &[(10, 5)]));
        assert_eq!(best.rows, [11]);
    }

    #[test]
    fn what_was_liked_lately_weighs_more() {
        let events = [(1, 1, 0), (1, 2, 0), (2, 3, 0), (2, 4, 0)];
        let mut agent = trained(&cosine().with("half_life", 1.0), &events);
        let seen = Observation { excluded: vec![1, 3], ..native::observe(10, &[(1, 5), (3, 6)]) };
        let best = ask(&mut agent, seen);
        assert_eq!(best.rows, [4, 2]);
        assert_eq!(best.scores, [1.0, 0.5]);
    }

    #[test]
    fn without_a_known_history_there_is_no_answer() {
        let mut agent = trained(&defaults(), EVENTS);
        assert!(ask(&mut agent, native::observe(10, &[])).is_empty());
        assert!(ask(&mut agent, native::observe(10, &[(99, 5), (13, 6)])).is_empty());
    }

    #[test]
    fn a_state_that_learns_on_is_the_one_that_learned_everything() {
        for params in [cosine(), defaults()] {
            let mut later = native::organic(&[(1, 10, 0), (4, 10, 5), (5, 14, 6), (5, 12, 7)]);
            // The first event is taken back.
            later.events = vec![0, 100, 101, 102];
            later.statuses = vec![2, 1, 1, 1];
            let mut at_once = ItemKnn::default();
            at_once.configure(&params).unwrap();
            at_once.learn(native::organic(EVENTS)).unwrap();
            at_once.learn(later.clone()).unwrap();
            at_once.fit().unwrap();
            let mut onward = trained(&params, EVENTS);
            onward.learn(later).unwrap();
            onward.fit().unwrap();
            assert!(onward.snapshot().unwrap() == at_once.snapshot().unwrap());
            assert_eq!(ask(&mut onward, native::observe(10, &[(13, 5)])).rows, [10]);
        }
    }

    #[test]
    fn a_truncated_state_is_refused() {
        let mut state = trained(&defaults(), EVENTS).snapshot().unwrap();
        state.bytes.truncate(state.bytes.len() - 4);
        assert!(ItemKnn::default().restore(state).is_err());
    }
}
