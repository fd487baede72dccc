//! One file a command.

pub(crate) mod add;
pub(crate) mod admit;
pub(crate) mod apply;
pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod compat;
pub(crate) mod compile_component;
pub(crate) mod config;
pub(crate) mod decide;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod diff;
pub(crate) mod eval;
pub(crate) mod evolve;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod gc;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod knowledge;
pub(crate) mod memory;
pub(crate) mod new;
pub(crate) mod package;
pub(crate) mod plans;
pub(crate) mod prove;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod replay;
pub(crate) mod revoke;
pub(crate) mod rollback;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod token;
pub(crate) mod train;

use std::path::Path;

use greenroom_memory::FILE;
use greenroom_runtime::{Config, Guests, Host, Loaded};
use greenroom_sandbox::Sandbox;

use crate::exit::Failure;
use crate::settings::Settings;

/// A graph that can be prepared, or what is wrong with it.
fn load(sandbox: &Sandbox, guests: &Guests, graph: &Path) -> Result<Loaded, Failure> {
    let (sandbox, path) = (sandbox.clone(), graph.to_owned());
    let loaded = guests.block_on(async move { greenroom_runtime::load(&sandbox, &path).await });
    Ok(loaded.map_err(Failure::failed)??)
}

/// A host over data that is there: asking makes no data folder.
fn open_trained(settings: &Settings, graph: &Path) -> Result<Host, Failure> {
    Ok(trained(settings, graph)?.open()?)
}

/// The same, also when the graph on disk is broken and something was active before.
fn open_to_serve(settings: &Settings, graph: &Path) -> Result<Host, Failure> {
    Ok(trained(settings, graph)?.open_again()?)
}

fn trained(settings: &Settings, graph: &Path) -> Result<Config, Failure> {
    let config = settings.host(graph);
    if !config.data_dir.join(FILE).is_file() {
        let (sandbox, guests) = settings.sandbox()?;
        load(&sandbox, &guests, graph)?;
        let (data, graph) = (config.data_dir.display(), graph.display());
        return Err(Failure::failed(format!(
            "nothing was learned yet: {data} has no data; run `greenroom train {graph} --events FILE`"
        )));
    }
    Ok(config)
}
