//! `[nodes.*]`.

use toml::de::DeValue;

use super::Shape;
use super::graph::inner;
use crate::diagnostic::{Mistake, Span};
use crate::reader::{At, Reader, Section};

#[derive(Debug, Clone)]
pub(crate) struct NodeShape {
    pub(crate) span: Span,
    pub(crate) agent: Option<At<String>>,
    /// Whether there are inputs or branches that could not be read.
    pub(crate) unread: bool,
    /// Port and node.
    pub(crate) inputs: Vec<(At<String>, At<String>)>,
    pub(crate) limit: Option<At<u64>>,
    pub(crate) deadline_ms: Option<At<u64>>,
    pub(crate) on_fault: Option<At<FaultShape>>,
    /// Whether rows that break a rule are dropped.
    pub(crate) drops: Option<At<bool>>,
    /// Where the key `branches` is, when it is there.
    pub(crate) branches_span: Option<Span>,
    /// Branch and nodes.
    pub(crate) branches: Vec<(At<String>, Vec<At<String>>)>,
}

/// `on_fault`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultShape {
    Fail,
    Empty,
    Node(At<String>),
}

impl Shape for NodeShape {
    const KEYS: &'static [&'static str] =
        &["agent", "inputs", "limit", "deadline_ms", "on_fault", "on_violation", "branches"];
}

impl NodeShape {
    pub(super) fn read(reader: &mut Reader, section: &Section<'_, '_>) -> Self {
        reader.require(section, "agent", "agent = \"ease\"");
        let before = reader.mistakes.len();
        let (inputs, branches) = (inputs(reader, section), branches(reader, section));
        let unread = reader.mistakes.len() > before;
        Self {
            span: section.span.clone(),
            agent: reader.text(section, "agent"),
            unread,
            inputs,
            limit: reader.whole(section, "limit"),
            deadline_ms: reader.whole(section, "deadline_ms"),
            on_fault: on_fault(reader, section),
            drops: reader.word(section, "on_violation", &[("fail", false), ("drop", true)]),
            branches_span: section.key_span("branches"),
            branches,
        }
    }
}

fn inputs(reader: &mut Reader, section: &Section<'_, '_>) -> Vec<(At<String>, At<String>)> {
    let Some(value) = section.get("inputs") else { return Vec::new() };
    let place = format!("`inputs` in {}", section.place);
    let Some(inputs) = reader.open_section(place, "inputs", section.span.clone(), value) else { return Vec::new() };
    let read = |(port, value): (At<String>, _)| {
        let node = reader.text_value(&port.value, value, "the name of a node")?;
        Some((port, node))
    };
    inputs.entries().filter_map(read).collect()
}

fn branches(reader: &mut Reader, section: &Section<'_, '_>) -> Vec<(At<String>, Vec<At<String>>)> {
    let Some(value) = section.get("branches") else { return Vec::new() };
    let place = format!("`branches` in {}", section.place);
    let Some(branches) = reader.open_section(place, "branches", section.span.clone(), value) else { return Vec::new() };
    let read = |(branch, value): (At<String>, _)| {
        let nodes = reader.texts(&branch.value, value)?;
        Some((branch, nodes))
    };
    branches.entries().filter_map(read).collect()
}

fn on_fault(reader: &mut Reader, section: &Section<'_, '_>) -> Option<At<FaultShape>> {
    let value = section.get("on_fault")?;
    let span = value.span();
    match value.get_ref() {
        DeValue::Table(_) => {
            let table = inner(reader, section, "on_fault", &["node"])?;
            reader.require(&table, "node", "node = \"fuse\"");
            let node = reader.text(&table, "node")?;
            Some(At { value: FaultShape::Node(node), span })
        }
        DeValue::String(word) => match word.as_ref() {
            "fail" => Some(At { value: FaultShape::Fail, span }),
            "empty" => Some(At { value: FaultShape::Empty, span }),
            other => {
                let message = format!("`on_fault` cannot be {other:?}");
                reader.mistakes.push(
                    Mistake::error("unknown_word", &span, message, "expected \"fail\", \"empty\" or { node = .. }")
                        .help(match crate::suggest::nearest(other, ["fail", "empty"]) {
                            Some(near) => format!("did you mean \"{near}\"?"),
                            None => format!("to fall back to a node, write `on_fault = {{ node = {other:?} }}`"),
                        }),
                );
                None
            }
        },
        _ => {
            let expected = "expected \"fail\", \"empty\" or { node = .. }";
            reader.mistakes.push(Mistake::error(
                "wrong_type",
                &span,
                "`on_fault` is neither a word nor a table",
                expected,
            ));
            None
        }
    }
}
