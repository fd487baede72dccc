//! Reads what a component is before any of it is compiled: is it one, which interfaces of the contract does it export
//! and import, how much of the pool does it need.

use std::path::PathBuf;

use greenroom_model::text::shown;
use greenroom_model::{Digest, Interfaces, Script};
use thiserror::Error;
use wasmparser::{BinaryReaderError, Validator, WasmFeatures};

use crate::contract::{CONTRACT, CONTRACTS, Contract};
use crate::limits::{Extent, Limits, TooLarge};
use crate::scan::scan;

const PACKAGE: &str = "greenroom:agent/";
const IMPORTS: [&str; 4] = ["types", "memory", "log", "metric"];
/// The memory layer by kinds, its version and its interfaces.
const MEMORY: &str = "greenroom:memory/";
const MEMORY_VERSION: &str = "0.1.0";
const KINDS: [&str; 7] = ["types", "kv", "counter", "log", "blob", "vector", "changes"];
/// Packages of WASI 0.2 that are linked.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
const EXPORTS: [&str; 3] = ["policy", "lifecycle", "learner"];
/// What a component exports beside these that runs scripts.
const INTERPRETER: &str = "greenroom:script/interpreter@0.1.0";
/// A script is read and kept by every instance.
const SCRIPT_BYTES_MAX: usize = 256 << 10;

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
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(
        "a component in it instantiates code that is known only when it is linked, so that what an instance takes cannot \
         be told; nest the code itself where it is instantiated"
    )]
    Unforeseeable,
    #[error(
        "imports `{name}`, which this host does not offer: an agent may import {} of greenroom:agent@{CONTRACT}, {} of \
         greenroom:memory@{MEMORY_VERSION}, and {} of WASI 0.2",
        IMPORTS[1..].join(", "), KINDS[1..].join(", "), WASI.join(", ")
    )]
    UnknownImport { name: String },
    #[error(
        "exports `{name}`, which this host does not know: the contract greenroom:agent@{CONTRACT} has {}",
        EXPORTS.join(", ")
    )]
    UnknownExport { name: String },
    #[error(
        "`{name}` is of another version of the contract: this host speaks {}; build the agent against {CONTRACT}",
        CONTRACTS.join(" and ")
    )]
    OtherContract { name: String },
    #[error(
        "`{one}` and `{other}` are of two versions of the contract: an agent speaks one of them; build all of it against \
         greenroom:agent@{CONTRACT}"
    )]
    MixedContracts { one: String, other: String },
    #[error(
        "exports nothing of greenroom:agent@{CONTRACT}: an agent exports `policy`, and may export `lifecycle` and `learner`"
    )]
    NothingExported,
    #[error(
        "an interpreter of scripts, which is an agent with a script alone: name the text by `script` in the graph file"
    )]
    NoScript,
    #[error("has a script, and does not export `{INTERPRETER}`, which would run it: build it again")]
    NoInterpreter,
    #[error("{0}")]
    Script(String),
    #[error(
        "`{interface}` does not have the type of the contract: {message}; build the agent against greenroom:agent@{CONTRACT}"
    )]
    WrongType { interface: String, message: String },
    #[error("could not be compiled: {0}")]
    Compile(String),
    #[error("took longer than {seconds} s to compile: make its largest functions smaller, or several agents of it")]
    CompileTime { seconds: f64 },
    #[error("took more than {mebibytes} MiB to compile: make its largest functions smaller, or several agents of it")]
    CompileMemory { mebibytes: u64 },
    #[error("the compiler {} failed: {message}; run this component nowhere, and report it", program.display())]
    Compiler { program: PathBuf, message: String },
}

/// Core instances and tables for which a place of the pool has room, beside one memory. An agent in Rust is of three to six
/// core instances and two tables. They cost next to nothing; memories cost address space.
pub(crate) const INSTANCES_OF_PLACE: u32 = 16;
pub(crate) const TABLES_OF_PLACE: u32 = 4;

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
    fn of(extent: &Extent) -> Self {
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { instances: count(extent.instances), memories: count(extent.memories), tables: count(extent.tables) }
    }

    /// How many places of the pool it takes: one, unless it is of more parts than a place has room for.
    #[must_use]
    pub fn weight(self) -> u32 {
        let instances = self.instances.div_ceil(INSTANCES_OF_PLACE);
        self.memories.max(instances).max(self.tables.div_ceil(TABLES_OF_PLACE)).max(1)
    }
}

/// What a component is.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// Of its bytes.
    pub digest: Digest,
    /// What it exports and imports of the contract.
    pub interfaces: Interfaces,
    pub(crate) contract: Contract,
    /// What one instance takes.
    pub need: Need,
    /// How large it is.
    pub extent: Extent,
    /// Of the bytes without the script at their end, if they have one.
    pub interpreter: Option<Digest>,
}

