//! The `greenroom` command.

mod commands;
mod exit;

use clap::{Parser, Subcommand};

/// A WebAssembly host for agents that evolve in production.
#[derive(Parser)]
#[command(name = "greenroom", version, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Package(commands::package::Arguments),
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Package(arguments) => commands::package::run(&arguments),
    };
    exit::code(done)
}
