//! `greenroom compile-component`: the process that compiles for another one. Not for people: see the sandbox's `compile`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use greenroom_sandbox::{Compiler, Confinement};

/// Compiles the component on the standard input to the standard output.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Bytes of address space.
    memory_max: u64,
    /// Seconds of processor time.
    cpu_s: u64,
    /// The process that asks.
    parent: u32,
    /// Run what is compiled, to make an image of it.
    #[arg(long)]
    runs: bool,
    /// Compile so that faults name source lines.
    #[arg(long)]
    source_lines: bool,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let Arguments { memory_max, cpu_s, parent, runs, source_lines } = *arguments;
    greenroom_sandbox::compile_component(Confinement { memory_max, cpu_s, parent, runs, source_lines })
}

/// This binary as it runs: also when its file was replaced since by another version.
pub(crate) fn this_binary() -> Option<Compiler> {
    let running = Path::new("/proc/self/exe");
    let program = if running.exists() { Some(PathBuf::from(running)) } else { std::env::current_exe().ok() };
    program.map(Compiler::new)
}
