//! A library and an agent that imports it, in WebAssembly text: from their folders to a component, with no compiler.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::PathBuf;

use greenroom_build::{BuildError, Built, Project};
use tempfile::TempDir;

const LIBRARY: &str = "[library]\nname = \"sums\"\nlanguage = \"wat\"\n";
const WIT: &str = "package example:sums@0.1.0;
interface types {
  record pair { a: u32, b: u32 }
}
interface sums {
  use types.{pair};
  /// Of two.
  sum: func(of: pair) -> u32;
}";
const SUMS: &str = r#"(module (func (export "example:sums/sums@0.1.0#sum") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))"#;

const AGENT: &str =
    "[agent]\nname = \"adds\"\nlanguage = \"wat\"\n[imports]\n\"example:sums/sums\" = \"../sums/build/sums.wasm\"\n";
const IMPORT: &str = r#"(import "example:sums/sums@0.1.0" "sum" (func $sum (param i32 i32) (result i32)))"#;
const ADDS: &str = r#"(module
    (import "example:sums/sums@0.1.0" "sum" (func $sum (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "greenroom:agent/policy@0.2.0#decide") (param i32) (result i32) (call $sum (i32.const 1) (i32.const 2))))"#;

struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        scene.write("sums/greenroom.toml", LIBRARY).write("sums/wit/sums.wit", WIT).write("sums/library.wat", SUMS);
        scene.write("adds/greenroom.toml", AGENT).write("adds/agent.wat", ADDS);
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn build(&self, folder: &str) -> Result<Built, BuildError> {
        let project = Project::read(&self.path(folder))?;
        let built = greenroom_build::build(&project, &|_| {})?;
        fs::write(project.component(), &built.bytes).unwrap();
        Ok(built)
    }

    #[track_caller]
    fn refuses(&self, folder: &str, expected: &str) {
        let error = self.build(folder).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Whether it imports something of a library still.
fn is_whole(component: &[u8]) -> bool {
    let decoded = wit_component::decode(component).unwrap();
    let resolve = decoded.resolve();
    resolve.package_names.keys().all(|name| name.namespace != "example")
}

#[test]
fn a_library_goes_into_the_agent_that_imports_it() {
    let scene = Scene::new();
    scene.refuses("adds", "line 5: there is no ../sums/build/sums.wasm: `greenroom build");
    let library = scene.build("sums").unwrap();
    assert_eq!(library.exports, ["example:sums/types@0.1.0", "example:sums/sums@0.1.0"]);
    let agent = scene.build("adds").unwrap();
    assert!(is_whole(&agent.bytes) && !is_whole(&library.bytes));
    assert_eq!(agent.warnings, "");
    // Bindings are generated from what the component says of itself, the types that it uses among it.
    let laid_out = fs::read_to_string(scene.path("adds/build/wit/deps/example-sums@0.1.0/package.wit")).unwrap();
    assert!(laid_out.contains("record pair") && laid_out.contains("sum: func(of: pair) -> u32;"), "{laid_out}");
    assert!(
        fs::read_to_string(scene.path("adds/build/wit/agent.wit")).unwrap().contains("import example:sums/sums@0.1.0;")
    );
    // Another library, another agent; and what is imported no more is laid out no more.
    scene.write("sums/library.wat", &SUMS.replace("i32.add", "i32.sub")).build("sums").unwrap();
    assert_ne!(scene.build("adds").unwrap().bytes, agent.bytes);
    scene.write("adds/greenroom.toml", AGENT.split("[imports]").next().unwrap());
    let own = "(func $sum (param i32 i32) (result i32) (local.get 0))";
    scene.write("adds/agent.wat", &ADDS.replace(IMPORT, own));
    scene.build("adds").unwrap();
    assert!(!scene.path("adds/build/wit/deps/example-sums@0.1.0").exists());
}

#[test]
fn a_library_says_what_it_exports_and_exports_it() {
    let scene = Scene::new();
    scene.write("sums/library.wat", "(module)");
    scene.refuses("sums", "example:sums/sums@0.1.0");
    scene.write("sums/wit/sums.wit", "package example:sums@0.1.0;\ninterface sums {\n  sum: fun() -> u32;\n}");
    scene.refuses("sums", "wit/sums.wit:3:8");
    fs::remove_dir_all(scene.path("sums/wit")).unwrap();
    scene.refuses("sums", "there is no folder `wit` with the interfaces that the library exports");
    scene.write("sums/greenroom.toml", &LIBRARY.replace("wat", "assemblyscript"));
    scene.refuses("sums", "line 3: `language` = \"assemblyscript\" is not what a library can be written in");
    scene.write("sums/greenroom.toml", &(LIBRARY.to_owned() + "exports = []\n"));
    scene.refuses("sums", "line 4: a library exports what its folder `wit` says: leave `exports` out");
    scene.write("sums/greenroom.toml", &(AGENT.to_owned() + LIBRARY));
    scene.refuses("sums", "[agent] and [library] in one file: a component is one or the other");
}

#[test]
fn names_that_are_none_are_told_together() {
    let scene = Scene::new();
    let imports = "\"sums\" = \"x.wasm\"\n\"greenroom:agent/log\" = \"x.wasm\"\n\"a:b/c\" = 1\n";
    scene.write("adds/greenroom.toml", &(AGENT.split("\"example").next().unwrap().to_owned() + imports));
    let error = scene.build("adds").unwrap_err().to_string();
    for expected in [
        "line 5: `sums` is no name of an interface, expected something like \"example:text/similarity\"",
        "line 6: `greenroom:agent/log` is the host's, and needs no [imports]",
        "line 7: `a:b/c` is integer, expected the path of a component",
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_script_imports_nothing() {
    let scene = Scene::new();
    scene.write("adds/greenroom.toml", &AGENT.replace("\"wat\"", "\"script-rhai\"").replace("agent.wat", "agent.rhai"));
    scene.write("adds/agent.rhai", "fn decide(seen) { candidates() }");
    scene.refuses("adds", "in [imports]: a script is one file, which imports no other component");
}
