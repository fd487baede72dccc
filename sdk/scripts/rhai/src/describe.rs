//! What a script says of itself.

use greenroom_sdk::{
    ColumnKind, ColumnSpec, Descriptor, Layer, Learning, Parameter, PayloadKind, Port, RewardLevel, Role, boolean,
    choice, describe, float, integer, items, numbers,
};
use rhai::{Array, Dynamic, Engine};

use crate::columns::{Number, short};
use crate::fault::{Told, case_of, wrong};
use crate::records::Fields;

const ROLES: [(&str, Role); 8] = [
    ("recall", Role::Recall),
    ("fusion", Role::Fusion),
    ("ranking", Role::Ranking),
    ("calibration", Role::Calibration),
    ("reranking", Role::Reranking),
    ("routing", Role::Routing),
    ("evolution", Role::Evolution),
    ("infrastructure", Role::Infrastructure),
];
const LAYERS: [(&str, Layer); 3] =
    [("decision", Layer::Decision), ("evolution", Layer::Evolution), ("infrastructure", Layer::Infrastructure)];
const LEVELS: [(&str, RewardLevel); 2] = [("inner", RewardLevel::Inner), ("outer", RewardLevel::Outer)];
const LEARNINGS: [(&str, Learning); 2] = [("anew", Learning::Anew), ("onward", Learning::Onward)];
const PAYLOADS: [(&str, PayloadKind); 4] = [
    ("candidates", PayloadKind::Candidates),
    ("route", PayloadKind::Route),
    ("settings", PayloadKind::Settings),
    ("document", PayloadKind::Document),
];
const COLUMNS: [(&str, ColumnKind); 3] =
    [("f32s", ColumnKind::F32s), ("s64s", ColumnKind::S64s), ("u32s", ColumnKind::U32s)];

/// Of an instance that was not told its script, or whose script does not describe itself.
pub(crate) fn nobody() -> Descriptor {
    describe("script", "", Role::Infrastructure, "a script that does not say what it is")
}

/// One or several: `"year"` or `["year", "genres"]`.
fn several(value: Dynamic) -> Array {
    if value.is_array() { value.into_array().unwrap_or_default() } else { vec![value] }
}

fn text(value: Dynamic) -> Told<String> {
    value.into_string().map_err(|found| wrong(format!("a text is expected, not a value of type {}", short(found))))
}

fn texts(value: Dynamic) -> Told<Vec<String>> {
    several(value).into_iter().map(text).collect()
}

/// `"ease.score"`, which is f32s, or `#{name: "ease.rank", kind: "s64s"}`.
fn column(value: Dynamic) -> Told<ColumnSpec> {
    if value.is_string() {
        return Ok(ColumnSpec { name: text(value)?, kind: ColumnKind::F32s });
    }
    let mut fields = Fields::of("a column", value)?;
    let name = fields.text("name")?.ok_or_else(|| wrong("a column has a `name`"))?;
    let kind = fields.text("kind")?.map(|kind| case_of(&COLUMNS, "the kind of a column", &kind)).transpose()?;
    fields.end()?;
    Ok(ColumnSpec { name, kind: kind.unwrap_or(ColumnKind::F32s) })
}

fn port(name: &str, options: Dynamic) -> Told<Port> {
    let mut fields = Fields::of("what a port takes", options)?;
    let kind = fields.text("kind")?.map(|kind| case_of(&PAYLOADS, "the kind of a port", &kind)).transpose()?;
    let port = Port {
        name: name.into(),
        kind: kind.unwrap_or(PayloadKind::Candidates),
        optional: fields.truth("optional")?.unwrap_or_default(),
        columns: fields.list("columns")?.into_iter().map(column).collect::<Told<_>>()?,
    };
    fields.end()?;
    Ok(port)
}

fn real(value: &Dynamic) -> Told<f64> {
    Number::of(value).map(Number::real)
}

fn strs(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

fn add_parameters_to(engine: &mut Engine) {
    engine.register_type_with_name::<Parameter>("Parameter");
    engine.register_fn(
        "float",
        |name: &str, low: Dynamic, high: Dynamic, default: Dynamic, summary: &str| -> Told<Parameter> {
            Ok(float(name, real(&low)?, real(&high)?, real(&default)?, summary))
        },
    );
    engine.register_fn("integer", |name: &str, low: i64, high: i64, default: i64, summary: &str| {
        integer(name, low, high, default, summary)
    });
    engine.register_fn("choice", |name: &str, options: Array, default: &str, summary: &str| -> Told<Parameter> {
        let options = options.into_iter().map(text).collect::<Told<Vec<_>>>()?;
        Ok(choice(name, &strs(&options), default, summary))
    });
    engine.register_fn("boolean", boolean);
    engine.register_fn("items", items);
    engine.register_fn("numbers", numbers);
    engine.register_fn("log", |parameter: Parameter| parameter.log());
    engine.register_fn("shapes_state", |parameter: Parameter| parameter.shapes_state());
    engine.register_fn("when", |parameter: Parameter, other: &str, values: Dynamic| -> Told<Parameter> {
        Ok(parameter.when(other, &strs(&texts(values)?)))
    });
}

/// Registers `agent(...)`, and what can be said of one.
pub(crate) fn add_to(engine: &mut Engine) {
    add_parameters_to(engine);
    engine.register_type_with_name::<Descriptor>("Descriptor");
    engine.register_fn("agent", |name: &str, version: &str, role: &str, summary: &str| -> Told<Descriptor> {
        Ok(describe(name, version, case_of(&ROLES, "the role of an agent", role)?, summary))
    });
    engine.register_fn("metric", |agent: Descriptor, name: &str, level: &str| -> Told<Descriptor> {
        Ok(agent.metric(name, case_of(&LEVELS, "the level of a metric", level)?))
    });
    engine.register_fn("layer", |agent: Descriptor, layer: &str| -> Told<Descriptor> {
        Ok(Descriptor { layer: case_of(&LAYERS, "a layer", layer)?, ..agent })
    });
    engine.register_fn("takes", |agent: Descriptor, name: &str| agent.takes(name, false, &[]));
    engine.register_fn("takes", |mut agent: Descriptor, name: &str, options: Dynamic| -> Told<Descriptor> {
        agent.inputs.push(port(name, options)?);
        Ok(agent)
    });
    engine.register_fn("returns", |agent: Descriptor, kind: &str| -> Told<Descriptor> {
        Ok(agent.returns(case_of(&PAYLOADS, "what is returned", kind)?))
    });
    engine.register_fn("produces", |mut agent: Descriptor, columns: Dynamic| -> Told<Descriptor> {
        agent.produces.extend(several(columns).into_iter().map(column).collect::<Told<Vec<_>>>()?);
        Ok(agent)
    });
    engine.register_fn("history", |agent: Descriptor, events: i64| -> Told<Descriptor> {
        let history_max = u32::try_from(events).map_err(|_| wrong(format!("a history has no {events} events")))?;
        Ok(Descriptor { history_max, ..agent })
    });
    engine.register_fn("facts", |mut agent: Descriptor, fields: Dynamic| -> Told<Descriptor> {
        agent.facts.extend(texts(fields)?);
        Ok(agent)
    });
    engine.register_fn("parameter", |agent: Descriptor, parameter: Parameter| agent.parameter(parameter));
    engine.register_fn("state", |agent: Descriptor, schema: &str| agent.state(schema));
    engine.register_fn("learning", |agent: Descriptor, learning: &str| -> Told<Descriptor> {
        Ok(agent.learning(case_of(&LEARNINGS, "how an agent learns", learning)?))
    });
}
