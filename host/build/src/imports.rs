//! The components that a project imports: read, and what they export in words of WIT.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use wasmparser::{Parser, Validator};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{InterfaceId, Resolve, WorldItem, WorldKey};

use crate::interfaces::Interface;
use crate::mistake::{Mistake, meant};
use crate::project::Import;
use crate::wit::Package;
use crate::{BuildError, MANIFEST, Project};

/// A component that is named in `[imports]`.
pub(crate) struct Library {
    /// As the project names it.
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// The names of all that it exports.
    pub(crate) exports: Vec<String>,
    /// Where the project names it first.
    pub(crate) line: usize,
}

/// An interface that is listed, with its version where it has one.
pub(crate) struct Listed {
    pub(crate) name: String,
    /// Which library it is of.
    pub(crate) library: usize,
    pub(crate) line: usize,
}

/// All that a project imports of other components.
#[derive(Default)]
pub(crate) struct Imported {
    pub(crate) libraries: Vec<Library>,
    pub(crate) listed: Vec<Listed>,
    names: Vec<String>,
    /// The text of interfaces by their names, by the names of their packages.
    wit: BTreeMap<String, BTreeMap<String, String>>,
}

impl Imported {
    /// Reads what a project lists.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn read(project: &Project) -> Result<Self, BuildError> {
        let mut imported = Self::default();
        let mut mistakes = Vec::new();
        let mut worlds: Vec<(PathBuf, Result<World, String>)> = Vec::new();
        for import in &project.imports {
            let at = worlds.iter().position(|(path, _)| *path == import.component).unwrap_or_else(|| {
                worlds.push((import.component.clone(), World::read(project, &import.component)));
                worlds.len() - 1
            });
            let found = match worlds.get(at) {
                Some((_, Ok(world))) => imported.add(import, world),
                Some((_, Err(wrong))) => Err(wrong.clone()),
                None => continue,
            };
            if let Err(message) = found {
                mistakes.push(Mistake { line: import.line, message });
            }
        }
        if mistakes.is_empty() { Ok(imported) } else { Err(wrong(project, mistakes)) }
    }

    /// The names of the interfaces that are listed.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Which library of these gives an interface: the one that it is listed of, or another that exports it.
    pub(crate) fn of(&self, interface: &str) -> Option<usize> {
        let listed = self.listed.iter().find(|listed| listed.name == interface).map(|listed| listed.library);
        listed.or_else(|| {
            self.libraries.iter().position(|library| library.exports.iter().any(|export| export == interface))
        })
    }

    /// Their WIT.
    pub(crate) fn packages(&self) -> Vec<Package> {
        let package = |(name, interfaces): (&String, &BTreeMap<String, String>)| {
            let text = interfaces.values().fold(format!("package {name};\n"), |all, text| all + "\n" + text);
            Package { folder: name.replace(':', "-"), files: vec![("package.wit".to_owned(), text)] }
        };
        self.wit.iter().map(package).collect()
    }

    fn add(&mut self, import: &Import, world: &World) -> Result<(), String> {
        let (name, interface) = world.find(import)?;
        if let Some(twice) = self.listed.iter().find(|listed| listed.name == name) {
            return Err(format!("`{name}` is listed in line {} already: one component gives it", twice.line));
        }
        self.describe(import, world, interface)?;
        let there = self.libraries.iter().position(|library| library.path == import.component);
        let library = there.unwrap_or_else(|| {
            self.libraries.push(Library {
                path: import.component.clone(),
                bytes: world.bytes.clone(),
                exports: world.exports().map(|(name, _)| name).collect(),
                line: import.line,
            });
            self.libraries.len() - 1
        });
        self.names.push(name.clone());
        self.listed.push(Listed { name, library, line: import.line });
        Ok(())
    }

    /// Keeps the text of an interface and of those whose types it uses.
    fn describe(&mut self, import: &Import, world: &World, interface: InterfaceId) -> Result<(), String> {
        let resolve = &world.resolve;
        let mut open = vec![interface];
        let mut seen = Vec::new();
        while let Some(id) = open.pop() {
            let Some(found) = resolve.interfaces.get(id) else { continue };
            let (Some(name), Some(package)) = (&found.name, found.package.and_then(|id| resolve.packages.get(id)))
            else {
                continue;
            };
            let package = package.name.to_string();
            if seen.contains(&id) || package.starts_with("greenroom:agent@") {
                continue;
            }
            seen.push(id);
            open.extend(resolve.interface_direct_deps(id));
            let text = text_of(resolve, id, name)?;
            let known =
                self.wit.entry(package.clone()).or_default().entry(name.clone()).or_insert_with(|| text.clone());
            if *known != text {
                return Err(format!(
                    "`{name}` of {package} is another in {} than in a component above: build both against the same",
                    import.component.display()
                ));
            }
        }
        Ok(())
    }
}

