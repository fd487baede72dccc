//! The last word on a list: nothing seen before, nothing blocked, likes apart, and, when asked to, fresh items raised, genres
//! capped and now and then something unexpected.
//!
//! Scores stay those that came in, but never rise down the list: a row that was raised above better ones lowers theirs.

mod explore;
mod order;
mod settings;

use std::cell::Cell;

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Lifecycle, Marks, Observation, Parameters as _, Params, Payload, Policy,
    RewardLevel, Role, Values, describe, log, memory,
};
use order::{Item, order};
use settings::Settings;

const PORT: &str = "ranked";
const MS_A_YEAR: f64 = 365.25 * 86_400_000.0;

/// Reorders the head of a list.
#[derive(Default)]
pub struct Rerank {
    settings: Settings,
    hidden: Marks,
    warned: Cell<bool>,
}

impl Policy for Rerank {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let Some(all) = seen.take_candidates(PORT)? else { return Ok(Candidates::default().into()) };
        self.hidden.clear();
        self.hidden.extend(&self.settings.blocklist);
        if self.settings.hide_seen {
            self.hidden.extend(&seen.history.rows);
        }
        let limit = seen.limit as usize;
        let depth = self.settings.depth.max(seen.limit);
        let head = all.only(|row| seen.admits(row) && !self.hidden.contains(row)).first(depth);
        let mut ordered = order(&self.items(&head, seen.now), head.len().min(limit), &self.settings);
        let mut policy = None;
        if self.settings.epsilon > 0.0 {
            let mut in_reserve = vec![true; head.len()];
            for &place in &ordered {
                if let Some(slot) = in_reserve.get_mut(place) {
                    *slot = false;
                }
            }
            let reserve: Vec<usize> = (0..head.len()).filter(|&place| in_reserve.get(place) == Some(&true)).collect();
            let drawn = explore::draw(&ordered, &reserve, self.settings.epsilon, seen.seed);
            ordered = drawn.places;
            policy = Some(drawn.record);
        }
        let mut answer = head.pick(&ordered);
        let mut lowest = f32::INFINITY;
        for score in &mut answer.scores {
            lowest = lowest.min(*score);
            *score = lowest;
        }
        Ok(Decision { payload: Payload::Candidates(answer), policy })
    }
}

impl Rerank {
    fn items(&self, head: &Candidates, now: i64) -> Vec<Item> {
        let genres = match self.settings.needs_genres().then(|| self.fact("genres", &head.rows)).flatten() {
            Some(Values::S64s(bits)) => bits,
            _ => Vec::new(),
        };
        let years = match self.settings.needs_years().then(|| self.fact("year", &head.rows)).flatten() {
            Some(Values::F32s(years)) => years,
            _ => Vec::new(),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a year")]
        let this_year = (1970.0 + now as f64 / MS_A_YEAR) as f32;
        let one = |(place, &score): (usize, &f32)| Item {
            score,
            genres: genres.get(place).copied().unwrap_or(0),
            age: years.get(place).map_or(f32::NAN, |year| this_year - year),
        };
        head.scores.iter().enumerate().map(one).collect()
    }

    fn fact(&self, field: &str, rows: &[u32]) -> Option<Values> {
        if self.warned.get() {
            return None;
        }
        match memory::gather(rows, &[field.to_owned()]) {
            Ok(columns) => columns.into_iter().next().map(|column| column.values),
            Err(memory::Error::Unavailable(_)) => None,
            Err(error) => {
                self.warned.set(true);
                log::debug!("no `{field}` of items, so the order is by score alone: {error:?}");
                None
            }
        }
    }
}

impl Lifecycle for Rerank {
    fn describe() -> Descriptor {
        describe("rerank", "0.1.0", Role::Reranking, "filters the list and sets its last order")
            .metric("diversity@10", RewardLevel::Inner)
            .takes(PORT, false, &[])
            .history(5000)
            .facts(&["genres", "year"])
            .parameters::<Settings>()
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.settings = Settings::from_params(params)?;
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Rerank);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Input, ParamValue, native};

    use super::*;

    fn agent(change: impl Fn(Params) -> Params) -> Rerank {
        let mut agent = Rerank::default();
        agent.configure(&change(Params::defaults(&Rerank::describe()))).unwrap();
        agent
    }

