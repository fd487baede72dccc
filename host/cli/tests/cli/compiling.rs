//! The process that compiles: what it may take, and what becomes of it.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use greenroom_model::{Budgets, FaultKind};
use greenroom_sandbox::{Capabilities, Compiler, Component, Config, ImageError, LoadError, Preparation, Sandbox};

use crate::scene::{GRAPH, Scene, probe, signal};

fn sandbox(compiler: Compiler) -> Sandbox {
    Config { compiler: Some(compiler), pool_instances: 8, ..Config::default() }.build().unwrap()
}

fn compiler() -> Compiler {
    Compiler::new(env!("CARGO_BIN_EXE_greenroom").into())
}

/// A component of some 200 KB that takes more than a second, and more than a gigabyte, to compile: what is live at the
/// end of each loop is looked at for every loop around it.
fn costly() -> Vec<u8> {
    let (begins, ends) = ("loop\n".repeat(50_000), "end\n".repeat(50_000));
    greenroom_kit::guest(&format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                {begins} local.get 0 br_if 0 {ends} local.get 0))"#
    ))
}

#[track_caller]
fn refused(compiler: Compiler, component: &[u8]) -> LoadError {
    match sandbox(compiler).load(component) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

#[test]
fn what_another_process_compiled_is_loaded() {
    let bytes = fs::read(greenroom_kit::component("probe")).unwrap();
    assert!(sandbox(compiler()).load(&bytes).unwrap().interfaces().policy);
}

#[test]
fn a_component_that_takes_too_long_to_compile_is_refused() {
    let error = refused(Compiler { wall: Duration::from_millis(20), ..compiler() }, &costly());
    assert!(matches!(error, LoadError::CompileTime { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_component_that_takes_too_much_memory_to_compile_is_refused() {
    let error = refused(Compiler { memory_max: 200 << 20, ..compiler() }, &costly());
    assert!(matches!(error, LoadError::CompileMemory { mebibytes: 200 }), "{error}");
    assert!(error.to_string().contains("took more than 200 MiB to compile"), "{error}");
    let bytes = fs::read(greenroom_kit::component("probe")).unwrap();
    assert!(sandbox(Compiler { memory_max: 200 << 20, ..compiler() }).load(&bytes).is_ok(), "an honest one fits");
}

#[cfg(target_os = "linux")]
#[test]
fn a_compiler_whose_parent_is_gone_does_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_greenroom"));
    child.args(["compile-component", "1000000000", "10", "1"]).stdin(Stdio::null());
    let ended = child.output().unwrap();
    assert!(!ended.status.success());
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "the process that asked is gone\n");
}

/// A process that `parent` started, if there is one.
#[cfg(target_os = "linux")]
fn child_of(parent: u32) -> Option<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|id| state(*id).is_some_and(|(_, of)| of == parent))
}

/// Of a process: its state, and who started it.
#[cfg(target_os = "linux")]
fn state(id: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

#[cfg(target_os = "linux")]
#[track_caller]
fn until<T>(what: impl Fn() -> Option<T>) -> T {
    for _ in 0..60_000 {
        if let Some(found) = what() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it never came to be");
}

#[cfg(target_os = "linux")]
#[test]
fn who_interrupts_the_host_ends_its_compiler_too() {
    let scene = Scene::new(GRAPH);
    scene.write("costly.wasm", costly());
    let mut command = scene.command(&["inspect", "costly.wasm"]);
    command.env("RUST_LOG", "greenroom=debug");
    let (mut host, _) = scene.start(command, "Ctrl-C ends this command", true);
    let compiler = until(|| child_of(host.id()));
    signal(&host, "INT");
    assert_eq!(host.wait().unwrap().code(), Some(130));
    until(|| state(compiler).is_none_or(|(state, _)| state == 'Z').then_some(()));
}

#[cfg(unix)]
#[test]
fn a_bench_that_is_interrupted_leaves_nothing_behind() {
    let scene = Scene::new(GRAPH);
    let temporary = scene.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = scene.command(&["bench", "popularity.wasm", "--calls", "100000"]);
    command.env("RUST_LOG", "greenroom=debug").env("TMPDIR", &temporary);
    let (mut bench, _) = scene.start(command, "Ctrl-C ends this command", true);
    let left = || std::fs::read_dir(&temporary).unwrap().next();
    until(left).unwrap();
    signal(&bench, "INT");
    assert_eq!(bench.wait().unwrap().code(), Some(130));
    assert!(left().is_none());
}

#[test]
fn the_command_that_compiles_is_not_for_people() {
    let help = Scene::new(GRAPH).run(&["--help"]).ok();
    assert!(!help.contains("compile-component"), "{help}");
}

/// The image of a component, made with this map of parameters.
fn image_of(bytes: &[u8], params: Option<&[u8]>) -> Result<Component, ImageError> {
    let component = sandbox(compiler()).load(bytes).unwrap();
    let budgets = Budgets::default();
    let preparation = Preparation { params, state: None, budgets: &budgets, by: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(component.image(Capabilities::none("image"), &preparation))
}

#[test]
fn another_process_says_why_it_makes_no_image() {
    // The probe takes a mode, among others.
    let probe = fs::read(greenroom_kit::component("probe")).unwrap();
    let error = image_of(&probe, Some(b"\x80")).err().unwrap();
    assert!(matches!(&error, ImageError::Prepare(fault) if fault.kind == FaultKind::InvalidParameters), "{error}");
    let mutating = greenroom_kit::guest(
        r#"(module (memory (export "memory") 1) (table $t 1 100 funcref)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
                (drop (table.grow $t (ref.null func) (i32.const 1))) i32.const 1024))"#,
    );
    let error = image_of(&mutating, None).err().unwrap();
    assert!(matches!(&error, ImageError::Unsupported(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn a_host_that_serves_has_images_made_with_what_memory_answered_here() {
    // It counts in its namespace while it is configured and restored.
    let scene = Scene::trained(&probe("write"));
    let command = scene.command(&["serve", "graph.toml", "--listen", "127.0.0.1:0"]);
    let (mut server, line) = scene.start(command, "serving probing", false);
    let address = line.rsplit("http://").next().unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(120);
    loop {
        let status = crate::serving::got(address, "/v1/status").1;
        let agent = &status["agents"][0];
        if agent["instances"] == "image" {
            break;
        }
        assert!(agent["no_image"].is_null() && std::time::Instant::now() < until, "{status:#}");
    }
    let (code, answer) = crate::serving::asked(address, r#"{"subject":"s1","limit":3}"#);
    assert_eq!((code, answer["degraded"].to_string().as_str()), (200, "[]"), "{answer:#}");
    signal(&server, "TERM");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
