//! What an agent says of itself is checked before anything is built on it: other parts of the host sample its ranges,
//! print its words and keep them.

use greenroom_model::check::NAME_MAX;
use greenroom_model::text::{escaped, shown};
use greenroom_model::{Descriptor, Domain, Parameter};

/// The most parameters, ports, columns, facts, choices or conditional values.
const LIST_MAX: usize = 1_024;
/// The longest summary, in bytes.
const TEXT_MAX: usize = 4_096;

/// Checks a descriptor: readable words of bounded length, lists of bounded length, ranges with their default in them.
///
/// # Errors
/// The first lie, in words.
pub(crate) fn check(d: &Descriptor) -> Result<(), String> {
    for name in [&d.name, &d.version, &d.inner_metric, &d.snapshot_schema] {
        word(name, NAME_MAX)?;
    }
    word(&d.summary, TEXT_MAX)?;
    counted("inputs", d.inputs.len())?;
    for port in &d.inputs {
        word(&port.name, NAME_MAX)?;
        counted("columns", port.columns.len())?;
        port.columns.iter().try_for_each(|column| word(&column.name, NAME_MAX))?;
    }
    counted("produced columns", d.produces.len())?;
    d.produces.iter().try_for_each(|column| word(&column.name, NAME_MAX))?;
    words("facts", &d.facts)?;
    counted("parameters", d.parameters.len())?;
    d.parameters.iter().try_for_each(parameter)
}

fn parameter(p: &Parameter) -> Result<(), String> {
    word(&p.name, NAME_MAX)?;
    word(&p.summary, TEXT_MAX)?;
    if let Some(condition) = &p.condition {
        word(&condition.parameter, NAME_MAX)?;
        words("values of a condition", &condition.values)?;
    }
    let wrong = |what: String| Err(format!("parameter `{}` {what}", p.name));
    match &p.domain {
        Domain::Float { low, high, default, .. } => {
            let fine = low.is_finite() && high.is_finite() && (low..=high).contains(&default);
            if fine { Ok(()) } else { wrong(format!("ranges from {low} to {high}, default {default}")) }
        }
        Domain::Integer { low, high, default, .. } => {
            let fine = (low..=high).contains(&default);
            if fine { Ok(()) } else { wrong(format!("ranges from {low} to {high}, default {default}")) }
        }
        Domain::Choice { options, default } => {
            words("options", options)?;
            let fine = options.contains(default);
            if fine { Ok(()) } else { wrong(format!("has the default `{}`, which is no option", shown(default))) }
        }
        Domain::Boolean { .. } | Domain::Items | Domain::Numbers => Ok(()),
    }
}

fn counted(what: &str, found: usize) -> Result<(), String> {
    if found > LIST_MAX { Err(format!("{found} {what}, at most {LIST_MAX} are taken")) } else { Ok(()) }
}

fn words(what: &str, all: &[String]) -> Result<(), String> {
    counted(what, all.len())?;
    all.iter().try_for_each(|text| word(text, NAME_MAX))
}

fn word(text: &str, bytes_max: usize) -> Result<(), String> {
    if text.len() > bytes_max {
        return Err(format!("a text of {} bytes, at most {bytes_max} are taken", text.len()));
    }
    if escaped(text) != text {
        return Err(format!("control characters in `{}`", shown(text)));
    }
    Ok(())
}
