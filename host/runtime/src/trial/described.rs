//! Whether what an agent says of itself makes sense.

use std::collections::BTreeSet;

use greenroom_model::{Descriptor, Domain, Learning, Parameter};

/// Parameters of a decision space. A study of as many would not end.
const PARAMETERS_MAX: usize = 64;
/// Options of a choice, ports, columns of a port, and facts.
const LIST_MAX: usize = 256;
/// Bytes of a name.
const NAME_MAX: usize = 64;
/// Bytes of a text for people.
const TEXT_MAX: usize = 400;
/// Events of a history.
const HISTORY_MAX: u32 = 100_000;

/// Everything that makes no sense.
pub(super) fn mistakes(found: &Descriptor) -> Vec<String> {
    let mut wrong = Vec::new();
    name("its name", &found.name, &mut wrong);
    text("its version", &found.version, &mut wrong);
    text("its summary", &found.summary, &mut wrong);
    text("its inner metric", &found.inner_metric, &mut wrong);
    text("the schema of its state", &found.snapshot_schema, &mut wrong);
    if found.learning == Learning::Onward && found.snapshot_schema.is_empty() {
        wrong.push("it says that it learns onward from its state, and names no schema of one".to_owned());
    }
    if found.history_max > HISTORY_MAX {
        wrong.push(format!("it wants {} events of history, at most {HISTORY_MAX} can be had", found.history_max));
    }
    unique("port", found.inputs.iter().map(|port| port.name.as_str()), LIST_MAX, &mut wrong);
    unique("produced column", found.produces.iter().map(|c| c.name.as_str()), LIST_MAX, &mut wrong);
    unique("fact", found.facts.iter().map(String::as_str), LIST_MAX, &mut wrong);
    unique("parameter", found.parameters.iter().map(|p| p.name.as_str()), PARAMETERS_MAX, &mut wrong);
    for port in &found.inputs {
        let columns = port.columns.iter().map(|c| c.name.as_str());
        unique(&format!("column of port `{}`", shown(&port.name)), columns, LIST_MAX, &mut wrong);
    }
    for parameter in found.parameters.iter().take(PARAMETERS_MAX) {
        domain(parameter, &mut wrong);
        condition(parameter, found, &mut wrong);
    }
    wrong
}

/// A name as it may be printed: cut and escaped.
fn shown(name: &str) -> String {
    name.chars().take(NAME_MAX).flat_map(char::escape_debug).collect()
}

fn name(what: &str, name: &str, wrong: &mut Vec<String>) {
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        wrong.push(format!("{what} is `{}`, expected 1 to {NAME_MAX} bytes without control characters", shown(name)));
    }
}

fn text(what: &str, text: &str, wrong: &mut Vec<String>) {
    if text.len() > TEXT_MAX {
        wrong.push(format!("{what} has {} bytes, at most {TEXT_MAX} are read", text.len()));
    }
}

fn unique<'a>(what: &str, names: impl ExactSizeIterator<Item = &'a str>, most: usize, wrong: &mut Vec<String>) {
    if names.len() > most {
        wrong.push(format!("it has {} of `{what}`, at most {most} are taken", names.len()));
    }
    let mut seen = BTreeSet::new();
    for each in names.take(most) {
        name(&format!("the name of a {what}"), each, wrong);
        if !seen.insert(each) {
            wrong.push(format!("the {what} `{}` is there twice", shown(each)));
        }
    }
}

fn domain(parameter: &Parameter, wrong: &mut Vec<String>) {
    let of = shown(&parameter.name);
    text(&format!("the summary of parameter `{of}`"), &parameter.summary, wrong);
    match &parameter.domain {
        Domain::Float { low, high, default, log } => {
            if !(low.is_finite() && high.is_finite() && low <= high) {
                wrong.push(format!("parameter `{of}` has the range {low} to {high}, expected finite numbers in order"));
            } else if !(low..=high).contains(&default) {
                wrong.push(format!("parameter `{of}` has the default {default}, which is not in {low} to {high}"));
            } else if *log && *low < 0.0 {
                wrong.push(format!("parameter `{of}` is on a logarithmic scale that begins at {low}"));
            }
        }
        Domain::Integer { low, high, default, log } => {
            if low > high {
                wrong.push(format!("parameter `{of}` has the range {low} to {high}, expected numbers in order"));
            } else if !(low..=high).contains(&default) {
                wrong.push(format!("parameter `{of}` has the default {default}, which is not in {low} to {high}"));
            } else if *log && *low < 0 {
                wrong.push(format!("parameter `{of}` is on a logarithmic scale that begins at {low}"));
            }
        }
        Domain::Choice { options, default } => {
            let what = format!("option of parameter `{of}`");
            unique(&what, options.iter().map(String::as_str), LIST_MAX, wrong);
            if !options.contains(default) {
                wrong.push(format!("parameter `{of}` has the default `{}`, which is no option", shown(default)));
            }
        }
        Domain::Boolean { .. } | Domain::Items | Domain::Numbers => {}
    }
}

