//! Exit codes: the same for every command, documented in `--help`.

use std::process::ExitCode;

pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  what was asked for could not be done; the message says why
  2  the arguments are wrong
  3  a file is wrong: a graph, a component, events, a state
  4  an agent failed: it trapped, or used up a budget
  5  something is in use: a port, a data folder";

/// Why a command ends.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit code 1.
    Failed(miette::Report),
    /// Exit code 3.
    BadFile(miette::Report),
    /// Exit code 4.
    Agent(miette::Report),
    /// Exit code 5.
    InUse(miette::Report),
}

impl Failure {
    pub(crate) fn failed(message: impl std::fmt::Display) -> Self {
        Self::Failed(miette::Report::msg(message.to_string()))
    }

    pub(crate) fn bad_file(message: impl std::fmt::Display) -> Self {
        Self::BadFile(miette::Report::msg(message.to_string()))
    }
}

pub(crate) fn code(done: Result<(), Failure>) -> ExitCode {
    let (report, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(report)) => (report, 1),
        Err(Failure::BadFile(report)) => (report, 3),
        Err(Failure::Agent(report)) => (report, 4),
        Err(Failure::InUse(report)) => (report, 5),
    };
    eprintln!("{report:?}");
    ExitCode::from(code)
}
