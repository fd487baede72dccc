//! What a build needs beside the author's sources: the SDK and the contract, laid out in the build folder.

use std::fs;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};

use crate::interfaces::{Interfaces, WIT};
use crate::{BuildError, CONTRACT};

pub(crate) static SDKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sdk");

/// Writes a file, unless it has these contents: compilers build anew what is written anew.
pub(crate) fn put(path: &Path, contents: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|there| there == contents) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BuildError::file(folder, "created"))?;
    }
    fs::write(path, contents).map_err(BuildError::file(path, "written"))
}

/// All files of a folder, with their paths in it.
pub(crate) fn files<'d>(dir: &'d Dir<'static>) -> Vec<(&'d Path, &'d [u8])> {
    fn walk<'d>(dir: &'d Dir<'static>, root: &Path, into: &mut Vec<(&'d Path, &'d [u8])>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => walk(dir, root, into),
                DirEntry::File(file) => {
                    into.push((file.path().strip_prefix(root).unwrap_or(file.path()), file.contents()));
                }
            }
        }
    }
    let mut into = Vec::new();
    walk(dir, dir.path(), &mut into);
    into
}

/// Lays out `build/sdk` and `build/wit`. A file that an earlier greenroom left there goes.
pub(crate) fn lay_out(sdk: &str, build: &Path, exports: &Interfaces) -> Result<(), BuildError> {
    let all = SDKS.get_dir(sdk).map(files).unwrap_or_default();
    let kept = |path: &Path| !path.starts_with("template");
    let wanted: Vec<_> = all.into_iter().filter(|(path, _)| kept(path)).collect();
    // A crate finds the contract two folders up.
    let folder = if sdk == "rust" { build.join("sdk/rust") } else { build.join("sdk") };
    let stamp = wanted.iter().fold(Sha256::new(), |hash, (path, contents)| {
        hash.chain_update(path.as_os_str().as_encoded_bytes()).chain_update([0]).chain_update(Sha256::digest(contents))
    });
    let stamp = stamp.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let stamped = folder.join(".digest");
    if fs::read_to_string(&stamped).is_ok_and(|found| found != stamp) {
        fs::remove_dir_all(&folder).map_err(BuildError::file(&folder, "removed"))?;
    }
    for (path, contents) in wanted {
        if sdk == "rust" && path == Path::new("Cargo.toml") {
            put(&folder.join(path), alone(contents)?.as_bytes())?;
        } else {
            put(&folder.join(path), contents)?;
        }
    }
    put(&stamped, stamp.as_bytes())?;
    let wit = build.join("wit");
    put(&wit.join("agent.wit"), exports.package().as_bytes())?;
    for (path, contents) in files(&WIT) {
        put(&wit.join("deps/agent").join(path), contents)?;
        // Where the Rust SDK looks for it.
        put(&wit.join(CONTRACT).join(path), contents)?;
    }
    Ok(())
}

/// The manifest of a crate that is no member of the repository's workspace: without what it has from there.
fn alone(manifest: &[u8]) -> Result<String, BuildError> {
    let wrong = || BuildError::Component("the SDK in this greenroom has no manifest".to_owned());
    let text = std::str::from_utf8(manifest).map_err(|_| wrong())?;
    let mut manifest: toml_edit::DocumentMut = text.parse().map_err(|_| wrong())?;
    manifest.remove("lints");
    Ok(manifest.to_string())
}
