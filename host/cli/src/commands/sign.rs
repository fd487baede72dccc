//! `greenroom sign`: vouches for a component.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use greenroom_model::{Digest, Signatures};
use serde_json::json;

use super::key;
use crate::exit::Failure;
use crate::{failures, output, whole};

/// Vouches for a component: writes a signature of its digest beside it, to COMPONENT.sig, which may have those of others.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The component.
    component: PathBuf,
    /// The file with the private key, as `greenroom key new` writes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { component, key, .. } = arguments;
    let bytes = std::fs::read(component).map_err(|e| failures::unreadable(component, &e))?;
    greenroom_sandbox::inspect(&bytes)
        .map_err(|e| Failure::bad_file(format!("{} is not usable: {e}", component.display())))?;
    let digest = Digest::of(&bytes);
    let signature = key::read(key)?.sign(&digest).map_err(|why| key::unusable(key, &why))?;
    let mut signatures = valid(component, &digest)?;
    signatures.add(signature);
    let file = beside(component);
    write(&file, &signatures)?;
    if arguments.json {
        let keys: Vec<String> = signatures.iter().map(|one| one.key.to_string()).collect();
        return output::json(&json!({ "file": file, "digest": digest, "signed_by": keys }));
    }
    output::text(&format!("{} of {} by {}\n", file.display(), digest.short(), signature.key))
}

/// The file with the signatures of a component.
pub(super) fn beside(component: &Path) -> PathBuf {
    let mut name = OsString::from(component);
    name.push(".sig");
    name.into()
}

/// The signatures beside a component that are of it as it is now. Others are of what lay there before, and go.
pub(super) fn valid(component: &Path, digest: &Digest) -> Result<Signatures, Failure> {
    let file = beside(component);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Signatures::default()),
        Err(error) => return Err(failures::unreadable(&file, &error)),
    };
    let all: Signatures =
        text.parse().map_err(|why| Failure::bad_file(format!("{} cannot be read: {why}", file.display())))?;
    let mut valid = Signatures::default();
    all.iter().filter(|one| one.key.signed(digest, &one.bytes)).for_each(|one| valid.add(*one));
    Ok(valid)
}

pub(super) fn write(file: &Path, signatures: &Signatures) -> Result<(), Failure> {
    whole::write(file, signatures.to_string().as_bytes())
        .map_err(|e| Failure::failed(format!("{} cannot be written: {e}", file.display())))
}
