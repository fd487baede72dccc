//! `greenroom token`: who may operate a host.

use std::path::PathBuf;

use greenroom_server::{Level, Token, Tokens};
use serde_json::json;

use crate::exit::Failure;
use crate::output;
use crate::settings::HostFlags;
use crate::table::Table;

/// Says who may operate a host, and changes it. A server that runs heeds it from the next call on.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The graph file.
    graph: PathBuf,
    /// What to do; without it, all tokens are listed.
    #[arg(value_enum, requires = "name")]
    change: Option<Change>,
    /// Whose token: the author of what it deploys.
    name: Option<String>,
    /// How far a new one goes: `read`, `deploy` or `administer`; each may do what those before it may.
    #[arg(required_if_eq("change", "add"))]
    level: Option<Level>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Change {
    /// Makes a token and prints it, once: only its hash is kept.
    Add,
    /// Takes a token away.
    Remove,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let data = arguments.host.settings()?.data_dir(&arguments.graph);
    if !data.is_dir() {
        let data = data.display();
        return Err(Failure::failed(format!("{data} is no data folder yet: nothing that serves would heed it")));
    }
    match (arguments.change, &arguments.name, arguments.level) {
        (Some(Change::Add), Some(name), Some(level)) => {
            let token = Tokens::add(&data, name, level)?;
            if arguments.json {
                return output::json(&json!({ "name": name, "level": level.name(), "token": token }));
            }
            output::text(&format!("{token}\n"))?;
            eprintln!("this is shown once: `{name}` may {level} with it, as GREENROOM_TOKEN or in a file");
            Ok(())
        }
        (Some(Change::Remove), Some(_), Some(level)) => {
            Err(Failure::arguments(format!("a token is taken away by its name alone, without `{level}`")))
        }
        (Some(Change::Remove), Some(name), None) => {
            Tokens::remove(&data, name)?;
            if arguments.json {
                return output::json(&json!({ "name": name, "removed": true }));
            }
            output::text(&format!("`{name}` has no token any more\n"))
        }
        _ => listed(&Tokens::read(&data)?, arguments.json),
    }
}

fn listed(tokens: &Tokens, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let token = |token: &Token| json!({ "name": token.name, "level": token.level.name() });
        return output::json(&json!({ "tokens": tokens.each().map(token).collect::<Vec<_>>() }));
    }
    let mut table = Table::new(&["name", "level"]);
    for token in tokens.each() {
        table.row([token.name.clone(), token.level.to_string()]);
    }
    output::text(&if table.is_empty() { "there are no tokens\n".to_owned() } else { table.render() })
}
