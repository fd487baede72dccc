//! `greenroom config`: every setting, its value and where it came from.

use serde_json::json;

use crate::exit::Failure;
use crate::output;
use crate::settings::{HostFlags, ServerFlags};
use crate::table::Table;

/// Prints every setting with its value and where it came from.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
    #[command(flatten)]
    server: ServerFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.with(&arguments.server)?;
    if arguments.json {
        let each = settings.each().map(|(key, value, origin)| {
            (key.name.to_owned(), json!({ "value": value, "origin": origin, "what": key.what }))
        });
        return output::json(&each.collect::<serde_json::Map<_, _>>());
    }
    let mut table = Table::new(&["setting", "value", "from", "what"]);
    for (key, value, origin) in settings.each() {
        table.row([key.name.to_owned(), key.shown(value), origin.to_string(), key.what.to_owned()]);
    }
    output::text(&table.render())
}
