//! Which interfaces of the contract an agent exports, and the WIT that says so.

use std::fmt::Write as _;

use include_dir::{Dir, include_dir};

use crate::CONTRACT;

pub(crate) static WIT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/0.2.0");

/// The memory layer by kinds of namespaces, and its interfaces.
pub(crate) static MEMORY_WIT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/memory/0.1.0");

/// Those of its interfaces that an agent may import.
pub(crate) const KINDS: [&str; 6] = ["kv", "counter", "log", "blob", "vector", "changes"];

/// An interface that an agent exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interface {
    /// It decides.
    Policy,
    /// It has parameters or a state.
    Lifecycle,
    /// It learns.
    Learner,
}

impl Interface {
    /// All, in the order in which they build on each other.
    pub const ALL: [Self; 3] = [Self::Policy, Self::Lifecycle, Self::Learner];

    /// As the contract calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Lifecycle => "lifecycle",
            Self::Learner => "learner",
        }
    }

    /// A name of the contract.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interface| interface.name() == name)
    }
}

/// Which interfaces an agent exports, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interfaces(pub Vec<Interface>);

impl Interfaces {
    /// Those of which a core module exports functions, by the names of the canonical ABI.
    pub(crate) fn of_exports<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        let exported = |interface: &Interface| {
            let start = format!("greenroom:agent/{}@{CONTRACT}#", interface.name());
            names.iter().any(|name| name.starts_with(&start))
        };
        Self(Interface::ALL.into_iter().filter(exported).collect())
    }

    /// In words.
    #[must_use]
    pub fn listed(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|interface| interface.name()).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }

    /// The package whose world `agent` is that of such a component, which imports of libraries what is in `libraries`.
    pub(crate) fn package(&self, libraries: &[String]) -> String {
        self.package_of(&["memory", "log", "metric"], libraries)
    }

    /// The same with these imports of the contract: some generators import all that there is, used or not.
    pub(crate) fn package_of(&self, imports: &[&str], libraries: &[String]) -> String {
        let mut text = "package greenroom:build;\n\nworld agent {\n".to_owned();
        for interface in imports {
            let _ = writeln!(text, "  import greenroom:agent/{interface}@{CONTRACT};");
        }
        let of_libraries = libraries.iter().fold(String::new(), |all, name| format!("{all}  import {name};\n"));
        text += &of_libraries;
        for interface in &self.0 {
            let _ = writeln!(text, "  export greenroom:agent/{}@{CONTRACT};", interface.name());
        }
        text += "}\n";
        if !libraries.is_empty() {
            // For generators of bindings: those of the contract are in the SDK.
            let _ = write!(text, "\nworld libraries {{\n{of_libraries}}}\n");
        }
        text
    }
}
