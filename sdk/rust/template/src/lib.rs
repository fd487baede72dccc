//! A re-ranker that prefers newer items a little.

use greenroom_sdk::{
    Candidates, Decision, Descriptor, Fault, Lifecycle, Observation, Params, Policy, RewardLevel, Role, Values,
    describe, float, memory,
};

#[derive(Default)]
struct Agent {
    strength: f32,
}

impl Policy for Agent {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let ranked = seen.take_candidates("ranked")?.unwrap_or_default();
        // Facts of all candidates in one call. Without the grant `items:read` the list stays as it is.
        let facts = memory::gather(&ranked.rows, &["year".to_owned()]).unwrap_or_default();
        let Some(Values::F32s(years)) = facts.first().map(|column| &column.values) else {
            return Ok(ranked.first(seen.limit).into());
        };
        let n = ranked.rows.len() as f32;
        let scored = ranked.rows.iter().zip(years).enumerate().map(|(place, (&row, &year))| {
            // A year that is not known is NaN.
            let newness = if year.is_nan() { 0.0 } else { ((year - 1950.0) / 100.0).clamp(0.0, 1.0) };
            ((1.0 - self.strength) * (1.0 - place as f32 / n) + self.strength * newness, row)
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
            .parameter(float("strength", 0.0, 1.0, 0.1, "how much newer items are preferred"))
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.strength = params.float("strength")? as f32;
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Agent);

#[cfg(test)]
mod tests {
    use greenroom_sdk::{Input, Payload, native};

    use super::*;

    #[test]
    fn without_facts_the_order_stays() {
        let ranked = Candidates::new(vec![3, 1, 2], vec![0.9, 0.5, 0.1]);
        let input = Input { port: "ranked".into(), node: "rank".into(), payload: Payload::Candidates(ranked) };
        let seen = Observation { inputs: vec![input], ..native::observe(2, &[]) };
        let decided = Agent { strength: 0.5 }.decide(seen).unwrap();
        assert!(matches!(decided.payload, Payload::Candidates(all) if all.rows == [3, 1]));
    }
}
