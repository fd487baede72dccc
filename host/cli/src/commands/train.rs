//! `greenroom train`: brings events in, has a graph's agents learn from them, and activates what they learned.

use std::path::PathBuf;

use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{Given, Imported, Trained};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::table::{self, Table};
use crate::{output, progress};

/// Has a graph's agents learn, from a file or from what was logged.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// CSV or TSV of user, item, rating, timestamp; the last two may be absent. Without it agents learn from what the
    /// log has.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// CSV of what is known of items: id, title, year, genres.
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Events without timestamps are in order.
    #[arg(long)]
    ordered: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let options = ReadOptions { ordered: arguments.ordered };
    let events = arguments.events.as_ref().map(|path| read(path, &options)).transpose()?;
    let items = arguments.items.as_ref().map(|path| read_items(path)).transpose()?;
    let host = match &events {
        Some(_) => settings.host(&arguments.graph).open()?,
        None => super::open_trained(&settings, &arguments.graph)?,
    };
    let imported = host.import(events.as_ref(), items.as_ref())?;
    let trained = host.train(progress::watched())?;
    let generation = host.activate_as("operator", "trained by command")?;
    if arguments.json {
        return output::json(&json!({
            "imported": {
                "events": imported.events,
                "repeated": imported.repeated,
                "items": imported.items,
                "subjects": imported.subjects,
                "notes": imported.notes,
            },
            "trained": trained.iter().map(document).collect::<Vec<_>>(),
            "given": host.loaded().given.iter().map(given).collect::<Vec<_>>(),
            "generation": generation,
        }));
    }
    let table = rendered(&trained) + &super::check::given(&host.loaded());
    output::text(&format!("{}{table}generation {generation} is active\n", brought(&imported, events.is_some())))
}

fn brought(imported: &Imported, from_file: bool) -> String {
    let mut text = String::new();
    if from_file {
        let new = imported.events - imported.repeated;
        text.push_str(&format!("{new} new events ({} were here already); ", imported.repeated));
    }
    text.push_str(&format!("{} subjects, {} items\n", imported.subjects, imported.items));
    for note in &imported.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

/// How training went, and what agents noted.
fn rendered(trained: &[Trained]) -> String {
    let table = table_of(trained);
    let mut text = if table.is_empty() { "no agent of this graph learns\n".to_owned() } else { table.render() };
    for t in trained {
        for note in &t.report.notes {
            text.push_str(&format!("note: {}: {note}\n", t.agent));
        }
    }
    text
}

/// How training went.
pub(crate) fn table_of(trained: &[Trained]) -> Table {
    let mut table = Table::new(&["agent", "state", "digest", "size>", "examples>", "loss>", "fuel>", "seconds>"]);
    for t in trained {
        table.row([
            t.agent.clone(),
            if t.kept { "kept" } else { "learned" }.to_owned(),
            t.state.short(),
            table::bytes(t.state_bytes),
            t.report.examples.to_string(),
            t.report.loss.map_or("-".to_owned(), |loss| format!("{loss:.4}")),
            table::large(t.fuel as f64),
            format!("{:.2}", t.seconds),
        ]);
    }
    table
}

/// An agent that has its state from a file, and so was not trained.
fn given((agent, given): (&String, &Given)) -> Value {
    json!({ "agent": agent, "path": given.path, "state": given.digest })
}

/// How an agent's training went.
pub(crate) fn document(t: &Trained) -> Value {
    json!({
        "agent": t.agent,
        "kept": t.kept,
        "state": t.state,
        "state_bytes": t.state_bytes,
        "examples": t.report.examples,
        "loss": t.report.loss,
        "notes": t.report.notes,
        "fuel": t.fuel,
        "seconds": t.seconds,
    })
}
