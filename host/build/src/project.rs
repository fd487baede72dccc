//! An agent's folder, and the file in it that says what it is.

use std::path::{Component, Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};
use wit_parser::ParsedUsePath;

use crate::interfaces::{Interface, Interfaces};
use crate::mistake::{Mistake, meant};
use crate::{BuildError, CONTRACT, Language, template};

/// The file's name.
pub const MANIFEST: &str = "greenroom.toml";

/// The folder in which a library says what it exports.
pub(crate) const LIBRARY_WIT: &str = "wit";

/// The sources of an agent or of a library.
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
    /// What it says that it exports of the contract; empty when it leaves that to the compiler, and for a library.
    pub exports: Interfaces,
    /// Whether it is a library: what it exports is no agent's, and agents import it.
    pub library: bool,
    /// What it imports of other components.
    pub imports: Vec<Import>,
}

/// An interface that another component exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its name, such as `example:text/similarity`; the version may be left out.
    pub interface: String,
    /// The component, by its path from the folder.
    pub component: PathBuf,
    /// Where that is said.
    pub line: usize,
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
        let imports = reader.imports(document.as_table());
        let section = reader.sections(document.as_table());
        let project = section.map(|(section, table)| reader.project(folder, section, table, imports));
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

/// What a folder is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Agent,
    Library,
}

impl Section {
    fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Library => "library",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Agent => &["name", "language", "source", "exports", "contract"],
            Self::Library => &["name", "language", "source"],
        }
    }
}

