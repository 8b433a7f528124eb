//! What can happen to an execution, and what the execution then wants done.

use std::sync::Arc;

use asl::definition::StateId;
use serde::{Deserialize, Serialize};

use crate::encoding;
use crate::failure::Failure;
use crate::map_run::{MapRunOutcome, ScheduledMapRun};
use crate::payload::Payload;

/// Names one attempt of one task inside its execution: the id of the attempt's `…Scheduled` event, so it never repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptId(pub u64);

/// Something that happened to an execution. Recorded before its consequences are visible, and replayed after a crash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The execution begins.
    Start,
    /// The step before stopped at its budget; go on.
    Continue,
    /// A worker took an activity's task.
    TaskStarted {
        /// Which attempt.
        attempt: AttemptId,
        /// The name that the worker gave.
        worker_name: Option<Arc<str>>,
    },
    /// The call of a `.sync` or `.waitForTaskToken` task was accepted.
    TaskSubmitted {
        /// Which attempt.
        attempt: AttemptId,
        /// The call's response.
        output: Payload,
    },
    /// A task ended well.
    TaskSucceeded {
        /// Which attempt.
        attempt: AttemptId,
        /// Its result.
        output: Payload,
    },
    /// A task failed.
    TaskFailed {
        /// Which attempt.
        attempt: AttemptId,
        /// Why.
        failure: Failure,
    },
    /// A task showed that it is alive.
    Heartbeat {
        /// Which attempt.
        attempt: AttemptId,
    },
    /// Time passed: everything that is due now happens.
    TimerFired,
    /// Somebody stops the execution.
    Stop(Failure),
    /// Somebody lets the execution go on that has ended without success.
    Redrive,
    /// Somebody halts the execution: no state is entered, no timer goes off.
    Pause,
    /// The halt is over.
    Resume,
    /// The execution begins as a child of a Map Run: in the processor of a distributed Map.
    StartChild {
        /// The Map state.
        #[serde(with = "encoding::state_id")]
        map: StateId,
        /// Its own timeout.
        timeout_seconds: Option<u64>,
    },
    /// A Map Run ended.
    MapRunEnded {
        /// Which attempt.
        attempt: AttemptId,
        /// How.
        outcome: MapRunOutcome,
    },
    /// A Map Run that was redriven ended.
    RedrivenMapRunEnded {
        /// Which attempt.
        attempt: AttemptId,
        /// How often it was redriven: an earlier end of it is of no interest any more.
        redrives: u32,
        /// How.
        outcome: MapRunOutcome,
    },
}

/// What an execution wants done, once the step is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Perform a task, or queue it for a worker.
    ScheduleTask(ScheduledTask),
    /// Carry out a Map Run.
    StartMapRun(Box<ScheduledMapRun>),
    /// Nobody waits for this attempt any more.
    CancelTask {
        /// Which attempt.
        attempt: AttemptId,
        /// The Task or Map state that it was of.
        state: StateId,
    },
    /// The step stopped at its budget: commit it, then give [`Input::Continue`].
    Continue,
    /// The execution has ended.
    Complete,
}

/// A task to perform.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledTask {
    /// Which attempt of the execution.
    pub attempt: AttemptId,
    /// The Task state; its `Resource` says what to call.
    pub state: StateId,
    /// What to call it with.
    pub input: Payload,
    /// The role of the state's Credentials.
    pub credentials_role_arn: Option<Arc<str>>,
    /// Whoever has this token can end the task.
    pub token: TaskToken,
    /// Seconds until the task times out, counted from its start.
    pub timeout_seconds: Option<u64>,
    /// Seconds between two heartbeats.
    pub heartbeat_seconds: Option<u64>,
}

/// Names one attempt of one task of one execution to the outside world, and can't be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskToken {
    /// The execution's number.
    pub execution: u64,
    /// The attempt.
    pub attempt: AttemptId,
    /// What can't be guessed.
    pub secret: u128,
}
