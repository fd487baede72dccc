//! An agent's folder, and the file in it that says what it is.

use std::path::{Component, Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};

use crate::interfaces::{Interface, Interfaces};
use crate::mistake::{Mistake, meant};
use crate::{BuildError, CONTRACT, Language, template};

/// The file's name.
pub const MANIFEST: &str = "greenroom.toml";

/// An agent's sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Where they are.
    pub folder: PathBuf,
    /// The agent's name, which its component is named after.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The file that the compiler is given, in the folder.
    pub source: PathBuf,
    /// What it says that it exports; empty when it leaves that to the compiler.
    pub exports: Interfaces,
}

impl Project {
    /// Reads `greenroom.toml` in a folder.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(folder: &Path) -> Result<Self, BuildError> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if folder.is_dir() => BuildError::Project {
                path: folder.to_owned(),
                mistakes: vec![Mistake {
                    line: 0,
                    message: format!(
                        "there is no {MANIFEST} here, so this is no agent's folder: `greenroom new NAME --lang LANGUAGE` makes one"
                    ),
                }],
            },
            _ => BuildError::File { path: path.clone(), done: "read", error },
        })?;
        Self::parse(folder, &text).map_err(|mistakes| BuildError::Project { path, mistakes })
    }

    /// The same from the file's text.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(folder: &Path, text: &str) -> Result<Self, Vec<Mistake>> {
        let line_at = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
        let document = Document::parse(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_at(span.start));
            vec![Mistake { line, message: error.message().to_owned() }]
        })?;
        let mut reader = Reader { line_at: &line_at, mistakes: Vec::new() };
        let agent = reader.sections(document.as_table());
        let project = agent.map(|agent| reader.agent(folder, agent));
        match (project, reader.mistakes) {
            (Some(Some(project)), mistakes) if mistakes.is_empty() => Ok(project),
            (_, mistakes) => Err(mistakes),
        }
    }

    /// That what was found is what it says that it exports, where it says something.
    ///
    /// # Errors
    /// Both, when it is not.
    pub fn check_exports(&self, found: Interfaces) -> Result<(), BuildError> {
        if self.exports.0.is_empty() || self.exports == found {
            return Ok(());
        }
        let (said, found) = (self.exports.listed(), found.listed());
        Err(BuildError::Component(format!(
            "it exports {found}, and `exports` in {MANIFEST} says {said}: change the one or the other"
        )))
    }

    /// Where everything that can be made again is.
    #[must_use]
    pub fn build_folder(&self) -> PathBuf {
        self.folder.join("build")
    }

    /// Where the component goes.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.build_folder().join(format!("{}.wasm", self.name))
    }
}

struct Reader<'t> {
    line_at: &'t dyn Fn(usize) -> usize,
    mistakes: Vec<Mistake>,
}

const KEYS: [&str; 5] = ["name", "language", "source", "exports", "contract"];

