//! What is said to a sampler that is a program, and what it answers: one line of JSON each.

use std::collections::BTreeMap;

use greenroom_evolve::sampler::Seen;
use greenroom_evolve::study::{Config, Direction, draws};
use greenroom_evolve::{Draws, Outcome, Point, Space, Told};
use greenroom_model::text::shortened;
use serde::Deserialize;
use serde_json::{Value, json};

/// Of the lines: one that a program does not know is another language.
const PROTOCOL: u32 = 1;
/// Characters of an answer that are shown when it is none.
const SHOWN: usize = 200;

/// The first line: what the study is about.
pub(super) fn begins(config: &Config) -> String {
    json!({ "study": {
        "protocol": PROTOCOL,
        "name": config.name,
        "seed": seed(&mut Draws::new(config.seed)),
        "trials": config.budget.trials,
        "lag": config.lag,
        "rungs": config.rungs,
        "space": config.space.dimensions(),
        "objectives": config.objectives,
        "constraints": config.constraints,
    } })
    .to_string()
}

/// A question, with what is told since `known` of it was.
pub(super) fn asking(config: &Config, seen: Seen<'_>, known: usize, number: u64, of_trial: &mut Draws) -> String {
    let warm = config.warm.len();
    let told = seen.told.iter().enumerate().skip(known);
    let told: Vec<Value> = told.map(|(place, told)| line(config, told, place < warm)).collect();
    // They are the latest that were asked for.
    let pending = (number.saturating_sub(seen.pending.len() as u64)..).zip(seen.pending);
    let pending: Vec<Value> = pending
        .map(|(number, point)| json!({ "number": number, "seed": seed_of(config, number), "point": point }))
        .collect();
    json!({ "told": told, "pending": pending, "ask": number, "seed": seed(of_trial) }).to_string()
}

/// What became of a trial; of a warm start, without what only a trial of this study has.
fn line(config: &Config, told: &Told, warm: bool) -> Value {
    let mut line = match warm {
        true => json!({ "warm": true, "point": told.point }),
        false => json!({ "number": told.number, "seed": seed_of(config, told.number), "point": told.point }),
    };
    let more = match &told.outcome {
        Outcome::Complete { values, violations } => {
            let names = config.constraints.iter().map(|constraint| constraint.name.as_str());
            let violations: BTreeMap<&str, f64> = names.zip(violations.iter().copied()).collect();
            json!({ "outcome": "complete", "values": named(config, values), "violations": violations })
        }
        Outcome::Pruned { rung, values } => {
            json!({ "outcome": "pruned", "rung": rung, "values": named(config, values) })
        }
        Outcome::Failed { failure, why } => json!({ "outcome": "failed", "failure": failure, "why": why }),
    };
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    line
}

/// Values by objective, in its own direction.
fn named<'c>(config: &'c Config, values: &[f64]) -> BTreeMap<&'c str, f64> {
    let own = |(objective, value): (&'c greenroom_evolve::study::Objective, &f64)| {
        let value = match objective.direction {
            Direction::Maximise => *value,
            Direction::Minimise => -*value,
        };
        (objective.name.as_str(), value)
    };
    config.objectives.iter().zip(values).map(own).collect()
}

/// The seed of the question that a trial came of.
fn seed_of(config: &Config, number: u64) -> u32 {
    seed(&mut draws(config.seed, number))
}

/// Of 32 bits: what generators of many languages take, and no reader of JSON rounds.
fn seed(draws: &mut Draws) -> u32 {
    (draws.bits() >> 32) as u32
}

/// What a program answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Answer {
    Point(Point),
    Error(String),
}

