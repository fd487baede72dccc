//! Two decision spaces: what a graph file may set, and what it gets where it sets nothing.

use greenroom_model::{Condition, Domain, Parameter};

use super::{Findings, Impact, Shows, became, by_name, came, went};

const REFUSED: &str = "a graph that sets it is refused: remove it there";
const OUTSIDE: &str = "a graph that sets what it takes no more is refused: change that there";
const OTHERWISE: &str =
    "a graph that does not set it answers otherwise: set it to what it was, or compare both with `greenroom eval`";

pub(super) fn compare(old: &[Parameter], new: &[Parameter], findings: &mut Findings) {
    for (name, parameter) in by_name(old, new, |parameter| &parameter.name) {
        let element = format!("parameter {name}");
        match (parameter.old, parameter.new) {
            (Some(old), None) => {
                findings.add_by_rules(Impact::Breaking, element, went(written(&old.domain)), REFUSED);
            }
            (None, Some(new)) => {
                let advice = "nothing: it has a default, or may be left out";
                findings.add(Impact::Note, element, came(written(&new.domain)), advice);
            }
            (Some(old), Some(new)) => same(&element, old, new, findings),
            (None, None) => {}
        }
    }
}

fn same(element: &str, old: &Parameter, new: &Parameter, findings: &mut Findings) {
    if kind(&old.domain) == kind(&new.domain) {
        range(element, &old.domain, &new.domain, findings);
        if let (Some(before), Some(after)) = (default(&old.domain), default(&new.domain))
            && before != after
        {
            let change = became(format!("default {before}"), format!("default {after}"));
            let shows = Shows::InParameter(new.name.clone());
            findings.push(shows, Impact::Behaviour, element.to_owned(), change, OTHERWISE);
        }
        if is_log(&old.domain) != is_log(&new.domain) {
            let scale = |domain| if is_log(domain) { "logarithmic scale" } else { "linear scale" };
            let change = became(scale(&old.domain), scale(&new.domain));
            findings.add(Impact::Note, element, change, "nothing: it is searched otherwise");
        }
    } else {
        let change = became(written(&old.domain), written(&new.domain));
        findings.add_by_rules(Impact::Breaking, element, change, OUTSIDE);
    }
    if old.condition != new.condition {
        let change = became(when(old.condition.as_ref()), when(new.condition.as_ref()));
        findings.add(Impact::Behaviour, element, change, "see that it still has the effect where a graph sets it");
    }
    match (old.shapes_state, new.shapes_state) {
        (false, true) => {
            let advice = "have it learn anew (`greenroom train`) after each change of it";
            findings.add(Impact::Behaviour, element, became("read when it decides", "shapes the state"), advice);
        }
        (true, false) => {
            let advice = "nothing: a change of it needs no new state any more";
            findings.add(Impact::Note, element, became("shapes the state", "read when it decides"), advice);
        }
        _ => {}
    }
}

/// What it takes, where both are of one kind.
fn range(element: &str, old: &Domain, new: &Domain, findings: &mut Findings) {
    let narrower = match (old, new) {
        (Domain::Float { low, high, .. }, Domain::Float { low: new_low, high: new_high, .. }) => {
            if (low, high) == (new_low, new_high) {
                return;
            }
            new_low > low || new_high < high
        }
        (Domain::Integer { low, high, .. }, Domain::Integer { low: new_low, high: new_high, .. }) => {
            if (low, high) == (new_low, new_high) {
                return;
            }
            new_low > low || new_high < high
        }
        (Domain::Choice { options, .. }, Domain::Choice { options: new, .. }) => {
            return choices(element, options, new, findings);
        }
        _ => return,
    };
    let change = became(written(old), written(new));
    if narrower {
        findings.add_by_rules(Impact::Breaking, element, change, OUTSIDE);
    } else {
        findings.add(Impact::Note, element, change, "nothing: it takes more");
    }
}

fn choices(element: &str, old: &[String], new: &[String], findings: &mut Findings) {
    for (option, pair) in by_name(old, new, String::as_str) {
        let element = format!("option {option} of {element}");
        match (pair.old, pair.new) {
            (Some(_), None) => {
                let advice = "a graph that picks it is refused: pick another one there";
                findings.add_by_rules(Impact::Breaking, element, went(""), advice);
            }
            (None, Some(_)) => findings.add(Impact::Note, element, came(""), "nothing"),
            _ => {}
        }
    }
}

fn kind(domain: &Domain) -> &'static str {
    match domain {
        Domain::Float { .. } => "float",
        Domain::Integer { .. } => "integer",
        Domain::Choice { .. } => "choice",
        Domain::Boolean { .. } => "boolean",
        Domain::Items => "items",
        Domain::Numbers => "numbers",
    }
}

fn written(domain: &Domain) -> String {
    match domain {
        Domain::Float { low, high, .. } => format!("float {low} to {high}"),
        Domain::Integer { low, high, .. } => format!("integer {low} to {high}"),
        Domain::Choice { options, .. } => format!("choice of {}", options.join(", ")),
        other => kind(other).to_owned(),
    }
}

fn default(domain: &Domain) -> Option<String> {
    match domain {
        Domain::Float { default, .. } => Some(default.to_string()),
        Domain::Integer { default, .. } => Some(default.to_string()),
        Domain::Choice { default, .. } => Some(default.clone()),
        Domain::Boolean { default } => Some(default.to_string()),
        Domain::Items | Domain::Numbers => None,
    }
}

fn is_log(domain: &Domain) -> bool {
    matches!(domain, Domain::Float { log: true, .. } | Domain::Integer { log: true, .. })
}

fn when(condition: Option<&Condition>) -> String {
    condition.map_or_else(|| "always".to_owned(), |c| format!("when {} is {}", c.parameter, c.values.join(" or ")))
}
