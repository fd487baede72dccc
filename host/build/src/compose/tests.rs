use std::fs;

use tempfile::TempDir;
use wasmparser::{Parser, Payload};

use super::*;

/// A folder with an agent, whose component is what a test says, and with libraries.
struct Scene(TempDir);

impl Scene {
    fn new(libraries: &[(&str, &str)]) -> Self {
        let scene = Self(tempfile::tempdir().unwrap());
        fs::write(scene.0.path().join("agent.wat"), "").unwrap();
        libraries.iter().for_each(|(name, text)| scene.library(name, text));
        scene
    }

    fn library(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(format!("{name}.wasm")), wat::parse_str(text).unwrap()).unwrap();
    }

    fn compose(&self, imports: &str, agent: &str) -> Result<Composed, String> {
        let text = format!("[agent]\nname = \"mine\"\nlanguage = \"wat\"\n[imports]\n{imports}");
        let told = |error: BuildError| match error {
            BuildError::Project { mistakes, .. } => crate::mistake::lines(&mistakes),
            other => other.to_string(),
        };
        let project = Project::parse(self.0.path(), &text).unwrap();
        let imported = Imported::read(&project).map_err(told)?;
        compose(&project, wat::parse_str(agent).unwrap(), &imported).map_err(told)
    }

    #[track_caller]
    fn refuses(&self, imports: &str, agent: &str, expected: &str) {
        assert_eq!(self.compose(imports, agent).err().unwrap_or_default(), expected);
    }
}

/// An instance with a function of that type, which traps, exported as an interface.
fn exporting(interface: &str, of: &str) -> String {
    format!(
        r#"(core module $m (func (export "f") (param i32) (result i32) unreachable))
        (core instance $m (instantiate $m))
        (func $f {of} (canon lift (core func $m "f")))
        (instance $i (export "f" (func $f)))
        (export "{interface}" (instance $i))"#
    )
}