/// What a component says of itself.
struct World {
    bytes: Vec<u8>,
    path: PathBuf,
    resolve: Resolve,
    exports: Vec<(String, InterfaceId)>,
}

impl World {
    fn read(project: &Project, component: &Path) -> Result<Self, String> {
        let (path, shown) = (project.folder.join(component), component.display());
        if same(&path, &project.component()) {
            return Err(format!("{shown} is what this folder makes, and cannot import itself"));
        }
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("there is no {shown}{}", made_by(&path)),
            _ => format!("{shown} cannot be read: {error}"),
        })?;
        if !Parser::is_component(&bytes) {
            let what = if Parser::is_core_wasm(&bytes) { "a core module, and" } else { "no WebAssembly, so" };
            return Err(format!("{shown} is {what} no component"));
        }
        Validator::new().validate_all(&bytes).map_err(|error| format!("{shown} is broken: {error}"))?;
        let decoded = wit_component::decode(&bytes).map_err(|error| format!("{shown} cannot be read: {error:#}"))?;
        let DecodedWasm::Component(resolve, world) = decoded else {
            return Err(format!("{shown} is WIT, expected the component that exports it"));
        };
        let exports = resolve.worlds.get(world).into_iter().flat_map(|world| &world.exports);
        let interface = |(key, item): (&WorldKey, &WorldItem)| match (key, item) {
            (WorldKey::Interface(id), WorldItem::Interface { .. }) => Some((resolve.id_of(*id)?, *id)),
            _ => None,
        };
        let exports: Vec<_> = exports.filter_map(interface).collect();
        let is_agent = Interface::ALL.iter().any(|interface| {
            let name = format!("greenroom:agent/{}@", interface.name());
            exports.iter().any(|(export, _)| export.starts_with(&name))
        });
        if is_agent {
            return Err(format!("{shown} is an agent, and agents are wired in a graph: expected a library"));
        }
        Ok(Self { bytes, path: component.to_owned(), resolve, exports })
    }

    fn exports(&self) -> impl Iterator<Item = (String, InterfaceId)> {
        self.exports.iter().cloned()
    }

    /// The interface that is asked for.
    fn find(&self, import: &Import) -> Result<(String, InterfaceId), String> {
        let asked = import.interface.as_str();
        let (bare, version) = split(asked);
        let named: Vec<&(String, InterfaceId)> =
            self.exports.iter().filter(|(name, _)| split(name).0 == bare).collect();
        let fits: Vec<_> = named.iter().filter(|(name, _)| version.is_none() || split(name).1 == version).collect();
        let path = self.path.display();
        match (fits.as_slice(), named.as_slice()) {
            ([one], _) => Ok((**one).clone()),
            ([], []) => {
                let all: Vec<&str> = self.exports.iter().map(|(name, _)| name.as_str()).collect();
                let what = if all.is_empty() { "no interface".to_owned() } else { all.join(", ") };
                let near = meant(bare, all.iter().map(|name| split(name).0));
                Err(format!("{path} does not export `{asked}` but {what}{near}"))
            }
            (_, named) => {
                let versions: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
                Err(format!("{path} exports {}, not `{asked}`: ask for one of these", versions.join(" and ")))
            }
        }
    }
}

pub(crate) fn wrong(project: &Project, mut mistakes: Vec<Mistake>) -> BuildError {
    mistakes.sort_by_key(|mistake| mistake.line);
    BuildError::Project { path: project.folder.join(MANIFEST), mistakes }
}

/// A name without its version, and the version.
pub(crate) fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(bare, version)| (bare, Some(version)))
}

fn text_of(resolve: &Resolve, id: InterfaceId, name: &str) -> Result<String, String> {
    let mut printer = WitPrinter::default();
    printer.print_interface(resolve, id).map_err(|error| format!("{error:#}"))?;
    let inner = printer.output.to_string();
    let lines = inner.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") });
    Ok(format!("interface {name} {{\n{}}}\n", lines.collect::<String>()))
}

fn same(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// How to make a component that is not there, when it is one that `greenroom build` makes.
fn made_by(path: &Path) -> String {
    let folder = path.parent().filter(|build| build.ends_with("build")).and_then(Path::parent);
    match folder.filter(|folder| folder.join(MANIFEST).is_file()) {
        Some(folder) => format!(": `greenroom build {}` makes it", short(folder).display()),
        None => String::new(),
    }
}

/// A path without folders that it goes into and out of again.
fn short(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut short, part| {
        let out = part == Component::ParentDir;
        if !(out && matches!(short.components().next_back(), Some(Component::Normal(_))) && short.pop()) {
            short.push(part);
        }
        short
    })
}