impl Reader<'_> {
    fn wrong(&mut self, at: Option<std::ops::Range<usize>>, message: String) {
        let line = at.map_or(0, |span| (self.line_at)(span.start));
        self.mistakes.push(Mistake { line, message });
    }

    fn sections<'d>(&mut self, all: &'d dyn TableLike) -> Option<(Section, &'d dyn TableLike)> {
        let table = |section: Section| Some((section, all.get(section.name())?.as_table_like()?));
        match (table(Section::Agent), table(Section::Library)) {
            (Some(_), Some((_, library))) => {
                let span = library.iter().find_map(|(_, item)| item.span());
                self.wrong(span, "[agent] and [library] in one file: a component is one or the other".to_owned());
                None
            }
            (None, None) => {
                // The file may hold the host's settings too, so that other keys are no mistake.
                let near: String = all.iter().map(|(name, _)| meant(name, ["agent", "library"])).collect();
                self.wrong(None, format!("[agent] is missing, which says `name` and `language`{near}"));
                None
            }
            (agent, library) => agent.or(library),
        }
    }

    fn project(
        &mut self,
        folder: &Path,
        section: Section,
        table: &dyn TableLike,
        imports: Option<Vec<Import>>,
    ) -> Option<Project> {
        let (title, keys) = (section.name(), section.keys());
        for (key, item) in table.iter().filter(|(key, _)| !keys.contains(key)) {
            let known = keys.iter().copied();
            let message = match (section, key) {
                (Section::Library, "exports") => {
                    format!("a library exports what its folder `{LIBRARY_WIT}` says: leave `exports` out")
                }
                _ => format!("`{key}` is not known in [{title}], expected {}{}", keys.join(", "), meant(key, known)),
            };
            self.wrong(item.span(), message);
        }
        let name = self.text(table, "name").filter(|name| {
            let wrong = template::check_name(name).err();
            if let Some(wrong) = &wrong {
                self.wrong(table.get("name").and_then(Item::span), format!("`name` = {name:?}: {wrong}"));
            }
            wrong.is_none()
        });
        let language = self.language(section, table);
        for (key, there) in [("name", table.contains_key("name")), ("language", table.contains_key("language"))] {
            if !there {
                self.wrong(None, format!("[{title}] has no `{key}`"));
            }
        }
        if let Some(contract) = self.text(table, "contract").filter(|contract| contract != CONTRACT) {
            let message = format!(
                "`contract` = {contract:?}: this greenroom builds agents against {CONTRACT}; change the agent, or build it with \
                 the greenroom of its contract"
            );
            self.wrong(table.get("contract").and_then(Item::span), message);
        }
        let library = section == Section::Library;
        if library && !folder.join(LIBRARY_WIT).is_dir() {
            let message = format!("there is no folder `{LIBRARY_WIT}` with the interfaces that the library exports");
            self.wrong(None, message);
        }
        if language.is_some_and(Language::is_script) {
            for Import { interface, line, .. } in imports.iter().flatten() {
                let message =
                    format!("`{interface}` in [imports]: a script is one file, which imports no other component");
                self.mistakes.push(Mistake { line: *line, message });
            }
        }
        let source = self.source(folder, section, table, language);
        let exports = if library { Some(Interfaces::default()) } else { self.exports(table, language) };
        Some(Project {
            folder: folder.to_owned(),
            name: name?,
            language: language?,
            source: source?,
            exports: exports?,
            library,
            imports: imports?,
        })
    }

    fn language(&mut self, section: Section, table: &dyn TableLike) -> Option<Language> {
        let language = self.text(table, "language")?;
        let known = |of: &Language| section == Section::Agent || of.makes_libraries();
        let found = Language::of(&language).filter(known);
        if found.is_none() {
            let names: Vec<&str> = Language::ALL.into_iter().filter(known).map(Language::name).collect();
            let for_what = match Language::of(&language) {
                Some(_) => "is not what a library can be written in",
                None => "is not known",
            };
            let near = meant(&language, names.iter().copied());
            let message = format!("`language` = {language:?} {for_what}, expected {}{near}", names.join(", "));
            self.wrong(table.get("language").and_then(Item::span), message);
        }
        found
    }

    fn imports(&mut self, all: &dyn TableLike) -> Option<Vec<Import>> {
        let Some(item) = all.get("imports") else { return Some(Vec::new()) };
        let Some(table) = item.as_table_like() else {
            self.wrong(item.span(), format!("`imports` is {}, expected a table of interfaces", item.type_name()));
            return None;
        };
        let mut imports = Vec::new();
        for (interface, item) in table.iter() {
            let line = item.span().map_or(0, |span| (self.line_at)(span.start));
            let Some(component) = item.as_str() else {
                let message = format!("`{interface}` is {}, expected the path of a component", item.type_name());
                self.wrong(item.span(), message);
                continue;
            };
            match wit_parser::parse_use_path(interface) {
                Ok(ParsedUsePath::Package(..)) if interface.starts_with("greenroom:agent/") => {
                    self.wrong(item.span(), format!("`{interface}` is the host's, and needs no [imports]"));
                }
                Ok(ParsedUsePath::Package(..)) => {
                    imports.push(Import { interface: interface.to_owned(), component: component.into(), line });
                }
                _ => {
                    let message = format!(
                        "`{interface}` is no name of an interface, expected something like \"example:text/similarity\" or \
                         \"example:text/similarity@0.1.0\""
                    );
                    self.wrong(item.span(), message);
                }
            }
        }
        Some(imports)
    }

    fn text(&mut self, agent: &dyn TableLike, key: &str) -> Option<String> {
        let item = agent.get(key)?;
        let text = item.as_str().map(ToOwned::to_owned);
        if text.is_none() {
            self.wrong(item.span(), format!("`{key}` is {}, expected text", item.type_name()));
        }
        text
    }

    fn source(
        &mut self,
        folder: &Path,
        section: Section,
        table: &dyn TableLike,
        language: Option<Language>,
    ) -> Option<PathBuf> {
        let (said, span) = (self.text(table, "source"), table.get("source").and_then(Item::span));
        let usual = |language: Language| language.source().replace(Section::Agent.name(), section.name());
        let source = PathBuf::from(said.or_else(|| language.map(usual))?);
        if !source.components().all(|part| matches!(part, Component::Normal(_))) {
            self.wrong(
                span,
                format!("`source` = {:?}: expected a file in the {}'s folder", source.display(), section.name()),
            );
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
