//! An agent and the libraries that it imports, to one component that imports nothing but what the host offers.

use std::collections::BTreeMap;
use std::error::Error;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use crate::imports::{Imported, split, wrong};
use crate::mistake::Mistake;
use crate::{BuildError, Project};

/// What came of it.
pub(crate) struct Composed {
    pub(crate) bytes: Vec<u8>,
    /// What is listed and not used, in words.
    pub(crate) warnings: Vec<String>,
}

/// Plugs libraries into whatever imports them, each instantiated once. The same components make the same bytes.
///
/// # Errors
/// All that does not fit.
pub(crate) fn compose(project: &Project, component: Vec<u8>, imported: &Imported) -> Result<Composed, BuildError> {
    let mut parts = Parts::default();
    parts.register(&project.name, component.clone()).map_err(BuildError::Component)?;
    for (at, library) in imported.libraries.iter().enumerate() {
        parts.register(&format!("library-{at}"), library.bytes.clone()).map_err(BuildError::Component)?;
    }
    let plugs = parts.plugs(project, imported).map_err(|mistakes| wrong(project, mistakes))?;
    let warnings = unused(imported, &plugs);
    if plugs.is_empty() {
        return Ok(Composed { bytes: component, warnings });
    }
    let order = order(project, imported, &plugs).map_err(|mistake| wrong(project, vec![mistake]))?;
    let bytes = parts.encode(project, imported, &plugs, &order)?;
    Ok(Composed { bytes, warnings })
}

/// The project's own component in a list of it and the libraries.
const OWN: usize = 0;

/// An import that a library gives.
struct Plug {
    /// Who imports it: a place in the list of the project's own component and the libraries.
    to: usize,
    /// Whose export it is.
    from: usize,
    interface: String,
}

#[derive(Default)]
struct Parts {
    graph: CompositionGraph,
    packages: Vec<PackageId>,
}

impl Parts {
    fn register(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), String> {
        let package = Package::from_bytes(name, None, bytes, self.graph.types_mut()).map_err(|e| format!("{e:#}"))?;
        self.packages.push(self.graph.register_package(package).map_err(|e| e.to_string())?);
        Ok(())
    }

    fn imports(&self, part: usize) -> Vec<String> {
        let world = self.packages.get(part).map(|package| &self.graph.types()[self.graph[*package].ty()]);
        world.into_iter().flat_map(|world| world.imports.keys().cloned()).collect()
    }

    /// Who gives what to whom, for the project's component and every library that this takes.
    fn plugs(&self, project: &Project, imported: &Imported) -> Result<Vec<Plug>, Vec<Mistake>> {
        let (mut plugs, mut mistakes) = (Vec::new(), Vec::new());
        let (mut open, mut seen) = (vec![OWN], vec![OWN]);
        while let Some(to) = open.pop() {
            for interface in self.imports(to).into_iter().filter(|name| !is_hosts(name)) {
                let Some(from) = imported.of(&interface).map(|library| library + 1) else {
                    mistakes.push(missing(project, imported, to, &interface));
                    continue;
                };
                if !seen.contains(&from) {
                    seen.push(from);
                    open.push(from);
                }
                plugs.push(Plug { to, from, interface });
            }
        }
        if mistakes.is_empty() { Ok(plugs) } else { Err(mistakes) }
    }

