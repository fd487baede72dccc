//! Components that graphs of these tests may name, as the runtime would have found them.

use std::collections::BTreeMap;

use greenroom_graph::{Authored, ComponentFacts, Diagnostics, Plan, resolve};
use greenroom_model::{
    ColumnKind, ColumnSpec, Condition, Descriptor, Digest, Domain, Interfaces, Layer, Learning, Parameter, PayloadKind,
    Port, RewardLevel, Role,
};

/// Parses and resolves a file named `graph.toml`.
pub(crate) fn compile(text: &str) -> Result<Plan, Diagnostics> {
    let authored = Authored::parse("graph.toml", text)?;
    let facts = authored.components().into_iter().map(|component| (component.agent, found(&component.path))).collect();
    resolve(&authored, &facts)
}

pub(crate) fn facts(authored: &Authored) -> BTreeMap<String, Result<ComponentFacts, String>> {
    authored.components().into_iter().map(|component| (component.agent, found(&component.path))).collect()
}

pub(crate) fn found(path: &str) -> Result<ComponentFacts, String> {
    let name = path.strip_suffix(".wasm").ok_or("this is not a component: it begins with `#!/bin/sh`")?;
    let (imports, descriptor) = match name {
        "popularity" => (vec!["log"], Some(recall(name, vec![]))),
        "ease" => (vec!["log"], Some(recall(name, ease_parameters()))),
        "als" => (vec![], Some(recall(name, vec![]))),
        "content" => {
            let facts = vec!["genres".to_owned(), "year".to_owned()];
            (vec!["memory"], Some(Descriptor { facts, ..recall(name, vec![]) }))
        }
        "router" => (vec![], Some(Descriptor { output: PayloadKind::Route, ..agent(name, Role::Routing) })),
        "tuner" => (vec![], Some(Descriptor { output: PayloadKind::Settings, ..agent(name, Role::Infrastructure) })),
        "fusion" => {
            let inputs = vec![port("*", PayloadKind::Candidates, false, &[])];
            let produces = columns(&["fused"]);
            let parameters = vec![parameter("weights", Domain::Numbers)];
            (vec![], Some(Descriptor { inputs, produces, parameters, ..agent(name, Role::Fusion) }))
        }
        "ranker" => {
            let inputs = vec![
                port("candidates", PayloadKind::Candidates, false, &["fused"]),
                port("settings", PayloadKind::Settings, true, &[]),
            ];
            (vec![], Some(Descriptor { inputs, produces: columns(&["probability"]), ..agent(name, Role::Ranking) }))
        }
        "rerank" => {
            let inputs = vec![port("ranked", PayloadKind::Candidates, false, &[])];
            let parameters =
                vec![parameter("blocked", Domain::Items), parameter("seen", Domain::Boolean { default: true })];
            (vec!["memory"], Some(Descriptor { inputs, parameters, ..agent(name, Role::Reranking) }))
        }
        "shuffle" => (vec![], None),
        "proposer" => (vec![], None),
        _ => return Err(format!("no such file: {path}")),
    };
    let interfaces = Interfaces {
        contract: "0.2.0".to_owned(),
        policy: name != "proposer",
        lifecycle: descriptor.is_some(),
        learner: name == "als",
        imports: imports.into_iter().map(str::to_owned).collect(),
        wasi: false,
        script: false,
    };
    Ok(ComponentFacts { digest: Digest::of(name.as_bytes()), interfaces, descriptor })
}

fn agent(name: &str, role: Role) -> Descriptor {
    Descriptor {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        summary: String::new(),
        role,
        layer: Layer::Decision,
        inner_metric: String::new(),
        reward_level: RewardLevel::Inner,
        inputs: Vec::new(),
        output: PayloadKind::Candidates,
        produces: Vec::new(),
        history_max: 0,
        facts: Vec::new(),
        parameters: Vec::new(),
        snapshot_schema: String::new(),
        learning: Learning::Anew,
    }
}

fn recall(name: &str, parameters: Vec<Parameter>) -> Descriptor {
    Descriptor { parameters, produces: columns(&["age"]), ..agent(name, Role::Recall) }
}

fn ease_parameters() -> Vec<Parameter> {
    let methods = vec!["plain".to_owned(), "decayed".to_owned()];
    let half_life = Parameter {
        condition: Some(Condition { parameter: "method".to_owned(), values: vec!["decayed".to_owned()] }),
        ..parameter("half_life", Domain::Integer { low: 1, high: 1000, default: 40, log: true })
    };
    vec![
        parameter("lambda", Domain::Float { low: 1.0, high: 10_000.0, default: 200.0, log: true }),
        parameter("items_max", Domain::Integer { low: 100, high: 20_000, default: 4_000, log: true }),
        parameter("method", Domain::Choice { options: methods, default: "plain".to_owned() }),
        half_life,
        parameter("positives", Domain::Boolean { default: true }),
    ]
}

pub(crate) fn parameter(name: &str, domain: Domain) -> Parameter {
    Parameter { name: name.to_owned(), summary: String::new(), domain, condition: None, shapes_state: false }
}

pub(crate) fn port(name: &str, kind: PayloadKind, optional: bool, required: &[&str]) -> Port {
    Port { name: name.to_owned(), kind, optional, columns: columns(required) }
}

pub(crate) fn columns(names: &[&str]) -> Vec<ColumnSpec> {
    names.iter().map(|name| ColumnSpec { name: (*name).to_owned(), kind: ColumnKind::F32 }).collect()
}
