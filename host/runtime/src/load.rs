//! From a graph file on disk to a plan and the components that it names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use greenroom_graph::{Authored, ComponentFacts, Diagnostics, Plan, resolve};
use greenroom_model::{Budget, Digest};
use greenroom_sandbox::{Component, Sandbox};
use thiserror::Error;

/// A graph that can be prepared.
#[derive(Clone)]
pub struct Loaded {
    /// What the file became.
    pub plan: Plan,
    /// By the digest of their bytes.
    pub components: HashMap<Digest, Component>,
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

/// Reads a graph file and the components that it names, compiles what is not in the cache, asks each component what it
/// is, and resolves the graph. Everything that is wrong is reported together.
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
    Ok(Loaded { plan, components })
}

async fn component(sandbox: &Sandbox, path: &Path) -> Result<(Component, ComponentFacts), String> {
    let bytes = std::fs::read(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
        std::io::ErrorKind::IsADirectory => format!("{} is a folder, not a component", path.display()),
        _ => format!("{} cannot be read: {e}", path.display()),
    })?;
    let component = sandbox.load(&bytes).map_err(|e| format!("{} is not usable: {e}", path.display()))?;
    let descriptor = component
        .describe(&Budget::PREPARE)
        .await
        .map_err(|fault| format!("{} cannot describe itself: {fault}", path.display()))?;
    let facts = ComponentFacts { digest: component.digest(), interfaces: component.interfaces().clone(), descriptor };
    Ok((component, facts))
}
