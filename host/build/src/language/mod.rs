//! The languages, one file each: which compiler, how it is called, and whose its errors are.

pub(crate) mod assemblyscript;
pub(crate) mod c;
pub(crate) mod go;
pub(crate) mod javascript;
pub(crate) mod python;
pub(crate) mod rust;
mod wat;
pub(crate) mod zig;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compose::compose;
use crate::encode::{encode_agent, encode_for};
use crate::imports::Imported;
use crate::layout;
use crate::wit::Wit;
use crate::{BuildError, Interfaces, Project};

/// What an agent can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// C.
    C,
    /// Zig.
    Zig,
    /// Go.
    Go,
    /// AssemblyScript.
    AssemblyScript,
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// Python.
    Python,
    /// WebAssembly text.
    Wat,
    /// A script in JavaScript.
    ScriptJavaScript,
    /// A script in Rhai.
    ScriptRhai,
}

/// A component that was built.
#[derive(Debug)]
pub struct Built {
    /// Of the component.
    pub bytes: Vec<u8>,
    /// What the compiler said although it was content, and what is listed in `[imports]` and not used.
    pub warnings: String,
    /// The interfaces that a library exports; nothing for an agent.
    pub exports: Vec<String>,
}

/// What a compiler made.
pub(crate) enum Compiled {
    /// A core module, and what stands for modules that it imports.
    Module(Vec<u8>, Vec<(&'static str, Vec<u8>)>),
    /// A component.
    Component(Vec<u8>),
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Rust,
        Self::C,
        Self::Zig,
        Self::Go,
        Self::AssemblyScript,
        Self::JavaScript,
        Self::TypeScript,
        Self::Python,
        Self::Wat,
        Self::ScriptJavaScript,
        Self::ScriptRhai,
    ];

    /// As in `greenroom.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Zig => "zig",
            Self::Go => "go",
            Self::AssemblyScript => "assemblyscript",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Python => "python",
            Self::Wat => "wat",
            Self::ScriptJavaScript => "script-javascript",
            Self::ScriptRhai => "script-rhai",
        }
    }

    /// The language of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    /// The folder of its SDK.
    pub(crate) fn sdk(self) -> &'static str {
        match self {
            // Scripts in JavaScript have its SDK beside them for editors alone.
            Self::TypeScript | Self::ScriptJavaScript => "javascript",
            _ => self.name(),
        }
    }

    pub(crate) fn template(self) -> String {
        format!("{}/template", self.name())
    }

    /// The source file when `greenroom.toml` names none.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Rust => "src/lib.rs",
            Self::C => "agent.c",
            Self::Zig => "agent.zig",
            Self::Go => "agent.go",
            Self::AssemblyScript | Self::TypeScript => "agent.ts",
            Self::JavaScript | Self::ScriptJavaScript => "agent.js",
            Self::ScriptRhai => "agent.rhai",
            Self::Python => "agent.py",
            Self::Wat => "agent.wat",
        }
    }

    /// Whether it is text until it runs: nothing compiles it, and an interpreter of the host makes a component of it.
    #[must_use]
    pub fn is_script(self) -> bool {
        matches!(self, Self::ScriptJavaScript | Self::ScriptRhai)
    }

    /// What an author runs once in a new folder, beside installing the compiler.
    #[must_use]
    pub fn set_up(self) -> Option<&'static str> {
        match self {
            Self::AssemblyScript | Self::JavaScript | Self::TypeScript => Some("npm install"),
            _ => None,
        }
    }

    /// Whether a library can be written in it.
    pub(crate) fn makes_libraries(&self) -> bool {
        matches!(self, Self::Rust | Self::C | Self::Zig | Self::Wat)
    }

    /// Whether the compiler has to be told what the agent exports.
    pub(crate) fn needs_exports(self) -> bool {
        matches!(self, Self::C | Self::Go | Self::JavaScript | Self::TypeScript | Self::Python)
    }
}

/// What a recipe builds in.
pub(crate) struct Site<'p> {
    pub(crate) project: &'p Project,
    /// The build folder, where the SDK and the contract lie.
    pub(crate) build: PathBuf,
    /// What it is compiled against.
    pub(crate) wit: &'p Wit,
    pub(crate) imported: &'p Imported,
    /// Says what is being done.
    pub(crate) say: &'p dyn Fn(&str),
}

/// Builds the component of an agent or a library: compiles, embeds its type, encodes, plugs in what it imports of libraries, and
/// validates. `say` is told each step.
///
/// # Errors
/// What is missing of the toolchain, what the compiler refuses, or why what it made is no agent.
pub fn build(project: &Project, say: &dyn Fn(&str)) -> Result<Built, BuildError> {
    let build = std::path::absolute(project.build_folder()).map_err(BuildError::file(&project.folder, "used"))?;
    let imported = Imported::read(project)?;
    let wit = Wit::of(project, &imported)?;
    layout::lay_out(project.language.sdk(), &build, &wit)?;
    let site = Site { project, build, wit: &wit, imported: &imported, say };
    let (compiled, mut warnings) = match project.language {
        Language::Rust => rust::compile(&site)?,
        Language::C => c::compile(&site)?,
        Language::Zig => zig::compile(&site)?,
        Language::AssemblyScript => assemblyscript::compile(&site)?,
        Language::Go => go::compile(&site)?,
        Language::JavaScript | Language::TypeScript => javascript::compile(&site)?,
        Language::Python => python::compile(&site)?,
        Language::Wat => wat::compile(&site)?,
        Language::ScriptJavaScript | Language::ScriptRhai => {
            return Err(BuildError::Component(
                "a script is not compiled: an interpreter of the host makes a component of it".to_owned(),
            ));
        }
    };
    let bytes = match compiled {
        Compiled::Module(module, adapters) => {
            say("encoding the component");
            let adapters: Vec<_> = adapters.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
            if let Err(error) = wasmparser::Validator::new().validate_all(&module) {
                return Err(BuildError::Component(format!("the compiler made a broken module: {error}")));
            }
            check_exports(project, &module)?;
            let encoded = match project.library {
                true => encode_for(&module, &adapters, &wit),
                false => encode_agent(&module, &adapters, &imported),
            };
            encoded.map_err(|e| BuildError::Component(format!("no component can be made of it: {e}")))?
        }
        Compiled::Component(bytes) => bytes,
    };
    if !project.library && project.imports.is_empty() {
        return Ok(Built { bytes, warnings, exports: Vec::new() });
    }
    let composed = compose(project, bytes, &imported)?;
    for warning in composed.warnings {
        warnings = format!("{}\n{warning}", warnings.trim_end());
    }
    Ok(Built { bytes: composed.bytes, warnings, exports: wit.exports })
}

/// That it exports what `greenroom.toml` says, where it says something.
fn check_exports(project: &Project, module: &[u8]) -> Result<(), BuildError> {
    let names = crate::module::exports(module).map_err(BuildError::Component)?;
    project.check_exports(Interfaces::of_exports(names.iter().map(String::as_str)))
}

/// Runs a compiler in the agent's folder. What it said.
pub(crate) fn run(site: &Site<'_>, mut command: Command) -> Result<String, BuildError> {
    let program = PathBuf::from(command.get_program());
    let done = command.current_dir(&site.project.folder).output().map_err(BuildError::file(&program, "run"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.success() {
        return Ok(said);
    }
    let said = if said.trim().is_empty() { format!("nothing ({})", done.status) } else { said };
    Err(BuildError::Compile { language: site.project.language.name(), said: said.trim_end().to_owned() })
}

/// Reads what a compiler wrote.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    std::fs::read(path).map_err(BuildError::file(path, "read"))
}
