//! `greenroom status`: what a host does now.

use std::path::PathBuf;

use serde_json::Value;

use crate::exit::Failure;
use crate::operator::{Reach, figure, line, word};
use crate::output;
use crate::settings::HostFlags;
use crate::table::Table;

/// Says what a host that serves does now.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// Print JSON, as the HTTP API answers.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = arguments.host.settings()?.data_dir(&arguments.graph);
    let status = arguments.reach.server(&data, &arguments.graph)?.get("/v1/status")?;
    if arguments.json { output::json(&status) } else { output::text(&text(&status)) }
}

fn text(status: &Value) -> String {
    let none = Value::Null;
    let part = |name: &str| status.get(name).unwrap_or(&none);
    let count = |object: &Value, name: &str| figure(object, name).unwrap_or_default();
    let mut text = format!("{} is {}", word(status, "graph"), word(status, "status"));
    if let Some(generation) = figure(status, "generation") {
        text.push_str(&format!(", generation {generation}, plan {}", short(status, "plan")));
    }
    let (requests, decisions, feedback) = (part("requests"), part("decisions"), part("feedback"));
    text.push_str(&format!(
        "\n{} requests at work, {} wait, {} refused\n{} items, {} subjects, {} decisions, {} events joined with them\n",
        count(requests, "running"),
        count(requests, "waiting"),
        count(requests, "refused"),
        count(status, "items"),
        count(status, "subjects"),
        count(decisions, "recorded"),
        count(feedback, "joined"),
    ));
    let mut table = Table::new(&["agent", "version", "component", "state", "instances", "calls>"]);
    for agent in part("agents").as_array().into_iter().flatten() {
        let calls = agent.pointer("/usage/calls").and_then(Value::as_u64).unwrap_or_default();
        table.row([
            word(agent, "agent"),
            short(agent, "version"),
            short(agent, "component"),
            short(agent, "state"),
            word(agent, "instances"),
            calls.to_string(),
        ]);
    }
    if !table.is_empty() {
        text.push_str(&table.render());
    }
    let refused = part("refused");
    let why = refused.get("why").and_then(Value::as_str).and_then(|why| why.lines().next()).unwrap_or_default();
    text + &line(&format!("latest refusal: {}: ", word(refused, "author")), &greenroom_model::text::shown(why))
}

fn short(object: &Value, name: &str) -> String {
    word(object, name).trim_start_matches("sha256:").chars().take(12).collect()
}
