//! The bindings in `src/bindings/` are committed, so that whoever builds an agent compiles no bindings generator. They
//! are what the generator makes of the contract, byte by byte: `GREENROOM_BLESS=1` writes them anew.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::{Opts, WithOption};

const CONTRACT: &str = "0.2.0";

fn folder(within: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(within)
}

fn generated(package: &str, world: &str, options: Opts) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(folder("../../wit").join(package)).expect("the contract is read");
    let world = resolve.select_world(&[package], Some(world)).expect("the contract has the world");
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).expect("bindings are generated");
    let (_, source) = files.iter().next().expect("a file is generated");
    String::from_utf8(source.to_vec()).expect("it is text")
}

#[track_caller]
fn check(file: &str, expected: &str) {
    let path = folder("src/bindings").join(file);
    if std::env::var_os("GREENROOM_BLESS").is_some() {
        std::fs::write(&path, expected).expect("bindings are written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{file} is not what the contract gives: run this test with GREENROOM_BLESS=1");
}

#[test]
fn imports_are_those_of_the_contract() {
    let options = || Opts {
        format: true,
        generate_all: true,
        additional_derive_attributes: vec!["PartialEq".into(), "Clone".into()],
        pub_export_macro: true,
        ..Opts::default()
    };
    check("imports.rs", &generated(CONTRACT, "imports", options()));
    check("kinds.rs", &generated("memory/0.1.0", "imports", options()));
}

#[test]
fn each_exported_interface_has_its_own_over_the_same_types() {
    for interface in ["policy", "lifecycle", "learner"] {
        let types = format!("greenroom:agent/types@{CONTRACT}");
        let options = Opts {
            format: true,
            with: vec![(types, WithOption::Path("crate::bindings::types".into()))],
            pub_export_macro: true,
            export_macro_name: Some(format!("export_{interface}")),
            default_bindings_module: Some(format!("greenroom_sdk::rt::{interface}")),
            ..Opts::default()
        };
        check(&format!("{interface}.rs"), &generated(CONTRACT, &format!("has-{interface}"), options));
    }
}
