//! C: clang with a C library, as zig brings them.

use std::path::Path;
use std::process::Command;

use super::zig::ZIG;
use super::{Compiled, Site, read, run};
use crate::tool::{Needed, Place};
use crate::{BuildError, Interface, bindings, module};

const BASH: Needed = Needed {
    name: "bash",
    places: &[Place::Program("bash")],
    version: &["--version"],
    oldest: (3, 2),
    before: None,
    install: "install it from your packages",
};

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let zig = ZIG.find(&site.project.folder)?;
    (site.say)("compiling (zig cc); the first time on a machine, the C library too");
    let mut command = zig.command();
    command.args(["cc", "-target", "wasm32-wasi", "-mexec-model=reactor", "-std=c23", "-O2", "-msimd128"]);
    // zig defines NDEBUG from -O1 on, and then `assert` would say nothing.
    command.args(["-UNDEBUG", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wl,-z,stack-size=262144"]);
    if site.project.library {
        // Its memory is of `malloc`, not of a call of the contract.
        command.arg("-DGREENROOM_LIBRARY");
    } else {
        command.args(["-isystem", "build/sdk"]);
    }
    // The SDK first: otherwise the linker takes the C library's `__assert_fail` beside its own.
    command.args(sources(&site.project.folder, Path::new("build/sdk/src"))?);
    if site.project.library || !site.imported.names().is_empty() {
        let world = if site.project.library { "library" } else { "libraries" };
        bindings::lay_out(site.wit, world, site.project.library, &site.build.join("bindings"))?;
        command.args(["-isystem", "build/bindings"]).arg(format!("build/bindings/{world}.c"));
        command.arg(format!("build/bindings/{world}_component_type.o"));
    }
    for interface in &site.project.exports.0 {
        command.arg(format!("build/sdk/exports/{}.c", interface.name()));
    }
    let own = site.project.source.parent().unwrap_or(Path::new(""));
    command.args(sources(&site.project.folder, own)?);
    command.args(["-o", "build/core.wasm"]).env("ZIG_LOCAL_CACHE_DIR", site.build.join("cache"));
    let said = run(site, command).map_err(|error| match error {
        BuildError::Compile { language, said } => BuildError::Compile { language, said: authors(&said) },
        other => other,
    })?;
    let core = read(&site.build.join("core.wasm"))?;
    let wrong = BuildError::Component;
    let system =
        module::imports(&core).map_err(wrong)?.into_iter().filter(|(from, _)| from == "wasi_snapshot_preview1");
    let missing: Vec<String> = system.map(|(_, name)| absent(&name)).collect();
    if !missing.is_empty() {
        return Err(BuildError::Component(missing.join("\n")));
    }
    // Debug information is a megabyte of the C library's; names of functions stay, for faults.
    let core = module::strip(&core, &["name"]).map_err(wrong)?;
    Ok((Compiled::Module(core, Vec::new()), authors(&said)))
}

/// A script of the SDK compiles the agent with all of `tests/`, and runs that.
pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let folder = &site.project.folder;
    if !folder.join("tests").is_dir() || sources(folder, Path::new("tests"))?.is_empty() {
        return Ok(Vec::new());
    }
    let (bash, zig) = (BASH.find(folder)?, ZIG.find(folder)?.command());
    let mut command = bash.command();
    command.args(["build/sdk/native/run.sh", "."]).arg(zig.get_program()).args(zig.get_args());
    Ok(vec![command])
}

/// The C files right in a folder, sorted, by their paths from the agent's folder: these are what messages show.
fn sources(root: &Path, within: &Path) -> Result<Vec<std::path::PathBuf>, BuildError> {
    let folder = root.join(within);
    let entries = std::fs::read_dir(&folder).map_err(BuildError::file(&folder, "read"))?;
    let mut found: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| within.join(entry.file_name())))
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    found.sort();
    Ok(found)
}

/// Why a function of the system is not there, and what to do.
fn absent(name: &str) -> String {
    let what = match name {
        "clock_time_get" | "clock_res_get" => {
            "asks for the time: there is no clock in the sandbox, use `seen->now`".to_owned()
        }
        "random_get" => "asks for random numbers: seed your own from `seen->seed`".to_owned(),
        name if name.starts_with("path_") || name.starts_with("fd_") => {
            "opens files: there are none, use parameters, the state or memory".to_owned()
        }
        name if name.starts_with("environ_") || name.starts_with("args_") => {
            "reads the environment: use parameters".to_owned()
        }
        name => format!("needs `{name}` of the system, which the sandbox does not have"),
    };
    format!("the agent {what}")
}

/// What the compiler says of the author's files, and what the linker misses in words of the author's.
fn authors(said: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    // Notes about the SDK's lines go with the source lines below them.
    let mut skipping = false;
    for line in said.lines() {
        if let Some((_, symbol)) = line.split_once("undefined symbol: ") {
            skipping = false;
            lines.push(undefined(symbol.trim()));
        } else if let Some((_, symbol)) = line.split_once("duplicate symbol: ") {
            skipping = true;
            lines.push(format!("`{}` is defined twice", symbol.trim()));
        } else if line.starts_with("In file included from ") || line.ends_with(" generated.") || line.starts_with(">>>")
        {
        } else if line.trim_start_matches("./").starts_with("build/sdk/") && line.contains(": note: ") {
            skipping = true;
        } else if skipping && line.starts_with([' ', '\t']) {
        } else {
            skipping = false;
            lines.push(line.to_owned());
        }
    }
    lines.dedup();
    lines.join("\n").trim_end().to_owned()
}

fn undefined(symbol: &str) -> String {
    let interface = match symbol {
        "agent_decide" => Interface::Policy,
        "agent_description" | "agent_configure" => Interface::Lifecycle,
        "agent_learn" | "agent_fit" => Interface::Learner,
        _ => return format!("nothing defines `{symbol}`"),
    };
    format!(
        "{} exports `{name}`, and no source file defines `{symbol}`: define it as greenroom.h declares it, or take `{name}` out \
         of `exports`",
        crate::MANIFEST,
        name = interface.name(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authors_lines_are_shown_and_the_sdks_are_not() {
        let said = "src/agent.c:3:5: error: use of undeclared identifier 'x'\n    3 |     x;\n      |     ^\n\
                    ./build/sdk/greenroom.h:9:1: note: expanded from macro 'Y'\n    9 | #define Y\n      | ^\n1 error generated.";
        assert_eq!(
            authors(said),
            "src/agent.c:3:5: error: use of undeclared identifier 'x'\n    3 |     x;\n      |     ^"
        );
    }

    #[test]
    fn what_the_linker_misses_is_said_in_the_authors_words() {
        let said = "wasm-ld: error: /c/o/1/learner.o: undefined symbol: agent_fit";
        assert!(authors(said).starts_with("greenroom.toml exports `learner`, and no source file defines `agent_fit`"));
        assert_eq!(authors("wasm-ld: error: x.o: undefined symbol: foo"), "nothing defines `foo`");
    }
}
