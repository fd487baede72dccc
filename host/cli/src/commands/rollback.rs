//! `greenroom rollback`: what was active before is active again.

use std::path::PathBuf;

use greenroom_model::Generation;
use greenroom_runtime::{Change, Proposal};
use greenroom_server::{Compared, Deployed};
use serde_json::{Value, json};

use super::deploy::compared;
use crate::exit::Failure;
use crate::operator::{self, Place, Reach};
use crate::settings::{HostFlags, Settings};
use crate::{output, terminal};

/// Whoever works on a data folder has no token.
const AUTHOR: &str = "operator";

/// Has a host serve again what it served before: code, parameters, wiring and what was learned.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// The generation to go back to [default: the one before what is active].
    generation: Option<u64>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
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
    let (done, compared) = match arguments.reach.find(&settings.data_dir(&arguments.graph))? {
        Place::Server(client) => {
            let body = json!({ "to": arguments.generation, "reason": arguments.reason });
            terminal::say_when_interrupted("the host goes on with it: `greenroom plans` tells what came of it");
            let (status, done) = client.post("/v1/rollback", &body)?;
            if status != 200 {
                return Err(operator::refused(&done, None));
            }
            let compared = compared(&client, &done);
            (done, compared)
        }
        Place::Folder(_) => here(arguments, &settings)?,
    };
    if arguments.json {
        return output::json(&json!({ "ok": true, "done": done, "diff": compared }));
    }
    output::text(&operator::rolled(&done, compared.as_ref()))
}

/// On the data folder itself: the next server serves it.
fn here(arguments: &Arguments, settings: &Settings) -> Result<(Value, Option<Value>), Failure> {
    let host = super::open_to_serve(settings, &arguments.graph)?;
    let active =
        host.resume()?.ok_or_else(|| Failure::failed("no plan was active yet: there is nothing to go back to"))?;
    let failed = |error: &dyn std::error::Error| Failure::failed(error);
    let (parent, to) = match arguments.generation {
        Some(to) => (None, Generation(to)),
        None => {
            let before = host.previous(active).map_err(|e| failed(&e))?.ok_or_else(|| {
                Failure::failed(format!(
                    "generation {active} is the first that is known: there is nothing to go back to"
                ))
            })?;
            (Some(active), before)
        }
    };
    let proposal =
        Proposal { parent, author: AUTHOR.to_owned(), reason: arguments.reason.clone(), change: Change::Again(to) };
    let done = host.propose(proposal).map_err(|e| failed(&e))?;
    // It is done, whether or not it can be compared.
    let compared = done.changed.then(|| host.differences(active, done.generation)).and_then(|compared| {
        compared.inspect_err(|error| terminal::warn(&format!("what it changed could not be had: {error}"))).ok()
    });
    let json = |value| serde_json::to_value(value).map_err(|e| Failure::failed(format!("no JSON: {e}")));
    let compared = compared.as_ref().map(|of| serde_json::to_value(Compared::new(active, done.generation, of)));
    let compared = compared.transpose().map_err(|e| Failure::failed(format!("no JSON: {e}")))?;
    Ok((json(Deployed::new(&done, done.changed.then_some(active)))?, compared))
}
