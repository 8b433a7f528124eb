//! The trait that every store implements, and the promises it makes.

use futures_util::future::BoxFuture;
use std::sync::Arc;

use crate::map_runs::{ChildFilter, ChildRecord, MapRunRecord};
use crate::records::{
    ActivityRecord, ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk, HistoryPage,
    JobRecord, Parent, Recovered, Recovery, Redrives, ResourceRecord, RevisionId, RevisionRecord,
    StateMachineId, StateMachineRecord, Tag, UnfinishedExecution,
};

/// Where executions survive.
///
/// Promises that the contract suite checks:
/// - A commit is all or nothing, and when its future is ready with `Ok` it survives a crash of process and machine.
/// - Commits that are submitted while another is being written are gathered and written together (group commit); one that
///   is refused ([`Error::NameTaken`]) does not disturb the others of its group.
/// - Commits of one execution are written in the order in which `commit` was called.
/// - A read sees every commit whose future was ready before the read began.
pub trait Store: Send + Sync + 'static {
    /// Writes everything in the commit, durably.
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), Error>>;

    /// The highest numbers given out so far, to go on from.
    fn last_numbers(&self) -> BoxFuture<'_, Result<LastNumbers, Error>>;

    /// The state machine of that name, also when it is deleted.
    fn state_machine_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<StateMachineRecord>, Error>>;

    /// The state machine with that number, also when it is deleted.
    fn state_machine(
        &self,
        id: StateMachineId,
    ) -> BoxFuture<'_, Result<Option<StateMachineRecord>, Error>>;

    /// State machines that are not deleted, by number, after the given one.
    fn state_machines(
        &self,
        after: Option<StateMachineId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<StateMachineRecord>, Error>>;

    /// A definition.
    fn revision(&self, id: RevisionId) -> BoxFuture<'_, Result<Option<RevisionRecord>, Error>>;

    /// The execution with that number.
    fn execution(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>>;

    /// The machine's execution of that name.
    fn execution_by_name<'a>(
        &'a self,
        machine: StateMachineId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ExecutionRecord>, Error>>;

    /// The nested execution that an attempt started and waits for.
    fn child(&self, parent: Parent) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>>;

    /// Executions, newest first, that stand below `before`.
    fn executions(
        &self,
        filter: ExecutionFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>>;

    /// Up to `limit` events from `from` on (an event id; downwards when `reverse`).
    fn history(
        &self,
        id: ExecutionId,
        from: u64,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Result<HistoryPage, Error>>;

    /// What some running executions need to go on, in any order; one that ended or never was is left out.
    fn recoveries<'a>(
        &'a self,
        ids: &'a [ExecutionId],
    ) -> BoxFuture<'a, Result<Vec<Recovered>, Error>>;

    /// The same, for one.
    fn recovery(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<Recovery>, Error>> {
        Box::pin(async move {
            let recovered = self.recoveries(&[id]).await?.pop();
            Ok(recovered.map(|recovered| recovered.recovery))
        })
    }

    /// What [`Write::KeepRemains`] kept of an execution that ended and was not redriven.
    fn remains(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>>;

    /// Running executions by number, after the given one.
    fn unfinished(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<UnfinishedExecution>, Error>>;

    /// The activity of that name.
    fn activity<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ActivityRecord>, Error>>;

    /// Activities by name, after the given one.
    fn activities(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ActivityRecord>, Error>>;

    /// The tags of a resource, in the order they were set.
    fn tags<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Vec<Tag>, Error>>;

    /// The resource of that kind and name.
    fn resource<'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ResourceRecord>, Error>>;

    /// All resources of a kind, by name.
    fn resources<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<ResourceRecord>, Error>>;

    /// The job with that id.
    fn job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobRecord>, Error>> {
        Box::pin(async move {
            let ids = [Arc::from(id)];
            Ok(self.jobs_by_id(&ids).await?.pop())
        })
    }

    /// The jobs with those ids, in any order; one that is not there is left out.
    fn jobs_by_id<'a>(
        &'a self,
        ids: &'a [Arc<str>],
    ) -> BoxFuture<'a, Result<Vec<JobRecord>, Error>>;

    /// Jobs, newest first, whose number stands below `before`.
    fn jobs(
        &self,
        filter: JobFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>>;

    /// Jobs that have not ended, oldest first, whose number stands above `after`.
    fn unfinished_jobs(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>>;

    /// Jobs that are no part of another and ended before `ended_before` (milliseconds since 1970), up to `limit`: what
    /// [`Write::DeleteJobs`] may remove.
    fn ended_jobs(
        &self,
        ended_before: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>>;

    /// The Map Run that an attempt waits for, or waited for.
    fn map_run(&self, parent: Parent) -> BoxFuture<'_, Result<Option<MapRunRecord>, Error>>;

    /// The Map Run of that name.
    fn map_run_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<MapRunRecord>, Error>>;

    /// The Map Runs of an execution, newest first, whose attempt stands below `before`.
    fn map_runs(
        &self,
        execution: ExecutionId,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>>;

    /// Map Runs that are not over, in the order of their executions and attempts, after the given one.
    fn unfinished_map_runs(
        &self,
        after: Option<Parent>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>>;

    /// The children of a Map Run, newest first, that stand below `before`.
    fn children(
        &self,
        filter: ChildFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>>;

    /// The children of a Map Run by number, which is the order of their items, after the given one; each with the two ends of its history.
    fn children_with_ends(
        &self,
        parent: Parent,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ChildRecord>, Error>>;

    /// Deletes for good up to `limit` executions that ended before `ended_before` (milliseconds since 1970), with their
    /// histories; says how many.
    fn delete_ended(&self, ended_before: i64, limit: usize) -> BoxFuture<'_, Result<u64, Error>>;

    /// Checks that the store answers, for readiness.
    fn ping(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Finishes what is being written and closes. Later calls fail with [`Error::Closed`].
    fn close(&self) -> BoxFuture<'_, Result<(), Error>>;
}

/// The highest numbers given out so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastNumbers {
    /// Of executions.
    pub execution: u64,
    /// Of state machines.
    pub state_machine: u64,
    /// Of revisions.
    pub revision: u64,
    /// Of jobs.
    pub job: u64,
}

/// Which executions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Only those of this machine.
    pub machine: Option<StateMachineId>,
    /// Only those with this status.
    pub status: Option<ExecutionStatus>,
    /// Only those that were started by this version or alias; needs a machine.
    pub started_by: Option<Qualifier>,
}

/// A version or alias of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// A version, by its number.
    Version(u64),
    /// An alias, by its name.
    Alias(Arc<str>),
}

/// Which jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFilter {
    /// Among which.
    pub among: JobsAmong,
    /// Only those with this status.
    pub status: Option<u8>,
    /// Only those with such a name; upper and lower case of ASCII are the same.
    pub name: Option<TextMatch>,
    /// Only those with such a definition.
    pub definition: Option<TextMatch>,
    /// Only those of this share.
    pub share: Option<Arc<str>>,
    /// Only those submitted before this.
    pub created_before: Option<i64>,
    /// Only those submitted after this.
    pub created_after: Option<i64>,
}

impl JobFilter {
    /// All of them.
    #[must_use]
    pub fn all(among: JobsAmong) -> Self {
        Self {
            among,
            status: None,
            name: None,
            definition: None,
            share: None,
            created_before: None,
            created_after: None,
        }
    }
}

/// The jobs that a list chooses from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobsAmong {
    /// The jobs of a queue that are no part of another job.
    Queue(Arc<str>),
    /// The parts of a job.
    Parent(Arc<str>),
}

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// The whole text.
    Exact(Arc<str>),
    /// How the text begins.
    Prefix(Arc<str>),
}

/// How many statuses of jobs there are; their codes begin at 0.
pub const JOB_STATUSES: u8 = 7;

/// Which way a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Forward,
    /// Newest first.
    Reverse,
}

/// What is written together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// The writes, in order.
    pub writes: Vec<Write>,
}

/// One write of a commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Adds a state machine or replaces its row.
    PutStateMachine(StateMachineRecord),
    /// Adds a definition.
    AddRevision(RevisionRecord),
    /// Adds an execution. The whole commit is refused with [`Error::NameTaken`] when the machine has one of that name.
    AddExecution(ExecutionRecord),
    /// Changes an execution's status; one that ended loses its recovery rows.
    SetStatus {
        /// Which.
        id: ExecutionId,
        /// The new status.
        status: ExecutionStatus,
        /// When it ended.
        stopped_at: Option<i64>,
    },
    /// Keeps of an execution that ended what a redrive goes on from, until the execution is deleted or runs again: then it is its
    /// snapshot. Comes after the status in the same commit.
    KeepRemains {
        /// Which.
        id: ExecutionId,
        /// A snapshot, encoded.
        remains: Vec<u8>,
    },
    /// Says that an execution was redriven; comes with its status and a snapshot.
    SetRedrive {
        /// Which.
        id: ExecutionId,
        /// The definition that it runs from now on.
        revision: RevisionId,
        /// All its redrives.
        redrives: Redrives,
    },
    /// Removes the history of an execution that begins anew under its number. Comes with its status and first events, after everything that
    /// was written of it before is durable.
    ForgetHistory(ExecutionId),
    /// Says that an execution is paused, or no longer.
    SetPaused {
        /// Which.
        id: ExecutionId,
        /// Since when.
        paused_at: Option<i64>,
    },
    /// Appends events to an execution's history.
    AppendHistory {
        /// Which.
        id: ExecutionId,
        /// The events.
        chunk: HistoryChunk,
    },
    /// Replaces a running execution's snapshot and forgets the inputs before it.
    PutSnapshot {
        /// Which.
        id: ExecutionId,
        /// The snapshot, encoded.
        snapshot: Vec<u8>,
        /// See [`UnfinishedExecution`].
        wake_at: Option<i64>,
        /// See [`UnfinishedExecution`].
        needs_dispatch: bool,
    },
    /// Adds an input after a running execution's snapshot.
    AppendInput {
        /// Which.
        id: ExecutionId,
        /// The input's number since the snapshot, from 0.
        sequence: u32,
        /// The input, encoded.
        input: Vec<u8>,
        /// See [`UnfinishedExecution`].
        wake_at: Option<i64>,
        /// See [`UnfinishedExecution`].
        needs_dispatch: bool,
    },
    /// Removes an execution altogether: an Express execution that ended leaves nothing.
    DeleteExecution(ExecutionId),
    /// Adds an activity; one that is there stays as it is.
    PutActivity(ActivityRecord),
    /// Removes an activity.
    DeleteActivity(Arc<str>),
    /// Replaces all tags of a resource.
    PutTags {
        /// The resource.
        arn: Arc<str>,
        /// Its tags.
        tags: Vec<Tag>,
    },
    /// Adds a resource or replaces its document.
    PutResource(ResourceRecord),
    /// Removes a resource.
    DeleteResource {
        /// Its kind.
        kind: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// Adds a Map Run, or replaces the status, end and document of the one with its parent. It goes with its execution.
    PutMapRun(MapRunRecord),
    /// Adds a job, or replaces the status, end and document of the one with its id.
    PutJob(JobRecord),
    /// Removes jobs with all their parts. None of the ids is put again, in this commit or later.
    DeleteJobs(Vec<Arc<str>>),
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine already has an execution of that name.
    #[error("the execution name {0} is taken")]
    NameTaken(Arc<str>),
    /// The disk is full. Nothing of the commit was written; a later one may succeed.
    #[error("cannot write to the store: the disk is full")]
    DiskFull,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Something stored can't be read.
    #[error("cannot read {what}: {why}")]
    Damaged {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::DiskFull | Self::Database(_) => true,
            Self::NameTaken(_) | Self::Closed | Self::Damaged { .. } => false,
        }
    }
}
