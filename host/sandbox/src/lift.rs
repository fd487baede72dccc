//! From the contract's words to the host's: what a guest returned is moved, not copied.

use greenroom_model::{
    Candidates, Column, ColumnKind, ColumnSpec, Condition, Decision, Descriptor, Domain, Layer, Learning, Parameter,
    Payload, PayloadKind, PolicyKind, PolicyRecord, Port, RewardLevel, Role, Values,
};

use crate::bindings::greenroom::agent::types;

pub(crate) fn decision(decision: types::Decision) -> Decision {
    let policy = decision.policy.map(|p| PolicyRecord {
        kind: match p.kind {
            types::PolicyKind::Deterministic => PolicyKind::Deterministic,
            types::PolicyKind::PlackettLuce => PolicyKind::PlackettLuce,
            types::PolicyKind::EpsilonGreedy => PolicyKind::EpsilonGreedy,
            types::PolicyKind::Other => PolicyKind::Other,
        },
        propensities: p.propensities,
        log_probability: p.log_probability,
        explored: p.explored,
        sampler_seed: p.sampler_seed,
    });
    Decision { payload: payload(decision.payload), policy }
}

fn payload(payload: types::PayloadResult) -> Payload {
    match payload {
        types::PayloadResult::Candidates(c) => Payload::Candidates(Candidates {
            rows: c.rows,
            scores: c.scores,
            sources: c.sources,
            columns: c.columns.into_iter().map(column).collect(),
        }),
        types::PayloadResult::Route(route) => {
            Payload::Route(route.branches.into_iter().map(|b| (b.name, b.probability)).collect())
        }
        types::PayloadResult::Settings(s) => Payload::Settings { scope: s.scope, patch: s.patch },
        types::PayloadResult::Document(document) => Payload::Document(document),
    }
}

fn column(column: types::ColumnResult) -> Column {
    let values = match column.values {
        types::ValuesResult::F32s(v) => Values::F32s(v),
        types::ValuesResult::S64s(v) => Values::S64s(v),
        types::ValuesResult::U32s(v) => Values::U32s(v),
    };
    Column { name: column.name, values }
}

fn kind(kind: types::PayloadKind) -> PayloadKind {
    match kind {
        types::PayloadKind::Candidates => PayloadKind::Candidates,
        types::PayloadKind::Route => PayloadKind::Route,
        types::PayloadKind::Settings => PayloadKind::Settings,
        types::PayloadKind::Document => PayloadKind::Document,
    }
}

fn spec(spec: types::ColumnSpec) -> ColumnSpec {
    let kind = match spec.kind {
        types::ColumnKind::F32s => ColumnKind::F32,
        types::ColumnKind::S64s => ColumnKind::S64,
        types::ColumnKind::U32s => ColumnKind::U32,
    };
    ColumnSpec { name: spec.name, kind }
}

fn parameter(p: types::Parameter) -> Parameter {
    let domain = match p.domain {
        types::Domain::Float(r) => Domain::Float { low: r.low, high: r.high, default: r.default, log: r.log },
        types::Domain::Integer(r) => Domain::Integer { low: r.low, high: r.high, default: r.default, log: r.log },
        types::Domain::Choice(c) => Domain::Choice { options: c.options, default: c.default },
        types::Domain::Boolean(default) => Domain::Boolean { default },
        types::Domain::Items => Domain::Items,
        types::Domain::Numbers => Domain::Numbers,
    };
    let condition = p.condition.map(|c| Condition { parameter: c.parameter, values: c.values });
    Parameter { name: p.name, summary: p.summary, domain, condition, shapes_state: p.shapes_state }
}

pub(crate) fn descriptor(d: types::Descriptor) -> Descriptor {
    let port = |p: types::Port| Port {
        name: p.name,
        kind: kind(p.kind),
        optional: p.optional,
        columns: p.columns.into_iter().map(spec).collect(),
    };
    Descriptor {
        name: d.name,
        version: d.version,
        summary: d.summary,
        role: match d.role {
            types::Role::Recall => Role::Recall,
            types::Role::Fusion => Role::Fusion,
            types::Role::Ranking => Role::Ranking,
            types::Role::Calibration => Role::Calibration,
            types::Role::Reranking => Role::Reranking,
            types::Role::Routing => Role::Routing,
            types::Role::Evolution => Role::Evolution,
            types::Role::Infrastructure => Role::Infrastructure,
        },
        layer: match d.layer {
            types::Layer::Decision => Layer::Decision,
            types::Layer::Evolution => Layer::Evolution,
            types::Layer::Infrastructure => Layer::Infrastructure,
        },
        inner_metric: d.inner_metric,
        reward_level: match d.reward_level {
            types::RewardLevel::Inner => RewardLevel::Inner,
            types::RewardLevel::Outer => RewardLevel::Outer,
        },
        inputs: d.inputs.into_iter().map(port).collect(),
        output: kind(d.output),
        produces: d.produces.into_iter().map(spec).collect(),
        history_max: d.history_max,
        facts: d.facts,
        parameters: d.parameters.into_iter().map(parameter).collect(),
        snapshot_schema: d.snapshot_schema,
        learning: match d.learning {
            types::Learning::Anew => Learning::Anew,
            types::Learning::Onward => Learning::Onward,
        },
    }
}
