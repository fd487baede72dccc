//! `greenroom package`: makes components of core modules that were built against the contract.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use wit_component::ComponentEncoder;

use crate::exit::Failure;

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
            write(&path, &component)
                .map_err(|e| Failure::failed(format!("failed to write {}: {e}", path.display())))?;
        }
        let state = if changed { "" } else { " (unchanged)" };
        println!("{}  {:>9} bytes  {}{state}", path.display(), component.len(), Digest::of(&component).short());
    }
    Ok(())
}

fn encode(path: &Path) -> Result<Vec<u8>, Failure> {
    let module =
        fs::read(path).map_err(|e| Failure::bad_file(format!("failed to read {}: {e}", path.display())))?;
    ComponentEncoder::default().validate(true).module(&module).and_then(|mut encoder| encoder.encode()).map_err(|e| {
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

/// Whole or not at all, so that whoever watches the folder never sees half a component.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
