//! From the text of a graph to a plan and the components that it names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use greenroom_graph::{Authored, ComponentFacts, ComponentRef, Diagnostics, Plan, StateRef, resolve};
use greenroom_model::{Budget, Digest, Script};
use greenroom_sandbox::{Component, LoadError, Sandbox, ScriptError};
use thiserror::Error;

use crate::admit::{admit_and_load, admit_loaded, micros};
use crate::given::Given;
use crate::plans::Gate;
use crate::revoked::Revocations;

/// A graph that can be prepared.
#[derive(Clone)]
pub struct Loaded {
    /// What the text became.
    pub plan: Plan,
    /// By the digest of their bytes.
    pub components: HashMap<Digest, Admitted>,
    /// Grants of the graph that were taken back.
    pub revoked: Arc<Revocations>,
    /// The text, and what messages call it.
    pub source: Arc<GraphText>,
    /// By path, as the text has it: components, those that were made of scripts among them, and the files with their signatures
    /// where the text asks for any.
    pub paths: BTreeMap<String, Digest>,
    /// What is in the files with signatures, by path.
    pub signatures: BTreeMap<String, Arc<[u8]>>,
    /// The learned states that the text gives, by agent.
    pub given: BTreeMap<String, Given>,
}

/// A graph file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphText {
    /// What messages call it.
    pub file_name: String,
    /// What it says.
    pub text: String,
}

/// A component that passed the gate.
#[derive(Clone)]
pub struct Admitted {
    /// Ready to make instances of.
    pub component: Component,
    /// What is known of it.
    pub facts: ComponentFacts,
    /// How it passed.
    pub gate: Gate,
}

/// Where components and learned states come from.
pub trait Components: Sync {
    /// What lies at a path, as a graph file names it; else why it cannot be had, in a sentence that names it.
    ///
    /// # Errors
    /// The sentence.
    fn at(&self, path: &str) -> Result<Offered, String>;

    /// The text of a file with signatures, which lies beside the component that it is of; else why it cannot be had, in a
    /// sentence that names it.
    ///
    /// # Errors
    /// The sentence.
    fn signature(&self, path: &str) -> Result<Arc<[u8]>, String>;

    /// The learned state that a graph file gives to an agent with the path of a file; else why it cannot be had, in a
    /// sentence that names it.
    ///
    /// # Errors
    /// The sentence.
    fn state(&self, agent: &str, path: &str) -> Result<Given, String>;

    /// A component that is at hand already.
    fn known(&self, _digest: &Digest) -> Option<Admitted> {
        None
    }

    /// What messages call the component at a path.
    fn called(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// A component, or the digest of one.
pub enum Offered {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// One that was admitted before.
    Admitted(Box<Admitted>),
    /// One that is loaded, which took so many microseconds, and is not admitted yet.
    Loaded(Component, u64),
}

impl Offered {
    /// Of the component's bytes.
    fn digest(&self) -> Digest {
        match self {
            Self::Bytes(bytes) => Digest::of(bytes),
            Self::Admitted(admitted) => admitted.facts.digest,
            Self::Loaded(component, _) => component.digest(),
        }
    }
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
    let text = GraphText { file_name: path.display().to_string(), text };
    load_from(sandbox, text, &Folder(path.parent().unwrap_or(Path::new("")))).await
}

/// The same, of a text and of components from wherever they are.
///
/// # Errors
/// See [`LoadGraphError`].
pub async fn load_from(
    sandbox: &Sandbox,
    source: GraphText,
    components: &dyn Components,
) -> Result<Loaded, LoadGraphError> {
    let wrong = |diagnostics| LoadGraphError::Graph(Box::new(diagnostics));
    let mut authored = Authored::parse(&source.file_name, &source.text).map_err(wrong)?;
    let signature = |path: String| (components.signature(&path), path);
    let signatures: BTreeMap<String, Result<Arc<[u8]>, String>> =
        authored.signatures().into_iter().map(signature).map(|(found, path)| (path, found)).collect();
    let mut seen: BTreeMap<String, Result<Admitted, String>> = BTreeMap::new();
    let scripts: BTreeSet<String> =
        authored.components().into_iter().filter(|wanted| wanted.script).map(|wanted| wanted.path).collect();
    // Nothing is looked into that is not what the file wants.
    for (path, offered) in accepted(&mut authored, components, &signatures) {
        let offered = match offered {
            Ok(Offered::Bytes(bytes)) if scripts.contains(&path) => scripted(sandbox, &path, &bytes, components).await,
            offered => offered,
        };
        let found = match offered {
            Ok(offered) => admitted(sandbox, &path, offered, components).await,
            Err(why) => Err(why),
        };
        seen.insert(path, found);
    }
    let mut facts = BTreeMap::new();
    for wanted in authored.components() {
        let found = match seen.get(&wanted.path) {
            Some(Ok(admitted)) => Ok(admitted.facts.clone()),
            Some(Err(message)) => Err(message.clone()),
            None => Err("it was not read".to_owned()),
        };
        facts.insert(wanted.agent, found);
    }
    let mut given = BTreeMap::new();
    for StateRef { agent, path } in authored.states() {
        match components.state(&agent, &path) {
            Ok(state) => drop(given.insert(agent, state)),
            Err(why) => authored.refuse_state(&agent, &why),
        }
    }
    let plan = resolve(&authored, &facts).map_err(wrong)?;
    let found = seen.into_iter().filter_map(|(path, found)| Some((path, found.ok()?)));
    let (mut paths, mut components) = (BTreeMap::new(), HashMap::new());
    for (path, admitted) in found {
        paths.insert(path, admitted.facts.digest);
        components.insert(admitted.facts.digest, admitted);
    }
    let signatures: BTreeMap<String, Arc<[u8]>> =
        signatures.into_iter().filter_map(|(path, found)| Some((path, found.ok()?))).collect();
    paths.extend(signatures.iter().map(|(path, text)| (path.clone(), Digest::of(text))));
    Ok(Loaded { plan, components, revoked: Arc::default(), source: Arc::new(source), paths, signatures, given })
}

/// What lies at each path that the file names, if all agents that it is for take it: as they pin it, and signed by whom the file
/// trusts. What they do not take is among the mistakes of the file.
fn accepted(
    authored: &mut Authored,
    components: &dyn Components,
    signatures: &BTreeMap<String, Result<Arc<[u8]>, String>>,
) -> BTreeMap<String, Result<Offered, String>> {
    let mut found: BTreeMap<String, Result<(Digest, Offered), String>> = BTreeMap::new();
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    for wanted in authored.components() {
        let ComponentRef { agent, path, .. } = &wanted;
        let offered =
            found.entry(path.clone()).or_insert_with(|| components.at(path).map(|offered| (offered.digest(), offered)));
        let Ok((digest, _)) = offered else { continue };
        let signature = wanted.signature();
        let signed = || signatures.get(&signature).cloned().unwrap_or_else(|| Err(format!("{signature} was not read")));
        if !authored.accepts(&wanted, digest, signed) {
            refused.insert(path.clone(), format!("agent `{agent}` does not take it"));
        }
    }
    let taken = |(path, offered): (String, Result<(Digest, Offered), String>)| {
        let offered = match refused.remove(&path) {
            Some(why) => Err(why),
            None => offered.map(|(_, offered)| offered),
        };
        (path, offered)
    };
    found.into_iter().map(taken).collect()
}

/// Components beside a graph file.
struct Folder<'p>(&'p Path);

impl Components for Folder<'_> {
    fn at(&self, path: &str) -> Result<Offered, String> {
        Ok(Offered::Bytes(self.read(path, "a component")?.into()))
    }

