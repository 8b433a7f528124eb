//! What a store keeps: the rows' meanings, independent of any database.

use std::sync::Arc;

use interpreter::history::HistoryEvent;

/// An execution's number: given out in the order of their starts, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutionId(pub u64);

/// A state machine's number. A machine that is created again under the name of a deleted one keeps it, so that the names of
/// its executions stay taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateMachineId(pub u64);

/// A definition's number: each create or update of a state machine makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevisionId(pub u64);

/// Standard or Express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineType {
    /// Durable, with a history.
    Standard,
    /// Short-lived, without a stored history.
    Express,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineRecord {
    /// Its number.
    pub id: StateMachineId,
    /// Its name.
    pub name: Arc<str>,
    /// Standard or Express.
    pub machine_type: MachineType,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
    /// Whether it was deleted. Its executions can still be read.
    pub is_deleted: bool,
    /// The revision that StartExecution uses.
    pub current: RevisionId,
    /// Settings that the engine passes through and does not read (logging, tracing, encryption): JSON text, by the API's names.
    pub settings: Arc<str>,
}

/// One definition of a state machine, never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionRecord {
    /// Its number.
    pub id: RevisionId,
    /// The machine that it belongs to.
    pub machine: StateMachineId,
    /// The definition's text, as the caller wrote it.
    pub definition: Arc<str>,
    /// The role its executions run under.
    pub role_arn: Arc<str>,
    /// When it was made: milliseconds since 1970.
    pub created_at: i64,
    /// What the API calls `revisionId`; a machine that was never updated shows none.
    pub public_id: Option<Arc<str>>,
}

/// How far an execution is, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExecutionStatus {
    /// It is not over.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It took longer than the machine allows.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

/// What lists and descriptions say of an execution; its input and output stand in its history.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionRecord {
    /// Its number.
    pub id: ExecutionId,
    /// Its machine.
    pub machine: StateMachineId,
    /// The definition that it runs, to its end.
    pub revision: RevisionId,
    /// Its name, unique among the machine's.
    pub name: Arc<str>,
    /// How far it is.
    pub status: ExecutionStatus,
    /// When it started: milliseconds since 1970.
    pub started_at: i64,
    /// When it ended.
    pub stopped_at: Option<i64>,
    /// The execution and attempt that started it and wait for it, if any.
    pub parent: Option<Parent>,
    /// By which version and alias of its machine it was started.
    pub started_by: StartedBy,
    /// Its redrives, if there were any.
    pub redrives: Option<Redrives>,
    /// Since when it is paused: milliseconds since 1970.
    pub paused_at: Option<i64>,
    /// The trace that it is a part of: an X-Ray trace header, `Root=…;Parent=…;Sampled=…`.
    pub trace_header: Option<Arc<str>>,
}

/// The version and alias that an execution was started by; both are absent when its machine was named alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartedBy {
    /// The version's number.
    pub version: Option<u64>,
    /// The alias's name.
    pub alias: Option<Arc<str>>,
}

/// An execution's redrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrives {
    /// How many there were.
    pub count: u32,
    /// When the last one was: milliseconds since 1970.
    pub last_at: i64,
    /// The client tokens of the last ones, oldest first. A token has neither spaces nor control characters.
    pub tokens: Vec<RedriveToken>,
}

/// A client token that an execution was redriven with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedriveToken {
    /// The token.
    pub token: Arc<str>,
    /// When: milliseconds since 1970.
    pub at: i64,
}

/// Who started a nested execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The execution.
    pub execution: ExecutionId,
    /// The attempt of its task.
    pub attempt: u64,
}

/// Events that were committed together.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryChunk {
    /// The id of the first.
    pub first_event: u64,
    /// The events, encoded by [`crate::encoding`].
    pub bytes: Vec<u8>,
}

/// What an execution needs to go on after a crash.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Its snapshot, encoded by [`crate::encoding`].
    pub snapshot: Vec<u8>,
    /// The inputs since the snapshot, oldest first, each encoded by [`crate::encoding`].
    pub inputs: Vec<Vec<u8>>,
}

/// A running execution with what it needs to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// Its row.
    pub record: ExecutionRecord,
    /// What it needs.
    pub recovery: Recovery,
}

/// A running execution, as a restart first sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnfinishedExecution {
    /// Its number.
    pub id: ExecutionId,
    /// When its next timer is due: milliseconds since 1970.
    pub wake_at: Option<i64>,
    /// Whether it must be loaded at once: it has tasks to dispatch again, a child to look for, or unfinished work.
    pub needs_dispatch: bool,
}

/// An activity.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityRecord {
    /// Its name.
    pub name: Arc<str>,
    /// When it was created: milliseconds since 1970.
    pub created_at: i64,
}

/// A resource of a kind that the store knows nothing about (a replication task, for one): whoever keeps it reads its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Its kind.
    pub kind: Arc<str>,
    /// Its name, unique among its kind.
    pub name: Arc<str>,
    /// What it is: JSON text with a version.
    pub document: Arc<str>,
}

/// A tag of a state machine or activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its key.
    pub key: Arc<str>,
    /// Its value.
    pub value: Arc<str>,
}

/// A container job. What it is stands in its document, which only its keeper reads; the other columns serve lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Given out in the order of submission, never reused. A record that is put again keeps it.
    pub number: u64,
    /// Its id, unique.
    pub id: Arc<str>,
    /// The name of its queue.
    pub queue: Arc<str>,
    /// The id of the array or multi-node job that it is a part of.
    pub parent: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// Its definition: `name:revision`.
    pub definition: Arc<str>,
    /// Its share of the queue.
    pub share: Option<Arc<str>>,
    /// How far it is: a code from 0 to 6 that grows from submission to the end.
    pub status: u8,
    /// When it was submitted: milliseconds since 1970.
    pub created_at: i64,
    /// When it ended. One without this is unfinished.
    pub ended_at: Option<i64>,
    /// What it is: JSON text with a version.
    pub document: Arc<str>,
}

/// A page of history events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The events, in the order that was asked for.
    pub events: Vec<HistoryEvent>,
    /// Where the next page begins, if there is more.
    pub next: Option<u64>,
}
