//! What the check of dependencies does when the machine or the network lacks something, with a cargo that plays it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// What a run said, whether it went well, and what it had cargo do.
struct Ran {
    said: String,
    ok: bool,
    asked: String,
}

/// Runs the script with a cargo to which the commands that begin like one of `failing` fail.
fn deny(failing: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let fails: String = failing.iter().map(|start| format!("\"{start}\"*) exit 1 ;;\n")).collect();
    program("cargo", &format!("echo \"$*\" >>\"$ASKED\"\ncase \"$*\" in\n{fails}esac\n"));
    program("rustc", "echo 'host: this-machine'\n");
    let asked = folder.path().join("asked");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/deny.sh");
    let output = Command::new(script).env("PATH", path).env("ASKED", &asked).output().unwrap();
    Ran {
        said: String::from_utf8(output.stdout).unwrap(),
        ok: output.status.success(),
        asked: fs::read_to_string(asked).unwrap(),
    }
}

#[test]
fn everything_is_checked_when_everything_is_there() {
    let ran = deny(&[]);
    assert_eq!((ran.said.as_str(), ran.ok), ("", true));
    assert!(ran.asked.contains("check bans licenses sources"), "{}", ran.asked);
    assert!(ran.asked.contains("check advisories"), "{}", ran.asked);
    assert!(!ran.asked.contains("--target"), "{}", ran.asked);
}

#[test]
fn a_machine_without_the_checker_is_told_and_nothing_fails() {
    let ran = deny(&["deny"]);
    assert!(ran.ok && ran.said.contains("NOT RUN: cargo-deny is not installed"), "{}", ran.said);
    assert_eq!(ran.asked, "deny --version\n");
}

#[test]
fn without_the_database_the_rest_is_checked_and_that_is_said() {
    let ran = deny(&["deny --locked fetch"]);
    assert!(ran.ok && ran.said.contains("advisories and yanked versions NOT CHECKED"), "{}", ran.said);
    assert!(ran.asked.contains("check bans licenses sources"), "{}", ran.asked);
    assert!(!ran.asked.contains("advisories"), "{}", ran.asked);
}

#[test]
fn without_the_crates_of_other_platforms_this_one_is_checked_and_that_is_said() {
    let ran = deny(&["fetch", "deny --locked fetch"]);
    assert!(ran.ok && ran.said.contains("other platforms NOT CHECKED"), "{}", ran.said);
    let check = "deny --locked --offline --target this-machine --log-level error check bans licenses sources";
    assert!(ran.asked.contains(check), "{}", ran.asked);
}

#[test]
fn what_is_refused_fails() {
    assert!(!deny(&["deny --locked --offline"]).ok);
    assert!(!deny(&["deny --locked --log-level"]).ok);
}
