//! What a state waits for, and what the end of its task means to it.

use interpreter::failure::Failure;
use replicator::status::{Phase, Status};

use crate::replication::dms_failures::{resync_required, task_failed, task_stopped};
use crate::replication::parameters::Condition;
use crate::replication::record::{End, How};

/// Whether a condition holds that a running task can meet.
pub(crate) fn is_reached(condition: Condition, status: &Status) -> bool {
    match (condition, &status.phase) {
        (Condition::FullLoadComplete, Phase::Following { .. })
        | (Condition::CaughtUp, Phase::Following { caught_up: true }) => true,
        (
            Condition::FullLoadComplete | Condition::CaughtUp | Condition::Stopped,
            Phase::Starting
            | Phase::Loading
            | Phase::Indexing
            | Phase::Following { .. }
            | Phase::Recovering { .. }
            | Phase::Stopping
            | Phase::Stopped
            | Phase::ResyncRequired { .. }
            | Phase::Failed { .. },
        ) => false,
    }
}

/// What the end of a task means to a state that waits for a condition.
pub(crate) fn judge(end: &End, condition: Condition) -> Result<(), Failure> {
    let message = end.message.as_deref().unwrap_or("it does not say why");
    match (end.how, condition) {
        (How::FullLoadFinished | How::CaughtUp, _) | (How::Stopped, Condition::Stopped) => Ok(()),
        (How::Stopped, Condition::FullLoadComplete) => Err(task_stopped(
            "The replication task was stopped before its tables were loaded",
        )),
        (How::Stopped, Condition::CaughtUp) => Err(task_stopped(
            "The replication task was stopped before it had caught up",
        )),
        (How::Failed, _) => Err(task_failed(message)),
        (How::ResyncRequired, _) => Err(resync_required(message)),
    }
}