impl From<BinaryReaderError> for LoadError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Broken { offset: error.offset(), message: shown(error.message()) }
    }
}

/// Reads a component's type and validates all of it, unless it exceeds the default limits. Nothing is compiled.
///
/// # Errors
/// Why this host would not run it, naming the item.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    inspect_within(bytes, &Limits::default())
}

/// The same under limits of one's own.
///
/// # Errors
/// As for [`inspect`].
pub fn inspect_within(bytes: &[u8], limits: &Limits) -> Result<Inspection, LoadError> {
    let (code, script) = taken_apart(bytes)?;
    let code = read(code, limits)?;
    match script {
        Some(script) => code.with(&script, Digest::of(bytes), bytes.len()),
        None if code.interpreter => Err(LoadError::NoScript),
        None => Ok(code.inspection),
    }
}

/// A component's code, and the script in it.
pub(crate) fn taken_apart(bytes: &[u8]) -> Result<(&[u8], Option<Script>), LoadError> {
    let (code, script) = Script::split(bytes).map_err(LoadError::Script)?;
    if let Some(script) = &script {
        short_enough(&script.source)?;
    }
    Ok((code, script))
}

pub(crate) fn short_enough(source: &str) -> Result<(), LoadError> {
    let size = source.len();
    if size > SCRIPT_BYTES_MAX {
        let message = format!(
            "its script has {size} bytes, more than the {SCRIPT_BYTES_MAX} of which every instance keeps a copy"
        );
        return Err(LoadError::Script(message));
    }
    Ok(())
}

/// A component without a script.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) inspection: Inspection,
    interpreter: bool,
}

impl Code {
    /// What it is with a script, both together having this digest and so many bytes: an agent that exports what the script
    /// does.
    pub(crate) fn with(&self, script: &Script, digest: Digest, bytes: usize) -> Result<Inspection, LoadError> {
        if !self.interpreter {
            return Err(LoadError::NoInterpreter);
        }
        let interpreter = Some(self.inspection.digest);
        let mut inspection = Inspection { digest, interpreter, ..self.inspection.clone() };
        inspection.extent.bytes = bytes as u64;
        let (has, of) = (&mut inspection.interfaces, script.exports);
        (has.policy, has.lifecycle, has.learner) =
            (has.policy && of.policy, has.lifecycle && of.lifecycle, has.learner && of.learner);
        has.script = true;
        Ok(inspection)
    }
}

/// Reads a component's type, and whether it runs scripts.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Code, LoadError> {
    if !bytes.starts_with(b"\0asm") {
        let found = bytes.iter().take(4).map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
        let found = if found.is_empty() { "nothing (it is empty)".to_owned() } else { found };
        return Err(LoadError::NotWasm { found });
    }
    let found = scan(bytes, limits)?;
    Validator::new_with_features(features()).validate_all(bytes)?;
    let mut interfaces = Interfaces::default();
    let mut spoken = Spoken::default();
    let mut interpreter = false;
    for name in &found.imports {
        if is_wasi(name) {
            interfaces.wasi = true;
            continue;
        }
        if let Some(kind) = kind_of_memory(name) {
            if kind != "types" {
                interfaces.imports.push(format!("memory/{kind}"));
            }
            continue;
        }
        let Some(interface) = spoken.item(name)? else {
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
        match spoken.item(name)? {
            Some("policy") => interfaces.policy = true,
            Some("lifecycle") => interfaces.lifecycle = true,
            Some("learner") => interfaces.learner = true,
            Some("types") => {}
            Some(_) => return Err(LoadError::UnknownExport { name: shown(name) }),
            None if name == INTERPRETER => interpreter = true,
            // Language runtimes export things of their own; nobody calls them.
            None if !name.starts_with("greenroom:") => {}
            None => return Err(LoadError::UnknownExport { name: shown(name) }),
        }
    }
    let Some((contract, _)) = spoken.first.filter(|_| interfaces.policy || interfaces.lifecycle || interfaces.learner)
    else {
        return Err(LoadError::NothingExported);
    };
    contract.version().clone_into(&mut interfaces.contract);
    let extent = found.extent;
    let need = Need::of(&extent);
    let inspection = Inspection { digest: Digest::of(bytes), interfaces, contract, need, extent, interpreter: None };
    Ok(Code { inspection, interpreter })
}

/// What the engine is asked to run; see `engine::config`.
pub(crate) fn features() -> WasmFeatures {
    let mut features = WasmFeatures::default();
    features.remove(WasmFeatures::THREADS | WasmFeatures::RELAXED_SIMD | WasmFeatures::GC | WasmFeatures::EXCEPTIONS);
    features.remove(WasmFeatures::MEMORY64 | WasmFeatures::CM_ASYNC);
    // What comes with a collector, such as external references, which the engine is built without.
    features.remove(WasmFeatures::GC_TYPES);
    features
}

