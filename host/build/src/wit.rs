//! The WIT of a component: a world, and the packages that it speaks of.

use std::fs;
use std::path::Path;

use include_dir::Dir;
use wit_parser::{PackageId, Resolve, SourceMap, UnresolvedPackageGroup, WorldId};

use crate::imports::Imported;
use crate::interfaces::{Interfaces, KINDS, MEMORY_WIT, WIT};
use crate::layout::put;
use crate::project::LIBRARY_WIT;
use crate::{BuildError, CONTRACT, MEMORY, Project};

/// The WIT that a project is compiled against.
pub(crate) struct Wit {
    /// The world that is its component's: `agent` or `library`.
    pub(crate) world: &'static str,
    /// What a library exports.
    pub(crate) exports: Vec<String>,
    text: String,
    packages: Vec<Package>,
}

/// A package beside the contract, by the name of its folder: files and what is in them.
pub(crate) struct Package {
    pub(crate) folder: String,
    pub(crate) files: Vec<(String, String)>,
}

impl Wit {
    /// That of a project.
    pub(crate) fn of(project: &Project, imported: &Imported) -> Result<Self, BuildError> {
        if !project.library {
            return Ok(Self::of_agent(&project.exports, imported));
        }
        let mut packages = imported.packages();
        let own = own_package(&project.folder.join(LIBRARY_WIT))?;
        let exports = exported(&own, &packages).map_err(BuildError::Component)?;
        packages.push(own);
        let lines = |what: &str, names: &[String]| {
            names.iter().fold(String::new(), |all, name| all + &format!("  {what} {name};\n"))
        };
        // What a library says, the host hears as said by the agent.
        let mut imports = ["log", "metric"].map(|name| format!("greenroom:agent/{name}@{CONTRACT}")).to_vec();
        imports.extend(imported.names().iter().cloned());
        let body = lines("import", &imports) + &lines("export", &exports);
        let text = format!("package greenroom:build;\n\nworld library {{\n{body}}}\n");
        Ok(Self { world: "library", exports, text, packages })
    }

    /// That of an agent which exports this.
    pub(crate) fn of_agent(exports: &Interfaces, imported: &Imported) -> Self {
        let (text, packages) = (exports.package(imported.names()), imported.packages());
        Self { world: "agent", exports: Vec::new(), text, packages }
    }

    /// The same for a module of which only what it uses becomes a part of the component: it may import kinds of memory too.
    pub(crate) fn with_kinds(mut self) -> Self {
        let imports = KINDS.map(|kind| format!("  import greenroom:memory/{kind}@{MEMORY};\n")).concat();
        self.text = self.text.replacen("world agent {\n", &format!("world agent {{\n{imports}"), 1);
        self
    }

    /// Writes it to the build folder's `wit`. What is there of another time goes.
    pub(crate) fn lay_out(&self, folder: &Path) -> Result<(), BuildError> {
        let deps = folder.join("deps");
        let kept = |name: &str| name == "agent" || self.packages.iter().any(|package| package.folder == name);
        for entry in fs::read_dir(&deps).into_iter().flatten().flatten() {
            if !kept(&entry.file_name().to_string_lossy()) {
                fs::remove_dir_all(entry.path()).map_err(BuildError::file(&entry.path(), "removed"))?;
            }
        }
        put(&folder.join(format!("{}.wit", self.world)), self.text.as_bytes())?;
        for (path, contents) in crate::layout::files(&WIT) {
            put(&deps.join("agent").join(path), contents)?;
        }
        for package in &self.packages {
            for (name, text) in &package.files {
                put(&deps.join(&package.folder).join(name), text.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Its parts resolved, and one of its worlds.
    pub(crate) fn resolve(&self, world: &str) -> Result<(Resolve, WorldId), String> {
        let (resolve, package) = resolved([("agent.wit".to_owned(), self.text.clone())], &self.packages)?;
        let world = resolve.select_world(&[package], Some(world)).map_err(|e| format!("{e:#}"))?;
        Ok((resolve, world))
    }
}

/// What is in a library's folder of WIT.
fn own_package(folder: &Path) -> Result<Package, BuildError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(BuildError::file(folder, "read"))? {
        let path = entry.map_err(BuildError::file(folder, "read"))?.path();
        if path.extension().is_some_and(|extension| extension == "wit") {
            let text = fs::read_to_string(&path).map_err(BuildError::file(&path, "read"))?;
            files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
        }
    }
    files.sort();
    Ok(Package { folder: "library".to_owned(), files })
}

/// The interfaces of a library's package: all are exported.
fn exported(own: &Package, packages: &[Package]) -> Result<Vec<String>, String> {
    if own.files.is_empty() {
        return Err(format!("`{LIBRARY_WIT}` has no file that ends in .wit"));
    }
    let files = own.files.iter().map(|(name, text)| (format!("{LIBRARY_WIT}/{name}"), text.clone()));
    let (resolve, package) = resolved(files, packages)?;
    let interfaces = resolve.packages.get(package).map(|package| package.interfaces.values().copied());
    let names: Vec<String> = interfaces.into_iter().flatten().filter_map(|id| resolve.id_of(id)).collect();
    match names.is_empty() {
        true => Err(format!("`{LIBRARY_WIT}` has no interface, so that the library exports nothing")),
        false => Ok(names),
    }
}

/// A package with the contract and the others that it may speak of.
fn resolved(
    main: impl IntoIterator<Item = (String, String)>,
    packages: &[Package],
) -> Result<(Resolve, PackageId), String> {
    let contract = files(&WIT);
    let memory = files(&MEMORY_WIT);
    let mut beside = vec![parsed(contract)?, parsed(memory)?];
    for package in packages {
        beside.push(parsed(package.files.iter().cloned())?);
    }
    let mut resolve = Resolve::default();
    let package = resolve.push_groups(parsed(main)?, beside).map_err(|error| error.render(&resolve.source_map))?;
    Ok((resolve, package))
}

fn files(of: &'static Dir<'static>) -> impl Iterator<Item = (String, String)> {
    of.files().map(|file| (file.path().display().to_string(), file.contents_utf8().unwrap_or_default().to_owned()))
}

fn parsed(files: impl IntoIterator<Item = (String, String)>) -> Result<UnresolvedPackageGroup, String> {
    let mut sources = SourceMap::default();
    files.into_iter().for_each(|(name, text)| sources.push_str(&name, text));
    sources.parse().map_err(|(sources, error)| error.render(&sources))
}
