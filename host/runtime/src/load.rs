//! From a graph file on disk to a plan and the components that it names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_graph::{Authored, ComponentFacts, Diagnostics, Plan, resolve};
use greenroom_model::Digest;
use greenroom_sandbox::{Component, LoadError, Sandbox};
use thiserror::Error;

use crate::admit::admit_and_load;
use crate::revoked::Revocations;

/// A graph that can be prepared.
#[derive(Clone)]
pub struct Loaded {
    /// What the file became.
    pub plan: Plan,
    /// By the digest of their bytes.
    pub components: HashMap<Digest, Component>,
    /// Grants of the graph that were taken back.
    pub revoked: Arc<Revocations>,
}

/// Why a graph could not be loaded.
#[derive(Debug, Error)]
pub enum LoadGraphError {
    /// The file cannot be read.
    #[error("failed to read the graph file {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file, or a component that it names, is wrong.
    #[error("{0}")]
    Graph(Box<Diagnostics>),
}

/// Reads a graph file and the components that it names, admits each component as [`crate::admit`] does, and resolves the
/// graph. Everything that is wrong is reported together.
///
/// # Errors
/// See [`LoadGraphError`].
pub async fn load(sandbox: &Sandbox, path: &Path) -> Result<Loaded, LoadGraphError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| LoadGraphError::Read { path: path.to_owned(), source })?;
    let wrong = |diagnostics| LoadGraphError::Graph(Box::new(diagnostics));
    let authored = Authored::parse(&path.display().to_string(), &text).map_err(wrong)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut facts = BTreeMap::new();
    let mut seen: HashMap<String, Result<(Component, ComponentFacts), String>> = HashMap::new();
    for wanted in authored.components() {
        if !seen.contains_key(&wanted.path) {
            seen.insert(wanted.path.clone(), component(sandbox, &folder.join(&wanted.path)).await);
        }
        let found = match seen.get(&wanted.path) {
            Some(Ok((_, found))) => Ok(found.clone()),
            Some(Err(message)) => Err(message.clone()),
            None => Err("it was not read".to_owned()),
        };
        facts.insert(wanted.agent, found);
    }
    let plan = resolve(&authored, &facts).map_err(wrong)?;
    let components =
        seen.into_values().filter_map(Result::ok).map(|(component, _)| (component.digest(), component)).collect();
    Ok(Loaded { plan, components, revoked: Arc::default() })
}

async fn component(sandbox: &Sandbox, path: &Path) -> Result<(Component, ComponentFacts), String> {
    let bytes = std::fs::read(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        std::io::ErrorKind::IsADirectory => format!("{} is a folder, not a component", path.display()),
        _ => format!("{} cannot be read: {e}", path.display()),
    })?;
    let unusable = |e: LoadError| format!("{} is not usable: {e}", path.display());
    let (admission, component) = admit_and_load(sandbox, &bytes).await.map_err(unusable)?;
    let failed: Vec<String> = admission.verdict.trial.failures().map(ToString::to_string).collect();
    if !failed.is_empty() {
        return Err(format!("{} is not admitted: {}", path.display(), failed.join("; ")));
    }
    let descriptor = admission.verdict.trial.descriptor;
    let facts = ComponentFacts { digest: component.digest(), interfaces: component.interfaces().clone(), descriptor };
    Ok((component, facts))
}
