//! An execution as it stands between two steps: who it is, how it ended, and what its threads wait for.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::definition::StateId;
use expression::value::Value;
use expression::variables::Variables;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::input::{AttemptId, TaskToken};
use crate::payload::Payload;

/// What never changes about an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number in the store; part of its task tokens.
    pub number: u64,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The role it runs under.
    pub role_arn: Arc<str>,
    /// The state machine's ARN, without version or alias.
    pub state_machine_arn: Arc<str>,
    /// The state machine's name.
    pub state_machine_name: Arc<str>,
    /// The version that was started, if one was.
    pub version_arn: Option<Arc<str>>,
    /// The alias that was started, if one was.
    pub alias_arn: Option<Arc<str>>,
    /// The region that its service calls go to.
    pub region: Arc<str>,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// Its input.
    pub input: Payload,
}

/// How far an execution is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Status {
    /// It is not over.
    Running,
    /// It ended well.
    Succeeded(Payload),
    /// It failed.
    Failed(Failure),
    /// It took longer than the machine allows.
    TimedOut(Failure),
    /// Somebody stopped it.
    Aborted(Failure),
}

/// An execution. [`crate::step::step`] is the only thing that changes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// What never changes.
    pub identity: Arc<Identity>,
    /// How far it is.
    pub status: Status,
    /// When it ended: milliseconds since 1970.
    pub stopped_at: Option<i64>,
    /// The id of its newest event.
    pub(crate) last_event: u64,
    /// The newest event's time; time never goes backwards.
    pub(crate) last_timestamp: i64,
    /// When the machine's timeout is due.
    pub(crate) deadline: Option<i64>,
    /// Its threads; a slot is free when its thread ended.
    pub(crate) threads: Vec<Option<Thread>>,
    /// What a step that stopped at its budget still has to do, last first.
    pub(crate) unfinished: Vec<Work>,
    /// Free slots of `threads`. Derived.
    #[serde(skip)]
    pub(crate) free: Vec<ThreadId>,
    /// When each waiting thread is due. Derived.
    #[serde(skip)]
    pub(crate) timers: BTreeSet<(i64, ThreadId)>,
    /// Which thread waits for which attempt. Derived.
    #[serde(skip)]
    pub(crate) attempts: std::collections::BTreeMap<AttemptId, ThreadId>,
}

/// A thread's slot in its execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ThreadId(pub(crate) u32);

/// One line of states being walked: the machine's own, a Parallel's branch, or a Map's iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Thread {
    /// Who waits for this thread, and as which child.
    pub(crate) parent: Option<Child>,
    /// The state that it is in.
    #[serde(with = "state_id")]
    pub(crate) state: StateId,
    /// The id of the event that the next event follows.
    pub(crate) previous: u64,
    /// The id of the state's StateEntered event.
    pub(crate) entered: u64,
    /// When the state was entered.
    pub(crate) entered_at: i64,
    /// The state's input before InputPath.
    pub(crate) input: Payload,
    /// The variables that it sees.
    #[serde(with = "stored_variables")]
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
    Enter(ThreadId, #[serde(with = "state_id")] StateId, Payload),
    /// Start a Map's next items while its concurrency allows.
    Iterate(ThreadId),
}

impl Execution {
    /// An execution that has not begun: [`crate::input::Input::Start`] begins it.
    #[must_use]
    pub fn new(identity: Arc<Identity>) -> Self {
        let last_timestamp = identity.started_at;
        Self {
            identity,
            status: Status::Running,
            stopped_at: None,
            last_event: 0,
            last_timestamp,
            deadline: None,
            threads: Vec::new(),
            unfinished: Vec::new(),
            free: Vec::new(),
            timers: BTreeSet::new(),
            attempts: std::collections::BTreeMap::new(),
        }
    }

    /// Derives again what a stored execution does not carry. Call it once after loading one.
    pub fn restore(&mut self) {
        self.free.clear();
        self.timers.clear();
        self.attempts.clear();
        for (slot, thread) in (0..).map(ThreadId).zip(&self.threads) {
            let Some(thread) = thread else {
                self.free.push(slot);
                continue;
            };
            if let Some(due) = thread.due() {
                self.timers.insert((due, slot));
            }
            if let Phase::Task(task) = &thread.phase {
                self.attempts.insert(task.token.attempt, slot);
            }
        }
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// The id of its newest event; also the number of its events.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.last_event
    }

    /// When [`crate::input::Input::TimerFired`] is due next: milliseconds since 1970.
    #[must_use]
    pub fn next_wake(&self) -> Option<i64> {
        if !self.is_running() {
            return None;
        }
        let timer = self.timers.first().map(|&(due, _)| due);
        match (timer, self.deadline) {
            (Some(timer), Some(deadline)) => Some(timer.min(deadline)),
            (timer, deadline) => timer.or(deadline),
        }
    }

