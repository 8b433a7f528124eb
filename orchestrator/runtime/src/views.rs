//! What the runtime is asked and what it answers, free of any wire format.

use std::sync::Arc;

use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use interpreter::payload::Payload;
use store::records::{ExecutionStatus, MachineType, Tag};

/// Asks for a state machine to be made.
#[derive(Clone, Debug)]
pub struct CreateStateMachine {
    /// Its name, already checked.
    pub name: String,
    /// The definition's text.
    pub definition: String,
    /// The role its executions run under.
    pub role_arn: String,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// Settings that are only passed through, JSON text by the API's names.
    pub settings: String,
    /// Its tags; ignored when the machine is there already.
    pub tags: Vec<Tag>,
}

/// Asks for a state machine to be changed; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateStateMachine {
    /// Which.
    pub name: String,
    /// The new definition.
    pub definition: Option<String>,
    /// The new role.
    pub role_arn: Option<String>,
    /// The new settings.
    pub settings: Option<String>,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineView {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// When its current definition was made.
    pub updated_at: i64,
    /// The definition's text.
    pub definition: Arc<str>,
    /// The role its executions run under.
    pub role_arn: Arc<str>,
    /// See [`CreateStateMachine::settings`].
    pub settings: Arc<str>,
    /// What the API calls `revisionId`.
    pub revision_id: Option<Arc<str>>,
    /// The variables that each state reads; states that read none are left out.
    pub variable_references: Vec<(Arc<str>, Vec<Arc<str>>)>,
}

/// A state machine in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineItem {
    /// Where the next page goes on after this one.
    pub number: u64,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
}

/// Asks for an execution.
#[derive(Clone, Debug, Default)]
pub struct StartExecution {
    /// The state machine's name.
    pub state_machine: String,
    /// The execution's name, already checked; a UUID is made when there is none.
    pub name: Option<String>,
    /// The input's text, as the caller wrote it; `{}` when there is none.
    pub input: Option<String>,
}

/// An execution that was started.
#[derive(Clone, Debug, PartialEq)]
pub struct StartedExecution {
    /// Its ARN.
    pub arn: Arc<str>,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
}

/// An execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionView {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its machine's ARN.
    pub state_machine_arn: Arc<str>,
    /// Its machine's name.
    pub state_machine_name: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// How far it is.
    pub status: ExecutionStatus,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub stopped_at: Option<i64>,
    /// Its input.
    pub input: Payload,
    /// Its output, if it ended well.
    pub output: Option<Payload>,
    /// Why it ended otherwise.
    pub failure: Option<Failure>,
}

/// An execution in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionItem {
    /// Where the next page goes on below this one.
    pub number: u64,
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its machine's ARN.
    pub state_machine_arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// How far it is.
    pub status: ExecutionStatus,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub stopped_at: Option<i64>,
}

/// An Express execution that the caller waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncExecution {
    /// The execution; its status is never Running.
    pub execution: ExecutionView,
    /// Its whole history, in order; Express executions keep none in the store.
    pub events: Vec<HistoryEvent>,
}

/// A task that a worker took from an activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityTask {
    /// The token, in its outside form.
    pub token: String,
    /// The task's input.
    pub input: Payload,
}

/// An activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityView {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
}

/// What happens in the engine, for live views and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Executions started since the process began.
    pub executions_started: u64,
    /// Executions that ended well.
    pub executions_succeeded: u64,
    /// Executions that failed.
    pub executions_failed: u64,
    /// Executions that took longer than their machine allows.
    pub executions_timed_out: u64,
    /// Executions that were stopped.
    pub executions_aborted: u64,
    /// History events written.
    pub history_events: u64,
    /// Tasks handed over.
    pub tasks_scheduled: u64,
    /// Integration calls that run now.
    pub tasks_running: u64,
    /// Executions held in memory now.
    pub executions_loaded: u64,
    /// Timers that wait now.
    pub timers_waiting: u64,
    /// Executions that were parked because they can't be replayed.
    pub executions_parked: u64,
}
