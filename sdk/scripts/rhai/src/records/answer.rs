//! What a script answers with.

use greenroom_sdk::{Decision, FitReport, Payload, PolicyKind, PolicyRecord};
use rhai::{Dynamic, Engine};

use super::Fields;
use super::payload::payload_of;
use crate::columns::{any, short};
use crate::fault::{Told, case_of, wrong};

const KINDS: [(&str, PolicyKind); 4] = [
    ("deterministic", PolicyKind::Deterministic),
    ("plackett-luce", PolicyKind::PlackettLuce),
    ("epsilon-greedy", PolicyKind::EpsilonGreedy),
    ("other", PolicyKind::Other),
];

/// A payload with how it was drawn.
#[derive(Debug, Clone)]
struct Drawn(Decision);

fn payload(value: Dynamic) -> Told<Payload> {
    payload_of(value).unwrap_or_else(|value| {
        let found = if value.is_unit() { "nothing" } else { short(value.type_name()) };
        Err(wrong(format!(
            "a decision is `best(...)` or other candidates, `route(...)`, `settings(...)`, `document(...)` or \
             `decision(payload, policy)`, not {found}"
        )))
    })
}

fn drawn(value: Dynamic, policy: Dynamic) -> Told<Drawn> {
    let payload = payload(value)?;
    if policy.is_unit() {
        return Ok(Drawn(Decision { payload, policy: None }));
    }
    let mut fields = Fields::of("a policy record", policy)?;
    let kind = fields.text("kind")?.ok_or_else(|| wrong("a policy record has a `kind`"))?;
    let policy = PolicyRecord {
        kind: case_of(&KINDS, "the kind of a policy record", &kind)?,
        propensities: fields.take("propensities").map(any).transpose()?.map_or_else(Vec::new, |all| all.into_f32s()),
        log_probability: fields.real("log_probability")?.unwrap_or_default(),
        explored: fields.truth("explored")?.unwrap_or_default(),
        sampler_seed: fields.whole("sampler_seed")?.unwrap_or_default().cast_unsigned(),
    };
    fields.end()?;
    Ok(Drawn(Decision { payload, policy: Some(policy) }))
}

/// The decision that a value is.
pub(crate) fn decision_of(value: Dynamic) -> Told<Decision> {
    match value.try_cast_result::<Drawn>() {
        Ok(drawn) => Ok(drawn.0),
        Err(value) => Ok(Decision { payload: payload(value)?, policy: None }),
    }
}

/// The report that a value is: nothing, or a map.
pub(crate) fn report_of(value: Dynamic) -> Told<FitReport> {
    if value.is_unit() {
        return Ok(FitReport { examples: 0, loss: None, notes: Vec::new() });
    }
    let mut fields = Fields::of("the report of `fit`", value)?;
    let examples = fields.whole("examples")?.unwrap_or_default();
    let report = FitReport {
        examples: u64::try_from(examples).map_err(|_| wrong(format!("`examples` is a count, not {examples}")))?,
        loss: fields.real("loss")?,
        notes: fields.list("notes")?.into_iter().map(|note| note.to_string()).collect(),
    };
    fields.end()?;
    Ok(report)
}

pub(super) fn add_to(engine: &mut Engine) {
    engine.register_type_with_name::<Drawn>("Decision");
    engine.register_fn("decision", drawn);
}
