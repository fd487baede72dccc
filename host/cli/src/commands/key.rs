//! `greenroom key`: the keys that vouch for components.

use std::path::{Path, PathBuf};

use greenroom_registry::{PrivateKey, PrivateKeyError};
use serde_json::json;

use crate::exit::Failure;
use crate::output;

/// Makes a key that components are signed with, or prints its public half, which a graph file trusts.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to do.
    #[arg(value_enum)]
    what: What,
    /// The file with the private key.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    /// Makes a private key in a new file, which its owner alone may read.
    New,
    /// Prints the public key of the private one in a file.
    Show,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = &arguments.file;
    let key = match arguments.what {
        What::New => {
            let key = PrivateKey::new().map_err(Failure::failed)?;
            key.create(file).map_err(|why| Failure::failed(format!("{} cannot be written: {why}", file.display())))?;
            key
        }
        What::Show => read(file)?,
    };
    let public = key.public().map_err(|why| unusable(file, &why))?;
    if arguments.json {
        return output::json(&json!({ "file": file, "public": public.to_string() }));
    }
    output::text(&format!("{public}\n"))?;
    if matches!(arguments.what, What::New) {
        let file = file.display();
        eprintln!(
            "{file} signs with it: keep it to yourself; a graph file trusts the line above: `trust = [\"{public}\"]`"
        );
    }
    Ok(())
}

/// The private key in a file.
pub(super) fn read(file: &Path) -> Result<PrivateKey, Failure> {
    PrivateKey::read(file).map_err(|why| unusable(file, &why))
}

pub(super) fn unusable(file: &Path, why: &PrivateKeyError) -> Failure {
    Failure::bad_file(format!("{} cannot be used as a key: {why}", file.display()))
}