/// The point that a line of a program says, as the space writes it.
///
/// # Errors
/// What it did instead of answering, as the end of a sentence.
pub(super) fn answered(space: &Space, line: &str) -> Result<Point, String> {
    let answer: Answer = serde_json::from_str(line).map_err(|error| {
        let found = shortened(line, SHOWN);
        format!("answered what is no point ({error}): expected {{\"point\": {{..}}}} in one line, found {found}")
    })?;
    let point = match answer {
        Answer::Point(point) => space.read(&point),
        Answer::Error(why) => return Err(format!("has no point: {}", shortened(&why, SHOWN))),
    };
    let wrong = space.check(&point);
    if wrong.is_empty() {
        Ok(point)
    } else {
        Err(format!("answered a point that is not of the space: {}", shortened(&wrong.join("; "), SHOWN * 4)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use greenroom_evolve::study::{Bound, Budget, Constraint, Data, Objective};
    use greenroom_evolve::{Condition, Dimension, Domain, Failure, Pruner, Value as Of};
    use greenroom_model::Digest;

    use super::*;

    fn space() -> Space {
        let of = |name: &str, domain, condition| Dimension { name: name.to_owned(), domain, condition };
        let when = Condition { dimension: "on".to_owned(), values: vec!["true".to_owned()] };
        Space::new(vec![
            of("on", Domain::Boolean, None),
            of("rate", Domain::Float { low: 0.1, high: 1.0, log: true }, Some(when)),
        ])
        .unwrap()
    }

    fn point(rate: f64) -> Point {
        [("on".to_owned(), Of::Boolean(true)), ("rate".to_owned(), Of::Float(rate))].into()
    }

    fn config() -> Config {
        let objective = |name: &str, direction| Objective { name: name.to_owned(), direction };
        let digest = Digest::of(b"");
        let outcome = Outcome::Complete { values: vec![0.5, -7.0], violations: vec![-0.5] };
        Config {
            name: "a".to_owned(),
            seed: 5,
            space: space(),
            objectives: vec![objective("ndcg", Direction::Maximise), objective("gini", Direction::Minimise)],
            constraints: vec![Constraint { name: "fuel".to_owned(), bound: Bound::Max(9.0) }],
            sampler: "command a".to_owned(),
            lag: 2,
            budget: Budget { trials: 9, fuel: None, time_us: None },
            rungs: vec![0.5, 1.0],
            pruner: Pruner::Median { others_min: 2 },
            elites: None,
            warm: vec![Told { number: 0, point: point(0.5), outcome }],
            data: Data { events: digest, protocol: "p1".to_owned(), catalogue: digest, graph: digest },
        }
    }

    #[test]
    fn the_first_line_tells_what_the_study_is_about() {
        let study: Value = serde_json::from_str(&begins(&config())).unwrap();
        let study = &study["study"];
        assert_eq!((&study["protocol"], &study["trials"], &study["lag"]), (&json!(1), &json!(9), &json!(2)));
        assert_eq!(study["space"][1]["domain"], json!({ "type": "float", "low": 0.1, "high": 1.0, "log": true }));
        assert_eq!(study["space"][1]["condition"], json!({ "dimension": "on", "values": ["true"] }));
        assert_eq!(study["objectives"][1], json!({ "name": "gini", "direction": "minimise" }));
        assert_eq!(study["constraints"][0], json!({ "name": "fuel", "bound": { "max": 9.0 } }));
    }

    #[test]
    fn a_question_tells_what_is_new_in_the_direction_of_its_objective() {
        let config = config();
        let mut told = config.warm.clone();
        let outcomes = [
            Outcome::Complete { values: vec![0.6, -3.0], violations: vec![0.25] },
            Outcome::Pruned { rung: 0, values: vec![0.1, -9.0] },
            Outcome::Failed { failure: Failure::Budget, why: "out of fuel".to_owned() },
        ];
        told.extend((0..).zip(outcomes).map(|(number, outcome)| Told { number, point: point(0.2), outcome }));
        let pending = [point(0.3)];
        let seen = Seen { told: &told, pending: &pending, objectives: 2 };
        let asked = |known: usize| -> Value {
            serde_json::from_str(&asking(&config, seen, known, 4, &mut draws(config.seed, 4))).unwrap()
        };
        let all = asked(0);
        let warm = json!({ "warm": true, "point": { "on": true, "rate": 0.5 }, "outcome": "complete",
            "values": { "ndcg": 0.5, "gini": 7.0 }, "violations": { "fuel": -0.5 } });
        assert_eq!(all["told"][0], warm);
        assert_eq!(all["told"][1]["values"], json!({ "ndcg": 0.6, "gini": 3.0 }));
        assert_eq!((&all["told"][2]["outcome"], &all["told"][2]["rung"]), (&json!("pruned"), &json!(0)));
        assert_eq!((&all["told"][3]["failure"], &all["told"][3]["why"]), (&json!("budget"), &json!("out of fuel")));
        assert_eq!((&all["ask"], &all["pending"][0]["number"]), (&json!(4), &json!(3)));
        let new = asked(3);
        assert_eq!(new["told"], json!([all["told"][3]]));
        assert_eq!(new["seed"], all["seed"]);
        // As it was when that was asked, so that a program that is begun anew can come to where it was.
        let third: Value = serde_json::from_str(&asking(&config, seen, 4, 3, &mut draws(config.seed, 3))).unwrap();
        assert_eq!(third["seed"], all["pending"][0]["seed"]);
        assert_ne!(third["seed"], all["seed"]);
    }

    #[test]
    fn an_answer_is_a_point_of_the_space_or_says_what_is_wrong() {
        let read = |line: &str| answered(&space(), line);
        assert_eq!(read(r#"{"point": {"on": true, "rate": 1}}"#).unwrap(), point(1.0));
        assert_eq!(read(r#"{"point": {"on": false}}"#).unwrap(), Point::from([("on".to_owned(), Of::Boolean(false))]));
        for (line, expected) in [
            ("Traceback (most recent call last):", "answered what is no point"),
            ("", "found "),
            ("{}", "expected {\"point\": {..}} in one line"),
            (r#"{"point": {"on": true, "rate": null}}"#, "answered what is no point"),
            (r#"{"point": {"on": true}} {}"#, "answered what is no point"),
            (r#"{"point": {"on": true}}"#, "`rate` is missing"),
            (r#"{"point": {"on": false, "rate": 0.5}}"#, "`rate` is 0.5, but does not matter here"),
            (r#"{"point": {"on": true, "rate": 1e300, "more": 1}}"#, "`more` is unknown"),
            (r#"{"error": "no network\u001b[2J"}"#, "has no point: no network\\u{1b}[2J"),
        ] {
            let why = read(line).unwrap_err();
            assert!(why.contains(expected), "{line}: {why}");
        }
    }
}
