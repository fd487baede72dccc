//! Sources of an agent, in whichever language, to a component: what [`new`] lays out, [`build()`] makes.
//!
//! A language's compiler makes a core module, or a component of its own; everything after that is the same for all and needs
//! no tool: the contract's type is embedded, the component encoded and validated, and libraries plugged into what imports
//! them, by crates that are linked in. So one toolchain is all that an author installs.

mod bindings;
mod compose;
mod encode;
mod imports;
mod interfaces;
mod language;
mod layout;
mod mistake;
mod module;
mod native;
mod project;
mod template;
mod tool;
mod wit;

pub use encode::encode;
pub use interfaces::{Interface, Interfaces};
pub use language::{Built, Language, build};
pub use mistake::Mistake;
pub use native::{NativeTests, native_tests};
pub use project::{Import, MANIFEST, Project};
pub use template::{check_name, new};

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The version of the contract that agents are built against.
pub const CONTRACT: &str = "0.2.0";

/// The version of `greenroom:memory`.
pub(crate) const MEMORY: &str = "0.1.0";

/// Why there is no component.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The agent's file says what cannot be.
    #[error("{}:\n{}", path.display(), mistake::lines(mistakes))]
    Project {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        mistakes: Vec<Mistake>,
    },
    /// A program that is needed is not there, or too old.
    #[error("{0}")]
    Toolchain(String),
    /// The compiler refused the sources: what it said.
    #[error("the {language} compiler refused it:\n{said}")]
    Compile {
        /// The language's name.
        language: &'static str,
        /// In the compiler's words, with the author's file and line.
        said: String,
    },
    /// What the compiler made is no agent.
    #[error("{0}")]
    Component(String),
    /// A file cannot be read or written.
    #[error("{} cannot be {done}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        done: &'static str,
        /// Why not.
        error: std::io::Error,
    },
}

impl BuildError {
    fn file(path: &Path, done: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), done, error }
    }
}
