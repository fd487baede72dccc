//! The `greenroom` command.

mod commands;
mod evolution;
mod exit;
mod failures;
mod figures;
mod operator;
mod output;
mod progress;
mod scripted;
mod settings;
mod study_progress;
mod table;
mod terminal;
mod whole;

use clap::{Parser, Subcommand};

use commands::{
    add, admit, bench, build, check, compat, compile_component, config, decide, deploy, dev, diff, eval, evolve,
    export, forget, gc, inspect, key, knowledge, memory, new, package, plans, prove, pull, push, replay, revoke,
    rollback, serve, sign, status, test, token, train,
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
    New(new::Arguments),
    Build(build::Arguments),
    Test(test::Arguments),
    Bench(bench::Arguments),
    Add(add::Arguments),
    Inspect(inspect::Arguments),
    Admit(admit::Arguments),
    Check(check::Arguments),
    Compat(compat::Arguments),
    Train(train::Arguments),
    Decide(decide::Arguments),
    Eval(eval::Arguments),
    Export(export::Arguments),
    Evolve(evolve::Arguments),
    Prove(prove::Arguments),
    Serve(serve::Arguments),
    Deploy(deploy::Arguments),
    Rollback(rollback::Arguments),
    Plans(plans::Arguments),
    Diff(diff::Arguments),
    Status(status::Arguments),
    Forget(forget::Arguments),
    Gc(gc::Arguments),
    Knowledge(knowledge::Arguments),
    Memory(memory::Arguments),
    Dev(dev::Arguments),
    Replay(replay::Arguments),
    Revoke(revoke::Arguments),
    Token(token::Arguments),
    Config(config::Arguments),
    Package(package::Arguments),
    Key(key::Arguments),
    Sign(sign::Arguments),
    Push(push::Arguments),
    Pull(pull::Arguments),
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
    // Two agents that are asked the same log the same twice, as often as they are asked.
    let compares = matches!(&arguments.command, Command::Inspect(arguments) if arguments.compares());
    terminal::log(match (serves, compares) {
        (true, _) => "info",
        (_, true) => "warn,greenroom::guest=off",
        _ => "warn",
    });
    if !serves {
        terminal::end_when_interrupted();
    }
    let done = match arguments.command {
        Command::New(arguments) => new::run(&arguments),
        Command::Build(arguments) => build::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Add(arguments) => add::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Admit(arguments) => admit::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Compat(arguments) => compat::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Decide(arguments) => decide::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Evolve(arguments) => evolve::run(&arguments),
        Command::Prove(arguments) => prove::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Deploy(arguments) => deploy::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Plans(arguments) => plans::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Forget(arguments) => forget::run(&arguments),
        Command::Gc(arguments) => gc::run(&arguments),
        Command::Knowledge(arguments) => knowledge::run(&arguments),
        Command::Memory(arguments) => memory::run(&arguments),
        Command::Dev(arguments) => dev::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Revoke(arguments) => revoke::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Package(arguments) => package::run(&arguments),
        Command::Key(arguments) => key::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Push(arguments) => push::run(&arguments),
        Command::Pull(arguments) => pull::run(&arguments),
        Command::CompileComponent(arguments) => return compile_component::run(&arguments),
    };
    exit::code(done)
}
