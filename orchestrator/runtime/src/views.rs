//! What the runtime is asked and what it answers, free of any wire format.

use std::sync::Arc;

use expression::value::Value;
use interpreter::failure::Failure;
use interpreter::history::HistoryEvent;
use interpreter::payload::Payload;
use store::contract::Qualifier;
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
    /// What the publisher of a version says of it.
    pub description: Option<Arc<str>>,
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
    /// The state machine's name; after a `#`, the test case of the mock configuration file whose responses stand in for tasks.
    pub state_machine: String,
    /// Which version of it, or which alias; its current definition when there is none.
    pub qualifier: Option<Qualifier>,
    /// The execution's name, already checked; a UUID is made when there is none.
    pub name: Option<String>,
    /// The input's text, as the caller wrote it; `{}` when there is none.
    pub input: Option<String>,
    /// The trace that it is a part of: an X-Ray trace header.
    pub trace_header: Option<Arc<str>>,
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
    /// The version that was started, if one was.
    pub version_arn: Option<Arc<str>>,
    /// The alias that was started, if one was.
    pub alias_arn: Option<Arc<str>>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last: milliseconds since 1970.
    pub redriven_at: Option<i64>,
    /// Whether it can be redriven.
    pub redrivable: Redrivable,
    /// Whether it ended without success and waits for the redrive of its Map Run.
    pub awaits_redrive: bool,
    /// Since when it is paused.
    pub paused_at: Option<i64>,
    /// The Map Run that it is a child of, if it is one.
    pub map_run_arn: Option<Arc<str>>,
    /// The trace that it is a part of, as whoever started it said.
    pub trace_header: Option<Arc<str>>,
}

/// Whether an execution can be redriven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redrivable {
    /// It can.
    Yes,
    /// It can, with the Map Run that it is a child of.
    ByMapRun,
    /// It can't; AWS's reason.
    No(&'static str),
}

/// Asks for an execution to go on that ended without success.
#[derive(Clone, Debug, Default)]
pub struct Redrive {
    /// Its machine's name.
    pub machine: String,
    /// Its name.
    pub name: String,
    /// The same token again stands for the same redrive.
    pub client_token: Option<String>,
    /// A corrected definition to go on with; beyond AWS.
    pub definition: Option<String>,
}

/// A version of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionView {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its number.
    pub number: u64,
    /// What its publisher says of it.
    pub description: Option<String>,
    /// When it was published: milliseconds since 1970.
    pub created_at: i64,
}

/// An alias of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasView {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its name.
    pub name: String,
    /// What its maker says of it.
    pub description: Option<String>,
    /// The versions' ARNs, each with its percentage of the starts.
    pub routes: Vec<(Arc<str>, u8)>,
    /// When it was made: milliseconds since 1970.
    pub created_at: i64,
    /// When it was changed last.
    pub updated_at: i64,
}

/// Asks for an alias to be made or changed.
#[derive(Clone, Debug, Default)]
pub struct PutAlias {
    /// The state machine's name.
    pub state_machine: String,
    /// The alias's name, already checked.
    pub name: String,
    /// What its maker says of it.
    pub description: Option<String>,
    /// Where it leads.
    pub routes: Option<Vec<Route>>,
}

/// A part of an alias's starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The machine that the version is said to be of.
    pub state_machine: String,
    /// The version's number.
    pub version: u64,
    /// The percentage of starts that it gets.
    pub weight: u8,
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
    /// The version that was started, if one was.
    pub version_arn: Option<Arc<str>>,
    /// The alias that was started, if one was.
    pub alias_arn: Option<Arc<str>>,
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last: milliseconds since 1970.
    pub redriven_at: Option<i64>,
    /// Whether it ended without success and waits for the redrive of its Map Run.
    pub awaits_redrive: bool,
    /// Since when it is paused.
    pub paused_at: Option<i64>,
}

/// Which executions are looked for: those that meet everything that is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Of this state machine.
    pub state_machine: Option<String>,
    /// With this status.
    pub status: Option<ExecutionStatus>,
    /// Whose name begins so.
    pub name_prefix: Option<String>,
    /// Started at this time or later: milliseconds since 1970.
    pub started_after: Option<i64>,
    /// Started before this time.
    pub started_before: Option<i64>,
    /// In whose input these stand.
    pub input: Vec<InputField>,
    /// That were redriven, or were not.
    pub is_redriven: Option<bool>,
    /// That are paused, or are not.
    pub is_paused: Option<bool>,
}

/// A value at a place in an input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputField {
    /// The names of members and indexes of elements that lead there.
    pub path: Vec<String>,
    /// What stands there.
    pub value: Value,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The executions, newest first.
    pub executions: Vec<ExecutionItem>,
    /// Where to go on, if the search has not come to its end.
    pub next: Option<u64>,
    /// How many executions were looked at.
    pub looked_at: usize,
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
    /// Executions that ended and whose spans wait to be sent.
    pub traces_waiting: u64,
    /// Executions that have no spans because too many waited.
    pub traces_dropped: u64,
}
