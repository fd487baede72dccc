//! The bodies of `POST /v1/plans` and `POST /v1/rollback`.

use std::collections::BTreeMap;

use greenroom_model::text::shortened;
use greenroom_model::{Digest, Evidence, Generation};
use serde_json::Value;

use crate::Mistake;
use crate::fields::{DIGEST, Fields, found};
use crate::mistake::Mistakes;
use crate::proof::proof;

/// Bytes of a name: of the graph file, or of a component or a state as the graph file has it.
const NAME_BYTES_MAX: usize = 1_024;

/// Bytes of a reason.
const REASON_BYTES_MAX: usize = 2_048;

/// Bytes of a graph file.
const GRAPH_BYTES_MAX: usize = 4 << 20;

/// Components of one graph, or states.
const FILES_MAX: usize = 1_000;

/// A graph that somebody wants to be served.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposed {
    /// What messages call the graph file.
    pub file_name: String,
    /// What it says.
    pub text: String,
    /// By path, as the graph file has it: of the component's bytes.
    pub components: BTreeMap<String, Digest>,
    /// Learned states that the graph file gives, by path: of the state.
    pub states: BTreeMap<String, Digest>,
    /// The generation that it is meant to follow; none: whichever is active.
    pub parent: Option<Generation>,
    /// Why; maybe empty.
    pub reason: String,
    /// What speaks for it. None: somebody wants it, and that is enough.
    pub proof: Option<Box<Evidence>>,
}

/// A way back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Back {
    /// To what; none: to what was before the active plan.
    pub to: Option<Generation>,
    /// Why; maybe empty.
    pub reason: String,
}

/// What is proposed.
///
/// # Errors
/// All that is wrong with it, but for what comes after the first [`crate::MISTAKES_MAX`].
pub fn proposed(body: Value) -> Result<Proposed, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let mut read = Proposed::default();
    if let Some(mut fields) = Fields::of(body, "", &mut mistakes) {
        let graph = fields.value("graph");
        if graph.is_none() {
            fields.wrong("graph", "is missing; expected an object of `file_name` and `text`");
        }
        read.components = digests(&mut fields, "components");
        read.states = digests(&mut fields, "states");
        read.parent = generation(&mut fields, "parent");
        read.reason = fields.line("reason", REASON_BYTES_MAX).unwrap_or_default();
        let speaks = fields.value("proof");
        fields.finish();
        read.proof = speaks.and_then(|value| proof(value, &mut mistakes)).map(Box::new);
        (read.file_name, read.text) = graph.and_then(|graph| text(graph, &mut mistakes)).unwrap_or_default();
    }
    mistakes.or(read)
}

/// How far back.
///
/// # Errors
/// All that is wrong with it.
pub fn back(body: Value) -> Result<Back, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let mut back = Back::default();
    if let Some(mut fields) = Fields::of(body, "", &mut mistakes) {
        back.to = generation(&mut fields, "to");
        back.reason = fields.line("reason", REASON_BYTES_MAX).unwrap_or_default();
        fields.finish();
    }
    mistakes.or(back)
}

fn text(graph: Value, mistakes: &mut Mistakes) -> Option<(String, String)> {
    let mut fields = Fields::of(graph, "graph", mistakes)?;
    let name = fields.line("file_name", NAME_BYTES_MAX).unwrap_or_else(|| "graph.toml".to_owned());
    let text = match fields.value("text") {
        Some(Value::String(text)) if text.len() <= GRAPH_BYTES_MAX => Some(text),
        Some(Value::String(text)) => {
            fields.wrong("text", format!("expected at most {GRAPH_BYTES_MAX} bytes, found {}", text.len()));
            None
        }
        Some(other) => {
            fields.wrong("text", format!("expected the text of a graph file, found {}", found(&other)));
            None
        }
        None => {
            fields.wrong("text", "is missing; expected the text of a graph file");
            None
        }
    };
    fields.finish();
    Some((name, text?))
}

fn digests(fields: &mut Fields<'_>, name: &'static str) -> BTreeMap<String, Digest> {
    let map = match fields.value(name) {
        None => return BTreeMap::new(),
        Some(Value::Object(map)) => map,
        Some(other) => {
            fields.wrong(name, format!("expected an object of paths and digests, found {}", found(&other)));
            return BTreeMap::new();
        }
    };
    if map.len() > FILES_MAX {
        fields.wrong(name, format!("expected at most {FILES_MAX}, found {}", map.len()));
        return BTreeMap::new();
    }
    let mut digests = BTreeMap::new();
    for (path, value) in map {
        let place = format!("{name}.{}", shortened(&path, 100));
        if path.len() > NAME_BYTES_MAX || path.chars().any(char::is_control) {
            fields
                .wrong(&place, format!("expected a path of at most {NAME_BYTES_MAX} bytes without control characters"));
            continue;
        }
        match value.as_str().and_then(|text| text.parse().ok()) {
            Some(digest) => {
                digests.insert(path, digest);
            }
            None => {
                fields.wrong(&place, format!("{DIGEST}, found {}", found(&value)));
            }
        }
    }
    digests
}

fn generation(fields: &mut Fields<'_>, name: &'static str) -> Option<Generation> {
    fields.whole(name, "the number of a generation").map(Generation)
}
