//! How large a component may be. Looked at before it is validated or compiled, since both take time and memory that
//! grow with these numbers.
//!
//! The defaults are for the largest components that honest toolchains make: CPython with its libraries is about 35 MB in
//! 38 core instances, QuickJS has 11. What is not known of them is reckoned from an agent in Rust of 450 KB (5 core
//! instances, 535 functions, 209 types, its largest function 14 KB with 73 locals), taken eighty times: counts
//! that grow with code have room for more than that.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How large a component is, in everything that costs the host something. Counts are sums over all that is nested in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// Its size in bytes.
    pub bytes: u64,
    /// How deep components, or their types, are nested in each other.
    pub depth: u64,
    /// Components, itself among them.
    pub components: u64,
    /// Core modules.
    pub modules: u64,
    /// Core instances that one instance of it is made of: what is instantiated twice counts twice.
    pub instances: u64,
    /// Memories that one instance of it has.
    pub memories: u64,
    /// Tables that one instance of it has.
    pub tables: u64,
    /// Elements that these tables begin with.
    pub table_elements: u64,
    /// Functions, of modules and of the canonical ABI.
    pub functions: u64,
    /// Globals.
    pub globals: u64,
    /// Types, of modules and of components.
    pub types: u64,
    /// Imports, of modules and of components.
    pub imports: u64,
    /// Exports and aliases of them.
    pub exports: u64,
    /// Data segments.
    pub data_segments: u64,
    /// Bytes in them.
    pub data_bytes: u64,
    /// Element segments.
    pub element_segments: u64,
    /// Elements in them.
    pub elements: u64,
    /// Bytes of the largest function.
    pub body_bytes: u64,
    /// Locals of the function that has most.
    pub locals: u64,
    /// Bytes of the longest name of an import or export.
    pub name_bytes: u64,
}

/// How large a component may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits(pub Extent);

impl Default for Limits {
    fn default() -> Self {
        Self(Extent {
            bytes: 128 << 20,
            depth: 16,
            components: 256,
            modules: 128,
            instances: 256,
            memories: 64,
            tables: 64,
            // As many as the pool gives one table: every table then fits it.
            table_elements: 100_000,
            functions: 200_000,
            globals: 100_000,
            types: 100_000,
            imports: 100_000,
            exports: 200_000,
            data_segments: 100_000,
            data_bytes: 96 << 20,
            element_segments: 20_000,
            elements: 400_000,
            body_bytes: 2 << 20,
            locals: 20_000,
            name_bytes: 8 << 10,
        })
    }
}

const STRIP: &str = "build it with optimisation, without debug information and without what it does not use";
const SPLIT: &str = "make several agents of it";
const UNROLL: &str = "make several functions of it, or optimise less for speed";
const COMPOSE: &str = "compose it of fewer parts";

impl Extent {
    /// Every measure: its name, how much there is, and what to do when it is too much.
    #[must_use]
    pub fn each(&self) -> [(&'static str, u64, &'static str); 20] {
        [
            ("bytes", self.bytes, STRIP),
            ("depth of nesting", self.depth, COMPOSE),
            ("components", self.components, COMPOSE),
            ("core modules", self.modules, COMPOSE),
            ("core instances", self.instances, COMPOSE),
            ("memories", self.memories, COMPOSE),
            ("tables", self.tables, COMPOSE),
            ("elements of tables", self.table_elements, SPLIT),
            ("functions", self.functions, STRIP),
            ("globals", self.globals, STRIP),
            ("types", self.types, STRIP),
            ("imports", self.imports, STRIP),
            ("exports", self.exports, STRIP),
            ("data segments", self.data_segments, "merge data segments"),
            ("bytes of data", self.data_bytes, "keep data in its learned state or in shared memory"),
            ("element segments", self.element_segments, STRIP),
            ("elements of segments", self.elements, STRIP),
            ("bytes of one function", self.body_bytes, UNROLL),
            ("locals of one function", self.locals, UNROLL),
            ("bytes of one name", self.name_bytes, "shorten names"),
        ]
    }
}

impl Limits {
    /// Everything of which `found` has too much.
    ///
    /// # Errors
    /// When there is anything.
    pub fn check(&self, found: &Extent) -> Result<(), TooLarge> {
        let limits = self.0.each();
        let over: Vec<Excess> = found
            .each()
            .into_iter()
            .zip(limits)
            .filter(|((_, found, _), (_, limit, _))| found > limit)
            .map(|((what, found, advice), (_, limit, _))| Excess { what, found, limit, advice })
            .collect();
        if over.is_empty() { Ok(()) } else { Err(TooLarge(over)) }
    }
}

/// One limit that a component exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    /// What there is too much of.
    pub what: &'static str,
    /// How much there is; where reading stopped at the limit, as much as was read.
    pub found: u64,
    /// How much there may be.
    pub limit: u64,
    /// What to do about it.
    pub advice: &'static str,
}

/// All the limits that a component exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge(pub Vec<Excess>);

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("larger than this host takes: ")?;
        for (place, Excess { what, found, limit, advice }) in self.0.iter().enumerate() {
            let before = if place == 0 { "" } else { "; " };
            // Sums that do not end are as large as the number can be.
            let found = if *found == u64::MAX { "no end of".to_owned() } else { found.to_string() };
            write!(f, "{before}{found} {what}, at most {limit}: {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TooLarge {}
