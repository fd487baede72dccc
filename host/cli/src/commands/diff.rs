//! `greenroom diff`: what tells one generation from another.

use std::path::PathBuf;

use greenroom_model::Generation;
use greenroom_server::Compared;

use crate::exit::Failure;
use crate::operator::{self, Place, Reach};
use crate::output;
use crate::settings::HostFlags;

/// Says what tells one generation from another, in the words of the graph file, and which learned states differ.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// A generation.
    from: u64,
    /// Another one.
    to: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = arguments.host.settings()?;
    let (from, to) = (arguments.from, arguments.to);
    let compared = match arguments.reach.find(&settings.data_dir(&arguments.graph))? {
        Place::Server(client) => client.get(&format!("/v1/diff?from={from}&to={to}"))?,
        Place::Folder(_) => {
            let host = super::open_to_serve(&settings, &arguments.graph)?;
            let (from, to) = (Generation(from), Generation(to));
            let differences = host.differences(from, to).map_err(Failure::failed)?;
            let compared = serde_json::to_value(Compared::new(from, to, &differences));
            compared.map_err(|e| Failure::failed(format!("no JSON: {e}")))?
        }
    };
    if arguments.json {
        return output::json(&compared);
    }
    let lines = operator::differences(&compared);
    output::text(if lines.is_empty() { "nothing\n" } else { &lines })
}
