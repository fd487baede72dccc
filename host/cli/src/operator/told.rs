//! What a host says, for a person.

use greenroom_model::text::shown;
use miette::{Diagnostic, LabeledSpan, NamedSource, Severity};
use serde_json::Value;
use thiserror::Error;

use crate::exit::Failure;

/// A text of an object, without what drives a terminal.
pub(crate) fn word(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).map(shown).unwrap_or_default()
}

/// A number of an object.
pub(crate) fn figure(object: &Value, name: &str) -> Option<u64> {
    object.get(name).and_then(Value::as_u64)
}

/// A text on one line, or nothing.
pub(crate) fn line(label: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{label}{text}\n") }
}

fn each<'v>(object: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// What tells one plan from another, a line each.
pub(crate) fn differences(compared: &Value) -> String {
    let mut lines: String = each(compared, "changes").map(|change| word(change, "line") + "\n").collect();
    for state in each(compared, "states") {
        let short = |name: &str| {
            let digest = word(state, name);
            digest.strip_prefix("sha256:").map_or("none".to_owned(), |hex| hex.chars().take(12).collect())
        };
        lines.push_str(&format!(
            "~ state of agent {}: {} -> {}\n",
            word(state, "agent"),
            short("before"),
            short("after")
        ));
    }
    lines
}

/// What came of a change, with what it changed when that is known.
pub(crate) fn rolled(done: &Value, compared: Option<&Value>) -> String {
    let generation = figure(done, "generation").unwrap_or_default();
    if done.get("changed") != Some(&Value::Bool(true)) {
        return format!("generation {generation} is that already: nothing was changed\n");
    }
    let after = figure(done, "parent").map_or_else(String::new, |parent| format!(", after generation {parent}"));
    let mut text = format!("generation {generation} serves{after}\n");
    match compared.map(differences) {
        Some(lines) if lines.is_empty() => text.push_str("nothing of the graph or of what was learned is another\n"),
        lines => text.push_str(&lines.unwrap_or_default()),
    }
    for note in each(done, "notes").filter_map(Value::as_str) {
        text.push_str(&line("note: ", &shown(note)));
    }
    let took = |name: &str| done.pointer(&format!("/took_ms/{name}")).and_then(Value::as_f64).unwrap_or_default();
    text.push_str(&format!(
        "{:.1} ms to admit, {:.1} ms to make ready, {:.1} ms to write down, {:.3} ms to take over\n",
        took("admit"),
        took("warm"),
        took("record"),
        took("store")
    ));
    text
}

/// A graph file that the host does not take, as `greenroom check` shows one.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
struct Mistakes {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[related]
    mistakes: Vec<Mistake>,
}

#[derive(Debug, Error)]
#[error("{message}")]
struct Mistake {
    message: String,
    code: String,
    help: Option<String>,
    warning: bool,
    place: Place,
    also: Vec<Place>,
}

/// A part of the file, and what is said there.
#[derive(Debug)]
struct Place {
    offset: usize,
    length: usize,
    label: String,
}

impl Place {
    fn of(object: &Value, text: &str) -> Option<Self> {
        let number = |name: &str| figure(object, name).and_then(|place| usize::try_from(place).ok());
        let offset = number("offset")?.min(text.len());
        Some(Self { offset, length: number("length")?.min(text.len() - offset), label: word(object, "label") })
    }

    fn span(&self) -> (Option<String>, (usize, usize)) {
        (Some(self.label.clone()), (self.offset, self.length))
    }
}

impl Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.warning { Severity::Warning } else { Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (label, span) = self.place.span();
        let here = LabeledSpan::new_primary_with_span(label, span);
        let also = self.also.iter().map(|place| {
            let (label, span) = place.span();
            LabeledSpan::new_with_span(label, span)
        });
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

/// Why a host refused; `graph` is the file that it was about, with its name.
pub(crate) fn refused(body: &Value, graph: Option<(&str, &str)>) -> Failure {
    let Some(error) = body.get("error") else { return Failure::failed("the host refused, and did not say why") };
    let (code, message) = (word(error, "code"), told(error));
    match code.as_str() {
        "invalid" => match graph.and_then(|(name, text)| in_graph(error, name, text)) {
            Some(mistakes) => Failure::BadFile(miette::Report::new(mistakes)),
            None => Failure::bad_file(message),
        },
        "not_prepared" => Failure::agent(message),
        "malformed" => Failure::arguments(message),
        _ => Failure::failed(message),
    }
}

/// The message, with each mistake on a line of its own when there are several.
fn told(error: &Value) -> String {
    let fields = each(error, "mistakes").filter(|mistake| mistake.get("field").is_some());
    let lines: Vec<String> =
        fields.map(|mistake| format!("`{}`: {}", word(mistake, "field"), word(mistake, "message"))).collect();
    // Messages have lines, each of which may be somebody's words.
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    let message: Vec<String> = message.lines().map(shown).collect();
    if lines.len() > 1 { lines.join("\n") } else { message.join("\n") }
}

fn in_graph(error: &Value, name: &str, text: &str) -> Option<Mistakes> {
    let mistake = |mistake: &Value| {
        Some(Mistake {
            message: word(mistake, "message"),
            code: word(mistake, "code"),
            help: Some(word(mistake, "help")).filter(|help| !help.is_empty()),
            warning: word(mistake, "severity") == "warning",
            place: Place::of(mistake, text)?,
            also: each(mistake, "also").filter_map(|also| Place::of(also, text)).collect(),
        })
    };
    let mistakes: Vec<Mistake> = each(error, "mistakes").filter_map(mistake).collect();
    let source_code = NamedSource::new(name, text.to_owned()).with_language("TOML");
    (!mistakes.is_empty()).then(|| Mistakes { message: word(error, "message"), source_code, mistakes })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_wrote_does_not_drive_the_terminal() {
        let done = json!({ "generation": 2, "changed": true, "notes": ["\u{1b}[2J"], "took_ms": {} });
        let compared =
            json!({ "changes": [{ "line": "~ a\u{7}" }], "states": [{ "agent": "\u{1b}c", "after": "sha256:12" }] });
        let text = rolled(&done, Some(&compared));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
        assert!(text.contains("~ state of agent \\u{1b}c: none -> 12\n"), "{text}");
    }

    #[test]
    fn a_place_that_is_not_in_the_file_is_no_place_to_crash() {
        let mistake = |offset: u64, length: u64| json!({ "message": "m", "offset": offset, "length": length });
        let body = json!({ "error": { "code": "invalid", "message": "all", "mistakes": [mistake(9_999, 3), mistake(0, 9_999)] } });
        let Failure::BadFile(report) = refused(&body, Some(("graph.toml", "[graph]"))) else { panic!("{body}") };
        assert!(format!("{report:?}").contains("all"));
    }
}
