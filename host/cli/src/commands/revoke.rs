//! `greenroom revoke`: takes grants back from an agent, also while it serves.

use std::path::PathBuf;

use greenroom_graph::Authored;
use greenroom_model::Grant;
use greenroom_runtime::{Revocations, Revoked};
use serde_json::json;

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::{failures, output};

/// Takes grants back from an agent. A host that serves the graph heeds it within a second, and after each restart.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// The agent; without it, what was taken back is listed.
    agent: Option<String>,
    /// Which grant, as the graph file writes it [default: all of the agent's].
    grant: Option<String>,
    /// Give again what was taken back.
    #[arg(long, requires = "agent")]
    undo: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let path = &arguments.graph;
    let text = std::fs::read_to_string(path).map_err(|e| failures::unreadable(path, &e))?;
    let authored = Authored::parse(&path.display().to_string(), &text)
        .map_err(|diagnostics| Failure::BadFile(miette::Report::new(diagnostics)))?;
    let data = settings.data_dir(path);
    if !data.is_dir() {
        let data = data.display();
        return Err(Failure::failed(format!("{data} is no data folder yet: nothing that serves would heed it")));
    }
    let revocations = Revocations::open(&data)?;
    if let Some(agent) = &arguments.agent {
        let change = wanted(&authored, &revocations, agent, arguments)?;
        let changed = revocations.change(&change, arguments.undo)?;
        if !arguments.json {
            output::text(&said(&change, arguments.undo, changed))?;
        }
    }
    let all = revocations.all();
    let grant = |one: &Revoked| one.grant.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string);
    if arguments.json {
        let each = all.iter().map(|one| json!({ "agent": one.agent, "grant": grant(one) }));
        return output::json(&json!({ "revoked": each.collect::<Vec<_>>() }));
    }
    if arguments.agent.is_some() {
        return Ok(());
    }
    let mut lines: String = all.iter().map(|one| format!("{} {}\n", one.agent, grant(one))).collect();
    if lines.is_empty() {
        lines.push_str("nothing was taken back\n");
    }
    output::text(&lines)
}

/// What is meant, if the graph has it, or if it is to be given again.
fn wanted(
    authored: &Authored,
    revocations: &Revocations,
    agent: &str,
    arguments: &Arguments,
) -> Result<Revoked, Failure> {
    let all = revocations.all();
    let taken = |one: &&Revoked| one.agent == agent;
    let granted = authored.grants(agent);
    if granted.is_none() && !(arguments.undo && all.iter().any(|one| taken(&one))) {
        let agents: Vec<&str> = authored.agent_names().collect();
        return Err(Failure::arguments(format!("the graph has no agent `{agent}`; it has {}", agents.join(", "))));
    }
    let whole = Revoked { agent: agent.to_owned(), grant: None };
    let Some(text) = &arguments.grant else { return Ok(whole) };
    let meant = Grant::parse(text).map(|grant| Revoked { grant: Some(grant), ..whole.clone() });
    if arguments.undo {
        return match meant.filter(|meant| all.contains(meant)) {
            Some(meant) => Ok(meant),
            None if all.contains(&whole) => Err(Failure::arguments(format!(
                "all of the grants of `{agent}` were taken back at once: give them again with --undo and no grant"
            ))),
            None => Err(Failure::arguments(format!("`{text}` was not taken back from `{agent}`"))),
        };
    }
    let granted = granted.unwrap_or_default();
    let has = || if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") };
    match meant.filter(|_| granted.contains(&text.as_str())) {
        Some(meant) => Ok(meant),
        None => Err(Failure::arguments(format!("`{text}` is not granted to `{agent}`, which has {}", has()))),
    }
}

fn said(change: &Revoked, give: bool, changed: bool) -> String {
    let what = change.grant.as_ref().map_or_else(|| "all of its grants".to_owned(), ToString::to_string);
    let agent = &change.agent;
    match (give, changed) {
        (false, true) => format!("taken back from {agent}: {what}\n"),
        (false, false) => format!("{agent} did not have {what} any more\n"),
        (true, true) => format!("given again to {agent}: {what}\n"),
        (true, false) => format!("{what} was not taken back from {agent}\n"),
    }
}
