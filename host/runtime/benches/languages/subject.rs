//! What is compared: scorers in our languages, and plugins of Extism.

use std::path::{Path, PathBuf};

use greenroom_kit::components;

use crate::extism;
use crate::measured::{Measured, Resident, Rounds};
use crate::process::told;

/// What Extism's program reads.
pub(crate) const INPUT: &str = "input.json";

/// As `scripts/scorers.sh` names what it builds. First the one that others are measured against.
const LANGUAGES: [&str; 12] = [
    "wit-bindgen",
    "rust",
    "c",
    "zig",
    "go",
    "assemblyscript",
    "wat",
    "javascript",
    "typescript",
    "python",
    "script-javascript",
    "script-rhai",
];

pub(crate) struct Subject {
    pub(crate) name: &'static str,
    path: PathBuf,
    /// For Extism: its program, and how a list is handed over.
    by: Option<(PathBuf, &'static str)>,
}

/// What of it is built and wanted; all of it when nothing in particular is.
pub(crate) fn built(wanted: &[&str]) -> Vec<Subject> {
    let folder = components().join("../scorers");
    let ours = LANGUAGES.map(|name| Subject { name, path: folder.join(format!("{name}.wasm")), by: None });
    let theirs = extism::PLUGINS.map(|(name, encoding)| Subject {
        name,
        path: folder.join(format!("{name}.wasm")),
        by: Some((extism::program(), encoding)),
    });
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name);
    let all = ours.into_iter().chain(theirs).filter(|subject| is_wanted(subject.name));
    let (built, missing): (Vec<Subject>, Vec<Subject>) = all.partition(Subject::is_built);
    for subject in missing {
        println!("{}: not measured, {} is not built", subject.name, subject.path.display());
    }
    println!("{}", extism::NOT_MEASURED);
    assert!(!built.is_empty(), "no scorer is built: run `make figures-languages`");
    built
}

impl Subject {
    fn is_built(&self) -> bool {
        self.path.is_file() && self.by.as_ref().is_none_or(|(program, _)| program.is_file())
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.by.is_none()
    }

    pub(crate) fn measure(&self, cache: &Path) -> Measured {
        self.told("measure", cache)
    }

    pub(crate) fn resident(&self, cache: &Path) -> Resident {
        self.told("resident", cache)
    }

    pub(crate) fn resident_of_image(&self, cache: &Path, rounds: &Rounds) -> Option<Resident> {
        let has = rounds.measured.iter().any(|round| round.image.is_some());
        has.then(|| self.told("resident-of-image", cache))
    }

    fn told<T: serde::de::DeserializeOwned>(&self, what: &str, cache: &Path) -> T {
        match &self.by {
            None => told(&std::env::current_exe().unwrap(), &[what], &[&self.path, cache]),
            Some((program, encoding)) => extism::told(program, what, &self.path, encoding, cache),
        }
    }
}
