//! `greenroom push`: a component to a registry.

use std::path::PathBuf;

use greenroom_model::{Digest, Interfaces};
use greenroom_registry::{Access, Credentials, Description, Reference, RegistryError, push};
use serde_json::json;

use super::inspect::{contract, exports};
use super::{key, sign};
use crate::exit::Failure;
use crate::{failures, output};

/// Brings a component, and the signatures beside it, to an OCI registry, or to a folder with an OCI image layout.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The component.
    component: PathBuf,
    /// Where to: oci:DIR:TAG, DIR or HOST/REPOSITORY:TAG.
    reference: String,
    /// Sign it with the private key in this file.
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// What it is called [default: its file's name].
    #[arg(long)]
    name: Option<String>,
    /// What it was made from, for the record: where its sources are, at which revision.
    #[arg(long, value_name = "TEXT", default_value = "")]
    source: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: AccessFlags,
}

/// How a registry is reached.
#[derive(Debug, clap::Args)]
pub(super) struct AccessFlags {
    /// Who asks, when the registry wants to know.
    #[arg(long, value_name = "NAME", env = "GREENROOM_REGISTRY_USER", requires = "password")]
    user: Option<String>,
    /// The password, or a token in its place; better in the environment than here.
    #[arg(long, env = "GREENROOM_REGISTRY_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Speak to the registry without TLS. With one on this machine that is so anyway.
    #[arg(long)]
    plain_http: bool,
}

impl AccessFlags {
    pub(super) fn access(&self) -> Access {
        let credentials = self.user.clone().zip(self.password.clone());
        let credentials = credentials.map(|(user, password)| Credentials { user, password });
        Access { credentials, plain_http: self.plain_http }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.component;
    let reference: Reference = arguments.reference.parse().map_err(failed)?;
    let bytes = std::fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    let inspection = greenroom_sandbox::inspect(&bytes)
        .map_err(|e| Failure::bad_file(format!("{} is not usable: {e}", path.display())))?;
    let digest = Digest::of(&bytes);
    let mut signatures = sign::valid(path, &digest)?;
    if let Some(file) = &arguments.sign {
        signatures.add(key::read(file)?.sign(&digest).map_err(|why| key::unusable(file, &why))?);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = arguments.name.clone().unwrap_or(stem);
    let says = describe(name, &arguments.source, &inspection.interfaces);
    let pushed = push(&reference, &arguments.access.access(), &bytes, &says, &signatures).map_err(failed)?;
    let pinned = Reference { at: greenroom_registry::At::Digest(pushed.manifest), ..reference.clone() };
    if arguments.json {
        return output::json(&json!({
            "reference": reference.to_string(),
            "pinned": pinned.to_string(),
            "manifest": pushed.manifest,
            "component": pushed.component,
            "signed_by": signatures.iter().map(|one| one.key.to_string()).collect::<Vec<_>>(),
        }));
    }
    let mut lines = vec![
        format!("pushed     {reference}"),
        format!("pinned     {pinned}"),
        format!("component  {}", pushed.component),
    ];
    lines.extend(signatures.iter().map(|one| format!("signed by  {}", one.key)));
    output::text(&(lines.join("\n") + "\n"))
}

fn describe(name: String, source: &str, interfaces: &Interfaces) -> Description {
    let version = &interfaces.contract;
    let named = |interface: &str| format!("greenroom:agent/{interface}@{version}");
    Description {
        name,
        contract: contract(interfaces),
        source: source.to_owned(),
        exports: exports(interfaces).into_iter().map(named).collect(),
        imports: interfaces.imports.iter().map(|import| named(import)).collect(),
    }
}

/// What ends a command that a registry did not serve.
pub(super) fn failed(error: RegistryError) -> Failure {
    match error {
        RegistryError::Reference { .. } => Failure::arguments(error),
        RegistryError::Wrong { .. } => Failure::bad_file(error),
        RegistryError::Absent { .. }
        | RegistryError::Unreachable { .. }
        | RegistryError::Refused { .. }
        | RegistryError::File { .. } => Failure::failed(error),
    }
}
