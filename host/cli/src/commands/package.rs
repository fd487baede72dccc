//! `greenroom package`: makes components of core modules that were built against the contract.

use std::fs;
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use greenroom_sandbox::LoadError;

use crate::exit::Failure;
use crate::{failures, whole};

/// Makes components of core modules that were built against the contract.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Core modules, as `cargo build --target wasm32-unknown-unknown` leaves them.
    #[arg(required = true)]
    modules: Vec<PathBuf>,
    /// The folder for the components; each is named as its module, without `greenroom_` and with `-` for `_`.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    fs::create_dir_all(&arguments.out)
        .map_err(|e| Failure::failed(format!("failed to create {}: {e}", arguments.out.display())))?;
    for module in &arguments.modules {
        let component = encode(module)?;
        let path = arguments.out.join(format!("{}.wasm", component_name(module)));
        let changed = fs::read(&path).map_or(true, |old| old != component);
        if changed {
            whole::write(&path, &component)
                .map_err(|e| Failure::failed(format!("failed to write {}: {e}", path.display())))?;
        }
        let state = if changed { "" } else { " (unchanged)" };
        println!("{}  {:>9} bytes  {}{state}", path.display(), component.len(), Digest::of(&component).short());
    }
    Ok(())
}

fn encode(path: &Path) -> Result<Vec<u8>, Failure> {
    let module = fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let wrong = |what: String| Failure::bad_file(format!("{}: {what}", path.display()));
    match greenroom_sandbox::inspect(&module) {
        Err(LoadError::CoreModule) => {}
        Err(error @ (LoadError::NotWasm { .. } | LoadError::Broken { .. } | LoadError::TooLarge(_))) => {
            return Err(wrong(error.to_string()));
        }
        Ok(_) | Err(_) => return Err(wrong("a component already: expected a core module".to_owned())),
    }
    greenroom_build::encode(&module, &[])
        .map_err(|e| wrong(format!("no component can be made of it: {e}; build it with a Greenroom SDK")))
}

fn component_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.trim_start_matches("greenroom_").replace('_', "-")
}
