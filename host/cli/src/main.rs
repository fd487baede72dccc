//! The `greenroom` command.

mod commands;
mod exit;
mod failures;
mod figures;
mod output;
mod progress;
mod settings;
mod table;
mod terminal;
mod whole;

use clap::{Parser, Subcommand};

use commands::{
    admit, check, compat, compile_component, config, decide, eval, inspect, package, replay, revoke, serve, train,
};

/// A WebAssembly host for agents that evolve in production.
#[derive(Parser)]
#[command(name = "greenroom", version, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Inspect(inspect::Arguments),
    Admit(admit::Arguments),
    Check(check::Arguments),
    Compat(compat::Arguments),
    Train(train::Arguments),
    Decide(decide::Arguments),
    Eval(eval::Arguments),
    Serve(serve::Arguments),
    Replay(replay::Arguments),
    Revoke(revoke::Arguments),
    Config(config::Arguments),
    Package(package::Arguments),
    #[command(hide = true)]
    CompileComponent(compile_component::Arguments),
}

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if let Command::CompileComponent(arguments) = arguments.command {
        // Before anything else has taken threads or memory, or changed what signals do.
        return compile_component::run(&arguments);
    }
    terminal::report_errors();
    let serves = matches!(arguments.command, Command::Serve(_));
    terminal::log(if serves { "info" } else { "warn" });
    if !serves {
        terminal::end_when_interrupted();
    }
    let done = match arguments.command {
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Admit(arguments) => admit::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Compat(arguments) => compat::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Decide(arguments) => decide::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Revoke(arguments) => revoke::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Package(arguments) => package::run(&arguments),
        Command::CompileComponent(arguments) => return compile_component::run(&arguments),
    };
    exit::code(done)
}
