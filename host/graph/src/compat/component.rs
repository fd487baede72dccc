//! Two components: what each exports, imports and says of itself.

use greenroom_model::{
    ColumnKind, ColumnSpec, Descriptor, Interfaces, Layer, Learning, PayloadKind, Port, RewardLevel, Role,
};

use super::{Finding, Findings, Impact, Pair, became, by_name, came, parameters, sorted, went};
use crate::plan::ComponentFacts;

pub(super) const MEMORY: &str = "import memory";

const RETRAIN: &str = "what was learned before does not fit it: a state of the old schema cannot be handed over, unless its \
                       `restore` takes it; have it learn anew (`greenroom train`) before it serves";

/// What the new component would break of what stands on the old one, what matters most first.
#[must_use]
pub fn compare(old: &ComponentFacts, new: &ComponentFacts) -> Vec<Finding> {
    sorted(all(old, new).0.into_iter().map(|found| found.finding).collect())
}

pub(super) fn all(old: &ComponentFacts, new: &ComponentFacts) -> Findings {
    let mut findings = Findings::default();
    interfaces(&old.interfaces, &new.interfaces, &mut findings);
    let (before, after) = (said(old), said(new));
    wiring(&before, &after, &mut findings);
    parameters::compare(&before.parameters, &after.parameters, &mut findings);
    // Of a component that does not describe itself nobody knows the rest.
    if let (Some(before), Some(after)) = (&old.descriptor, &new.descriptor) {
        part(before, after, &mut findings);
        state(before, after, new.interfaces.learner, &mut findings);
    }
    findings
}

/// What a component says of itself. One that says nothing takes candidates at any port, and no parameters.
fn said(facts: &ComponentFacts) -> Descriptor {
    let any = Port { name: "*".to_owned(), kind: PayloadKind::Candidates, optional: true, columns: Vec::new() };
    facts.descriptor.clone().unwrap_or_else(|| Descriptor {
        name: String::new(),
        version: String::new(),
        summary: String::new(),
        role: Role::Recall,
        layer: Layer::Decision,
        inner_metric: String::new(),
        reward_level: RewardLevel::Inner,
        inputs: vec![any],
        output: PayloadKind::Candidates,
        produces: Vec::new(),
        history_max: 0,
        facts: Vec::new(),
        parameters: Vec::new(),
        snapshot_schema: String::new(),
        learning: Learning::Anew,
    })
}

fn interfaces(old: &Interfaces, new: &Interfaces, findings: &mut Findings) {
    let contract = |of: &Interfaces| format!("greenroom:agent@{}", of.contract);
    if old.contract != new.contract {
        let advice = "nothing: the host speaks both";
        findings.add(Impact::Note, "contract", became(contract(old), contract(new)), advice);
    }
    let exports = [
        ("policy", old.policy, new.policy, "no node can be of it: keep the old component where it decides"),
        (
            "lifecycle",
            old.lifecycle,
            new.lifecycle,
            "it takes no parameters and no state: remove both, or keep the old one",
        ),
        ("learner", old.learner, new.learner, "it does not learn any more: keep the old component where it has to"),
    ];
    for (name, before, after, advice) in exports {
        let element = format!("export {name}");
        match (before, after) {
            (true, false) => findings.add(Impact::Breaking, element, went(""), advice),
            (false, true) => findings.add(Impact::Note, element, came(""), "nothing"),
            _ => {}
        }
    }
    for (name, import) in by_name(&old.imports, &new.imports, String::as_str) {
        let element = format!("import {name}");
        match import {
            Pair { old: None, .. } if element == MEMORY => {
                let advice =
                    "grant what it opens in the graph file (`grants = { memory = [...] }`): it is denied all else";
                findings.add_by_rules(Impact::Breaking, element, came(""), advice);
            }
            Pair { old: None, .. } => findings.add(Impact::Note, element, came(""), "nothing: all agents have it"),
            Pair { new: None, .. } => {
                let advice = if element == MEMORY { "take back what the graph file grants to it" } else { "nothing" };
                findings.add(Impact::Note, element, went(""), advice);
            }
            _ => {}
        }
    }
    if old.wasi != new.wasi {
        let change = if new.wasi { came("") } else { went("") };
        findings.add(Impact::Note, "import WASI 0.2", change, "nothing: there is nothing behind it");
    }
}

/// What a graph connects: ports, the output and columns.
fn wiring(old: &Descriptor, new: &Descriptor, findings: &mut Findings) {
    if old.output != new.output {
        let advice = "connect it to ports that take this, or keep the old component";
        let change = became(old.output.name(), new.output.name());
        findings.add_by_rules(Impact::Breaking, "output", change, advice);
    }
    for (name, column) in by_name(&old.produces, &new.produces, |column| &column.name) {
        let element = format!("produced column {name}");
        let advice = "whatever is connected to it may require this column: change that too, or produce it";
        columns(element, column, (Impact::Breaking, advice), (Impact::Note, "nothing"), findings);
    }
    let any = new.inputs.iter().find(|port| port.name == "*");
    for (name, port) in by_name(&old.inputs, &new.inputs, |port| &port.name) {
        let element = format!("port {name}");
        match port {
            Pair { old: Some(old), new: None } => match any {
                // Whatever was connected there arrives at the port of any name.
                Some(any) => same_port(&element, old, any, findings),
                None => {
                    let advice = "disconnect what is connected there";
                    findings.add_by_rules(Impact::Breaking, element, went(written(old)), advice);
                }
            },
            Pair { old: Some(old), new: Some(new) } => same_port(&element, old, new, findings),
            Pair { new: Some(new), .. } if new.optional => {
                findings.add(Impact::Note, element, came(written(new)), "nothing: it may stay open");
            }
            Pair { new: Some(new), .. } => {
                findings.add_by_rules(Impact::Breaking, element, came(written(new)), "connect it");
            }
            Pair { new: None, .. } => {}
        }
    }
}