    // Rows 0 to 9 with falling scores. Rows 0 to 4 are comedies of 1990, the others dramas of 2000.
    fn seen(limit: u32, history: &[(u32, i64)]) -> Observation {
        let genres = (0..10).map(|row| if row < 5 { 1 } else { 2 }).collect();
        let years = (0..10).map(|row| if row < 5 { 1990.0 } else { 2000.0 }).collect();
        native::set_facts(10, &[("year", years)], &[("genres", vec!["Comedy", "Drama"], genres)]);
        let mut all = Candidates::new((0..10).collect(), (0..10).map(|i| 10.0 - i as f32).collect());
        all.push_f32s("probability", (0..10).map(|i| 0.9 - 0.1 * i as f32).collect());
        let input = Input { port: PORT.into(), node: "rank".into(), payload: Payload::Candidates(all) };
        let now = (30.0 * MS_A_YEAR) as i64;
        Observation { inputs: vec![input], now, ..native::observe(limit, history) }
    }

    fn decide(agent: &mut Rerank, seen: Observation) -> (Candidates, Decision) {
        let decision = agent.decide(seen).unwrap();
        match &decision.payload {
            Payload::Candidates(all) => (all.clone(), decision),
            _ => (Candidates::default(), decision),
        }
    }

    fn rows(agent: &mut Rerank, seen: Observation) -> Vec<u32> {
        decide(agent, seen).0.rows
    }

    #[test]
    fn by_default_the_best_come_first_and_nothing_is_drawn() {
        let (all, decision) = decide(&mut agent(|p| p), seen(3, &[]));
        assert_eq!((all.rows, all.scores), (vec![0, 1, 2], vec![10.0, 9.0, 8.0]));
        assert_eq!(decision.policy, None);
    }

    #[test]
    fn what_was_seen_is_not_shown_again_unless_it_may() {
        let history = [(0, 1), (2, 2)];
        assert_eq!(rows(&mut agent(|p| p), seen(3, &history)), [1, 3, 4]);
        assert_eq!(rows(&mut agent(|p| p.with("hide_seen", false)), seen(3, &history)), [0, 1, 2]);
    }

    #[test]
    fn what_is_blocked_or_excluded_is_not_shown() {
        let mut agent = agent(|p| p.with("blocklist", ParamValue::Rows(vec![0])));
        assert_eq!(rows(&mut agent, Observation { excluded: vec![1], ..seen(2, &[]) }), [2, 3]);
        assert_eq!(rows(&mut agent, Observation { allowed: Some(vec![0, 9]), ..seen(2, &[]) }), [9]);
    }

    #[test]
    fn diversity_brings_other_genres_up_and_scores_never_rise() {
        let (all, _) = decide(&mut agent(|p| p.with("diversity", 0.7)), seen(4, &[]));
        assert_eq!(all.rows[..2], [0, 5]);
        assert!(all.scores.is_sorted_by(|a, b| a >= b), "{:?}", all.scores);
        assert_eq!(all.f32s("probability").unwrap()[1], 0.9 - 0.5);
    }

    #[test]
    fn freshness_brings_new_items_up() {
        assert_eq!(rows(&mut agent(|p| p.with("freshness", 3.0)), seen(1, &[])), [5]);
    }

    #[test]
    fn a_cap_limits_each_genre_while_there_are_others() {
        assert_eq!(rows(&mut agent(|p| p.with("genre_max", 2_i64)), seen(4, &[])), [0, 1, 5, 6]);
        assert_eq!(rows(&mut agent(|p| p.with("genre_max", 2_i64)), seen(10, &[])).len(), 10);
    }

    #[test]
    fn exploration_is_recorded_and_repeats_with_the_seed() {
        let mut agent = agent(|p| p.with("epsilon", 0.5));
        let ask = |agent: &mut Rerank, seed| decide(agent, Observation { seed, ..seen(4, &[]) });
        let mut explored = false;
        for seed in 0..20 {
            let (all, decision) = ask(&mut agent, seed);
            let record = decision.policy.clone().unwrap();
            assert_eq!((all.rows.len(), record.propensities.len(), record.sampler_seed), (4, 4, seed));
            explored |= record.explored;
            assert_eq!(ask(&mut agent, seed).1, decision);
        }
        assert!(explored);
    }

    #[test]
    fn without_facts_the_order_is_by_score() {
        let mut agent = agent(|p| p.with("diversity", 0.9).with("freshness", 5.0));
        let asked = seen(3, &[]);
        native::set_facts(0, &[], &[]);
        assert_eq!(rows(&mut agent, asked), [0, 1, 2]);
    }

    #[test]
    fn nothing_to_order_is_nothing_answered() {
        assert!(rows(&mut agent(|p| p), native::observe(5, &[])).is_empty());
    }
}
