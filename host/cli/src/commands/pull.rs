//! `greenroom pull`: a component from a registry.

use std::path::PathBuf;

use greenroom_model::{Digest, PublicKey, verify};
use greenroom_registry::{Pulled, Reference, Wanted, pull};
use serde_json::json;

use super::push::{AccessFlags, failed};
use super::sign;
use crate::exit::Failure;
use crate::{output, table, whole};

/// Gets a component from an OCI registry, or from a folder with an OCI image layout. What is not what its digests say is not
/// written.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where from: oci:DIR:TAG, DIR, HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:...
    reference: String,
    /// The file to write it to; what is there is replaced. Its signatures go beside it, to FILE.sig.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The digest that the component has to have.
    #[arg(long, value_name = "sha256:...")]
    digest: Option<Digest>,
    /// A public key that has to have signed it; of several, one is enough.
    #[arg(long, value_name = "ed25519:...")]
    trust: Vec<PublicKey>,
    /// Bytes that it may have.
    #[arg(long, value_name = "BYTES", default_value_t = Wanted::BYTES_MAX)]
    bytes_max: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: AccessFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let out = &arguments.out;
    let reference: Reference = arguments.reference.parse().map_err(failed)?;
    let wanted = Wanted { component: arguments.digest, bytes_max: arguments.bytes_max };
    let mut pulled = pull(&reference, &arguments.access.access(), &wanted).map_err(failed)?;
    if !arguments.trust.is_empty() {
        vouched(&reference, &pulled, &arguments.trust)?;
    }
    // Those that somebody here made of the same component stay.
    let here = sign::valid(out, &pulled.component)?;
    pulled.signatures.merge(&here);
    // The signatures first: whoever watches the component finds it signed.
    if !pulled.signatures.is_empty() {
        sign::write(&sign::beside(out), &pulled.signatures)?;
    }
    whole::write(out, &pulled.bytes)
        .map_err(|e| Failure::failed(format!("{} cannot be written: {e}", out.display())))?;
    let keys: Vec<String> = pulled.signatures.iter().map(|one| one.key.to_string()).collect();
    if arguments.json {
        return output::json(&json!({
            "reference": reference.to_string(),
            "file": out,
            "bytes": pulled.bytes.len(),
            "manifest": pulled.manifest,
            "component": pulled.component,
            "annotations": pulled.annotations,
            "signed_by": keys,
        }));
    }
    let mut lines = vec![
        format!("pulled     {reference}"),
        format!("file       {}, {}", out.display(), table::bytes(pulled.bytes.len())),
        format!("manifest   {}", pulled.manifest),
        format!("digest     {}", pulled.component),
    ];
    lines.extend(keys.iter().map(|key| format!("signed by  {key}")));
    output::text(&(lines.join("\n") + "\n"))
}

fn vouched(reference: &Reference, pulled: &Pulled, trusted: &[PublicKey]) -> Result<(), Failure> {
    if pulled.signatures.is_empty() {
        return Err(Failure::bad_file(format!("{reference} is not signed: nothing was written")));
    }
    let unsigned = |why| Failure::bad_file(format!("{reference} is not taken: {why}; nothing was written"));
    verify(&pulled.component, &pulled.signatures, trusted).map(drop).map_err(unsigned)
}
