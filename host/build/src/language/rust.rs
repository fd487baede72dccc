//! Rust: cargo, with the target for WebAssembly.

use std::process::Command;

use super::{Compiled, Site, read, run};
use crate::BuildError;
use crate::module::strip;
use crate::native::{authored, says};
use crate::tool::{Needed, Place};

const TARGET: &str = "wasm32-unknown-unknown";

// What backtraces name functions by, and the contract's type.
const KEPT: &[&str] = &["name", "component-type"];

const CARGO: Needed = Needed {
    name: "cargo",
    places: &[Place::Program("cargo")],
    version: &["--version"],
    oldest: (1, 95),
    before: None,
    install: "install Rust by rustup, then `rustup target add wasm32-unknown-unknown`",
};

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let cargo = CARGO.find(&site.project.folder)?;
    (site.say)("compiling (cargo)");
    let target_folder = site.build.join("cargo");
    let mut command = cargo.command();
    command.args(["build", "--quiet", "--release", "--lib", "--target", TARGET, "--color", "never", "--target-dir"]);
    command.arg(&target_folder);
    // Flags for the author's machine are none for the guest's.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET").env_remove("CARGO_TARGET_DIR");
    let said = run(site, command).map_err(|error| match error {
        BuildError::Compile { said, .. }
            if said.contains("can't find crate for `std`") || said.contains("can't find crate for `core`") =>
        {
            BuildError::Toolchain(format!("Rust cannot build for {TARGET} yet: `rustup target add {TARGET}`"))
        }
        other => other,
    })?;
    let file = format!("{}.wasm", site.project.name.replace('-', "_"));
    let path = target_folder.join(TARGET).join("release").join(&file);
    if !path.is_file() {
        return Err(BuildError::Component(format!(
            "cargo made no {file}: the crate's name has to be the agent's, and its [lib] of crate-type [\"cdylib\"]"
        )));
    }
    let module = strip(&read(&path)?, KEPT).map_err(BuildError::Component)?;
    Ok((Compiled::Module(module, Vec::new()), said))
}

pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let marks = |line: &str| {
        let line = line.trim();
        line.starts_with("#[") && (line.ends_with("test]") || line.contains("cfg(test)"))
    };
    for path in authored(site, &[".rs"])? {
        if says(site, &path, &marks)? {
            let mut command = CARGO.find(&site.project.folder)?.command();
            command.args(["test", "--quiet", "--target-dir"]).arg(site.build.join("cargo"));
            command.env_remove("CARGO_BUILD_TARGET");
            return Ok(vec![command]);
        }
    }
    Ok(Vec::new())
}
