//! The proof that comes with a graph in the body of `POST /v1/plans`. Whether it is one is not judged here.

use greenroom_model::{Compared, Evidence};
use serde_json::Value;

use crate::fields::{Fields, found};
use crate::mistake::Mistakes;

/// Bytes of the names of a study, of a metric and of a protocol.
const NAME_BYTES_MAX: usize = 256;

/// Seeds of one proof.
const SEEDS_MAX: usize = 1_000;

/// What is said for a graph; none when something is wrong with it.
pub(crate) fn proof(value: Value, mistakes: &mut Mistakes) -> Option<Evidence> {
    let mut fields = Fields::of(value, "proof", mistakes)?;
    let study = name(&mut fields, "study");
    let metric = name(&mut fields, "metric");
    let (candidate, base, events) = (fields.digest("candidate"), fields.digest("base"), fields.digest("events"));
    let protocol = name(&mut fields, "protocol");
    let seeds = seeds(&mut fields);
    let level = fields.real("level");
    let parts = [part(&mut fields, "validation"), part(&mut fields, "test")];
    fields.finish();
    let [validation, test] = parts;
    let validation = validation.and_then(|value| compared(value, "proof.validation", mistakes));
    let test = test.and_then(|value| compared(value, "proof.test", mistakes));
    Some(Evidence {
        study: study?,
        metric: metric?,
        candidate: candidate?,
        base: base?,
        events: events?,
        protocol: protocol?,
        seeds: seeds?,
        level: level?,
        validation: validation?,
        test: test?,
    })
}

fn compared(value: Value, path: &str, mistakes: &mut Mistakes) -> Option<Compared> {
    let mut fields = Fields::of(value, path, mistakes)?;
    let (users, arms) = (count(&mut fields, "users"), count(&mut fields, "arms"));
    let (baseline, mean, difference) = (fields.real("baseline"), fields.real("mean"), fields.real("difference"));
    let (low, high) = (end(&mut fields, "low"), end(&mut fields, "high"));
    fields.finish();
    Some(Compared {
        users: users?,
        arms: arms?,
        baseline: baseline?,
        mean: mean?,
        difference: difference?,
        low: low?,
        high: high?,
    })
}

fn part(fields: &mut Fields<'_>, name: &'static str) -> Option<Value> {
    let value = fields.value(name);
    if value.is_none() {
        fields.wrong(name, "is missing; expected an object");
    }
    value
}

fn name(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    match fields.value(name) {
        Some(Value::String(text))
            if (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control) =>
        {
            Some(text)
        }
        Some(other) => {
            let expected = format!("expected 1 to {NAME_BYTES_MAX} bytes without control characters");
            fields.wrong(name, format!("{expected}, found {}", found(&other)));
            None
        }
        None => {
            fields.wrong(name, "is missing");
            None
        }
    }
}

fn count(fields: &mut Fields<'_>, name: &'static str) -> Option<u64> {
    let value = fields.value(name).unwrap_or_default();
    let count = value.as_u64();
    if count.is_none() {
        fields.wrong(name, format!("expected a whole number from 0 on, found {}", found(&value)));
    }
    count
}

/// An end of an interval, which may be none; the outer none is a mistake.
fn end(fields: &mut Fields<'_>, name: &'static str) -> Option<Option<f64>> {
    let Some(value) = fields.value(name) else { return Some(None) };
    let number = value.as_f64();
    if number.is_none() {
        fields.wrong(name, format!("expected a number or null, found {}", found(&value)));
    }
    number.map(Some)
}

fn seeds(fields: &mut Fields<'_>) -> Option<Vec<u64>> {
    let value = fields.value("seeds").unwrap_or_default();
    let seeds = value.as_array().filter(|seeds| seeds.len() <= SEEDS_MAX);
    let seeds = seeds.and_then(|seeds| seeds.iter().map(Value::as_u64).collect());
    if seeds.is_none() {
        let expected = format!("expected an array of at most {SEEDS_MAX} whole numbers");
        fields.wrong("seeds", format!("{expected}, found {}", found(&value)));
    }
    seeds
}
