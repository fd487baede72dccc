//! What admitting a component costs: the first time, when it is compiled and tried, and when its verdict is known.
//!
//!     make figures-hostile
//!
//! `$GREENROOM` is the program that compiles, as it does for `greenroom admit`. Writes `$GREENROOM_FIGURES`, beside what
//! the sandbox's own bench measured (see `docs/figures.md`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on should stop")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use greenroom_kit::{Figure, component, quantile, report};
use greenroom_runtime::{Guests, admit};
use greenroom_sandbox::{Compiler, Config, Sandbox};

/// Caches that are begun anew, for each way of compiling.
const COLD: usize = 11;
/// Admissions with a verdict, of each cache.
const KNOWN: usize = 9;
/// The smallest real agent, of 160 KB.
const AGENT: &str = "router";

fn sandbox(cache: &Path, compiler: Option<Compiler>) -> Sandbox {
    Config { cache_dir: Some(cache.to_owned()), compiler, ..Config::default() }.build().unwrap()
}

/// Milliseconds of an admission, which must come from the cache or not.
fn admitted(guests: &Guests, sandbox: &Sandbox, bytes: &[u8], kept: bool) -> f64 {
    let (sandbox, bytes) = (sandbox.clone(), bytes.to_vec());
    let work = async move {
        let began = Instant::now();
        let admission = admit(&sandbox, &bytes).await.unwrap();
        (began.elapsed().as_secs_f64() * 1e3, admission)
    };
    let (ms, admission) = guests.block_on(work).unwrap();
    let failures: Vec<_> = admission.verdict.trial.failures().collect();
    assert!(failures.is_empty() && admission.kept == kept, "{failures:?}");
    ms
}

fn main() {
    let program = std::env::var_os("GREENROOM").map(PathBuf::from);
    let program = program.unwrap_or_else(|| panic!("GREENROOM is not set: run `make figures-hostile`"));
    let guests = Guests::start(0).unwrap();
    let bytes = std::fs::read(component(AGENT)).unwrap();
    println!("admitting {AGENT}, {} bytes", bytes.len());
    let (mut child, mut here, mut known, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COLD {
        let folder = tempfile::tempdir().unwrap();
        let confined = sandbox(folder.path(), Some(Compiler::new(program.clone())));
        child.push(admitted(&guests, &confined, &bytes, false));
        for _ in 0..KNOWN {
            known.push(admitted(&guests, &confined, &bytes, true));
            let began = Instant::now();
            confined.inspect(&bytes).unwrap();
            read.push(began.elapsed().as_secs_f64() * 1e3);
        }
        let folder = tempfile::tempdir().unwrap();
        here.push(admitted(&guests, &sandbox(folder.path(), None), &bytes, false));
    }
    let figure = |id, what, all: &mut Vec<f64>, target, base: &'static str, beside: &mut Vec<f64>| {
        let (value, spread) = quantile(all, 0.5);
        Figure {
            id,
            what,
            value,
            unit: "ms",
            better: "lower",
            target: Some(target),
            baseline: Some((base, quantile(beside, 0.5).0)),
            samples: all.len() as u64,
            spread,
        }
    };
    let cold = "admitting an agent of 160 KB, compiled and tried";
    report(&[
        figure("hostile.admit", cold, &mut child, 1_000.0, "compiled in this process, ms", &mut here),
        figure("hostile.admit-known", "the same with a verdict", &mut known, 10.0, "reading it alone, ms", &mut read),
    ]);
}
