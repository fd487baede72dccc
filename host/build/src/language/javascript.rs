//! JavaScript and TypeScript: a script of the SDK that Node runs, over what npm installs.

use std::process::Command;

use super::{Compiled, Site, read};
use crate::native::authored;
use crate::tool::{Needed, Place};
use crate::{BuildError, Language};

const NODE: Needed = Needed {
    name: "node",
    places: &[Place::Program("node")],
    version: &["--version"],
    oldest: (20, 0),
    before: None,
    install: "install Node.js from nodejs.org or your packages",
};

/// What makes JavaScript of TypeScript for tests.
const ESBUILD: Needed = Needed {
    name: "esbuild",
    places: &[Place::Node("esbuild"), Place::Program("esbuild")],
    version: &["--version"],
    oldest: (0, 17),
    before: None,
    install: "`npm install` in the agent's folder, whose package.json names it",
};

/// How the script ends when a tool is missing.
const MISSING: i32 = 2;

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let project = site.project;
    let language = project.language.name();
    let node = NODE.find(&project.folder)?;
    (site.say)("bundling and compiling (componentize-qjs)");
    let out = site.build.join("component.wasm");
    let exports: Vec<&str> = project.exports.0.iter().map(|interface| interface.name()).collect();
    let mut command = node.command();
    command.arg("build/sdk/build.mjs").arg(&project.source);
    command.args(["--exports", &exports.join(","), "--wit", "build/wit", "--out", "build/component.wasm"]);
    command.args(["--libraries", &site.imported.names().join(",")]);
    if project.language == Language::TypeScript {
        command.arg("--types");
    }
    let done = command.current_dir(&project.folder).output().map_err(BuildError::file(node.path(), "run"))?;
    let said = String::from_utf8_lossy(&done.stderr).trim_end().to_owned();
    match done.status.code() {
        Some(0) => Ok((Compiled::Component(read(&out)?), said)),
        Some(1) => Err(BuildError::Compile { language, said }),
        Some(MISSING) => Err(BuildError::Toolchain(said)),
        _ => Err(BuildError::Component(format!("the SDK for {language} failed ({}), report it:\n{said}", done.status))),
    }
}

pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    let folder = &site.project.folder;
    let typed = site.project.language == Language::TypeScript;
    let ends = [".test.js", ".test.mjs", ".test.ts"];
    let files = authored(site, if typed { &ends } else { &ends[..2] })?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let node = NODE.find(folder)?;
    if typed {
        ESBUILD.find(folder)?;
    }
    let mut command = node.command();
    command.args(["--import", "./build/sdk/native/register.mjs", "--test"]).args(files);
    Ok(vec![command])
}
