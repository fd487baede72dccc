//! Parameters are in the decision space that the component describes: known, of the right type, in range.

use std::collections::BTreeMap;

use greenroom_model::{Condition, Domain, ParamValue, Parameter, Params};

use super::Mistakes;
use crate::diagnostic::Mistake;
use crate::reader::{At, Literal};
use crate::suggest;
use crate::wiring::AgentPlace;

/// The parameters of an agent, defaults filled in.
pub(crate) fn resolve(agent: &AgentPlace<'_>, mistakes: &mut Mistakes) -> Params {
    let mut params = Params::new();
    let Some(facts) = agent.facts else { return params };
    let Some(descriptor) = &facts.descriptor else {
        if let Some(span) = &agent.shape.params_span {
            let message =
                format!("agent `{}` takes no parameters: its component does not export `lifecycle`", agent.name);
            mistakes.push(
                Mistake::error("no_parameters", span, message, "expected no `params`")
                    .help("remove `params`, or use a component that describes what it takes"),
            );
        }
        return params;
    };
    for parameter in &descriptor.parameters {
        params.extend(default(&parameter.domain).map(|value| (parameter.name.clone(), value)));
    }
    for (name, literal) in &agent.shape.params {
        let Some(parameter) = descriptor.parameter(&name.value) else {
            let known = descriptor.parameters.iter().map(|parameter| parameter.name.as_str());
            let message = format!("agent `{}` has no parameter `{}`", agent.name, name.value);
            let label = match descriptor.parameters.as_slice() {
                [] => format!("expected none: `{}` takes no parameters", descriptor.name),
                _ => format!("expected a parameter of `{}`", descriptor.name),
            };
            mistakes.push(
                Mistake::error("unknown_parameter", &name.span, message, label)
                    .help_maybe(suggest::help(&name.value, known)),
            );
            continue;
        };
        match value(&parameter.domain, literal) {
            Ok(value) => {
                params.insert(name.value.clone(), value);
            }
            Err((code, at)) => {
                params.remove(&name.value);
                mistakes.push(wrong(code, parameter, at));
            }
        }
    }
    for (name, _) in &agent.shape.params {
        let condition = descriptor.parameter(&name.value).and_then(|parameter| parameter.condition.as_ref());
        if let Some(condition) = condition.filter(|condition| !holds(condition, &params)) {
            let values = suggest::list(condition.values.iter().map(String::as_str));
            let message = format!("`{}` has no effect here", name.value);
            mistakes.push(
                Mistake::warning(
                    "no_effect",
                    &name.span,
                    message,
                    format!("expected only where `{}` is {values}", condition.parameter),
                )
                .help(format!("remove it, or set `{}`", condition.parameter)),
            );
        }
    }
    params
}

fn default(domain: &Domain) -> Option<ParamValue> {
    match domain {
        Domain::Float { default, .. } => Some(ParamValue::Float(*default)),
        Domain::Integer { default, .. } => Some(ParamValue::Integer(*default)),
        Domain::Choice { default, .. } => Some(ParamValue::Text(default.clone())),
        Domain::Boolean { default } => Some(ParamValue::Boolean(*default)),
        Domain::Items | Domain::Numbers => None,
    }
}

const TYPE: &str = "wrong_parameter_type";
const RANGE: &str = "parameter_out_of_range";

/// The value in its domain; or the code of what is wrong, and the part of the value that is.
fn value<'l>(domain: &Domain, literal: &'l At<Literal>) -> Result<ParamValue, (&'static str, &'l At<Literal>)> {
    let (wrong, out) = ((TYPE, literal), (RANGE, literal));
    match (domain, &literal.value) {
        (Domain::Float { low, high, .. }, _) => {
            let number = number(literal)?;
            if (*low..=*high).contains(&number) { Ok(ParamValue::Float(number)) } else { Err(out) }
        }
        (Domain::Integer { low, high, .. }, Literal::Integer(number)) => {
            if (*low..=*high).contains(number) {
                Ok(ParamValue::Integer(*number))
            } else {
                Err(out)
            }
        }
        (Domain::Choice { options, .. }, Literal::Text(word)) => {
            if options.contains(word) {
                Ok(ParamValue::Text(word.clone()))
            } else {
                Err(("not_an_option", literal))
            }
        }
        (Domain::Boolean { .. }, Literal::Boolean(yes)) => Ok(ParamValue::Boolean(*yes)),
        (Domain::Items, Literal::List(list)) => {
            let id = |at: &'l At<Literal>| match &at.value {
                Literal::Text(id) => Ok(id.clone()),
                Literal::Integer(id) => Ok(id.to_string()),
                _ => Err((TYPE, at)),
            };
            list.iter().map(id).collect::<Result<_, _>>().map(ParamValue::Items)
        }
        (Domain::Numbers, Literal::List(list)) => {
            list.iter().map(number).collect::<Result<_, _>>().map(ParamValue::Numbers)
        }
        (Domain::Numbers, Literal::Table(entries)) => {
            let entry = |(name, at): &'l (At<String>, At<Literal>)| Ok((name.value.clone(), number(at)?));
            entries.iter().map(entry).collect::<Result<BTreeMap<_, _>, _>>().map(ParamValue::Named)
        }
        _ => Err(wrong),
    }
}

fn number(literal: &At<Literal>) -> Result<f64, (&'static str, &At<Literal>)> {
    match literal.value {
        Literal::Float(number) => Ok(number),
        #[expect(clippy::cast_precision_loss, reason = "parameters are small")]
        Literal::Integer(number) => Ok(number as f64),
        _ => Err((TYPE, literal)),
    }
}

fn wrong(code: &'static str, parameter: &Parameter, literal: &At<Literal>) -> Mistake {
    let expected = match &parameter.domain {
        Domain::Float { low, high, .. } => format!("a number from {low} to {high}"),
        Domain::Integer { low, high, .. } => format!("a whole number from {low} to {high}"),
        Domain::Choice { options, .. } => format!("one of {}", suggest::list(options.iter().map(String::as_str))),
        Domain::Boolean { .. } => "true or false".to_owned(),
        Domain::Items => "a list of ids of items".to_owned(),
        Domain::Numbers => "a list of numbers, or a table from names to numbers".to_owned(),
    };
    let near = match (&parameter.domain, &literal.value) {
        (Domain::Choice { options, .. }, Literal::Text(word)) => {
            suggest::nearest(word, options.iter().map(String::as_str))
        }
        _ => None,
    };
    let usual = default(&parameter.domain).map(|value| format!("the default is {value}"));
    let help = near.map(|option| format!("did you mean \"{option}\"?")).or(usual);
    let message = format!("parameter `{}` cannot be {}", parameter.name, literal.value.describe());
    Mistake::error(code, &literal.span, message, format!("expected {expected}")).help_maybe(help)
}

/// Whether another parameter has one of the values, or may have: its value may not be readable.
fn holds(condition: &Condition, params: &Params) -> bool {
    let Some(value) = params.get(&condition.parameter) else { return true };
    let matches = |written: &String| match value {
        ParamValue::Text(word) => written.trim_matches('"') == word,
        ParamValue::Float(number) => written.parse() == Ok(*number),
        other => *written == other.to_string(),
    };
    condition.values.iter().any(matches)
}
