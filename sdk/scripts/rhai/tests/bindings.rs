//! The bindings in `src/bindings.rs` are committed, as the SDK's are. They are what the generator makes of the contract, byte
//! by byte: `GREENROOM_BLESS=1` writes them anew.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::Opts;

/// The interpreter's own export; the SDK brings those of the contract.
const WORLD: &str =
    "package greenroom:has-interpreter; world has-interpreter { export greenroom:script/interpreter@0.1.0; }";

fn folder(within: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(within)
}

fn generated() -> String {
    let mut resolve = Resolve::default();
    resolve.push_path(folder("../../../wit/0.2.0")).expect("the contract is read");
    resolve.push_path(folder("../../../wit/script/0.1.0")).expect("what interpreters export is read");
    let package = resolve.push_str("has-interpreter.wit", WORLD).expect("the world is read");
    let world = resolve.select_world(&[package], None).expect("there is one world");
    let options = Opts {
        format: true,
        pub_export_macro: true,
        export_macro_name: Some("export_interpreter".into()),
        default_bindings_module: Some("crate::bindings".into()),
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).expect("bindings are generated");
    let (_, source) = files.iter().next().expect("a file is generated");
    String::from_utf8(source.to_vec()).expect("it is text")
}

#[test]
fn the_interpreter_is_that_of_the_contract() {
    let path = folder("src/bindings/interpreter.rs");
    let expected = generated();
    if std::env::var_os("GREENROOM_BLESS").is_some() {
        std::fs::write(&path, &expected).expect("bindings are written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "interpreter.rs is not what the contract gives: run this test with GREENROOM_BLESS=1");
}
