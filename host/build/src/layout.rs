//! What a build needs beside the author's sources: the SDK and the contract, laid out in the build folder.

use std::fs;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};

use crate::BuildError;
use crate::wit::Wit;

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
pub(crate) fn lay_out(sdk: &str, build: &Path, wit: &Wit) -> Result<(), BuildError> {
    if sdk == "rust" {
        // Beside each other, as they are in the repository: the one names the other by its path.
        for part in ["rust", "rust-derive"] {
            lay_out_sdk(part, &build.join("sdk").join(part))?;
        }
    } else {
        lay_out_sdk(sdk, &build.join("sdk"))?;
    }
    wit.lay_out(&build.join("wit"))
}

fn lay_out_sdk(sdk: &str, folder: &Path) -> Result<(), BuildError> {
    let all = SDKS.get_dir(sdk).map(files).unwrap_or_default();
    // What an author begins from, and the SDK's own tests.
    let kept = |path: &Path| !(path.starts_with("template") || sdk.starts_with("rust") && path.starts_with("tests"));
    let wanted: Vec<_> = all.into_iter().filter(|(path, _)| kept(path)).collect();
    let stamp = wanted.iter().fold(Sha256::new(), |hash, (path, contents)| {
        hash.chain_update(path.as_os_str().as_encoded_bytes()).chain_update([0]).chain_update(Sha256::digest(contents))
    });
    let stamp = stamp.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let stamped = folder.join(".digest");
    if fs::read_to_string(&stamped).is_ok_and(|found| found != stamp) {
        fs::remove_dir_all(folder).map_err(BuildError::file(folder, "removed"))?;
    }
    for (path, contents) in wanted {
        if sdk.starts_with("rust") && path == Path::new("Cargo.toml") {
            put(&folder.join(path), alone(contents)?.as_bytes())?;
        } else {
            put(&folder.join(path), contents)?;
        }
    }
    put(&stamped, stamp.as_bytes())
}

/// The manifest of a crate that is no member of the repository's workspace: without what it has from there, and what its
/// tests take.
fn alone(manifest: &[u8]) -> Result<String, BuildError> {
    let wrong = || BuildError::Component("the SDK in this greenroom has no manifest".to_owned());
    let text = std::str::from_utf8(manifest).map_err(|_| wrong())?;
    let mut manifest: toml_edit::DocumentMut = text.parse().map_err(|_| wrong())?;
    manifest.remove("lints");
    manifest.remove("dev-dependencies");
    Ok(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interfaces;
    use crate::imports::Imported;

    #[test]
    fn the_rust_sdk_stands_on_its_own() {
        let folder = tempfile::tempdir().unwrap();
        lay_out("rust", folder.path(), &Wit::of_agent(&Interfaces::default(), &Imported::default())).unwrap();
        for part in ["rust", "rust-derive"] {
            let sdk = folder.path().join("sdk").join(part);
            let manifest = fs::read_to_string(sdk.join("Cargo.toml")).unwrap();
            assert!(!manifest.contains("workspace = true") && !manifest.contains("[dev-dependencies]"), "{manifest}");
            assert!(sdk.join("src/lib.rs").is_file());
            assert!(!sdk.join("tests").exists() && !sdk.join("template").exists());
        }
        let sdk = fs::read_to_string(folder.path().join("sdk/rust/Cargo.toml")).unwrap();
        assert!(sdk.contains(r#"path = "../rust-derive""#), "{sdk}");
    }
}