    fn signature(&self, path: &str) -> Result<Arc<[u8]>, String> {
        Ok(self.read(path, "a file with signatures")?.into())
    }

    fn state(&self, _agent: &str, path: &str) -> Result<Given, String> {
        Given::read(path, &self.called(path), &self.read(path, "a learned state")?)
    }

    fn called(&self, path: &str) -> String {
        self.0.join(path).display().to_string()
    }
}

impl Folder<'_> {
    fn read(&self, path: &str, expected: &str) -> Result<Vec<u8>, String> {
        let path = self.0.join(path);
        std::fs::read(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
            std::io::ErrorKind::IsADirectory => format!("{} is a folder, not {expected}", path.display()),
            _ => format!("{} cannot be read: {e}", path.display()),
        })
    }
}

/// The component of a script, in the interpreter that the host has for it; a component that was made of one before stays as
/// it is.
async fn scripted(sandbox: &Sandbox, path: &str, bytes: &[u8], components: &dyn Components) -> Result<Offered, String> {
    let called = components.called(path);
    if bytes.starts_with(b"\0asm") {
        return match Script::split(bytes) {
            Ok((_, Some(_))) => Ok(Offered::Bytes(bytes.into())),
            _ => Err(format!("{called} is WebAssembly and no text: name it by `component`")),
        };
    }
    let source = std::str::from_utf8(bytes).map_err(|error| format!("{called} is no text: {error}"))?;
    let name = Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
    let interpreter = sandbox.interpreter(&name).map_err(|error| error.to_string())?;
    let began = Instant::now();
    let made = sandbox.script(&interpreter, &name, source, &Budget::PREPARE).await;
    let made = made.map_err(|error| match error {
        // The message begins with the file's name.
        ScriptError::Script(why) => why,
        error => format!("{called}: {error}"),
    })?;
    let known = components.known(&made.digest()).map(|admitted| Offered::Admitted(Box::new(admitted)));
    Ok(known.unwrap_or_else(|| Offered::Loaded(made, micros(began))))
}

async fn admitted(
    sandbox: &Sandbox,
    path: &str,
    offered: Offered,
    components: &dyn Components,
) -> Result<Admitted, String> {
    let called = components.called(path);
    let unusable = |e: LoadError| format!("{called} is not usable: {e}");
    let (admission, component) = match offered {
        Offered::Admitted(admitted) => return Ok(*admitted),
        Offered::Bytes(bytes) => admit_and_load(sandbox, &bytes).await.map_err(unusable)?,
        Offered::Loaded(component, load_us) => (admit_loaded(sandbox, &component, load_us).await, component),
    };
    let trial = &admission.verdict.trial;
    if !trial.passed() {
        return Err(format!("{called} is not admitted: {}", trial.told()));
    }
    let gate = Gate {
        component: path.to_owned(),
        digest: component.digest(),
        kept: admission.kept,
        load_us: admission.verdict.load_us,
        checks: trial.steps.len(),
    };
    let interfaces = component.interfaces().clone();
    let descriptor = admission.verdict.trial.descriptor;
    let facts = ComponentFacts { digest: component.digest(), interfaces, descriptor };
    Ok(Admitted { component, facts, gate })
}
