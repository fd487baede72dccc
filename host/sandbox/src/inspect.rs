//! Reads what a component is before any of it is compiled: is it one, which interfaces of the contract does it export
//! and import, how much of the pool does it need.

use greenroom_model::{Digest, Interfaces};
use thiserror::Error;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Encoding,
    Instance, Parser, Payload, Validator, WasmFeatures,
};

use crate::outcome::shown;

/// The version of the contract that this host speaks.
pub const CONTRACT: &str = "0.1.0";

const PACKAGE: &str = "greenroom:agent/";
const IMPORTS: [&str; 4] = ["types", "memory", "log", "metric"];
/// Packages of WASI 0.2 that are linked.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
const EXPORTS: [&str; 3] = ["policy", "lifecycle", "learner"];

/// Why a file is no component that this host runs.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum LoadError {
    #[error("not a WebAssembly file: it begins with {found}, expected the bytes 00 61 73 6d; build the agent for wasm")]
    NotWasm { found: String },
    #[error("a core module, not a component: make a component of it with `greenroom package`")]
    CoreModule,
    #[error("broken or truncated at byte {offset}: {message}; build or copy it again")]
    Broken { offset: usize, message: String },
    #[error(
        "imports `{name}`, which this host does not offer: an agent may import {} of greenroom:agent@{CONTRACT}, and \
         {} of WASI 0.2",
        IMPORTS[1..].join(", "), WASI.join(", ")
    )]
    UnknownImport { name: String },
    #[error(
        "exports `{name}`, which this host does not know: the contract greenroom:agent@{CONTRACT} has {}",
        EXPORTS.join(", ")
    )]
    UnknownExport { name: String },
    #[error("`{name}` is of another version of the contract: this host speaks {CONTRACT}; build the agent against it")]
    OtherContract { name: String },
    #[error(
        "exports nothing of greenroom:agent@{CONTRACT}: an agent exports `policy`, and may export `lifecycle` and `learner`"
    )]
    NothingExported,
    #[error(
        "`{interface}` does not have the type of the contract: {message}; build the agent against greenroom:agent@{CONTRACT}"
    )]
    WrongType { interface: String, message: String },
    #[error("could not be compiled: {0}")]
    Compile(String),
}

/// How much of the instance pool one instance takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Core instances.
    pub instances: u32,
    /// Linear memories.
    pub memories: u32,
    /// Tables.
    pub tables: u32,
}

impl Need {
    /// The largest of the three, which is what the pool's one limit counts.
    #[must_use]
    pub fn weight(self) -> u32 {
        self.instances.max(self.memories).max(self.tables).max(1)
    }

    /// Adds what one more takes; more than any pool has when that cannot be known.
    fn add(&mut self, more: Option<Self>) {
        let more = more.unwrap_or(Self { instances: u32::MAX, ..Self::default() });
        self.instances = self.instances.saturating_add(more.instances);
        self.memories = self.memories.saturating_add(more.memories);
        self.tables = self.tables.saturating_add(more.tables);
    }
}

/// What a component is.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Of its bytes.
    pub digest: Digest,
    /// What it exports and imports of the contract.
    pub interfaces: Interfaces,
    /// What one instance takes.
    pub need: Need,
    /// Its size in bytes.
    pub size: usize,
}

/// Reads a component's type and validates all of it. Nothing is compiled.
///
/// # Errors
/// Why this host would not run it, naming the item.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    if !bytes.starts_with(b"\0asm") {
        let found = bytes.iter().take(4).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let found = if found.is_empty() { "nothing (it is empty)".to_owned() } else { found };
        return Err(LoadError::NotWasm { found });
    }
    let mut found = Names::default();
    found.read(bytes)?;
    Validator::new_with_features(features()).validate_all(bytes).map_err(broken)?;
    let mut interfaces = Interfaces::default();
    for name in &found.imports {
        if is_wasi(name) {
            interfaces.wasi = true;
            continue;
        }
        let Some(interface) = contract_item(name)? else {
            return Err(LoadError::UnknownImport { name: shown(name) });
        };
        if !IMPORTS.contains(&interface) {
            return Err(LoadError::UnknownImport { name: shown(name) });
        }
        if interface != "types" {
            interfaces.imports.push(interface.to_owned());
        }
    }
    interfaces.imports.sort();
    for name in &found.exports {
        match contract_item(name)? {
            Some("policy") => interfaces.policy = true,
            Some("lifecycle") => interfaces.lifecycle = true,
            Some("learner") => interfaces.learner = true,
            Some("types") => {}
            Some(_) => return Err(LoadError::UnknownExport { name: shown(name) }),
            // Language runtimes export things of their own; nobody calls them.
            None if !name.starts_with("greenroom:") => {}
            None => return Err(LoadError::UnknownExport { name: shown(name) }),
        }
    }
    if !(interfaces.policy || interfaces.lifecycle || interfaces.learner) {
        return Err(LoadError::NothingExported);
    }
    Ok(Inspection { digest: Digest::of(bytes), interfaces, need: found.need, size: bytes.len() })
}