fn same_port(element: &str, old: &Port, new: &Port, findings: &mut Findings) {
    if old.kind != new.kind {
        let change = became(old.kind.name(), new.kind.name());
        findings.add_by_rules(Impact::Breaking, element, change, "connect a node that returns this");
    }
    match (old.optional, new.optional) {
        (true, false) => {
            findings.add_by_rules(Impact::Breaking, element, became("optional", "required"), "connect it");
        }
        (false, true) => findings.add(Impact::Note, element, became("required", "optional"), "nothing"),
        _ => {}
    }
    for (name, column) in by_name(&old.columns, &new.columns, |column| &column.name) {
        let element = format!("required column {name} of {element}");
        let advice = "connect a node that produces this column";
        columns(element, column, (Impact::Note, "nothing"), (Impact::Breaking, advice), findings);
    }
}

/// A column that is on one side alone, or of another type.
fn columns(
    element: String,
    column: Pair<'_, ColumnSpec>,
    when_gone: (Impact, &str),
    when_new: (Impact, &str),
    findings: &mut Findings,
) {
    let kind = |column: &ColumnSpec| match column.kind {
        ColumnKind::F32 => "f32",
        ColumnKind::S64 => "s64",
        ColumnKind::U32 => "u32",
    };
    match (column.old, column.new) {
        (Some(old), None) => findings.add_by_rules(when_gone.0, element, went(kind(old)), when_gone.1),
        (None, Some(new)) => findings.add_by_rules(when_new.0, element, came(kind(new)), when_new.1),
        (Some(old), Some(new)) if old.kind != new.kind => {
            let advice = if when_gone.0 == Impact::Breaking { when_gone.1 } else { when_new.1 };
            findings.add_by_rules(Impact::Breaking, element, became(kind(old), kind(new)), advice);
        }
        _ => {}
    }
}

fn written(port: &Port) -> String {
    format!("{}, {}", port.kind.name(), if port.optional { "optional" } else { "required" })
}

/// What part it plays, and what it wants to know.
fn part(old: &Descriptor, new: &Descriptor, findings: &mut Findings) {
    let judged = "it answers otherwise: compare both with `greenroom eval`";
    if old.role != new.role {
        let change = became(role(old.role), role(new.role));
        findings.add(Impact::Behaviour, "role", change, "see that it stands where a graph needs this");
    }
    if old.layer != new.layer {
        let change = became(layer(old.layer), layer(new.layer));
        findings.add(Impact::Behaviour, "layer", change, "see that it stands where a graph needs this");
    }
    if old.reward_level != new.reward_level {
        let level = |level| match level {
            RewardLevel::Inner => "inner",
            RewardLevel::Outer => "outer",
        };
        let change = became(level(old.reward_level), level(new.reward_level));
        findings.add(
            Impact::Behaviour,
            "reward",
            change,
            "it learns from something else: compare both with `greenroom eval`",
        );
    }
    if old.inner_metric != new.inner_metric {
        let named = |metric: &str| if metric.is_empty() { "none".to_owned() } else { metric.to_owned() };
        let change = became(named(&old.inner_metric), named(&new.inner_metric));
        findings.add(Impact::Note, "inner metric", change, "its figures are not those of the old one");
    }
    if old.history_max != new.history_max {
        let change = became(old.history_max.to_string(), new.history_max.to_string());
        findings.add(Impact::Behaviour, "history", change, judged);
    }
    for (name, fact) in by_name(&old.facts, &new.facts, String::as_str) {
        let element = format!("item fact {name}");
        match (fact.old, fact.new) {
            (None, Some(_)) => {
                let advice = "grant it `items:read`, if it has not got that: without it does without the fact";
                findings.add(Impact::Behaviour, element, came(""), advice);
            }
            (Some(_), None) => findings.add(Impact::Behaviour, element, went(""), judged),
            _ => {}
        }
    }
}

/// What it makes of what was learned before.
fn state(old: &Descriptor, new: &Descriptor, learns: bool, findings: &mut Findings) {
    if old.snapshot_schema != new.snapshot_schema {
        let named = |schema: &str| if schema.is_empty() { "none".to_owned() } else { schema.to_owned() };
        // Who learns makes itself another state.
        let impact = if learns { Impact::Behaviour } else { Impact::Breaking };
        let change = became(named(&old.snapshot_schema), named(&new.snapshot_schema));
        findings.add(impact, "state", change, RETRAIN);
    }
    match (old.learning, new.learning) {
        (Learning::Onward, Learning::Anew) => {
            let advice = "it is told everything from the beginning each time: expect training to take longer";
            findings.add(Impact::Behaviour, "learning", became("onward", "anew"), advice);
        }
        (Learning::Anew, Learning::Onward) => {
            findings.add(Impact::Note, "learning", became("anew", "onward"), "nothing: it is told just what is new");
        }
        _ => {}
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Recall => "recall",
        Role::Fusion => "fusion",
        Role::Ranking => "ranking",
        Role::Calibration => "calibration",
        Role::Reranking => "reranking",
        Role::Routing => "routing",
        Role::Evolution => "evolution",
        Role::Infrastructure => "infrastructure",
    }
}

fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Decision => "decision",
        Layer::Evolution => "evolution",
        Layer::Infrastructure => "infrastructure",
    }
}
