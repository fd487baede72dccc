//! Components from core modules in text, for guests that no compiler would write.
//!
//! A module imports and exports by the names of the contract, of any version that the host speaks, as the canonical ABI has
//! them:
//!
//! ```wat
//! (module
//!   (memory (export "memory") 1)
//!   (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
//!   ;; Zeroes are `ok` of a decision without candidates and without a policy record.
//!   (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) i32.const 1024))
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What of WASI 0.2 a guest in text may import.
const WASI: [&str; 3] = [
    "package wasi:random@0.2.0;
     interface random {
         get-random-bytes: func(len: u64) -> list<u8>;
         get-random-u64: func() -> u64;
     }",
    "package wasi:io@0.2.0;
     interface poll {
         resource pollable { ready: func() -> bool; block: func(); }
         poll: func(in: list<borrow<pollable>>) -> list<u32>;
     }",
    "package wasi:clocks@0.2.0;
     interface wall-clock {
         record datetime { seconds: u64, nanoseconds: u32 }
         now: func() -> datetime;
     }
     interface monotonic-clock {
         use wasi:io/poll@0.2.0.{pollable};
         now: func() -> u64;
         subscribe-duration: func(when: u64) -> pollable;
     }",
];

/// The component of a core module in text, with every interface that it imports or exports a function of.
///
/// # Panics
/// When it is not WebAssembly, or its functions are not those of the interfaces.
#[must_use]
#[track_caller]
#[expect(clippy::expect_used, reason = "a test without its guest must fail, and say why")]
pub fn guest(wat: &str) -> Vec<u8> {
    package(&wat::parse_str(wat).expect("the module is not WebAssembly text")).expect("the module makes no component")
}

/// The same, with the names of functions and the lines of their source, which is said to be in `file`.
///
/// # Panics
/// As for [`guest`].
#[must_use]
#[track_caller]
#[expect(clippy::expect_used, reason = "a test without its guest must fail, and say why")]
pub fn guest_of(file: &str, wat: &str) -> Vec<u8> {
    let mut parser = wat::Parser::new();
    parser.generate_dwarf(wat::GenerateDwarf::Full);
    let module = parser.parse_str(Some(Path::new(file)), wat).expect("the module is not WebAssembly text");
    package(&module).expect("the module makes no component")
}

/// The component of a core module, as [`guest`] makes it.
///
/// # Errors
/// When it is no module, or its functions are not those of the interfaces.
///
/// # Panics
/// When the contract does not parse.
#[expect(clippy::expect_used, reason = "a test without the contract must fail, and say why")]
pub fn package(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    for version in ["0.1.0", "0.2.0", "memory/0.1.0"] {
        resolve.push_dir(contract.join(version)).expect("the contract does not parse");
    }
    for package in WASI {
        resolve.push_str("wasi.wit", package).expect("what is said of WASI does not parse");
    }
    let mut world = "package kit:guest;\nworld guest {\n".to_owned();
    for (direction, interface) in interfaces(module) {
        let _ = writeln!(world, "{direction} {interface};");
    }
    world.push('}');
    let told = |error| format!("{error:#}");
    let package = resolve.push_str("guest.wit", &world).map_err(told)?;
    let world = resolve.select_world(&[package], Some("guest")).map_err(told)?;
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(told)?;
    let component = ComponentEncoder::default().validate(true).module(&module).and_then(|encoder| encoder.encode());
    component.map_err(told)
}

fn interfaces(module: &[u8]) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module).flatten() {
        match payload {
            Payload::ImportSection(section) => {
                let imports = section.into_imports().flatten();
                found.extend(imports.filter(|i| i.module.contains(':')).map(|i| ("import", i.module.to_owned())));
            }
            Payload::ExportSection(section) => {
                let names = section.into_iter().flatten().filter_map(|e| e.name.split_once('#'));
                let names = names.filter(|(interface, _)| !interface.starts_with("cabi_post_"));
                found.extend(names.map(|(interface, _)| ("export", interface.to_owned())));
            }
            _ => {}
        }
    }
    found
}