/// What the engine is asked to run; see `engine::config`.
pub(crate) fn features() -> WasmFeatures {
    let mut features = WasmFeatures::default();
    features.remove(WasmFeatures::THREADS | WasmFeatures::RELAXED_SIMD | WasmFeatures::GC | WasmFeatures::EXCEPTIONS);
    features.remove(WasmFeatures::MEMORY64 | WasmFeatures::CM_ASYNC);
    features
}

fn broken(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Broken { offset: error.offset(), message: shown(error.message()) }
}

/// Whether a name is of the part of WASI 0.2 that is linked, with nothing behind it.
fn is_wasi(name: &str) -> bool {
    let of_package =
        |rest: &str| WASI.iter().any(|package| rest.strip_prefix(package).is_some_and(|r| r.starts_with('/')));
    match name.strip_prefix("wasi:").and_then(|rest| rest.split_once('@')) {
        Some((item, version)) => of_package(item) && (version == "0.2" || version.starts_with("0.2.")),
        None => false,
    }
}

/// The interface that a name of the contract stands for; none for names of other packages.
fn contract_item(name: &str) -> Result<Option<&str>, LoadError> {
    let Some(rest) = name.strip_prefix(PACKAGE) else { return Ok(None) };
    match rest.split_once('@') {
        Some((interface, CONTRACT)) => Ok(Some(interface)),
        _ => Err(LoadError::OtherContract { name: shown(name) }),
    }
}

#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
    need: Need,
}

/// A component or a module that is being read. What is not known, because it comes as an argument, is none.
#[derive(Default)]
struct Scope {
    component: bool,
    /// What one instance of it takes.
    need: Need,
    modules: Vec<Option<Need>>,
    components: Vec<Option<Need>>,
}