impl Reader<'_> {
    fn wrong(&mut self, at: Option<std::ops::Range<usize>>, message: String) {
        let line = at.map_or(0, |span| (self.line_at)(span.start));
        self.mistakes.push(Mistake { line, message });
    }

    fn sections<'d>(&mut self, all: &'d dyn TableLike) -> Option<&'d dyn TableLike> {
        let agent = all.get("agent").and_then(Item::as_table_like);
        if agent.is_none() {
            // The file may hold the host's settings too, so that other keys are no mistake.
            let near: String = all.iter().map(|(name, _)| meant(name, ["agent"])).collect();
            self.wrong(None, format!("[agent] is missing, which says `name` and `language`{near}"));
        }
        agent
    }

    fn agent(&mut self, folder: &Path, agent: &dyn TableLike) -> Option<Project> {
        for (key, item) in agent.iter().filter(|(key, _)| !KEYS.contains(key)) {
            let message = format!("`{key}` is not known in [agent], expected {}{}", KEYS.join(", "), meant(key, KEYS));
            self.wrong(item.span(), message);
        }
        let name = self.text(agent, "name").filter(|name| {
            let wrong = template::check_name(name).err();
            if let Some(message) = wrong.clone() {
                self.wrong(agent.get("name").and_then(Item::span), format!("`name` = {name:?}: {message}"));
            }
            wrong.is_none()
        });
        let language = self.text(agent, "language").and_then(|language| {
            let known = Language::of(&language);
            if known.is_none() {
                let names = Language::ALL.map(Language::name);
                let message = format!(
                    "`language` = {language:?} is not known, expected {}{}",
                    names.join(", "),
                    meant(&language, names)
                );
                self.wrong(agent.get("language").and_then(Item::span), message);
            }
            known
        });
        for (key, there) in [("name", agent.contains_key("name")), ("language", agent.contains_key("language"))] {
            if !there {
                self.wrong(None, format!("[agent] has no `{key}`"));
            }
        }
        if let Some(contract) = self.text(agent, "contract").filter(|contract| contract != CONTRACT) {
            let message = format!(
                "`contract` = {contract:?}: this greenroom builds agents against {CONTRACT}; change the agent, or build it with \
                 the greenroom of its contract"
            );
            self.wrong(agent.get("contract").and_then(Item::span), message);
        }
        let source = self.source(folder, agent, language);
        let exports = self.exports(agent, language);
        Some(Project {
            folder: folder.to_owned(),
            name: name?,
            language: language?,
            source: source?,
            exports: exports?,
        })
    }

    fn text(&mut self, agent: &dyn TableLike, key: &str) -> Option<String> {
        let item = agent.get(key)?;
        let text = item.as_str().map(ToOwned::to_owned);
        if text.is_none() {
            self.wrong(item.span(), format!("`{key}` is {}, expected text", item.type_name()));
        }
        text
    }

    fn source(&mut self, folder: &Path, agent: &dyn TableLike, language: Option<Language>) -> Option<PathBuf> {
        let (said, span) = (self.text(agent, "source"), agent.get("source").and_then(Item::span));
        let source = PathBuf::from(said.or_else(|| language.map(|l| l.source().to_owned()))?);
        if !source.components().all(|part| matches!(part, Component::Normal(_))) {
            self.wrong(span, format!("`source` = {:?}: expected a file in the agent's folder", source.display()));
            return None;
        }
        if !folder.join(&source).is_file() {
            self.wrong(span, format!("there is no source file {}: name it by `source`", source.display()));
            return None;
        }
        Some(source)
    }

    fn exports(&mut self, agent: &dyn TableLike, language: Option<Language>) -> Option<Interfaces> {
        let known = Interface::ALL.map(Interface::name);
        let Some(item) = agent.get("exports") else {
            if language.is_some_and(Language::needs_exports) {
                let message =
                    format!("[agent] has no `exports`: a list of what the agent exports, of {}", known.join(", "));
                self.wrong(None, message);
            }
            return Some(Interfaces::default());
        };
        let Some(array) = item.as_array() else {
            self.wrong(
                item.span(),
                format!("`exports` is {}, expected a list of {}", item.type_name(), known.join(", ")),
            );
            return None;
        };
        let mut exports = Vec::new();
        for value in array {
            match value.as_str().and_then(Interface::of) {
                Some(interface) => exports.push(interface),
                None => {
                    let found = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                    let message =
                        format!("`exports` has {found:?}, expected {}{}", known.join(", "), meant(&found, known));
                    self.wrong(Value::span(value), message);
                }
            }
        }
        exports.sort();
        exports.dedup();
        if exports.first() != Some(&Interface::Policy) {
            self.wrong(item.span(), "`exports` lacks \"policy\": every agent decides".to_owned());
        }
        if exports.contains(&Interface::Learner) && !exports.contains(&Interface::Lifecycle) {
            let message = "`exports` has \"learner\" without \"lifecycle\": what is learned is kept by its `snapshot`";
            self.wrong(item.span(), message.to_owned());
        }
        Some(Interfaces(exports))
    }
}