    fn encode(
        mut self,
        project: &Project,
        imported: &Imported,
        plugs: &[Plug],
        order: &[usize],
    ) -> Result<Vec<u8>, BuildError> {
        let failed = |error: &dyn std::fmt::Display| BuildError::Component(format!("it cannot be composed: {error}"));
        let mut instances: BTreeMap<usize, NodeId> = BTreeMap::new();
        let mut mistakes = Vec::new();
        for &part in order {
            let Some(&package) = self.packages.get(part) else { continue };
            let instance = self.graph.instantiate(package);
            instances.insert(part, instance);
            for plug in plugs.iter().filter(|plug| plug.to == part) {
                let Some(&giver) = instances.get(&plug.from) else { continue };
                let export = self.graph.alias_instance_export(giver, &plug.interface).map_err(|e| failed(&e))?;
                if let Err(error) = self.graph.set_instantiation_argument(instance, &plug.interface, export) {
                    mistakes.push(Mistake {
                        line: line_of(imported, plug.from),
                        message: format!(
                            "`{}` has another type in {} than {} was compiled against: {}",
                            plug.interface,
                            shown(project, imported, plug.from),
                            shown(project, imported, plug.to),
                            error.source().map_or_else(|| error.to_string(), causes),
                        ),
                    });
                }
            }
        }
        if !mistakes.is_empty() {
            return Err(wrong(project, mistakes));
        }
        let (Some(&own), Some(&package)) = (instances.get(&OWN), self.packages.first()) else {
            return Err(failed(&"it is not among its parts"));
        };
        let exports: Vec<String> = self.graph.types()[self.graph[package].ty()].exports.keys().cloned().collect();
        for name in exports {
            let export = self.graph.alias_instance_export(own, &name).map_err(|e| failed(&e))?;
            self.graph.export(export, &name).map_err(|e| failed(&e))?;
        }
        self.graph.encode(EncodeOptions::default()).map_err(|e| failed(&causes(&e)))
    }
}

/// What the host offers: the contract, and WASI with nothing behind it.
fn is_hosts(name: &str) -> bool {
    name.starts_with("greenroom:agent/") || name.starts_with("wasi:")
}

/// What gives to others comes before them.
fn order(project: &Project, imported: &Imported, plugs: &[Plug]) -> Result<Vec<usize>, Mistake> {
    let (mut order, mut path) = (Vec::new(), Vec::new());
    visit(OWN, plugs, &mut path, &mut order).map_err(|cycle| {
        let names: Vec<String> = cycle.iter().map(|&part| shown(project, imported, part)).collect();
        let first = cycle.first().copied().unwrap_or(OWN);
        let message = format!("{} import each other: take one out of the circle", names.join(" and "));
        Mistake { line: line_of(imported, first), message }
    })?;
    Ok(order)
}

fn visit(part: usize, plugs: &[Plug], path: &mut Vec<usize>, order: &mut Vec<usize>) -> Result<(), Vec<usize>> {
    if order.contains(&part) {
        return Ok(());
    }
    if let Some(at) = path.iter().position(|&open| open == part) {
        return Err(path.split_off(at));
    }
    path.push(part);
    for plug in plugs.iter().filter(|plug| plug.to == part) {
        visit(plug.from, plugs, path, order)?;
    }
    path.pop();
    order.push(part);
    Ok(())
}

/// That nothing gives an import.
fn missing(project: &Project, imported: &Imported, to: usize, interface: &str) -> Mistake {
    let line = line_of(imported, to);
    let bare = split(interface).0;
    let exports = imported.libraries.iter().flat_map(|library| library.exports.iter().map(move |name| (library, name)));
    let other = exports.into_iter().find(|(_, name)| split(name).0 == bare);
    let who = shown(project, imported, to);
    let message = match other {
        Some((library, name)) => format!(
            "{who} imports `{interface}`, and {} exports {name}: build the one against the other's version",
            library.path.display()
        ),
        None => format!(
            "{who} imports `{interface}`, which neither the host offers nor a component of [imports] exports: list one"
        ),
    };
    Mistake { line, message }
}

fn unused(imported: &Imported, plugs: &[Plug]) -> Vec<String> {
    let used = |name: &str| plugs.iter().any(|plug| plug.interface == name);
    let unused = imported.listed.iter().filter(|listed| !used(&listed.name));
    unused
        .map(|listed| format!("{}: line {}: warning: nothing uses `{}`", crate::MANIFEST, listed.line, listed.name))
        .collect()
}

fn line_of(imported: &Imported, part: usize) -> usize {
    part.checked_sub(1).and_then(|at| imported.libraries.get(at)).map_or(0, |library| library.line)
}

fn shown(project: &Project, imported: &Imported, part: usize) -> String {
    let library = part.checked_sub(1).and_then(|at| imported.libraries.get(at));
    library.map_or_else(|| project.name.clone(), |library| library.path.display().to_string())
}

/// An error with what caused it.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
