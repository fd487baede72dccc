//! `greenroom build`: an agent's sources to a component.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Instant;

use greenroom_build::{BuildError, Built, Project};
use greenroom_sandbox::Inspection;
use serde_json::json;

use crate::commands::inspect::{exports, listed};
use crate::exit::Failure;
use crate::{output, table, whole};

/// Builds the component of an agent: compiles, embeds the contract, encodes and validates. It takes the language's compiler
/// and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The agent's folder, which has a greenroom.toml.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where the component goes [default: build/NAME.wasm in the agent's folder].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = Project::read(&arguments.folder).map_err(failed)?;
    let own = || project.component().strip_prefix(".").map_or_else(|_| project.component(), ToOwned::to_owned);
    let out = arguments.out.clone().unwrap_or_else(own);
    let began = Instant::now();
    let (built, inspection) = build(&project, arguments.json)?;
    if !built.warnings.trim().is_empty() {
        eprintln!("{}", built.warnings.trim_end());
    }
    let changed = std::fs::read(&out).map_or(true, |old| old != built.bytes);
    if changed {
        let failed = |e: std::io::Error| Failure::failed(format!("failed to write {}: {e}", out.display()));
        if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        whole::write(&out, &built.bytes).map_err(failed)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let interfaces = &inspection.interfaces;
    if arguments.json {
        return output::json(&json!({
            "component": out,
            "language": project.language.name(),
            "digest": inspection.digest,
            "bytes": built.bytes.len(),
            "exports": exports(interfaces),
            "imports": interfaces.imports,
            "wasi": interfaces.wasi,
            "changed": changed,
            "seconds": seconds,
        }));
    }
    let wasi = if interfaces.wasi { ", and WASI 0.2 with nothing behind it" } else { "" };
    output::text(&format!(
        "{}  {}  {}{}\n  exports {}\n  imports {}{wasi}\n  built in {seconds:.1} s\n",
        out.display(),
        table::bytes(built.bytes.len()),
        inspection.digest.short(),
        if changed { "" } else { " (unchanged)" },
        exports(interfaces).join(", "),
        listed(&interfaces.imports),
    ))
}

/// Builds, and reads what was built as the host will.
pub(crate) fn build(project: &Project, quiet: bool) -> Result<(Built, Inspection), Failure> {
    let quiet = quiet || !std::io::stderr().is_terminal();
    let say = |step: &str| {
        if !quiet {
            eprintln!("{}: {step}", project.name);
        }
    };
    let built = greenroom_build::build(project, &say).map_err(failed)?;
    let inspection = greenroom_sandbox::inspect(&built.bytes)
        .map_err(|e| Failure::bad_file(format!("{} was built and is not usable: {e}", project.name)))?;
    Ok((built, inspection))
}

pub(crate) fn failed(error: BuildError) -> Failure {
    match error {
        BuildError::Project { .. } | BuildError::Compile { .. } | BuildError::Component(_) => Failure::bad_file(error),
        BuildError::Toolchain(_) | BuildError::File { .. } => Failure::failed(error),
    }
}
