//! Agents that are text: an interpreter is inspected and compiled once, whatever scripts run in it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use greenroom_model::{Budget, Digest, Fault, Prefix, Script, ScriptExports, ScriptFailure, Usage, text};
use thiserror::Error;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::bindings::script::exports::greenroom::script::interpreter as generated;
use crate::capabilities::Capabilities;
use crate::component::Component;
use crate::context::Context;
use crate::engine::Sandbox;
use crate::inspect::{self, Code, Inspection, LoadError};
use crate::limits::Limits;
use crate::tape::Tape;

/// How many interpreters stay in memory, compiled.
const KEPT: usize = 8;

/// Why text is no agent.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// What is to run it cannot.
    #[error("its interpreter is not usable: {0}")]
    Interpreter(#[from] LoadError),
    /// There is none.
    #[error("{name}: no interpreter runs such files: {why}")]
    NoInterpreter {
        /// The script's.
        name: String,
        /// Which there are, or why none can be had.
        why: String,
    },
    /// What is wrong with it, and where.
    #[error("{0}")]
    Script(String),
}

/// The interpreters that were met last. They are told apart by their bytes, which takes less time than
/// making a digest of them.
#[derive(Default)]
pub(crate) struct Interpreters(Mutex<VecDeque<Arc<Interpreter>>>);

/// What is known of one.
pub(crate) struct Interpreter {
    bytes: Vec<u8>,
    prefix: Prefix,
    code: Code,
    compiled: OnceLock<wasmtime::component::Component>,
}

impl Interpreters {
    fn of(&self, bytes: &[u8], limits: &Limits) -> Result<Arc<Interpreter>, LoadError> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().iter().find(|known| known.bytes == bytes).cloned() {
            return Ok(known);
        }
        let code = inspect::read(bytes, limits)?;
        let new = Arc::new(Interpreter {
            bytes: bytes.to_owned(),
            prefix: Prefix::of(bytes),
            code,
            compiled: OnceLock::new(),
        });
        let mut kept = lock();
        kept.push_back(Arc::clone(&new));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(new)
    }
}

impl Interpreter {
    /// Of a component that begins with it.
    fn digest(&self, component: &[u8]) -> Digest {
        self.prefix.and(component.get(self.bytes.len()..).unwrap_or_default())
    }

    /// What a component is that begins with it.
    fn with(&self, script: &Script, component: &[u8]) -> Result<Inspection, LoadError> {
        self.code.with(script, self.digest(component), component.len())
    }
}

/// What every instance of a scripted agent does first.
pub(crate) struct Loading {
    indices: generated::GuestIndices,
    script: Script,
}

impl Loading {
    pub(crate) fn new(script: Script, pre: &InstancePre<Context>) -> wasmtime::Result<Self> {
        Ok(Self { indices: generated::GuestIndices::new(pre)?, script })
    }

    /// Of the script's file.
    pub(crate) fn name(&self) -> &str {
        &self.script.name
    }

    /// Gives an instance its script.
    pub(crate) async fn load(
        &self,
        store: &mut Store<Context>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<ScriptExports, ScriptFailure>> {
        let guest = self.indices.load(&mut *store, instance)?;
        let said = guest.call_load(store, &self.script.name, &self.script.source).await?;
        Ok(match said {
            Ok(flags) => Ok(ScriptExports {
                policy: flags.contains(generated::Exports::POLICY),
                lifecycle: flags.contains(generated::Exports::LIFECYCLE),
                learner: flags.contains(generated::Exports::LEARNER),
            }),
            Err(generated::Failure { message, line, column }) => {
                Err(ScriptFailure { name: self.script.name.clone(), message: text::shown(&message), line, column })
            }
        })
    }

    /// That it is what the component says.
    pub(crate) fn expected(&self, found: ScriptExports) -> Result<(), ScriptFailure> {
        let said = self.script.exports;
        if found == said {
            return Ok(());
        }
        let message = format!("exports {found}, and its component was built as exporting {said}: build it again");
        Err(ScriptFailure { name: self.script.name.clone(), message, line: None, column: None })
    }
}

impl Sandbox {
    /// The interpreter of scripts that are called so: `js.wasm` for `agent.js`.
    ///
    /// # Errors
    /// Which there are.
    pub fn interpreter(&self, name: &str) -> Result<Vec<u8>, ScriptError> {
        let missing = |why| ScriptError::NoInterpreter { name: text::shown(name), why };
        let Some(folder) = self.interpreters_dir() else {
            return Err(missing("the host has no folder of interpreters".to_owned()));
        };
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let path = folder.join(format!("{extension}.wasm"));
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let there = extensions(folder);
                let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
                Err(missing(format!("of {} there are interpreters for {there}", folder.display())))
            }
            Err(error) => Err(missing(format!("{} cannot be read: {error}", path.display()))),
        }
    }

    /// Makes the component of a script in an interpreter: runs its top level, in an instance that reaches nothing, to see
    /// what it exports. Blocks no longer than `budget` says, and as long as it takes to compile the interpreter.
    ///
    /// # Errors
    /// What is wrong with the interpreter or the script, which the message says with its line and column.
    pub async fn script(
        &self,
        interpreter: &[u8],
        name: &str,
        source: &str,
        budget: &Budget,
    ) -> Result<Component, ScriptError> {
        inspect::short_enough(source)?;
        let code = interpreter;
        let interpreter = self.interpreters().of(code, self.limits())?;
        let exports = ScriptExports { policy: true, lifecycle: true, learner: true };
        let mut script = Script { name: name.to_owned(), exports, source: source.to_owned() };
        let unknown = interpreter.code.with(&script, interpreter.code.inspection.digest, code.len())?;
        let component = self.scripted(&interpreter, code, unknown, script.clone(), Arc::default())?;
        let told = |fault: Fault| ScriptError::Script(fault.message);
        let reaches = Capabilities::none("load");
        let (_, found) =
            component.make(reaches, budget, &mut Usage::default(), &mut Tape::default()).await.map_err(told)?;
        script.exports = found.unwrap_or_default();
        let bytes: Arc<[u8]> = script.component(code).into();
        let inspection = interpreter.with(&script, &bytes)?;
        Ok(self.scripted(&interpreter, code, inspection, script, bytes)?)
    }

    /// What a component with a script is, without compiling anything.
    pub(crate) fn inspect_script(&self, code: &[u8], script: &Script, bytes: &[u8]) -> Result<Inspection, LoadError> {
        self.interpreters().of(code, self.limits())?.with(script, bytes)
    }

    pub(crate) fn load_script(&self, code: &[u8], script: Script, bytes: &[u8]) -> Result<Component, LoadError> {
        let interpreter = self.interpreters().of(code, self.limits())?;
        let inspection = interpreter.with(&script, bytes)?;
        self.scripted(&interpreter, code, inspection, script, bytes.into())
    }

    fn scripted(
        &self,
        interpreter: &Interpreter,
        code: &[u8],
        inspection: Inspection,
        script: Script,
        bytes: Arc<[u8]>,
    ) -> Result<Component, LoadError> {
        let compiled = match interpreter.compiled.get() {
            Some(compiled) => compiled,
            None => {
                let compiled = self.compile_or_cached(&interpreter.code.inspection.digest, code)?;
                interpreter.compiled.get_or_init(|| compiled)
            }
        };
        Component::new(inspection, bytes, compiled, Some(script), Arc::default(), self.clone())
    }
}

/// What the interpreters of a folder run.
fn extensions(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<String> =
        files.filter_map(|file| Some(format!(".{}", file.file_name().to_str()?.strip_suffix(".wasm")?))).collect();
    found.sort();
    found
}
