//! Why the runtime refused what a caller asked. `api` maps each variant to the wire's error.

use std::sync::Arc;

use asl::diagnostic::Diagnostic;

use crate::test_state::TestMistake;

/// What the runtime answers when it does not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such state machine.
    #[error("there is no state machine {0}")]
    StateMachineDoesNotExist(String),
    /// A state machine of that name is there with another definition or type.
    #[error("the state machine {0} exists with another definition")]
    StateMachineAlreadyExists(String),
    /// The definition is wrong.
    #[error("the definition has {} finding{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    InvalidDefinition(Vec<Diagnostic>),
    /// The operation is not for machines of that type.
    #[error("the state machine {0} is of a type that does not support this")]
    StateMachineTypeNotSupported(String),
    /// There is no such execution.
    #[error("there is no execution {0}")]
    ExecutionDoesNotExist(String),
    /// An execution of that name was started with another input, or has ended.
    #[error("the execution {0} exists already")]
    ExecutionAlreadyExists(String),
    /// A test case can't be used: what, where and why.
    #[error("{0}")]
    TestCase(String),
    /// The execution can't be redriven; AWS's reason.
    #[error("cannot redrive the execution: {0}")]
    ExecutionNotRedrivable(String),
    /// A corrected definition does not fit the execution that is to go on with it.
    #[error("cannot redrive the execution with this definition: {0}")]
    DefinitionDoesNotFit(String),
    /// The execution has ended, so that it can be neither paused nor resumed.
    #[error("the execution {0} has ended")]
    ExecutionEnded(String),
    /// There is no such version or alias; its ARN.
    #[error("there is no version or alias {0}")]
    NoSuchQualifier(String),
    /// What is there stands against it.
    #[error("{0}")]
    Conflict(String),
    /// An alias can't lead where it is to.
    #[error("{0}")]
    InvalidRouting(String),
    /// A state machine has as many of them as the limit allows.
    #[error("the limit of {limit} {what} is reached")]
    QuotaExceeded {
        /// Of what.
        what: &'static str,
        /// The limit in force.
        limit: usize,
    },
    /// A state can't be tested as asked.
    #[error("the state cannot be tested in this way: {0:?}")]
    InvalidTest(TestMistake),
    /// The input is no JSON.
    #[error("the input is no JSON: {0}")]
    InvalidExecutionInput(String),
    /// A payload is longer than the limit.
    #[error("the {what} has {bytes} bytes, the limit is {limit}")]
    TooLong {
        /// Which payload.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit in force.
        limit: usize,
    },
    /// A text that should be a task token is none.
    #[error("the task token is invalid")]
    InvalidToken,
    /// The token's execution is not known.
    #[error("the task does not exist")]
    TaskDoesNotExist,
    /// The token's task ended, was cancelled or timed out.
    #[error("the task timed out or has ended")]
    TaskTimedOut,
    /// A task's output is no JSON.
    #[error("the output is no JSON: {0}")]
    InvalidOutput(String),
    /// There is no such Map Run; its ARN.
    #[error("there is no Map Run {0}")]
    MapRunDoesNotExist(String),
    /// The Map Run has ended, so that it can't be changed.
    #[error("the Map Run {0} has ended")]
    MapRunIsOver(String),
    /// There is no such activity.
    #[error("there is no activity {0}")]
    ActivityDoesNotExist(String),
    /// Too many workers poll that activity.
    #[error("too many workers poll the activity {0}")]
    ActivityWorkerLimitExceeded(String),
    /// There are as many as the limit allows.
    #[error("the limit of {limit} {what} is reached")]
    LimitExceeded {
        /// Of what.
        what: &'static str,
        /// The limit in force.
        limit: usize,
    },
    /// The execution can't be continued until somebody looks at it.
    #[error("the execution {arn} is parked: {why}")]
    Parked {
        /// Which.
        arn: Arc<str>,
        /// Why.
        why: String,
    },
    /// The step could not be made durable just now. Nothing of it happened.
    #[error("cannot make the change durable: {0}")]
    Unavailable(Arc<Error>),
    /// The runtime is shutting down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The store failed.
    #[error("cannot use the store")]
    Store(#[from] store::contract::Error),
}

impl Error {
    /// What happened, with what the store says of it.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Store(error) => format!("{self}: {error}"),
            error => error.to_string(),
        }
    }

    /// Whether the store was closed, so that nothing can be done before the next start.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(
            self,
            Self::ShuttingDown | Self::Store(store::contract::Error::Closed)
        )
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::ShuttingDown => true,
            Self::Unavailable(error) => error.is_retryable(),
            Self::Store(error) => error.is_retryable(),
            _ => false,
        }
    }
}
