//! `greenroom decide`: one request, answered by a graph as it was trained.

use std::path::{Path, PathBuf};

use greenroom_runtime::{Ask, Reply};
use greenroom_server::Decided;
use serde_json::{Map, Value};

use super::replay::report;
use crate::exit::Failure;
use crate::output;
use crate::settings::HostFlags;
use crate::table::Table;

/// Answers one request.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// Whom it is for: an id of the events, or a new one. Without it the request is anonymous.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// How many items.
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: u32,
    /// Where the answer will be shown.
    #[arg(long, value_name = "NAME", default_value = "")]
    surface: String,
    /// An item that must not be answered; may be given several times.
    #[arg(long, value_name = "ID")]
    exclude: Vec<String>,
    /// What else is known, a JSON object.
    #[arg(long, value_name = "JSON", value_parser = object)]
    context: Option<Map<String, Value>>,
    /// Where randomness comes from [default: the request's id].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Record the calls of all nodes into this folder, a file each, for `greenroom replay`.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Print JSON, as the HTTP API answers.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|e| format!("expected a JSON object such as {{\"device\": \"tv\"}}: {e}"))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let context = arguments.context.as_ref().filter(|map| !map.is_empty()).map(rmp_serde::to_vec).transpose();
    let ask = Ask {
        subject: arguments.subject.clone(),
        limit: arguments.limit,
        surface: arguments.surface.clone(),
        exclude: arguments.exclude.clone(),
        context: context.map_err(|e| Failure::arguments(format!("--context: {e}")))?.unwrap_or_default(),
        seed: arguments.seed,
        record: arguments.record.is_some(),
        ..Ask::default()
    };
    let host = super::open_trained(&arguments.host.settings()?, &arguments.graph)?;
    host.activate_as("operator", "asked by command, with the graph file as it is")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::failed(format!("no thread to ask from: {e}")))?;
    let reply = runtime.block_on(async {
        let reply = host.decide(ask).await;
        // Also when it failed: then there is a recording to be written.
        let flushed = host.flush().await;
        let reply = reply?;
        flushed.map_err(|e| Failure::failed(format!("the decision could not be made durable: {e}")))?;
        Ok::<_, Failure>(reply)
    })?;
    if let Some(folder) = &arguments.record {
        record(folder, &reply)?;
    }
    if arguments.json { output::json(&Decided::new(&reply, true)) } else { output::text(&text(&reply)) }
}

fn record(folder: &Path, reply: &Reply) -> Result<(), Failure> {
    let wrong = |e: std::io::Error| Failure::failed(format!("{} cannot be written to: {e}", folder.display()));
    std::fs::create_dir_all(folder).map_err(wrong)?;
    for recording in &reply.answer.recordings {
        recording.write(&folder.join(format!("{}.replay", recording.node))).map_err(wrong)?;
    }
    Ok(())
}

fn text(reply: &Reply) -> String {
    let mut table = Table::new(&["#>", "item", "title", "score>", "from"]);
    for (index, item) in reply.items.iter().enumerate() {
        table.row([
            (index + 1).to_string(),
            item.id.to_string(),
            item.title.clone().unwrap_or_default(),
            format!("{:.4}", item.score),
            item.from.join(", "),
        ]);
    }
    let mut text = if table.is_empty() { "nothing to answer\n".to_owned() } else { table.render() };
    let answer = &reply.answer;
    text.push_str(&format!("request {}, generation {}\n", reply.request_id, answer.generation));
    for degraded in &answer.degraded {
        text.push_str(&format!("degraded: node {}: {}\n", degraded.node, degraded.fault));
        text.push_str(&report(&degraded.fault));
    }
    text
}
