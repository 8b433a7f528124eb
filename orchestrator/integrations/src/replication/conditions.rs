//! What a state waits for, and what the end of its task means to it.

use interpreter::failure::Failure;
use pgoutput::Lsn;
use replicator::status::{Phase, Status};

use crate::replication::dms_failures::{resync_required, task_failed, task_stopped};
use crate::replication::parameters::Condition;
use crate::replication::record::{End, How};

/// What a running task can come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// It follows changes: whatever was to be loaded is loaded.
    Following,
    /// It follows changes, and all before a position are durable at the target.
    At(Lsn),
    /// It has ended.
    End,
}

/// Whether a running task has come to a goal.
pub(crate) fn is_reached(goal: Goal, status: &Status) -> bool {
    let is_following = matches!(status.phase, Phase::Following { .. });
    match goal {
        Goal::Following => is_following,
        Goal::At(position) => is_following && status.applied >= position,
        Goal::End => false,
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
