//! A released version of the contract stays as it is: agents that were built against it are out there.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use greenroom_model::Digest;

/// What is released, with the digest of each file.
const FROZEN: &[(&str, &str)] = &[
    ("0.1.0/exports.wit", "sha256:379b1fe11e23854e2c15c9584ada92e6c99e2f21b90ecd9e03919f220d399a60"),
    ("0.1.0/imports.wit", "sha256:b7c9cacb16e6ab7647678155c2250e2419743616925988c429ab8fa9fff83ecd"),
    ("0.1.0/types.wit", "sha256:ddba66af6cbf9387facc33a3cbfe645a9452072e9b7adea8d43cc8620015ac43"),
    ("0.1.0/worlds.wit", "sha256:9a72bd6f678ae0a35ba61a1b7ccd7e5e718e8cd4dd04028dd8aaee9370cfd40e"),
];

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn a_released_contract_is_as_it_was_when_it_was_released() {
    let expected: BTreeMap<String, String> =
        FROZEN.iter().map(|(file, digest)| ((*file).to_owned(), (*digest).to_owned())).collect();
    let released: Vec<&str> = FROZEN.iter().filter_map(|(file, _)| file.split('/').next()).collect();
    let folders = files(&wit()).into_iter().filter(|folder| released.iter().any(|name| folder.ends_with(name)));
    let found: BTreeMap<String, String> = folders
        .flat_map(|folder| files(&folder))
        .map(|file| {
            let name = file.strip_prefix(wit()).unwrap().display().to_string();
            (name, Digest::of(&fs::read(&file).unwrap()).to_string())
        })
        .collect();
    assert_eq!(found, expected, "a frozen contract was changed: put the change into the newest one");
}

#[test]
fn each_folder_holds_the_version_that_it_is_named_after() {
    let of = |package: &str, folders: Vec<PathBuf>| {
        for folder in folders {
            let version = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let all: String = files(&folder).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
            let package = format!("package greenroom:{package}@{version};");
            assert_eq!(all.matches(&package).count(), 1, "{} is not `{package}`", folder.display());
        }
    };
    let (named, agents): (Vec<_>, Vec<_>) =
        files(&wit()).into_iter().partition(|folder| ["script", "memory"].iter().any(|name| folder.ends_with(name)));
    of("agent", agents);
    for folder in named {
        of(folder.file_name().unwrap().to_str().unwrap(), files(&folder));
    }
}
