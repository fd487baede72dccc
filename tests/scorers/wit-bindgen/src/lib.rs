//! The scorer over the generated bindings alone, as fast as it can be written by hand: what the SDK costs is measured
//! against it.

mod order;
mod params;

use std::cell::Cell;

use bindings::exports::greenroom::agent::lifecycle::{Descriptor, Guest as Lifecycle, State};
use bindings::exports::greenroom::agent::policy::{Decision, Guest as Policy, Observation};
use bindings::greenroom::agent::types::{
    Candidates, Column, ColumnKind, ColumnSpec, Domain, Fault, FaultKind, FloatRange, Layer, Learning, Parameter, Payload,
    PayloadKind, Port, RewardLevel, Role, Values,
};

#[allow(clippy::all, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/0.2.0",
        inline: "
            package scorer:scorer;
            world scorer {
                include greenroom:agent/has-policy@0.2.0;
                include greenroom:agent/has-lifecycle@0.2.0;
            }
        ",
        generate_all,
    });
}

thread_local! {
    /// `freshness` and `exploration`.
    static SETTINGS: Cell<[f64; 2]> = const { Cell::new([0.3, 0.1]) };
}

struct Scorer;

impl Policy for Scorer {
    fn decide(mut seen: Observation) -> Result<Decision, Fault> {
        let Some(place) = seen.inputs.iter().position(|input| input.port == "ranked") else {
            return Ok(decided(Vec::new(), Vec::new()));
        };
        let Payload::Candidates(ranked) = seen.inputs.swap_remove(place).payload else {
            return Err(invalid_observation("port \"ranked\" takes candidates"));
        };
        let [Some(Values::F32s(relevance)), Some(Values::F32s(age)), Some(Values::S64s(shown)), Some(Values::U32s(clicked))] =
            ["relevance", "age", "shown", "clicked"].map(|name| column(&ranked.columns, name))
        else {
            return Err(invalid_observation("the candidates lack a column that the port names"));
        };
        let settings = SETTINGS.get();
        let of_rows = ranked.rows.iter().zip(relevance).zip(age).zip(shown).zip(clicked);
        let keys = of_rows.map(|((((&row, &relevance), &age), &shown), &clicked)| {
            order::key(score(settings, relevance.into(), age.into(), shown as f64, clicked.into()), row)
        });
        let (rows, scores) = order::best(keys.collect(), seen.limit as usize);
        Ok(decided(rows, scores))
    }
}

fn column<'a>(columns: &'a [Column], name: &str) -> Option<&'a Values> {
    columns.iter().find(|column| column.name == name).map(|column| &column.values)
}

fn score([freshness, exploration]: [f64; 2], relevance: f64, age: f64, shown: f64, clicked: f64) -> f32 {
    let (age, shown) = (age.max(0.0), shown.max(0.0));
    let rate = (clicked + 1.0) / (shown + 20.0);
    let interest = relevance + freshness / (1.0 + age / 30.0) + rate + exploration / (1.0 + shown).sqrt();
    (interest / (1.0 + interest * interest).sqrt()) as f32
}

fn decided(rows: Vec<u32>, scores: Vec<f32>) -> Decision {
    let payload = Payload::Candidates(Candidates { rows, scores, sources: Vec::new(), columns: Vec::new() });
    Decision { payload, policy: None }
}

fn invalid_observation(message: &str) -> Fault {
    Fault { kind: FaultKind::InvalidObservation, message: message.to_owned(), retryable: false }
}

impl Lifecycle for Scorer {
    fn describe() -> Descriptor {
        let columns = [
            ("relevance", ColumnKind::F32s),
            ("age", ColumnKind::F32s),
            ("shown", ColumnKind::S64s),
            ("clicked", ColumnKind::U32s),
        ];
        let parameters = [
            ("freshness", "what a new item gains", 0.3),
            ("exploration", "what an item gains that was not shown yet", 0.1),
        ];
        Descriptor {
            name: "scorer".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "scores candidates by what is known of them".to_owned(),
            role: Role::Ranking,
            layer: Layer::Decision,
            inner_metric: "ndcg@10".to_owned(),
            reward_level: RewardLevel::Inner,
            inputs: vec![Port {
                name: "ranked".to_owned(),
                kind: PayloadKind::Candidates,
                optional: false,
                columns: columns.map(|(name, kind)| ColumnSpec { name: name.to_owned(), kind }).into(),
            }],
            output: PayloadKind::Candidates,
            produces: Vec::new(),
            history_max: 0,
            facts: Vec::new(),
            parameters: parameters
                .map(|(name, summary, default)| Parameter {
                    name: name.to_owned(),
                    summary: summary.to_owned(),
                    domain: Domain::Float(FloatRange { low: 0.0, high: 1.0, default, log: false }),
                    condition: None,
                    shapes_state: false,
                })
                .into(),
            snapshot_schema: String::new(),
            learning: Learning::Anew,
        }
    }

    fn configure(params: Vec<u8>) -> Result<(), Fault> {
        let [Some(freshness), Some(exploration)] = ["freshness", "exploration"].map(|name| params::float(&params, name))
        else {
            let message = "`freshness` and `exploration` are numbers from 0 to 1".to_owned();
            return Err(Fault { kind: FaultKind::InvalidParameters, message, retryable: false });
        };
        SETTINGS.set([freshness, exploration]);
        Ok(())
    }

    fn snapshot() -> Result<State, Fault> {
        Ok(State { schema: String::new(), bytes: Vec::new() })
    }

    fn restore(_: State) -> Result<(), Fault> {
        Ok(())
    }
}

bindings::export!(Scorer with_types_in bindings);