    /// Whether the last step stopped at its budget, so that [`crate::input::Input::Continue`] is due.
    #[must_use]
    pub fn has_unfinished_work(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// The pending task of that attempt, if there is one and the secret is right.
    #[must_use]
    pub fn pending_task(&self, token: &TaskToken) -> Option<PendingTaskView<'_>> {
        let slot = self.attempts.get(&token.attempt)?;
        self.view(*slot).filter(|view| view.token == *token)
    }

    /// The pending task of that attempt, if there is one.
    #[must_use]
    pub fn pending_attempt(&self, attempt: AttemptId) -> Option<PendingTaskView<'_>> {
        self.attempts
            .get(&attempt)
            .and_then(|&slot| self.view(slot))
    }

    /// All tasks that were scheduled and have not ended.
    pub fn pending_tasks(&self) -> impl Iterator<Item = PendingTaskView<'_>> {
        self.attempts.values().filter_map(|&slot| self.view(slot))
    }

    fn view(&self, slot: ThreadId) -> Option<PendingTaskView<'_>> {
        let thread = self.threads.get(slot.0 as usize)?.as_ref()?;
        let Phase::Task(task) = &thread.phase else {
            return None;
        };
        Some(PendingTaskView {
            state: thread.state,
            token: task.token,
            input: &task.input,
            credentials_role_arn: task.credentials_role_arn.as_ref(),
            timeout_seconds: task.timeout_seconds,
            heartbeat_seconds: task.heartbeat_seconds,
            is_started: task.progress != Progress::Scheduled,
            is_submitted: task.progress == Progress::Submitted,
        })
    }

    /// The names of the states that it is in, outermost first.
    pub fn current_states(&self) -> impl Iterator<Item = StateId> + '_ {
        self.threads.iter().flatten().map(|thread| thread.state)
    }
}

/// A pending task, for whoever dispatches or completes it.
#[derive(Clone, Copy, Debug)]
pub struct PendingTaskView<'a> {
    /// The Task state.
    pub state: StateId,
    /// Who may end it.
    pub token: TaskToken,
    /// What it was called with.
    pub input: &'a Payload,
    /// The role of the state's Credentials.
    pub credentials_role_arn: Option<&'a Arc<str>>,
    /// Its timeout in seconds.
    pub timeout_seconds: Option<u64>,
    /// Seconds between two heartbeats.
    pub heartbeat_seconds: Option<u64>,
    /// Whether it runs; only an activity's task waits to be taken first.
    pub is_started: bool,
    /// Whether its call was accepted and its job or callback is awaited.
    pub is_submitted: bool,
}

impl Thread {
    /// When the thread must be looked at, whatever else happens.
    pub(crate) fn due(&self) -> Option<i64> {
        match &self.phase {
            Phase::Waiting { until } | Phase::BackingOff { until } => Some(*until),
            Phase::Task(task) => match (task.times_out, task.beats_out) {
                (Some(timeout), Some(heartbeat)) => Some(timeout.min(heartbeat)),
                (timeout, heartbeat) => timeout.or(heartbeat),
            },
            Phase::Ready | Phase::Fork(_) => None,
        }
    }
}

/// Stores a state's number; the definitions' crate knows no serde.
mod state_id {
    use super::StateId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &StateId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(id.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StateId, D::Error> {
        u32::deserialize(deserializer).map(StateId)
    }
}

/// Stores variables as their scopes, innermost first, each value as its JSON text.
mod stored_variables {
    use super::{Arc, Payload, Value, Variables};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        variables: &Variables,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut scopes: Vec<Vec<(Arc<str>, Payload)>> = Vec::new();
        let mut next = (!variables.is_empty()).then_some(variables);
        while let Some(scope) = next {
            scopes.push(
                scope
                    .own()
                    .map(|(name, value)| (name.clone(), Payload::of(value.clone())))
                    .collect(),
            );
            next = scope.outer().map(|outer| &**outer);
        }
        scopes.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Variables, D::Error> {
        let scopes = Vec::<Vec<(Arc<str>, Payload)>>::deserialize(deserializer)?;
        let mut variables: Option<Variables> = None;
        for scope in scopes.into_iter().rev() {
            let own = scope
                .into_iter()
                .map(|(name, value)| (name, Value::clone(value.value())));
            variables = Some(Variables::from_parts(own, variables.map(Arc::new)));
        }
        Ok(variables.unwrap_or_default())
    }
}
