//! `greenroom export`: what an agent learned, as a file.

use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use greenroom_runtime::{States, sealed};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::operator::{Place, Reach, word};
use crate::settings::{HostFlags, Settings};
use crate::{output, table, whole};

/// Writes the learned state that an agent serves with to a file, for a graph file to give to an agent (`state = \"FILE\"`).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// The agent.
    agent: String,
    /// Where to write it; what is there is replaced.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { graph, agent, file, .. } = arguments;
    let settings = arguments.host.settings()?;
    let data = settings.data_dir(graph);
    let (generation, digest) = match Reach::default().find(&data)? {
        Place::Server(client) => of_status(&client.get("/v1/status")?, agent)?,
        Place::Folder(_) => at_rest(&settings, graph, agent)?,
    };
    // A server has the data folder for itself, but for its states: none is ever written anew.
    let states = States::open(&data.join("states")).map_err(|e| Failure::failed(format!("{}: {e}", data.display())))?;
    let state = states.get(&digest).ok_or_else(|| {
        Failure::failed(format!("the state {digest} of agent `{agent}` is not whole in {}", data.display()))
    })?;
    let bytes = sealed(&state);
    whole::write(file, &bytes).map_err(|e| Failure::failed(format!("{} cannot be written: {e}", file.display())))?;
    if arguments.json {
        return output::json(&json!({
            "agent": agent, "generation": generation, "schema": state.schema, "state": digest, "bytes": bytes.len(),
        }));
    }
    let (short, size, file) = (digest.short(), table::bytes(bytes.len()), file.display());
    output::text(&format!("the state {short} of agent {agent} in generation {generation}: {size} in {file}\n"))
}

/// What an agent of a server has.
fn of_status(status: &Value, agent: &str) -> Result<(u64, Digest), Failure> {
    let generation = status.get("generation").and_then(Value::as_u64).ok_or_else(inactive)?;
    let agents = status.get("agents").and_then(Value::as_array);
    let found = agents.into_iter().flatten().find(|found| word(found, "agent") == agent);
    let found = found.ok_or_else(|| unknown(agent, generation))?;
    Ok((generation, word(found, "state").parse().map_err(|_| stateless(agent, generation))?))
}

/// What an agent has that serves next.
fn at_rest(settings: &Settings, graph: &Path, agent: &str) -> Result<(u64, Digest), Failure> {
    let host = super::open_to_serve(settings, graph)?;
    let records = host.plan_records().map_err(|e| Failure::failed(format!("the record of plans: {e}")))?;
    let record = records.last().ok_or_else(inactive)?;
    let generation = record.generation.0;
    let version = record.versions.get(agent).ok_or_else(|| unknown(agent, generation))?;
    Ok((generation, version.state.ok_or_else(|| stateless(agent, generation))?))
}

fn inactive() -> Failure {
    Failure::failed("no plan was active yet: run `greenroom train` on this graph")
}

fn unknown(agent: &str, generation: u64) -> Failure {
    Failure::arguments(format!("generation {generation}, which is active, has no agent `{agent}`"))
}

fn stateless(agent: &str, generation: u64) -> Failure {
    Failure::failed(format!("agent `{agent}` of generation {generation} has no learned state: it does not learn"))
}
