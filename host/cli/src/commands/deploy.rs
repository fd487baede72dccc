//! `greenroom deploy`: a graph file and its components, to a host that serves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use greenroom_graph::Authored;
use greenroom_model::Digest;
use greenroom_runtime::{Given, Loaded, sealed, unsealed};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::operator::{self, Client, Reach};
use crate::settings::HostFlags;
use crate::{failures, output, terminal};

/// Has a host that serves take over a graph file, its components and the states that it gives, as they are here.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// The generation that it is meant to follow; when another one is active by then, nothing is changed [default: what is
    /// active when the command begins].
    #[arg(long, value_name = "N")]
    parent: Option<u64>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Print JSON, mistakes too.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.graph;
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| failures::unreadable(path, &e))?;
    let authored = Authored::parse(&name, &text).map_err(|mistakes| Failure::BadFile(miette::Report::new(mistakes)))?;
    let bundle = Bundle { components: components(&authored, path)?, states: states(&authored, path)? };
    let client = arguments.reach.server(&arguments.host.settings()?.data_dir(path), path)?;
    let parent = match arguments.parent {
        Some(parent) => Some(parent),
        None => operator::figure(&client.get("/v1/plans?limit=1")?, "active"),
    };
    let wanted = json!({ "graph": { "file_name": name, "text": text }, "parent": parent, "reason": arguments.reason });
    let Proposed { status, answer: done, uploaded } = bundle.propose(&client, wanted)?;
    if status != 200 {
        let mistakes = done.pointer("/error/mistakes").filter(|mistakes| mistakes.pointer("/0/line").is_some());
        if let Some(mistakes) = mistakes.filter(|_| arguments.json) {
            output::json(&json!({ "ok": false, "mistakes": mistakes }))?;
            return Err(Failure::Told);
        }
        return Err(operator::refused(&done, Some((&name, &text))));
    }
    let compared = compared(&client, &done);
    if arguments.json {
        return output::json(&json!({ "ok": true, "done": done, "diff": compared, "uploaded": uploaded }));
    }
    output::text(&operator::rolled(&done, compared.as_ref()))
}

/// All that a graph file names, by path.
pub(super) struct Bundle {
    components: BTreeMap<String, Vec<u8>>,
    states: BTreeMap<String, StateFile>,
}

/// What a host made of a graph.
pub(super) struct Proposed {
    pub(super) status: u16,
    pub(super) answer: Value,
    /// The digests of what it did not have.
    pub(super) uploaded: Vec<String>,
}

impl Bundle {
    /// What a graph was loaded with, whatever became of the files meanwhile.
    pub(super) fn of(loaded: &Loaded) -> Self {
        let bytes = |(path, digest): (&String, &Digest)| {
            Some((path.clone(), loaded.components.get(digest)?.component.bytes().to_vec()))
        };
        let signature = |(path, text): (&String, &std::sync::Arc<[u8]>)| (path.clone(), text.to_vec());
        let state =
            |given: &Given| (given.path.clone(), StateFile { digest: given.digest, bytes: sealed(&given.state) });
        Self {
            components: loaded.paths.iter().filter_map(bytes).chain(loaded.signatures.iter().map(signature)).collect(),
            states: loaded.given.values().map(state).collect(),
        }
    }

    /// Brings what the host does not have, and proposes the graph; `wanted` is the body without what is named here.
    pub(super) fn propose(self, client: &Client, mut wanted: Value) -> Result<Proposed, Failure> {
        let Self { components, states } = self;
        let of_components = components.iter().map(|(path, bytes)| (path, Digest::of(bytes).to_string()));
        let of_states = states.iter().map(|(path, state)| (path, state.digest.to_string()));
        if let Some(body) = wanted.as_object_mut() {
            body.insert("components".to_owned(), json!(of_components.collect::<BTreeMap<_, _>>()));
            body.insert("states".to_owned(), json!(of_states.collect::<BTreeMap<_, _>>()));
        }
        let mut uploaded = bring(client, components)?;
        uploaded.extend(bring_states(client, states)?);
        terminal::say_when_interrupted("the host goes on with it: `greenroom plans` tells what came of it");
        let (status, answer) = client.post("/v1/plans", &wanted)?;
        Ok(Proposed { status, answer, uploaded })
    }
}

