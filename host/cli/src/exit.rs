//! Exit codes: the same for every command, documented in `--help`.

use std::process::ExitCode;

use miette::Report;

pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    what was asked for could not be done; the message says why
  2    the arguments, or settings from the environment, are wrong
  3    a file is wrong: a graph, a component, events, settings, a state
  4    an agent failed: it trapped, or used up a budget
  5    something is in use: a port, a data folder
  6    what is new would break what stands on the old
  130  interrupted";

/// After Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a command ends.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit code 1.
    Failed(Report),
    /// Exit code 2.
    Arguments(Report),
    /// Exit code 3.
    BadFile(Report),
    /// Exit code 4.
    Agent(Report),
    /// Exit code 5.
    InUse(Report),
    /// Exit code 6.
    Breaking(Report),
    /// Exit code 3: what is wrong was printed as JSON.
    Told,
    /// Exit code 130: it was stopped by Ctrl-C, and how far it came was printed.
    Interrupted,
}

impl Failure {
    pub(crate) fn failed(message: impl std::fmt::Display) -> Self {
        Self::Failed(Report::msg(message.to_string()))
    }

    pub(crate) fn arguments(message: impl std::fmt::Display) -> Self {
        Self::Arguments(Report::msg(message.to_string()))
    }

    pub(crate) fn bad_file(message: impl std::fmt::Display) -> Self {
        Self::BadFile(Report::msg(message.to_string()))
    }

    pub(crate) fn agent(message: impl std::fmt::Display) -> Self {
        Self::Agent(Report::msg(message.to_string()))
    }

    pub(crate) fn breaking(message: impl std::fmt::Display) -> Self {
        Self::Breaking(Report::msg(message.to_string()))
    }

    /// The same, with what it is about before what it says.
    pub(crate) fn about(self, what: &str) -> Self {
        let told = |report: Report| Report::msg(format!("{what}: {report}"));
        match self {
            Self::Failed(report) => Self::Failed(told(report)),
            Self::Arguments(report) => Self::Arguments(told(report)),
            Self::BadFile(report) => Self::BadFile(told(report)),
            Self::Agent(report) => Self::Agent(told(report)),
            Self::InUse(report) => Self::InUse(told(report)),
            Self::Breaking(report) => Self::Breaking(told(report)),
            Self::Told | Self::Interrupted => self,
        }
    }

    /// What it says.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Failed(report)
            | Self::Arguments(report)
            | Self::BadFile(report)
            | Self::Agent(report)
            | Self::InUse(report)
            | Self::Breaking(report) => report.to_string(),
            Self::Told => "it was printed".to_owned(),
            Self::Interrupted => "it was stopped".to_owned(),
        }
    }

    pub(crate) fn in_use(message: impl std::fmt::Display) -> Self {
        Self::InUse(Report::msg(message.to_string()))
    }
}

pub(crate) fn code(done: Result<(), Failure>) -> ExitCode {
    let (report, code) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Told) => return ExitCode::from(3),
        Err(Failure::Interrupted) => return ExitCode::from(INTERRUPTED),
        Err(Failure::Failed(report)) => (report, 1),
        Err(Failure::Arguments(report)) => (report, 2),
        Err(Failure::BadFile(report)) => (report, 3),
        Err(Failure::Agent(report)) => (report, 4),
        Err(Failure::InUse(report)) => (report, 5),
        Err(Failure::Breaking(report)) => (report, 6),
    };
    eprintln!("{report:?}");
    ExitCode::from(code)
}
