//! Two graphs: their agents by name, and what else changed from one plan to the other.

use super::{Finding, Findings, Found, Impact, Shows, by_name, component, sorted};
use crate::diff::{Change, Element, diff};
use crate::plan::{Agent, ComponentFacts, Plan};

/// What the new graph would break of what stands on the old one, what matters most first. Both could be resolved: what the
/// rules of graphs would refuse is not in them, so that of a component's changes those alone break something which show
/// when it runs.
#[must_use]
pub fn compare(old: &Plan, new: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, agent) in by_name(&old.agents, &new.agents, |agent| &agent.name) {
        let (Some(old), Some(new)) = (agent.old, agent.new) else { continue };
        let of_agent = |finding: Finding| Finding { element: format!("agent {name}: {}", finding.element), ..finding };
        findings.extend(agents(old, new).into_iter().map(of_agent));
    }
    findings.extend(diff(old, new).iter().map(plan));
    sorted(findings)
}

fn agents(old: &Agent, new: &Agent) -> Vec<Finding> {
    let mut all = Findings::default();
    if old.component != new.component {
        all = component::all(&facts(old), &facts(new));
    }
    for Found { finding, shows } in &mut all.0 {
        let settled = match shows {
            Shows::ByRules if finding.element == component::MEMORY => {
                Some((Impact::Note, "see that what the graph grants to it is what it opens"))
            }
            Shows::ByRules if finding.severity == Impact::Breaking => {
                Some((Impact::Behaviour, "nothing: the new graph does not rely on it, or its rules would refuse it"))
            }
            Shows::InParameter(name) if old.params.get(name) == new.params.get(name) => {
                Some((Impact::Note, "nothing: the graph has it as it was"))
            }
            _ => None,
        };
        if let Some((impact, advice)) = settled {
            finding.severity = impact;
            advice.clone_into(&mut finding.advice);
        }
    }
    let mut findings: Vec<Finding> = all.0.into_iter().map(|found| found.finding).collect();
    let keeps = |agent: &Agent| agent.descriptor.as_ref().is_some_and(|d| !d.snapshot_schema.is_empty());
    if keeps(new) && old.shape() != new.shape() {
        findings.push(Finding {
            severity: Impact::Behaviour,
            element: "what it learned".to_owned(),
            before: Some(old.shape().short()),
            after: Some(new.shape().short()),
            advice: match &new.state_path {
                None => {
                    "have it learn anew (`greenroom train`) before it serves: its code, its grants or a parameter that \
                         shapes its state changed"
                        .to_owned()
                }
                Some(path) => format!(
                    "see that `{path}` has a state for it (`greenroom check` tries): its code, its grants or a parameter \
                     that shapes its state changed"
                ),
            },
        });
    }
    findings
}

fn facts(agent: &Agent) -> ComponentFacts {
    ComponentFacts {
        digest: agent.component,
        interfaces: agent.interfaces.clone(),
        descriptor: agent.descriptor.clone(),
    }
}

/// What a change of the plan means to whoever stands on it.
fn plan(change: &Change) -> Finding {
    let part = change.part.as_deref().unwrap_or_default();
    let came = change.before.is_none();
    let went = change.after.is_none();
    let (impact, advice) = match change.element {
        Element::Memory if part.is_empty() && went => {
            (Impact::Breaking, "what is in it is out of reach: keep it, or see that nobody needs it")
        }
        Element::Memory if part.is_empty() => (Impact::Note, "nothing"),
        Element::Memory => (Impact::Behaviour, "see that what is in it fits: writes over the quota are refused"),
        Element::Agent if part.starts_with("grants.") && went => {
            (Impact::Breaking, "see that it does without: it is denied from now on")
        }
        Element::Agent if part.starts_with("grants.") => (Impact::Note, "see that it may reach this"),
        Element::Agent if part == "component" => (Impact::Note, "nothing more: what it changes is told for itself"),
        Element::Agent if part.starts_with("budget") || part == "rate" => {
            (Impact::Behaviour, "see that it gets by with this: what it exceeds ends the call")
        }
        Element::Agent if part == "instances" => {
            (Impact::Behaviour, "what is kept from request to request is another: see docs/instances.md")
        }
        Element::Agent if part.is_empty() && came => (Impact::Note, "have it learn (`greenroom train`), if it learns"),
        Element::Agent if part.is_empty() => (Impact::Note, "nothing: no node is of it any more"),
        Element::Graph if part == "name" => (Impact::Note, "nothing"),
        Element::Graph | Element::Agent | Element::Node => {
            (Impact::Behaviour, "it answers otherwise: compare both with `greenroom eval`")
        }
    };
    let mut element = change.element.to_string();
    if !change.name.is_empty() {
        element.push_str(&format!(" {}", change.name));
    }
    if !part.is_empty() {
        element.push_str(&format!(": {part}"));
    }
    Finding {
        severity: impact,
        element,
        before: change.before.clone(),
        after: change.after.clone(),
        advice: advice.to_owned(),
    }
}
