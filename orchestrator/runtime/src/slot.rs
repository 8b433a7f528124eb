//! An execution in memory: its inbox, its loaded state, and the calls that run for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::resource::Pattern;
use interpreter::execution::Execution;
use interpreter::history::HistoryEvent;
use interpreter::input::{AttemptId, Effect, Input, TaskToken};
use interpreter::payload::Payload;
use store::encoding::RecordedInput;
use store::records::{ExecutionId, Parent, Redrives};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::error::Error;
use crate::machines::Revision;
use crate::redrive::{RedriveCall, Reopening};
use crate::trace::Carried;
use crate::views::{ExecutionView, StartedExecution};

/// An execution that is in memory.
pub(crate) struct Slot {
    pub(crate) id: ExecutionId,
    pub(crate) state: Mutex<SlotState>,
}

/// What a slot holds under its lock, which is never held across an await.
#[derive(Default)]
pub(crate) struct SlotState {
    /// What has happened and was not stepped yet.
    pub(crate) inbox: VecDeque<Delivery>,
    /// Whether somebody is driving the slot; only that one touches `loaded`.
    pub(crate) is_driven: bool,
    /// The execution between two drives.
    pub(crate) loaded: Option<Box<Loaded>>,
    /// The latest of its rests; see [`crate::resting::Resting`].
    pub(crate) rest: u64,
    /// The integration calls that run for it.
    pub(crate) running: HashMap<AttemptId, tokio::task::AbortHandle>,
}

/// Something that happened to an execution.
pub(crate) struct Delivery {
    pub(crate) what: Happening,
    /// The token that the caller showed; the input counts only if it is the pending attempt's.
    pub(crate) token: Option<TaskToken>,
    /// Who waits for it to be durable.
    pub(crate) done: Option<oneshot::Sender<Answer>>,
    /// Held until it is durable, by whoever lets only so many be on their way.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// What happened.
#[derive(Clone)]
pub(crate) enum Happening {
    /// An input, ready to be stepped.
    Input(Input),
    /// The execution that a task starts is durable.
    ChildStarted {
        /// The task's attempt.
        attempt: AttemptId,
        /// How the task goes on from here.
        pattern: Pattern,
        /// What the call answers.
        started: StartedExecution,
        /// The execution, unless it is somebody else's.
        child: Option<ExecutionId>,
    },
    /// An execution that a task started has ended; whether and how the task learns of it depends on the task.
    ChildEnded(AttemptId, Arc<ExecutionView>),
    /// Somebody lets an execution go on that has ended without success.
    Redrive(Arc<RedriveCall>),
    /// The process began again: what was handed over before may be lost.
    TakeUp,
}

/// What a durable delivery answers: with a token also the input of the task, if it is still pending.
pub(crate) type Answer = Result<Option<Payload>, Error>;

/// An execution, loaded, with what committing it needs to know.
pub(crate) struct Loaded {
    pub(crate) execution: Execution,
    pub(crate) revision: Arc<Revision>,
    pub(crate) durability: Durability,
    pub(crate) parent: Option<Parent>,
    /// The wake-up that the timers know of.
    pub(crate) armed: Option<i64>,
    /// Inputs since the last snapshot, and their bytes.
    pub(crate) inputs: u32,
    pub(crate) input_bytes: usize,
    /// The last snapshot's bytes.
    pub(crate) snapshot_bytes: usize,
    /// Since when its row says that it is paused.
    pub(crate) paused_at: Option<i64>,
    /// Its redrives.
    pub(crate) redrives: Option<Redrives>,
    /// A redrive that the next commit writes.
    pub(crate) reopening: Option<Reopening>,
    /// What it carries of a trace.
    pub(crate) carried: Carried,
}

/// What of an execution is written.
pub(crate) enum Durability {
    /// Everything: a Standard execution.
    Full,
    /// What recovery needs, without a history, and nothing once it ended: an Express execution nobody waits for.
    Recovery,
    /// What recovery needs, and of the history only its first and last event: an Express child of a Map Run, which is shown when it ended.
    Ends,
    /// Nothing: an Express execution whose caller waits. Its events are gathered here.
    None(Vec<HistoryEvent>, Option<oneshot::Sender<FinishedSync>>),
}

/// A synchronous Express execution's end.
pub(crate) struct FinishedSync {
    pub(crate) execution: Execution,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) trace_header: Option<Arc<str>>,
}

/// What one drive of a slot has stepped and must now commit.
#[derive(Default)]
pub(crate) struct Stepped {
    pub(crate) recorded: Vec<RecordedInput>,
    pub(crate) events: Vec<HistoryEvent>,
    pub(crate) effects: Vec<Effect>,
}

impl Delivery {
    /// Something that nobody waits for.
    pub(crate) fn of(what: Happening) -> Self {
        Self {
            what,
            token: None,
            done: None,
            permit: None,
        }
    }

    /// Something that somebody waits for to be durable.
    pub(crate) fn awaited(what: Happening) -> (Self, oneshot::Receiver<Answer>) {
        let (done, outcome) = oneshot::channel();
        let mut delivery = Self::of(what);
        delivery.done = Some(done);
        (delivery, outcome)
    }
}

impl Slot {
    pub(crate) fn new(id: ExecutionId) -> Self {
        Self {
            id,
            state: Mutex::default(),
        }
    }

    /// A slot that its maker drives.
    pub(crate) fn driven(id: ExecutionId) -> Self {
        let slot = Self::new(id);
        slot.lock().is_driven = true;
        slot
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