impl Names {
    /// Names are those of the outermost component; what is needed is summed over all that one instance makes, so that
    /// what is made twice counts twice.
    fn read(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
        let mut scopes: Vec<Scope> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(broken)?;
            match &payload {
                Payload::Version { encoding: Encoding::Module, .. } if scopes.is_empty() => {
                    return Err(LoadError::CoreModule);
                }
                Payload::Version { encoding, .. } => {
                    scopes.push(Scope { component: *encoding == Encoding::Component, ..Scope::default() });
                }
                Payload::End(_) => {
                    let Some(done) = scopes.pop() else { continue };
                    match scopes.last_mut() {
                        Some(around) if done.component => around.components.push(Some(done.need)),
                        Some(around) => around.modules.push(Some(done.need)),
                        None => self.need = done.need,
                    }
                }
                Payload::ComponentImportSection(section) if scopes.len() == 1 => {
                    for import in section.clone() {
                        self.imports.push(import.map_err(broken)?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if scopes.len() == 1 => {
                    for export in section.clone() {
                        self.exports.push(export.map_err(broken)?.name.name.to_owned());
                    }
                }
                _ => {}
            }
            count(&mut scopes, payload)?;
        }
        Ok(())
    }
}

/// Counts what a section makes, in the innermost scope.
fn count(scopes: &mut [Scope], payload: Payload<'_>) -> Result<(), LoadError> {
    let Some((scope, around)) = scopes.split_last_mut() else { return Ok(()) };
    let of = |all: &[Option<Need>], index: u32| all.get(index as usize).copied().flatten();
    match payload {
        Payload::MemorySection(section) => scope.need.memories += section.count(),
        Payload::TableSection(section) => scope.need.tables += section.count(),
        Payload::InstanceSection(section) => {
            for instance in section {
                scope.need.add(Some(Need { instances: 1, ..Need::default() }));
                if let Instance::Instantiate { module_index, .. } = instance.map_err(broken)? {
                    scope.need.add(of(&scope.modules, module_index));
                }
            }
        }
        Payload::ComponentInstanceSection(section) => {
            for instance in section {
                if let ComponentInstance::Instantiate { component_index, .. } = instance.map_err(broken)? {
                    scope.need.add(of(&scope.components, component_index));
                }
            }
        }
        Payload::ComponentImportSection(section) => {
            for import in section {
                match import.map_err(broken)?.ty {
                    ComponentTypeRef::Module(_) => scope.modules.push(None),
                    ComponentTypeRef::Component(_) => scope.components.push(None),
                    _ => {}
                }
            }
        }
        Payload::ComponentExportSection(section) => {
            for export in section {
                let export = export.map_err(broken)?;
                match export.kind {
                    ComponentExternalKind::Module => scope.modules.push(of(&scope.modules, export.index)),
                    ComponentExternalKind::Component => scope.components.push(of(&scope.components, export.index)),
                    _ => {}
                }
            }
        }
        Payload::ComponentAliasSection(section) => {
            for alias in section {
                let (module, need) = match alias.map_err(broken)? {
                    ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => (true, None),
                    ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => (false, None),
                    ComponentAlias::Outer { kind, count, index } => {
                        // None out is the scope itself.
                        let outer = match (count as usize).checked_sub(1) {
                            None => Some(&*scope),
                            Some(out) => around.iter().rev().nth(out),
                        };
                        match kind {
                            ComponentOuterAliasKind::CoreModule => (true, outer.and_then(|o| of(&o.modules, index))),
                            ComponentOuterAliasKind::Component => (false, outer.and_then(|o| of(&o.components, index))),
                            _ => continue,
                        }
                    }
                    _ => continue,
                };
                if module { scope.modules.push(need) } else { scope.components.push(need) }
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wat: &str, expected: &str) {
        let bytes = wat::parse_str(wat).unwrap();
        assert_eq!(inspect(&bytes).unwrap_err().to_string(), expected);
    }

    #[test]
    fn what_is_no_component_is_named() {
        check("(module)", "a core module, not a component: make a component of it with `greenroom package`");
        assert_eq!(
            inspect(b"#!/bin/sh").unwrap_err().to_string(),
            "not a WebAssembly file: it begins with 23 21 2f 62, expected the bytes 00 61 73 6d; build the agent for wasm"
        );
        assert!(inspect(b"").unwrap_err().to_string().contains("nothing (it is empty)"));
    }

    #[test]
    fn a_truncated_component_says_where() {
        let bytes = wat::parse_str(r#"(component (core module (func (export "f"))))"#).unwrap();
        let error = inspect(&bytes[..bytes.len() - 3]).unwrap_err();
        assert!(matches!(error, LoadError::Broken { .. }), "{error}");
    }

    #[test]
    fn a_component_without_the_contract_is_refused() {
        check(
            "(component)",
            "exports nothing of greenroom:agent@0.1.0: an agent exports `policy`, and may export `lifecycle` and `learner`",
        );
    }

    #[test]
    fn an_unknown_item_is_refused_by_name() {
        check(
            r#"(component (import "wasi:http/types@0.2.0" (instance)))"#,
            "imports `wasi:http/types@0.2.0`, which this host does not offer: an agent may import memory, log, metric of \
             greenroom:agent@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (import "wasi:clocks/wall-clock@0.3.0" (instance)))"#,
            "imports `wasi:clocks/wall-clock@0.3.0`, which this host does not offer: an agent may import memory, log, \
             metric of greenroom:agent@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (import "greenroom:agent/files@0.1.0" (instance)))"#,
            "imports `greenroom:agent/files@0.1.0`, which this host does not offer: an agent may import memory, log, \
             metric of greenroom:agent@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (instance $i) (export "greenroom:agent/oracle@0.1.0" (instance $i)))"#,
            "exports `greenroom:agent/oracle@0.1.0`, which this host does not know: the contract greenroom:agent@0.1.0 \
             has policy, lifecycle, learner",
        );
        check(
            r#"(component (instance $i) (export "greenroom:agent/policy@0.9.0" (instance $i)))"#,
            "`greenroom:agent/policy@0.9.0` is of another version of the contract: this host speaks 0.1.0; build the \
             agent against it",
        );
    }
}
