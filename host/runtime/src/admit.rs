//! Admission: what a component must pass before anybody depends on it.
//!
//! It is read, within limits; compiled, in a process of its own where there is one; and tried, in quarantine. A good
//! verdict is kept beside the compiled component. A bad one is not: it may have been the machine's fault.

use std::time::Instant;

use greenroom_sandbox::{Component, Inspection, LoadError, Sandbox};
use serde::{Deserialize, Serialize};

use crate::trial::{self, Trial, trial};

/// What admission found.
#[derive(Debug, Clone)]
pub struct Admission {
    /// What can be read off the component.
    pub inspection: Inspection,
    /// What became of it.
    pub verdict: Verdict,
    /// Whether the verdict was reached before.
    pub kept: bool,
}

/// What a component did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Microseconds that it took to load: to compile, unless that was done before.
    pub load_us: u64,
    /// Bytes of what it was compiled to.
    pub compiled_bytes: u64,
    /// What it did in its trial.
    pub trial: Trial,
}

/// Reads, compiles and tries a component, or takes what was found when it was admitted before.
///
/// # Errors
/// Why it was not even tried. What failed in a trial is in the verdict.
pub async fn admit(sandbox: &Sandbox, bytes: &[u8]) -> Result<Admission, LoadError> {
    let inspection = sandbox.inspect(bytes)?;
    match kept(sandbox, &inspection) {
        Some(verdict) => Ok(Admission { inspection, verdict, kept: true }),
        None => Ok(tried(sandbox, bytes).await?.0),
    }
}

/// The same, with the component to be used.
pub(crate) async fn admit_and_load(sandbox: &Sandbox, bytes: &[u8]) -> Result<(Admission, Component), LoadError> {
    let inspection = sandbox.inspect(bytes)?;
    match kept(sandbox, &inspection) {
        Some(verdict) => Ok((Admission { inspection, verdict, kept: true }, sandbox.load(bytes)?)),
        None => tried(sandbox, bytes).await,
    }
}

fn kept(sandbox: &Sandbox, inspection: &Inspection) -> Option<Verdict> {
    let verdict = sandbox.verdict(&inspection.digest, &trial::asked())?;
    rmp_serde::from_slice(&verdict).ok()
}

/// The same of one that is loaded already, which took so many microseconds.
pub(crate) async fn admit_loaded(sandbox: &Sandbox, component: &Component, load_us: u64) -> Admission {
    let inspection = component.inspection().clone();
    match kept(sandbox, &inspection) {
        Some(verdict) => Admission { inspection, verdict, kept: true },
        None => tried_loaded(sandbox, component, load_us).await,
    }
}

async fn tried(sandbox: &Sandbox, bytes: &[u8]) -> Result<(Admission, Component), LoadError> {
    let began = Instant::now();
    let component = sandbox.load(bytes)?;
    let admission = tried_loaded(sandbox, &component, micros(began)).await;
    Ok((admission, component))
}

pub(crate) fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

async fn tried_loaded(sandbox: &Sandbox, component: &Component, load_us: u64) -> Admission {
    let inspection = component.inspection().clone();
    let trial = trial(component).await;
    let verdict = Verdict { load_us, compiled_bytes: component.compiled_bytes() as u64, trial };
    if verdict.trial.passed() {
        match rmp_serde::to_vec_named(&verdict) {
            Ok(bytes) => sandbox.keep_verdict(&inspection.digest, &trial::asked(), &bytes),
            Err(error) => tracing::warn!(%error, "a verdict could not be written down"),
        }
    }
    Admission { inspection, verdict, kept: false }
}