/// The interface of `greenroom:memory` that a name stands for, if this host offers it.
fn kind_of_memory(name: &str) -> Option<&str> {
    let (kind, version) = name.strip_prefix(MEMORY)?.split_once('@')?;
    (version == MEMORY_VERSION && KINDS.contains(&kind)).then_some(kind)
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

/// The version of the contract that a component speaks, and the first name that said so.
#[derive(Default)]
struct Spoken<'a> {
    first: Option<(Contract, &'a str)>,
}

impl<'a> Spoken<'a> {
    /// The interface that a name of the contract stands for; none for names of other packages.
    fn item(&mut self, name: &'a str) -> Result<Option<&'a str>, LoadError> {
        let Some(rest) = name.strip_prefix(PACKAGE) else { return Ok(None) };
        let item = rest.split_once('@').and_then(|(interface, version)| Some((interface, Contract::of(version)?)));
        let Some((interface, contract)) = item else {
            return Err(LoadError::OtherContract { name: shown(name) });
        };
        let (first, one) = *self.first.get_or_insert((contract, name));
        if first != contract {
            return Err(LoadError::MixedContracts { one: shown(one), other: shown(name) });
        }
        Ok(Some(interface))
    }
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
    fn what_the_engine_is_built_without_is_refused_before_it_is_compiled() {
        let bytes = wat::parse_str("(component (core module (table 1 externref)))").unwrap();
        let error = inspect(&bytes).unwrap_err();
        assert!(matches!(error, LoadError::Broken { .. }), "{error}");
    }

    #[test]
    fn a_component_without_the_contract_is_refused() {
        check(
            "(component)",
            "exports nothing of greenroom:agent@0.2.0: an agent exports `policy`, and may export `lifecycle` and `learner`",
        );
    }

    #[test]
    fn an_unknown_item_is_refused_by_name() {
        check(
            r#"(component (import "wasi:http/types@0.2.0" (instance)))"#,
            "imports `wasi:http/types@0.2.0`, which this host does not offer: an agent may import memory, log, metric of \
             greenroom:agent@0.2.0, kv, counter, log, blob, vector, changes of greenroom:memory@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (import "wasi:clocks/wall-clock@0.3.0" (instance)))"#,
            "imports `wasi:clocks/wall-clock@0.3.0`, which this host does not offer: an agent may import memory, log, \
             metric of greenroom:agent@0.2.0, kv, counter, log, blob, vector, changes of greenroom:memory@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (import "greenroom:agent/files@0.1.0" (instance)))"#,
            "imports `greenroom:agent/files@0.1.0`, which this host does not offer: an agent may import memory, log, \
             metric of greenroom:agent@0.2.0, kv, counter, log, blob, vector, changes of greenroom:memory@0.1.0, and cli, clocks, filesystem, io, random, sockets of WASI 0.2",
        );
        check(
            r#"(component (instance $i) (export "greenroom:agent/oracle@0.1.0" (instance $i)))"#,
            "exports `greenroom:agent/oracle@0.1.0`, which this host does not know: the contract greenroom:agent@0.2.0 \
             has policy, lifecycle, learner",
        );
        check(
            r#"(component (instance $i) (export "greenroom:agent/policy@0.9.0" (instance $i)))"#,
            "`greenroom:agent/policy@0.9.0` is of another version of the contract: this host speaks 0.1.0 and 0.2.0; \
             build the agent against 0.2.0",
        );
    }

    #[test]
    fn a_component_speaks_one_version_of_the_contract() {
        let exports = |versions: [&str; 2]| {
            let [policy, learner] = versions;
            format!(
                r#"(component (instance $i)
                    (export "greenroom:agent/policy@{policy}" (instance $i))
                    (export "greenroom:agent/learner@{learner}" (instance $i)))"#
            )
        };
        for contract in CONTRACTS {
            let bytes = wat::parse_str(exports([contract; 2])).unwrap();
            assert_eq!(inspect(&bytes).unwrap().interfaces.contract, contract);
        }
        check(
            &exports(["0.1.0", "0.2.0"]),
            "`greenroom:agent/policy@0.1.0` and `greenroom:agent/learner@0.2.0` are of two versions of the contract: an \
             agent speaks one of them; build all of it against greenroom:agent@0.2.0",
        );
        check(
            r#"(component (instance $i)
                (import "greenroom:agent/log@0.2.0" (instance))
                (export "greenroom:agent/policy@0.1.0" (instance $i)))"#,
            "`greenroom:agent/log@0.2.0` and `greenroom:agent/policy@0.1.0` are of two versions of the contract: an agent \
             speaks one of them; build all of it against greenroom:agent@0.2.0",
        );
    }
}