/// The components that a graph file names, by path; or all that cannot be read.
fn components(authored: &Authored, graph: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let folder = graph.parent().unwrap_or(Path::new(""));
    let (mut components, mut mistakes) = (BTreeMap::new(), Vec::new());
    for wanted in authored.components() {
        let path = folder.join(&wanted.path);
        if components.contains_key(&wanted.path) {
            continue;
        }
        match std::fs::read(&path) {
            Ok(bytes) => {
                components.insert(wanted.path, bytes);
            }
            Err(error) => {
                mistakes.push(format!("agent `{}`: {}", wanted.agent, failures::why_unreadable(&path, &error)))
            }
        }
    }
    // A host takes them as it takes components, and looks at them first.
    for name in authored.signatures() {
        let path = folder.join(&name);
        match std::fs::read(&path) {
            Ok(text) => drop(components.insert(name, text)),
            Err(error) => mistakes.push(format!(
                "{}; the graph takes signed components alone: `greenroom sign` or `greenroom pull` writes it",
                failures::why_unreadable(&path, &error)
            )),
        }
    }
    if mistakes.is_empty() { Ok(components) } else { Err(Failure::bad_file(mistakes.join("\n"))) }
}

/// Brings what the host does not have; the digests of what was brought.
fn bring(client: &Client, components: BTreeMap<String, Vec<u8>>) -> Result<Vec<String>, Failure> {
    let mut brought = Vec::new();
    for (path, bytes) in components {
        let digest = Digest::of(&bytes).to_string();
        if !brought.contains(&digest) && client.find(&format!("/v1/components/{digest}"))?.is_none() {
            client.put("/v1/components", "application/wasm", bytes).map_err(|failure| failure.about(&path))?;
            brought.push(digest);
        }
    }
    Ok(brought)
}

/// A file with a learned state.
struct StateFile {
    digest: Digest,
    bytes: Vec<u8>,
}

/// The learned states that a graph file gives, by path; or all that cannot be taken.
fn states(authored: &Authored, graph: &Path) -> Result<BTreeMap<String, StateFile>, Failure> {
    let folder = graph.parent().unwrap_or(Path::new(""));
    let (mut states, mut mistakes) = (BTreeMap::new(), Vec::new());
    for wanted in authored.states() {
        let path = folder.join(&wanted.path);
        let read = std::fs::read(&path).map_err(|error| failures::why_unreadable(&path, &error));
        let state = read.and_then(|bytes| match unsealed(&bytes) {
            Ok(state) => Ok(StateFile { digest: state.digest(), bytes }),
            Err(why) => Err(format!("{} cannot be taken: {why}", path.display())),
        });
        match state {
            Ok(state) => drop(states.insert(wanted.path, state)),
            Err(why) => mistakes.push(format!("agent `{}`: {why}", wanted.agent)),
        }
    }
    if mistakes.is_empty() { Ok(states) } else { Err(Failure::bad_file(mistakes.join("\n"))) }
}

/// The same as [`bring`].
fn bring_states(client: &Client, states: BTreeMap<String, StateFile>) -> Result<Vec<String>, Failure> {
    let mut brought = Vec::new();
    for (path, StateFile { digest, bytes }) in states {
        let digest = digest.to_string();
        if !brought.contains(&digest) && client.find(&format!("/v1/states/{digest}"))?.is_none() {
            client.put("/v1/states", "application/octet-stream", bytes).map_err(|failure| failure.about(&path))?;
            brought.push(digest);
        }
    }
    Ok(brought)
}

/// What a change made another, of one that did. The change is made whether or not that can be had.
pub(super) fn compared(client: &Client, done: &Value) -> Option<Value> {
    let changed = done.get("changed") == Some(&Value::Bool(true));
    let generations = operator::figure(done, "parent").zip(operator::figure(done, "generation"));
    let (from, to) = generations.filter(|_| changed)?;
    let compared = client.get(&format!("/v1/diff?from={from}&to={to}"));
    compared
        .inspect_err(|failure| terminal::warn(&format!("what it changed could not be had: {}", failure.words())))
        .ok()
}
