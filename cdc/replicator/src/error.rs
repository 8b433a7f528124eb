//! Why a task ended though nobody asked it to.

use endpoint::target::error::ApplyError;
use replication::checkpoint::ResyncRequired;

/// Why a task ended though nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source can't go on from where the task is. The tables must be loaded anew, and only a person may decide that.
    #[error(
        "the task {task} must be loaded anew: {reason}; nothing was changed, start it with a reload of its target when that is wanted"
    )]
    ResyncRequired {
        /// The task.
        task: String,
        /// Why.
        reason: ResyncRequired,
    },
    /// A policy of the task's settings said that it should stop.
    #[error("the task {task} was stopped by {policy}: {reason}")]
    StoppedByPolicy {
        /// The task.
        task: String,
        /// The setting, as in `ErrorBehavior.DataErrorPolicy`.
        policy: String,
        /// What happened.
        reason: String,
    },
    /// Something is not as the task needs it, or an end of it failed.
    #[error(transparent)]
    Endpoint(#[from] endpoint::Error),
    /// Changes could not be applied.
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// Changes could not be kept on disk until their transaction's end.
    #[error("cannot {what} in the spill directory: {source}")]
    Spill {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Something is not as the task needs it. The text says what to do.
    #[error("{0}")]
    Refused(String),
    /// A mistake of this program.
    #[error("{0}")]
    Internal(String),
}

impl From<ApplyError> for Error {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Endpoint(error) => Self::Endpoint(error),
            error => Self::Apply(Box::new(error)),
        }
    }
}

impl Error {
    /// PostgreSQL's code, when a server answered with an error.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Endpoint(error) => error.code(),
            Self::Apply(_)
            | Self::ResyncRequired { .. }
            | Self::StoppedByPolicy { .. }
            | Self::Spill { .. }
            | Self::Refused(_)
            | Self::Internal(_) => None,
        }
    }

    /// Whether the task may succeed when it is started again, with nobody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Endpoint(error) => error.is_retryable(),
            Self::Apply(error) => error.is_retryable(),
            Self::ResyncRequired { .. }
            | Self::StoppedByPolicy { .. }
            | Self::Spill { .. }
            | Self::Refused(_)
            | Self::Internal(_) => false,
        }
    }
}
