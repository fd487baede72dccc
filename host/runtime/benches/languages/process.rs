//! A process of its own for what is measured, and what the kernel says of it.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

/// Runs a program that says what it found as one line of JSON.
pub(crate) fn told<T: DeserializeOwned>(program: &Path, arguments: &[&str], paths: &[&Path]) -> T {
    let output = Command::new(program).args(arguments).args(paths).stderr(Stdio::inherit()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{} {arguments:?} ended with {}: {said}", program.display(), output.status);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{} says {said:?}: {error}", program.display()))
}

/// Bytes of this process that are in memory. What is shared counts as often as it is mapped.
pub(crate) fn resident() -> f64 {
    field("status", "VmRSS:")
}

/// Bytes of this process's own, and of its share of what it shares.
pub(crate) fn proportional() -> f64 {
    field("smaps_rollup", "Pss:")
}

fn field(file: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1_024.0
}
