//! How `dms:…` fails: the errors' names, which Retry and Catch match, and their texts.
//!
//! Names are those of DMS's faults with the service before them, as the optimised integrations have theirs; the two that DMS has no word for are
//! ours.

use interpreter::failure::Failure;

use crate::failures::failure;

/// A parameter has a value that it can't have.
pub(crate) fn invalid_parameter(why: &str) -> Failure {
    failure("Dms.InvalidParameterValueException", why)
}

/// There is no such task.
pub(crate) fn not_found(identifier: &str) -> Failure {
    failure(
        "Dms.ResourceNotFoundFault",
        format!("Replication task {identifier} not found."),
    )
}

/// The task is at something else.
pub(crate) fn invalid_state(why: impl AsRef<str>) -> Failure {
    failure("Dms.InvalidResourceStateFault", why)
}

/// The task ended with an error.
pub(crate) fn task_failed(why: impl AsRef<str>) -> Failure {
    failure("Dms.ReplicationTaskFailed", why)
}

/// The task was stopped while a state waited for something else.
pub(crate) fn task_stopped(why: impl AsRef<str>) -> Failure {
    failure("Dms.ReplicationTaskStopped", why)
}

/// The task can't go on: its tables must be loaded anew, and only a person may decide that.
pub(crate) fn resync_required(why: impl AsRef<str>) -> Failure {
    failure("Dms.ResyncRequired", why)
}

/// What is to be remembered could not be.
pub(crate) fn unavailable(why: impl AsRef<str>) -> Failure {
    failure("Dms.InternalFailure", why)
}
