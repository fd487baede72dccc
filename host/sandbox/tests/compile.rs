//! Compilers that fail in every way a process can. The one that works is tested with the binary that holds it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use greenroom_kit::guest;
use greenroom_sandbox::{Compiler, Config, LoadError, Sandbox};

/// A sandbox whose compiler is a script.
fn with_script(folder: &Path, script: &str) -> Sandbox {
    let program = folder.join("compiler");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    with(Compiler { wall: Duration::from_secs(30), ..Compiler::new(program) }, folder)
}

fn with(compiler: Compiler, folder: &Path) -> Sandbox {
    let cache_dir = Some(folder.join("cache"));
    Config { compiler: Some(compiler), cache_dir, pool_instances: 8, ..Config::default() }.build().unwrap()
}

fn component() -> Vec<u8> {
    guest(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) i32.const 1024))"#,
    )
}

#[track_caller]
fn refused(sandbox: &Sandbox) -> LoadError {
    match sandbox.load(&component()) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

#[track_caller]
fn fails(script: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(&with_script(folder.path(), script));
    assert!(matches!(error, LoadError::Compiler { .. }), "{error}");
    assert!(error.to_string().contains(expected), "expected {expected:?} in {error}");
    let kept: Vec<PathBuf> = fs::read_dir(folder.path().join("cache")).unwrap().map(|f| f.unwrap().path()).collect();
    assert!(kept.iter().all(|path| path.ends_with("key")), "{kept:?}");
}

#[test]
fn a_compiler_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(&with(Compiler::new(folder.path().join("nothing")), folder.path())).to_string();
    assert!(error.contains("it cannot be run"), "{error}");
}

#[test]
fn a_compiler_that_crashes_is_told_with_its_last_words() {
    fails("echo 'so it ends' >&2; kill -s SEGV $$", "so it ends");
    fails("exit 7", "it ended with exit status: 7");
}

#[test]
fn a_compiler_that_writes_no_code_is_told() {
    fails("exit 0", "it wrote 0 bytes that are no compiled component");
    fails("exec head -c 100 /dev/zero", "it wrote 100 bytes that are no compiled component");
    fails("printf 'GRNcomp1'; exec head -c 100 /dev/zero", "it wrote 108 bytes that are no compiled component");
    fails("exec cat", "that are no compiled component");
}

#[test]
fn a_compiler_that_refuses_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(&with_script(folder.path(), "echo 'no such thing' >&2; exit 3"));
    assert_eq!(error.to_string(), "could not be compiled: no such thing");
}

#[test]
fn a_compiler_that_never_ends_is_ended() {
    for script in ["exec sleep 1000", "exec >&-; exec sleep 1000", "cat >/dev/null; while :; do :; done"] {
        let folder = tempfile::tempdir().unwrap();
        with_script(folder.path(), script);
        let compiler = Compiler { wall: Duration::from_millis(50), ..Compiler::new(folder.path().join("compiler")) };
        let error = refused(&with(compiler, folder.path()));
        assert!(matches!(error, LoadError::CompileTime { .. }), "{error}");
        assert!(error.to_string().starts_with("took longer than 0.05 s to compile"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_child_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    with_script(folder.path(), &format!("echo $$ > {}; exec sleep 1000", told.display()));
    let compiler = Compiler { wall: Duration::from_millis(500), ..Compiler::new(folder.path().join("compiler")) };
    refused(&with(compiler, folder.path()));
    let pid = fs::read_to_string(told).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "neither running nor waiting to be waited for");
}
