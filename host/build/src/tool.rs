//! Finding a language's compiler: in the agent's own environment first, then where every program is.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::BuildError;

/// Where a program may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A program by its name: in `.venv/bin` of the agent's folder or one above it, or on the path.
    Program(&'static str),
    /// A module of the Python that is found like a program.
    PythonModule(&'static str),
    /// A program that npm installed in the agent's folder or one above it.
    Node(&'static str),
}

/// A program that a build needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed {
    /// What a person calls it.
    pub(crate) name: &'static str,
    /// Where it may be, best first.
    pub(crate) places: &'static [Place],
    /// What it is asked for its version by.
    pub(crate) version: &'static [&'static str],
    /// The oldest that will do.
    pub(crate) oldest: (u32, u32),
    /// The first that will not do any more, where there is one.
    pub(crate) before: Option<(u32, u32)>,
    /// How to install it, in one line.
    pub(crate) install: &'static str,
}

/// A program that was found.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    program: PathBuf,
    before: Vec<OsString>,
}

impl Tool {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.program
    }

    /// Runs it with these arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.before).stdin(Stdio::null());
        command
    }
}

impl Needed {
    /// Finds it.
    ///
    /// # Errors
    /// How to install it, when it is not there or too old.
    pub(crate) fn find(&self, folder: &Path) -> Result<Tool, BuildError> {
        let mut old = None;
        for tool in self.places.iter().flat_map(|place| place.look(folder)) {
            let said = tool.command().args(self.version).stderr(Stdio::null()).output();
            let Some(said) = said.ok().filter(|said| said.status.success()) else { continue };
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            match version_in(&said) {
                Some(version) if version >= self.oldest && self.before.is_none_or(|end| version < end) => {
                    return Ok(tool);
                }
                found => {
                    let found = found.map_or_else(|| format!("{:?}", said.trim()), |(a, b)| format!("{a}.{b}"));
                    old.get_or_insert(found);
                }
            }
        }
        let (major, minor) = self.oldest;
        let end = self.before.map_or_else(|| " or newer".to_owned(), |(a, b)| format!(" or newer but below {a}.{b}"));
        let message = match old {
            Some(found) => format!("{} is {found}, expected {major}.{minor}{end}: {}", self.name, self.install),
            None => format!("{} {major}.{minor}{end} is needed and was not found: {}", self.name, self.install),
        };
        Err(BuildError::Toolchain(message))
    }
}

impl Place {
    fn look(self, folder: &Path) -> Vec<Tool> {
        let plain = |program: PathBuf| Tool { program, before: Vec::new() };
        let above = |within: &str| -> Vec<PathBuf> {
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
            folder.ancestors().map(|folder| folder.join(within)).collect()
        };
        match self {
            Self::Program(name) => {
                let mut folders = above(".venv/bin");
                folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
                there(folders, name).into_iter().map(plain).collect()
            }
            Self::PythonModule(module) => ["python3", "python"]
                .into_iter()
                .flat_map(|python| Self::Program(python).look(folder))
                .map(|mut tool| {
                    tool.before = vec!["-m".into(), module.into()];
                    tool
                })
                .collect(),
            Self::Node(name) => there(above("node_modules/.bin"), name).into_iter().map(plain).collect(),
        }
    }
}

fn there(folders: Vec<PathBuf>, name: &str) -> Vec<PathBuf> {
    folders.into_iter().map(|folder| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// The first "a.b" in what a program says.
fn version_in(said: &str) -> Option<(u32, u32)> {
    said.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let mut parts = word.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, version) in [
            ("go version go1.27.3 linux/amd64", Some((1, 27))),
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", Some((1, 95))),
            ("Version 0.28.20", Some((0, 28))),
            ("no version", None),
        ] {
            assert_eq!(version_in(said), version, "{said}");
        }
    }

    #[test]
    fn what_is_missing_says_how_to_install_it() {
        let folder = tempfile::tempdir().unwrap();
        let needed = Needed {
            name: "the compiler",
            places: &[Place::Program("greenroom-no-such-compiler"), Place::Node("greenroom-no-such-compiler")],
            version: &["--version"],
            oldest: (1, 2),
            before: None,
            install: "install it so",
        };
        let error = needed.find(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "the compiler 1.2 or newer is needed and was not found: install it so");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_too_old_is_passed_over_and_told() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("node_modules/.bin");
        std::fs::create_dir_all(&bin).unwrap();
        let program = bin.join("old");
        std::fs::write(&program, "#!/bin/sh\necho old 0.9.1\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut needed = Needed {
            name: "old",
            places: &[Place::Node("old")],
            version: &["--version"],
            oldest: (1, 0),
            before: None,
            install: "npm install old",
        };
        let error = needed.find(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "old is 0.9, expected 1.0 or newer: npm install old");
        needed.oldest = (0, 9);
        assert!(needed.find(folder.path()).is_ok());
    }
}
