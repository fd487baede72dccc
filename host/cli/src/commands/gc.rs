//! `greenroom gc`: what is not needed any more is given back.

use std::path::PathBuf;

use greenroom_memory::FILE;
use greenroom_runtime::{EVOLUTION, sweep_evolution};
use greenroom_server::Swept;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::operator::{self, Place, Reach};
use crate::settings::{HostFlags, Settings};
use crate::{output, table};

/// Sweeps what is beyond the retention: plans of long ago and what only they were made of, compiled components that nobody
/// uses, old decisions, what an evolution learned long ago. A server does so once an hour.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
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
    let swept = match arguments.reach.find(&settings.data_dir(&arguments.graph))? {
        Place::Server(client) => {
            let (status, swept) = client.post("/v1/gc", &json!({}))?;
            if status != 200 {
                return Err(operator::refused(&swept, None));
            }
            swept
        }
        Place::Folder(_) => here(arguments, &settings)?,
    };
    if arguments.json {
        return output::json(&swept);
    }
    let count = |name: &str| swept.get(name).and_then(Value::as_u64).unwrap_or(0);
    let bytes = table::bytes(usize::try_from(count("bytes")).unwrap_or(usize::MAX));
    output::text(&format!(
        "swept {} plans, {} components, {} states, {} compiled files, {} decisions, {} uploads; {bytes} of files\n",
        count("plans"),
        count("components"),
        count("states"),
        count("compiled"),
        count("decisions"),
        count("uploads"),
    ))
}

/// On the data folder itself.
fn here(arguments: &Arguments, settings: &Settings) -> Result<Value, Failure> {
    let config = settings.host(&arguments.graph);
    // A graph may have been evolved before it was ever trained.
    let evolved_alone = !config.data_dir.join(FILE).is_file() && config.data_dir.join(EVOLUTION).is_dir();
    let swept = if evolved_alone {
        sweep_evolution(&config.data_dir, config.retention.compiled)
            .map_err(|error| Failure::failed(format!("{} cannot be swept: {error}", config.data_dir.display())))?
    } else {
        super::open_to_serve(settings, &arguments.graph)?.sweep().map_err(Failure::failed)?
    };
    serde_json::to_value(Swept::from(swept)).map_err(|e| Failure::failed(format!("no JSON: {e}")))
}
