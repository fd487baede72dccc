//! Built components.

use std::path::{Path, PathBuf};

/// The folder of built components: `GREENROOM_COMPONENTS`, or else `components` in the target folder.
#[must_use]
pub fn components() -> PathBuf {
    if let Some(dir) = std::env::var_os("GREENROOM_COMPONENTS") {
        return dir.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")).join("components")
}

/// The folder of built interpreters of scripts, where the binary finds them: beside itself.
#[must_use]
pub fn interpreters() -> PathBuf {
    components().join("../release/interpreters")
}

/// The path of a built component.
///
/// # Panics
/// When it is not there, saying how to build it.
#[must_use]
#[track_caller]
#[expect(clippy::panic, reason = "a test without its guest must fail, and say why")]
pub fn component(name: &str) -> PathBuf {
    let path = components().join(format!("{name}.wasm"));
    if !path.is_file() {
        panic!("{} is not built: run `make components`", path.display());
    }
    path
}
