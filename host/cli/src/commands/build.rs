//! `greenroom build`: the sources of an agent or a library to a component.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Instant;

use greenroom_build::{BuildError, Built, Interface, Interfaces, Project};
use greenroom_model::{Digest, Script, ScriptExports};
use greenroom_sandbox::Inspection;
use serde_json::json;

use crate::commands::inspect::{exports, listed};
use crate::exit::Failure;
use crate::settings::HostFlags;
use crate::{failures, output, scripted, table, whole};

/// Builds the component of an agent, or of a library that agents import: compiles, embeds the contract, encodes, plugs in what is
/// imported of libraries, and validates. It takes the language's compiler and nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the agent or library, which has a greenroom.toml.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where the component goes [default: build/NAME.wasm in that folder].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let project = Project::read(&arguments.folder).map_err(failed)?;
    let made = make(&project, arguments.out.clone(), arguments.json, &arguments.host)?;
    if arguments.json { output::json(&made.json(&project)) } else { output::text(&made.text()) }
}

/// A component where it belongs.
pub(crate) struct Made {
    out: PathBuf,
    bytes: usize,
    digest: Digest,
    /// Of a library, the interfaces that it exports.
    exports: Vec<String>,
    /// Of an agent, what the host says of it.
    inspection: Option<Inspection>,
    changed: bool,
    seconds: f64,
}

impl Made {
    fn exports(&self) -> Vec<String> {
        let of_contract =
            |inspection: &Inspection| exports(&inspection.interfaces).into_iter().map(ToOwned::to_owned).collect();
        self.inspection.as_ref().map_or_else(|| self.exports.clone(), of_contract)
    }

    fn json(&self, project: &Project) -> serde_json::Value {
        let interfaces = self.inspection.as_ref().map(|inspection| &inspection.interfaces);
        json!({
            "component": self.out,
            "language": project.language.name(),
            "library": project.library,
            "digest": self.digest,
            "bytes": self.bytes,
            "exports": self.exports(),
            "imports": interfaces.map(|interfaces| &interfaces.imports),
            "wasi": interfaces.map(|interfaces| interfaces.wasi),
            "changed": self.changed,
            "seconds": self.seconds,
        })
    }

    /// For a person.
    pub(crate) fn text(&self) -> String {
        let imports = self.inspection.as_ref().map_or_else(String::new, |inspection| {
            let interfaces = &inspection.interfaces;
            let wasi = if interfaces.wasi { ", and WASI 0.2 with nothing behind it" } else { "" };
            format!("  imports {}{wasi}\n", listed(&interfaces.imports))
        });
        format!(
            "{}  {}  {}{}\n  exports {}\n{imports}  built in {:.1} s\n",
            self.out.display(),
            table::bytes(self.bytes),
            self.digest.short(),
            if self.changed { "" } else { " (unchanged)" },
            self.exports().join(", "),
            self.seconds,
        )
    }
}

/// Builds a component and writes it, unless it is there already.
pub(crate) fn make(project: &Project, out: Option<PathBuf>, quiet: bool, host: &HostFlags) -> Result<Made, Failure> {
    let own = || project.component().strip_prefix(".").map_or_else(|_| project.component(), ToOwned::to_owned);
    let out = out.unwrap_or_else(own);
    let began = Instant::now();
    let (built, inspection) = build(project, quiet, host)?;
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
    Ok(Made {
        out,
        bytes: built.bytes.len(),
        digest: Digest::of(&built.bytes),
        exports: built.exports,
        inspection,
        changed,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Builds, and reads what was built as the host will, unless it is a library: the host never meets one but within an agent.
/// Scripts are made components by a host's interpreters.
pub(crate) fn build(project: &Project, quiet: bool, host: &HostFlags) -> Result<(Built, Option<Inspection>), Failure> {
    let quiet = quiet || !std::io::stderr().is_terminal();
    let say = |step: &str| {
        if !quiet {
            eprintln!("{}: {step}", project.name);
        }
    };
    let built = if project.language.is_script() {
        Built { bytes: script(project, host)?, warnings: String::new(), exports: Vec::new() }
    } else {
        greenroom_build::build(project, &say).map_err(failed)?
    };
    if project.library {
        return Ok((built, None));
    }
    let inspection = greenroom_sandbox::inspect(&built.bytes)
        .map_err(|e| Failure::bad_file(format!("{} was built and is not usable: {e}", project.name)))?;
    Ok((built, Some(inspection)))
}

fn script(project: &Project, host: &HostFlags) -> Result<Vec<u8>, Failure> {
    let path = project.folder.join(&project.source);
    let source = std::fs::read(&path).map_err(|e| failures::unreadable(&path, &e))?;
    let (sandbox, guests) = host.settings()?.sandbox()?;
    let bytes = scripted::component(&sandbox, &guests, &path, source)?;
    project.check_exports(exports_of(&bytes)).map_err(failed)?;
    Ok(bytes)
}

/// What the interfaces of a component are called.
fn exports_of(bytes: &[u8]) -> Interfaces {
    let exports = Script::split(bytes).ok().and_then(|(_, script)| script).map(|script| script.exports);
    let ScriptExports { policy, lifecycle, learner } = exports.unwrap_or_default();
    let all = Interface::ALL.into_iter().zip([policy, lifecycle, learner]);
    Interfaces(all.filter_map(|(interface, has)| has.then_some(interface)).collect())
}

pub(crate) fn failed(error: BuildError) -> Failure {
    match error {
        BuildError::Project { .. } | BuildError::Compile { .. } | BuildError::Component(_) => Failure::bad_file(error),
        BuildError::Toolchain(_) | BuildError::File { .. } => Failure::failed(error),
    }
}