fn importing(interface: &str, of: &str) -> String {
    format!(r#"(import "{interface}" (instance (export "f" (func {of}))))"#)
}

const U32: &str = r#"(param "x" u32) (result u32)"#;
const POLICY: &str = r#"(instance $p) (export "greenroom:agent/policy@0.2.0" (instance $p))"#;

fn library(interface: &str) -> String {
    format!("(component {})", exporting(interface, U32))
}

fn agent(imports: &[&str]) -> String {
    let imports: String = imports.iter().map(|interface| importing(interface, U32)).collect();
    format!("(component {imports} {POLICY})")
}

/// The names at a component's border.
fn border(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

/// How many core modules there are within.
fn modules(bytes: &[u8]) -> usize {
    let parts = Parser::new(0).parse_all(bytes);
    parts.filter(|part| matches!(part, Ok(Payload::ModuleSection { .. }))).count()
}

#[test]
fn what_is_imported_of_a_library_is_within_and_the_same_each_time() {
    let scene = Scene::new(&[("c", &library("a:b/c@0.1.0"))]);
    let made = || scene.compose("\"a:b/c\" = \"c.wasm\"", &agent(&["a:b/c@0.1.0"])).unwrap();
    let composed = made();
    let (imports, exports) = border(&composed.bytes);
    assert_eq!((imports.len(), exports), (0, vec!["greenroom:agent/policy@0.2.0".to_owned()]));
    assert_eq!((modules(&composed.bytes), composed.warnings.len()), (1, 0));
    assert_eq!(composed.bytes, made().bytes);
    scene.library("c", &library("a:b/c@0.1.0").replace("unreachable", "i32.const 1"));
    assert_ne!(composed.bytes, made().bytes);
}

#[test]
fn what_the_host_offers_is_imported_once_for_all() {
    let hosts = [importing("wasi:io/poll@0.2.0", U32), importing("greenroom:agent/log@0.2.0", U32)].concat();
    let scene = Scene::new(&[("c", &format!("(component {hosts} {})", exporting("a:b/c", U32)))]);
    let agent = format!("(component {hosts} {} {POLICY})", importing("a:b/c", U32));
    let (mut imports, _) = border(&scene.compose("\"a:b/c\" = \"c.wasm\"", &agent).unwrap().bytes);
    imports.sort();
    assert_eq!(imports, ["greenroom:agent/log@0.2.0", "wasi:io/poll@0.2.0"]);
}

#[test]
fn libraries_import_each_other_and_one_serves_all() {
    let [c, d] =
        ["a:b/c", "a:b/d"].map(|own| format!("(component {} {})", importing("a:b/base", U32), exporting(own, U32)));
    let scene = Scene::new(&[("c", &c), ("d", &d), ("base", &library("a:b/base"))]);
    let imports = "\"a:b/c\" = \"c.wasm\"\n\"a:b/d\" = \"d.wasm\"\n\"a:b/base\" = \"base.wasm\"";
    let composed = scene.compose(imports, &agent(&["a:b/c", "a:b/d"])).unwrap();
    assert_eq!((border(&composed.bytes).0.len(), modules(&composed.bytes)), (0, 3));
    assert!(composed.warnings.is_empty());
}

#[test]
fn what_nobody_uses_is_left_out_and_told() {
    let scene = Scene::new(&[("c", &library("a:b/c")), ("d", &library("a:b/d"))]);
    let composed = scene.compose("\"a:b/c\" = \"c.wasm\"\n\"a:b/d\" = \"d.wasm\"", &agent(&["a:b/c"])).unwrap();
    assert_eq!(composed.warnings, ["greenroom.toml: line 6: warning: nothing uses `a:b/d`"]);
    assert_eq!(modules(&composed.bytes), 1);
    let alone = wat::parse_str(agent(&[])).unwrap();
    assert_eq!(scene.compose("\"a:b/c\" = \"c.wasm\"", &agent(&[])).unwrap().bytes, alone);
}

#[test]
fn every_component_that_will_not_do_is_told_at_its_line() {
    let scene = Scene::new(&[("c", &library("a:b/c@0.1.0")), ("agent", &agent(&[])), ("core", "(module)")]);
    let folder = scene.0.path();
    fs::write(folder.join("text.wasm"), "hello").unwrap();
    fs::create_dir_all(folder.join("build")).unwrap();
    fs::create_dir_all(folder.join("lib")).unwrap();
    fs::write(folder.join("lib/greenroom.toml"), "").unwrap();
    fs::write(folder.join("build/mine.wasm"), "").unwrap();
    let imports = r#""a:b/c@0.1.0" = "c.wasm"
"a:b/c@0.2.0" = "c.wasm"
"a:b/d" = "c.wasm"
"a:b/c" = "c.wasm"
"x:y/agent" = "agent.wasm"
"x:y/core" = "core.wasm"
"x:y/text" = "text.wasm"
"x:y/self" = "build/mine.wasm"
"x:y/gone" = "lib/build/lib.wasm""#;
    let expected = format!(
        "  line 6: c.wasm exports a:b/c@0.1.0, not `a:b/c@0.2.0`: ask for one of these
  line 7: c.wasm does not export `a:b/d` but a:b/c@0.1.0; did you mean `a:b/c`?
  line 8: `a:b/c@0.1.0` is listed in line 5 already: one component gives it
  line 9: agent.wasm is an agent, and agents are wired in a graph: expected a library
  line 10: core.wasm is a core module, and no component
  line 11: text.wasm is no WebAssembly, so no component
  line 12: build/mine.wasm is what this folder makes, and cannot import itself
  line 13: there is no lib/build/lib.wasm: `greenroom build {}` makes it
",
        folder.join("lib").display()
    );
    scene.refuses(imports, &agent(&[]), &expected);
}

#[test]
fn another_type_another_version_and_what_nobody_exports_are_told() {
    let scene = Scene::new(&[("c", &library("a:b/c@0.1.0"))]);
    let listed = "\"a:b/c\" = \"c.wasm\"";
    let agent_of = |imports: String| format!("(component {imports} {POLICY})");
    scene.refuses(
        listed,
        &agent_of(importing("a:b/c@0.1.0", r#"(param "x" u32) (result s64)"#)),
        "  line 5: `a:b/c@0.1.0` has another type in c.wasm than mine was compiled against: mismatched type for export `f`: \
         mismatched type for function result: expected s64, found u32\n",
    );
    scene.refuses(
        listed,
        &agent_of(importing("a:b/c@0.2.0", U32) + &importing("x:y/z", U32)),
        "  mine imports `a:b/c@0.2.0`, and c.wasm exports a:b/c@0.1.0: build the one against the other's version
  mine imports `x:y/z`, which neither the host offers nor a component of [imports] exports: list one\n",
    );
    scene.library("c", &format!("(component {} {})", importing("x:y/z", U32), exporting("a:b/c", U32)));
    scene.refuses(
        listed,
        &agent(&["a:b/c"]),
        "  line 5: c.wasm imports `x:y/z`, which neither the host offers nor a component of [imports] exports: list one\n",
    );
}

#[test]
fn libraries_in_a_circle_are_refused() {
    let part = |own: &str, other: &str| format!("(component {} {})", importing(other, U32), exporting(own, U32));
    let scene = Scene::new(&[("c", &part("a:b/c", "a:b/d")), ("d", &part("a:b/d", "a:b/c"))]);
    scene.refuses(
        "\"a:b/c\" = \"c.wasm\"\n\"a:b/d\" = \"d.wasm\"",
        &agent(&["a:b/c"]),
        "  line 5: c.wasm and d.wasm import each other: take one out of the circle\n",
    );
}
