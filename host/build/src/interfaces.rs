//! Which interfaces of the contract an agent exports, and the WIT that says so.

use std::fmt::Write as _;

use include_dir::{Dir, include_dir};
use wit_parser::{Resolve, SourceMap, UnresolvedPackageGroup, WorldId};

use crate::CONTRACT;

pub(crate) static WIT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/0.2.0");

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

    /// The package whose world `agent` is that of such a component.
    pub(crate) fn package(&self) -> String {
        self.package_of(&["memory", "log", "metric"])
    }

    /// The same with these imports: some generators import all that there is, used or not.
    pub(crate) fn package_of(&self, imports: &[&str]) -> String {
        let mut text = "package greenroom:build;\n\nworld agent {\n".to_owned();
        for interface in imports {
            let _ = writeln!(text, "  import greenroom:agent/{interface}@{CONTRACT};");
        }
        for interface in &self.0 {
            let _ = writeln!(text, "  export greenroom:agent/{}@{CONTRACT};", interface.name());
        }
        text + "}\n"
    }

    /// The same, resolved.
    pub(crate) fn resolve(&self) -> Result<(Resolve, WorldId), String> {
        let mut resolve = Resolve::default();
        let wrong = |error: &dyn std::fmt::Display| format!("the contract does not parse: {error:#}");
        let mut sources = SourceMap::default();
        for file in WIT.files() {
            sources.push_str(&file.path().display().to_string(), file.contents_utf8().unwrap_or_default());
        }
        resolve.push_group(parsed(sources)?).map_err(|e| wrong(&e))?;
        let mut own = SourceMap::default();
        own.push_str("agent.wit", self.package());
        let package = resolve.push_group(parsed(own)?).map_err(|e| wrong(&e))?;
        let world = resolve.select_world(&[package], Some("agent")).map_err(|e| wrong(&e))?;
        Ok((resolve, world))
    }
}

fn parsed(sources: SourceMap) -> Result<UnresolvedPackageGroup, String> {
    sources.parse().map_err(|(sources, error)| error.render(&sources))
}
