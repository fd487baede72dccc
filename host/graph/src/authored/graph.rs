//! `[graph]`.

use toml::de::DeValue;

use super::TrustShape;
use crate::diagnostic::{Mistake, Span};
use crate::reader::{At, Reader, Section, Value};

#[derive(Debug, Clone, Default)]
pub(crate) struct GraphShape {
    pub(crate) span: Span,
    pub(crate) name: Option<At<String>>,
    pub(crate) output: Option<At<String>>,
    pub(crate) deadline_ms: Option<At<u64>>,
    pub(crate) fuel: Option<At<u64>>,
    pub(crate) host_calls_max: Option<At<u64>>,
    pub(crate) host_bytes_max: Option<At<u64>>,
    pub(crate) exclude_seen: Option<At<bool>>,
    pub(crate) cold: Option<At<u64>>,
    pub(crate) light: Option<At<u64>>,
    pub(crate) maximise: Option<Vec<At<String>>>,
    pub(crate) subject_to: Vec<BoundShape>,
    /// None: any component is taken.
    pub(crate) trust: Option<TrustShape>,
}

/// A bound of the objective.
#[derive(Debug, Clone)]
pub(crate) struct BoundShape {
    pub(crate) metric: At<String>,
    pub(crate) min: Option<At<f64>>,
    pub(crate) max: Option<At<f64>>,
}

const KEYS: [&str; 8] = ["name", "output", "deadline_ms", "budget", "exclude_seen", "segments", "objective", "trust"];

impl GraphShape {
    pub(super) fn read(reader: &mut Reader, root: &Section<'_, '_>) -> Self {
        reader.require(root, "graph", "[graph]");
        let span = root.key_span("graph").unwrap_or_default();
        let value = root.get("graph");
        let section = value.and_then(|value| reader.section("[graph]".to_owned(), "graph", span.clone(), value, &KEYS));
        let Some(section) = section else { return Self::default() };
        reader.require(&section, "name", "name = \"movies\"");
        reader.require(&section, "output", "output = \"rerank\"");
        reader.require(&section, "deadline_ms", "deadline_ms = 200");
        let mut shape = Self {
            span,
            name: reader.text(&section, "name"),
            output: output(reader, &section),
            deadline_ms: reader.whole(&section, "deadline_ms"),
            exclude_seen: reader.boolean(&section, "exclude_seen"),
            trust: TrustShape::read(reader, &section),
            ..Self::default()
        };
        if let Some(segments) = inner(reader, &section, "segments", &["cold", "light"]) {
            shape.cold = reader.whole(&segments, "cold");
            shape.light = reader.whole(&segments, "light");
        }
        if let Some(budget) = inner(reader, &section, "budget", &["fuel", "host_calls_max", "host_bytes_max"]) {
            shape.fuel = reader.whole(&budget, "fuel");
            shape.host_calls_max = reader.whole(&budget, "host_calls_max");
            shape.host_bytes_max = reader.size(&budget, "host_bytes_max");
        }
        if let Some(objective) = inner(reader, &section, "objective", &["maximise", "subject_to"]) {
            reader.require(&objective, "maximise", "maximise = \"ndcg@10\"");
            shape.maximise = objective.get("maximise").and_then(|value| metrics(reader, value));
            shape.subject_to = bounds(reader, &objective);
        }
        shape
    }
}

/// One metric, or a list of them.
fn metrics(reader: &mut Reader, value: &Value<'_>) -> Option<Vec<At<String>>> {
    match value.get_ref() {
        DeValue::Array(list) if list.is_empty() => {
            reader.mistakes.push(
                Mistake::error("no_objective", &value.span(), "`maximise` names no metric", "expected one or more")
                    .help("write, for instance, `maximise = [\"ndcg@10\", \"novelty\"]`"),
            );
            None
        }
        DeValue::Array(_) => reader.texts("maximise", value),
        _ => reader.text_value("maximise", value, "a metric or a list of metrics").map(|metric| vec![metric]),
    }
}

/// A table inside a section.
pub(super) fn inner<'v, 't>(
    reader: &mut Reader,
    section: &Section<'v, 't>,
    key: &str,
    known: &[&str],
) -> Option<Section<'v, 't>> {
    let value = section.get(key)?;
    let span = section.key_span(key).unwrap_or_default();
    reader.section(format!("`{key}` in {}", section.place), key, span, value, known)
}

fn output(reader: &mut Reader, section: &Section<'_, '_>) -> Option<At<String>> {
    let value = section.get("output")?;
    if let DeValue::Array(list) = value.get_ref() {
        let message = format!("`output` is a list of {}", list.len());
        reader.mistakes.push(
            Mistake::error("two_outputs", &value.span(), message, "expected the name of one node").help(
                "a graph has one output only, the node whose candidates are the answer; to join several lists, add a \
                 node that takes them all",
            ),
        );
        return None;
    }
    reader.text(section, "output")
}

fn bounds(reader: &mut Reader, objective: &Section<'_, '_>) -> Vec<BoundShape> {
    let Some(value) = objective.get("subject_to") else { return Vec::new() };
    let DeValue::Array(list) = value.get_ref() else {
        reader.mistakes.push(
            Mistake::error("wrong_type", &value.span(), "`subject_to` is no list", "expected a list of bounds")
                .help("write, for instance, `subject_to = [{ metric = \"fuel\", max = 400_000_000 }]`"),
        );
        return Vec::new();
    };
    let mut bounds = Vec::new();
    for value in list.iter() {
        let place = "a bound of `subject_to`".to_owned();
        let known = ["metric", "min", "max"];
        let Some(section) = reader.section(place, "subject_to", value.span(), value, &known) else { continue };
        reader.require(&section, "metric", "metric = \"fuel\"");
        if section.get("min").is_none() && section.get("max").is_none() {
            reader.require(&section, "max", "max = 400_000_000");
        }
        let (min, max) = (reader.number(&section, "min"), reader.number(&section, "max"));
        if let Some(metric) = reader.text(&section, "metric") {
            bounds.push(BoundShape { metric, min, max });
        }
    }
    bounds
}
