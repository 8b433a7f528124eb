//! How a command ends, and the exit code that says so.

use std::process::ExitCode;

/// The exit code of a mistake in the program itself, as `sysexits.h` numbers it.
pub(crate) const INTERNAL: u8 = 70;

/// The part of `--help` that says what the exit codes mean.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    it was done
  1    it was not done, or what was looked at is wrong: the execution failed, the definition has errors, the server refused
  2    the command line, the input or the configuration is wrong
  3    the server can't be reached, or the data directory can't be opened
  130  it was interrupted";

/// How a command ended that did what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Done,
    /// It has said that something is wrong.
    Negative,
    /// Somebody interrupted it.
    Interrupted,
}

impl Outcome {
    /// The process's exit code.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Interrupted => 130,
        })
    }
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The user gave something that can't be used.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] crate::config::layers::Error),
    /// Something that the command needs is not to be had.
    #[error("{0}")]
    Unavailable(String),
    /// It was tried and failed.
    #[error("{0}")]
    Failed(String),
    /// A replication task's tables must be loaded anew.
    #[error("{0}")]
    ResyncRequired(String),
}

impl Error {
    /// The process's exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) | Self::Config(_) => 2,
            Self::Unavailable(_) => 3,
            Self::ResyncRequired(_) => 4,
        })
    }
}
