//! A thread: one line of states being walked, and what it waits for.

use std::sync::Arc;

use asl::definition::StateId;
use expression::variables::Variables;
use serde::{Deserialize, Serialize};

use crate::encoding;
use crate::input::{AttemptId, TaskToken};
use crate::map_run::PendingMapRun;
use crate::mocks::MockedOutcome;
use crate::payload::Payload;
use crate::step::after_seconds;

/// A thread's slot in its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ThreadId(pub(crate) u32);

/// One line of states being walked: the machine's own, a Parallel's branch, or a Map's iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thread {
    /// Who waits for this thread, and as which child.
    pub(crate) parent: Option<Child>,
    /// The state that it is in.
    #[serde(with = "encoding::state_id")]
    pub(crate) state: StateId,
    /// The id of the event that the next event follows.
    pub(crate) previous: u64,
    /// The id of the state's StateEntered event; 0 between two states.
    pub(crate) entered: u64,
    /// When the state was entered.
    pub(crate) entered_at: i64,
    /// The state's input before InputPath.
    pub(crate) input: Payload,
    /// The variables that it sees.
    #[serde(with = "encoding::own_variables")]
    pub(crate) variables: Variables,
    /// How often each retrier of the state has been used.
    pub(crate) retries: Vec<u32>,
    /// The item that a Map's iteration works on, for the context object; of the innermost Map.
    pub(crate) item: Option<Item>,
    /// What the state waits for.
    pub(crate) phase: Phase,
}

/// A thread's place among its parent's children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Child {
    /// The thread that forked.
    pub(crate) of: ThreadId,
    /// The branch's or item's index.
    pub(crate) index: u32,
}

/// The item of a Map's iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// Its index.
    pub(crate) index: u64,
    /// Its value.
    pub(crate) value: Payload,
    /// The name of the member that it is the value of, where the items are those of an object.
    pub(crate) key: Option<Arc<str>>,
    /// Where it comes from, in a distributed Map.
    pub(crate) source: Option<Arc<str>>,
}

/// What a thread waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Nothing: the step has work for it.
    Ready,
    /// A Wait state's end.
    Waiting {
        /// When.
        until: i64,
    },
    /// The next attempt of a retry.
    BackingOff {
        /// When.
        until: i64,
    },
    /// A task's end.
    Task(PendingTask),
    /// Its children's ends.
    Fork(Fork),
    /// Its Map Run's end.
    MapRun(Box<PendingMapRun>),
    /// The end of its Map Run, which was redriven.
    RedrivenMapRun {
        /// The run.
        run: Box<PendingMapRun>,
        /// How often it was redriven.
        redrives: u32,
    },
}

impl Phase {
    /// The Map Run whose end is waited for, or was, and how often it was redriven.
    pub(crate) fn map_run(&self) -> Option<(&PendingMapRun, u32)> {
        match self {
            Self::MapRun(run) => Some((run, 0)),
            Self::RedrivenMapRun { run, redrives } => Some((run, *redrives)),
            Self::Ready
            | Self::Waiting { .. }
            | Self::BackingOff { .. }
            | Self::Task(_)
            | Self::Fork(_) => None,
        }
    }
}

/// A task that was scheduled and has not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingTask {
    /// Who may end it.
    pub(crate) token: TaskToken,
    /// What it was called with.
    pub(crate) input: Payload,
    /// The role of the state's Credentials.
    pub(crate) credentials_role_arn: Option<Arc<str>>,
    /// Its timeout and heartbeat, in seconds.
    pub(crate) timeout_seconds: Option<u64>,
    /// Seconds between two heartbeats.
    pub(crate) heartbeat_seconds: Option<u64>,
    /// When the timeout is due.
    pub(crate) times_out: Option<i64>,
    /// When the heartbeat is due.
    pub(crate) beats_out: Option<i64>,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// How far a pending task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Progress {
    /// An activity's task that no worker has taken.
    Scheduled,
    /// It runs.
    Started,
    /// The call was accepted; its job or callback is awaited.
    Submitted,
}

/// A Parallel or Map whose children run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fork {
    /// The event that the next child follows: the `…Started` event, then the last event of the child that made room.
    pub(crate) follows: u64,
    /// How many children have not ended.
    pub(crate) running: u32,
    /// The next item to start; for a Parallel all have started.
    pub(crate) next: u32,
    /// How many children may run at once.
    pub(crate) concurrency: u32,
    /// Whether the step's work has an Iterate for it.
    pub(crate) is_iterating: bool,
    /// The effective input of the state: what the branches get, or what an ItemSelector reads.
    pub(crate) input: Payload,
    /// The items, for a Map.
    pub(crate) items: Option<Payload>,
    /// What the children gave, by index.
    pub(crate) results: Vec<Option<Payload>>,
}

/// One thing that a step has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Enter a state with an input.
    Enter(
        ThreadId,
        #[serde(with = "encoding::state_id")] StateId,
        Payload,
    ),
    /// Start a Map's next items while its concurrency allows.
    Iterate(ThreadId),
    /// Do the thread's state again, after a redrive.
    Again(ThreadId),
    /// Let the attempt of a mocked state end.
    Mocked(AttemptId, MockedOutcome),
}

impl PendingTask {
    /// The task begins to run: its timeout and heartbeat count from here.
    pub(crate) fn start_clocks(&mut self, now: i64) {
        self.times_out = self
            .timeout_seconds
            .map(|seconds| after_seconds(now, seconds));
        self.beat(now);
    }

    /// The task showed that it is alive.
    pub(crate) fn beat(&mut self, now: i64) {
        self.beats_out = self
            .heartbeat_seconds
            .map(|seconds| after_seconds(now, seconds));
    }
}

impl Thread {
    /// A thread at the beginning of a block.
    pub(crate) fn new(
        parent: Option<Child>,
        state: StateId,
        previous: u64,
        input: Payload,
    ) -> Self {
        Self {
            parent,
            state,
            previous,
            entered: 0,
            entered_at: 0,
            input,
            variables: Variables::default(),
            retries: Vec::new(),
            item: None,
            phase: Phase::Ready,
        }
    }

    /// When the thread must be looked at, whatever else happens.
    pub(crate) fn due(&self) -> Option<i64> {
        match &self.phase {
            Phase::Waiting { until } | Phase::BackingOff { until } => Some(*until),
            Phase::Task(task) => match (task.times_out, task.beats_out) {
                (Some(timeout), Some(heartbeat)) => Some(timeout.min(heartbeat)),
                (timeout, heartbeat) => timeout.or(heartbeat),
            },
            Phase::Ready | Phase::Fork(_) | Phase::MapRun(_) | Phase::RedrivenMapRun { .. } => None,
        }
    }
}
