//! `greenroom package`: makes components of core modules that were built against the contract.

use std::fs;
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use wit_component::ComponentEncoder;

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
    ComponentEncoder::default().validate(true).module(&module).and_then(|encoder| encoder.encode()).map_err(|e| {
        Failure::bad_file(format!(
            "failed to make a component of {}: {e:#}; expected a core module built with a Greenroom SDK",
            path.display()
        ))
    })
}

fn component_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.trim_start_matches("greenroom_").replace('_', "-")
}
