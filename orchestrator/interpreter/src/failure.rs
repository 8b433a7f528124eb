//! A workflow's failure as a value, and the error names of the language.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What went wrong inside a workflow. Both parts may be absent: a Fail state need not give any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error's name, `States.Timeout` or a name of the task's own.
    pub error: Option<Arc<str>>,
    /// What a person should read.
    pub cause: Option<Arc<str>>,
}

impl Failure {
    /// A failure with a name and a cause.
    pub fn new(error: impl Into<Arc<str>>, cause: impl Into<Arc<str>>) -> Self {
        Self {
            error: Some(error.into()),
            cause: Some(cause.into()),
        }
    }

    /// A failure with a name only.
    pub fn named(error: impl Into<Arc<str>>) -> Self {
        Self {
            error: Some(error.into()),
            cause: None,
        }
    }
}

/// The error names that the language reserves.
pub mod names {
    /// Matches every error that can be matched at all.
    pub const ALL: &str = "States.ALL";
    /// A task took longer than its timeout, or the machine longer than its own.
    pub const TIMEOUT: &str = "States.Timeout";
    /// A task sent no heartbeat in time. Histories call it [`TIMEOUT`]; Retry and Catch can match it.
    pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    /// Matches every error but [`TIMEOUT`].
    pub const TASK_FAILED: &str = "States.TaskFailed";
    /// A task lacked permission.
    pub const PERMISSIONS: &str = "States.Permissions";
    /// A ResultPath can't be applied to the state's input.
    pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    /// A path in Parameters leads nowhere.
    pub const PARAMETER_PATH_FAILURE: &str = "States.ParameterPathFailure";
    /// A branch of a Parallel state failed.
    pub const BRANCH_FAILED: &str = "States.BranchFailed";
    /// No choice rule held and there is no Default.
    pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
    /// An intrinsic function refused its arguments.
    pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
    /// Too many items of a Map failed.
    pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
    /// A distributed Map could not read its items.
    pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
    /// A distributed Map could not write its results.
    pub const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";
    /// A payload is larger than the limit. Nothing catches it.
    pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    /// The execution can't go on. Nothing catches it.
    pub const RUNTIME: &str = "States.Runtime";
    /// A JSONata expression failed.
    pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
    /// An HTTP task got no answer.
    pub const HTTP_SOCKET: &str = "States.Http.Socket";
    /// The beginning of an HTTP task's error for a status code.
    pub const HTTP_STATUS_CODE: &str = "States.Http.StatusCode.";
}