fn condition(parameter: &Parameter, found: &Descriptor, wrong: &mut Vec<String>) {
    let Some(condition) = &parameter.condition else { return };
    let of = shown(&parameter.name);
    let Some(on) = found.parameter(&condition.parameter).filter(|on| on.name != parameter.name) else {
        let named = shown(&condition.parameter);
        wrong.push(format!("parameter `{of}` depends on `{named}`, which is no other parameter"));
        return;
    };
    if condition.values.is_empty() {
        wrong.push(format!("parameter `{of}` depends on no value of `{}`", shown(&on.name)));
    }
    if let Domain::Choice { options, .. } = &on.domain {
        let unknown = condition.values.iter().find(|value| !options.iter().any(|o| o == value.trim_matches('"')));
        if let Some(value) = unknown {
            let (on, value) = (shown(&on.name), shown(value));
            wrong.push(format!("parameter `{of}` depends on `{on}` being `{value}`, which is no option"));
        }
    }
}

#[cfg(test)]
mod tests {
    use greenroom_model::{Condition, Layer, PayloadKind, RewardLevel, Role};

    use super::*;

    fn of(parameters: Vec<Parameter>) -> Descriptor {
        Descriptor {
            name: "an agent".to_owned(),
            version: "1".to_owned(),
            summary: String::new(),
            role: Role::Recall,
            layer: Layer::Decision,
            inner_metric: String::new(),
            reward_level: RewardLevel::Inner,
            inputs: Vec::new(),
            output: PayloadKind::Candidates,
            produces: Vec::new(),
            history_max: 10,
            facts: Vec::new(),
            parameters,
            snapshot_schema: String::new(),
            learning: Learning::Anew,
        }
    }

    fn parameter(name: &str, domain: Domain) -> Parameter {
        Parameter { name: name.to_owned(), summary: String::new(), domain, condition: None, shapes_state: false }
    }

    fn float(low: f64, high: f64, default: f64) -> Domain {
        Domain::Float { low, high, default, log: false }
    }

    #[track_caller]
    fn check(parameters: Vec<Parameter>, expected: &[&str]) {
        assert_eq!(mistakes(&of(parameters)), expected);
    }

    #[test]
    fn ranges_are_finite_and_in_order_and_hold_their_default() {
        check(vec![parameter("a", float(0.0, 1.0, 1.0))], &[]);
        let endless = "parameter `a` has the range 0 to inf, expected finite numbers in order";
        check(vec![parameter("a", float(0.0, f64::INFINITY, 1.0))], &[endless]);
        check(
            vec![parameter("a", float(f64::NAN, 1.0, 1.0))],
            &["parameter `a` has the range NaN to 1, expected finite numbers in order"],
        );
        check(
            vec![parameter("a", Domain::Integer { low: 2, high: 1, default: 1, log: false })],
            &["parameter `a` has the range 2 to 1, expected numbers in order"],
        );
        check(
            vec![parameter("a", float(0.0, 1.0, f64::NAN))],
            &["parameter `a` has the default NaN, which is not in 0 to 1"],
        );
        let choice = Domain::Choice { options: vec!["x".to_owned()], default: "y".to_owned() };
        check(vec![parameter("a", choice)], &["parameter `a` has the default `y`, which is no option"]);
    }

    #[test]
    fn names_are_unique_short_and_printable() {
        let boolean = || Domain::Boolean { default: true };
        check(vec![parameter("a", boolean()), parameter("a", boolean())], &["the parameter `a` is there twice"]);
        check(
            vec![parameter("\u{1b}[2J", boolean())],
            &["the name of a parameter is `\\u{1b}[2J`, expected 1 to 64 bytes without control characters"],
        );
        let many = (0..65).map(|n| parameter(&n.to_string(), boolean())).collect();
        check(many, &["it has 65 of `parameter`, at most 64 are taken"]);
        let loud = Descriptor { summary: "s".repeat(401), ..of(Vec::new()) };
        assert_eq!(mistakes(&loud), ["its summary has 401 bytes, at most 400 are read"]);
        let stateless = Descriptor { learning: Learning::Onward, ..of(Vec::new()) };
        assert_eq!(mistakes(&stateless), ["it says that it learns onward from its state, and names no schema of one"]);
    }

    #[test]
    fn conditions_name_other_parameters_and_their_options() {
        let on = |parameter: &str, value: &str| {
            Some(Condition { parameter: parameter.to_owned(), values: vec![value.to_owned()] })
        };
        let choice = Domain::Choice { options: vec!["x".to_owned()], default: "x".to_owned() };
        let with = |condition| {
            let a = Parameter { condition, ..parameter("a", Domain::Boolean { default: true }) };
            vec![a, parameter("b", choice.clone())]
        };
        check(with(on("b", "x")), &[]);
        check(with(on("c", "x")), &["parameter `a` depends on `c`, which is no other parameter"]);
        check(with(on("a", "true")), &["parameter `a` depends on `a`, which is no other parameter"]);
        check(with(on("b", "z")), &["parameter `a` depends on `b` being `z`, which is no option"]);
    }
}
