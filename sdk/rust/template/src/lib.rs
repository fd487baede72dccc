//! A re-ranker that prefers newer items a little.

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Lifecycle, Observation, Parameters, Params, Policy, RewardLevel, Role,
    describe, memory,
};

#[derive(Parameters)]
struct Settings {
    /// how much newer items are preferred
    #[parameter(low = 0.0, high = 1.0, default = 0.1)]
    strength: f32,
}

#[derive(Default)]
struct Agent {
    settings: Settings,
}

impl Policy for Agent {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let ranked = seen.take_candidates("ranked")?.unwrap_or_default();
        // Facts of all candidates in one call. Without the grant `items:read` the list stays as it is.
        let Ok(years) = memory::gather_f32s(&ranked.rows, "year") else { return Ok(ranked.first(seen.limit).into()) };
        let (strength, n) = (self.settings.strength, ranked.len() as f32);
        let scored = ranked.rows.iter().zip(years).enumerate().map(|(place, (&row, year))| {
            // A year that is not known is NaN.
            let newness = if year.is_nan() { 0.0 } else { ((year - 1950.0) / 100.0).clamp(0.0, 1.0) };
            ((1.0 - strength) * (1.0 - place as f32 / n) + strength * newness, row)
        });
        Ok(Candidates::best(scored.collect(), seen.limit).into())
    }
}

impl Lifecycle for Agent {
    fn describe() -> Descriptor {
        describe("__name__", "0.1.0", Role::Reranking, "prefers newer items a little")
            .metric("ndcg@10", RewardLevel::Outer)
            .takes("ranked", false, &[])
            .facts(&["year"])
            .parameters::<Settings>()
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.settings = Settings::from_params(params)?;
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Agent);

#[cfg(test)]
mod tests {
    use greenroom_sdk::native;

    use super::*;

    /// The rows that it answers with, of rows 0 to 2 in that order.
    fn decide(strength: f64) -> Vec<u32> {
        let mut agent: Agent = native::configured(|params| params.with("strength", strength)).unwrap();
        let ranked = Candidates::new(vec![0, 1, 2], vec![0.9, 0.5, 0.1]);
        let decided = agent.decide(native::observe(2, &[]).with_input("ranked", ranked)).unwrap();
        decided.candidates().unwrap().rows.clone()
    }

    #[test]
    fn newer_items_come_up() {
        native::set_facts(3, &[("year", vec![1960.0, 2020.0, f32::NAN])], &[]);
        assert_eq!(decide(0.0), [0, 1]);
        assert_eq!(decide(0.9), [1, 0]);
    }

    #[test]
    fn without_facts_the_order_stays() {
        native::set_facts(3, &[], &[]);
        assert_eq!(decide(0.9), [0, 1]);
    }
}
