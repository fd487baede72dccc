//! Extism, which has a program of its own (`tests/scorers/extism`): its engine is another wasmtime than ours.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::process;
use crate::subject::INPUT;

/// Plugins, and how each is handed a list. JSON is how Extism's own examples do it.
pub(crate) const PLUGINS: [(&str, &str); 4] = [
    ("extism-rust-json", "json"),
    ("extism-rust-msgpack", "msgpack"),
    ("extism-rust-columns", "columns"),
    ("extism-assemblyscript-columns", "columns"),
];

pub(crate) const NOT_MEASURED: &str = "extism-javascript: not measured, its compiler `extism-js` is on no registry";

/// Built by `scripts/scorers.sh`.
pub(crate) fn program() -> PathBuf {
    greenroom_kit::components().join("../scorers/extism-scorer")
}

pub(crate) fn told<T: DeserializeOwned>(program: &Path, what: &str, plugin: &Path, encoding: &str, cache: &Path) -> T {
    let (input, compiled) = (cache.join(INPUT), cache.join("extism"));
    process::told(program, &[what], &[plugin, Path::new(encoding), &input, &compiled])
}
