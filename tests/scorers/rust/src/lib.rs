//! The scorer that every language has: see `docs/agents/costs.md`.

use greenroom_sdk::{
    Candidates, Column, ColumnKind, ColumnSpec, Decision, Descriptor, Fault, Lifecycle, Observation, Parameters, Params,
    PayloadKind, Policy, Port, RewardLevel, Role, Values, describe,
};

#[derive(Parameters)]
struct Settings {
    /// what a new item gains
    #[parameter(low = 0.0, high = 1.0, default = 0.3)]
    freshness: f64,
    /// what an item gains that was not shown yet
    #[parameter(low = 0.0, high = 1.0, default = 0.1)]
    exploration: f64,
}

#[derive(Default)]
struct Scorer {
    settings: Settings,
}

impl Policy for Scorer {
    fn decide(&mut self, mut seen: Observation) -> Result<Decision, Fault> {
        let ranked = seen.take_candidates("ranked")?.unwrap_or_default();
        let [Some(Values::F32s(relevance)), Some(Values::F32s(age)), Some(Values::S64s(shown)), Some(Values::U32s(clicked))] =
            ["relevance", "age", "shown", "clicked"].map(|name| column(&ranked, name))
        else {
            return Err(Fault::invalid_observation("the candidates lack a column that the port names"));
        };
        let of_rows = ranked.rows.iter().zip(relevance).zip(age).zip(shown).zip(clicked);
        let scored = of_rows.map(|((((&row, &relevance), &age), &shown), &clicked)| {
            (self.score(f64::from(relevance), f64::from(age), shown as f64, f64::from(clicked)), row)
        });
        Ok(Candidates::best(scored.collect(), seen.limit).into())
    }
}

fn column<'a>(of: &'a Candidates, name: &str) -> Option<&'a Values> {
    of.columns.iter().find(|column| column.name == name).map(|Column { values, .. }| values)
}

impl Scorer {
    fn score(&self, relevance: f64, age: f64, shown: f64, clicked: f64) -> f32 {
        let Settings { freshness, exploration } = self.settings;
        let (age, shown) = (age.max(0.0), shown.max(0.0));
        let rate = (clicked + 1.0) / (shown + 20.0);
        let interest = relevance + freshness / (1.0 + age / 30.0) + rate + exploration / (1.0 + shown).sqrt();
        (interest / (1.0 + interest * interest).sqrt()) as f32
    }
}

impl Lifecycle for Scorer {
    fn describe() -> Descriptor {
        let spec = |(name, kind): (&str, _)| ColumnSpec { name: name.into(), kind };
        let columns = [
            ("relevance", ColumnKind::F32s),
            ("age", ColumnKind::F32s),
            ("shown", ColumnKind::S64s),
            ("clicked", ColumnKind::U32s),
        ];
        let mut described = describe("scorer", "0.1.0", Role::Ranking, "scores candidates by what is known of them")
            .metric("ndcg@10", RewardLevel::Inner)
            .parameters::<Settings>();
        described.inputs.push(Port {
            name: "ranked".into(),
            kind: PayloadKind::Candidates,
            optional: false,
            columns: columns.map(spec).into(),
        });
        described
    }

    fn configure(&mut self, params: &Params) -> Result<(), Fault> {
        self.settings = Settings::from_params(params)?;
        Ok(())
    }
}

greenroom_sdk::export_configurable!(Scorer);
