//! What a group of commits comes to: the rows to write, after everything that a later write makes needless is left out.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use store::contract::{Commit, Write};
use store::map_runs::MapRunRecord;
use store::records::{ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk, JobRecord};

use crate::apply::Refused;

/// The executions that a group adds.
#[derive(Default)]
pub(crate) struct Added<'a> {
    /// Each with the index of its commit, and with the status that it has at the end of the group.
    pub(crate) rows: Vec<(usize, ExecutionRow<'a>)>,
    index: HashMap<ExecutionId, usize>,
}

/// An execution to add.
#[derive(Clone, Copy)]
pub(crate) struct ExecutionRow<'a> {
    /// As its commit has it.
    pub(crate) record: &'a ExecutionRecord,
    /// Its status at the end of the group.
    pub(crate) status: ExecutionStatus,
    /// When it ended.
    pub(crate) stopped_at: Option<i64>,
}

/// Everything else that a group writes.
#[derive(Default)]
pub(crate) struct Rows<'a> {
    /// New statuses of executions.
    pub(crate) statuses: Vec<StatusRow>,
    /// New history, oldest first.
    pub(crate) history: Vec<(ExecutionId, &'a HistoryChunk)>,
    /// Executions that lose what they have in `unfinished` and `snapshots`, before anything below is written.
    pub(crate) ended: Vec<ExecutionId>,
    /// Executions that lose their inputs, before anything below is written.
    pub(crate) without_inputs: Vec<ExecutionId>,
    /// New snapshots.
    pub(crate) snapshots: Vec<(ExecutionId, &'a [u8])>,
    /// New rows of `unfinished`.
    pub(crate) unfinished: Vec<UnfinishedRow>,
    /// Running executions of which the group says nothing else.
    pub(crate) begun: Vec<ExecutionId>,
    /// New inputs.
    pub(crate) inputs: Vec<(ExecutionId, u32, &'a [u8])>,
    /// Writes of state machines, activities, tags and resources: rare, so each is a statement of its own.
    pub(crate) others: Vec<&'a Write>,
    /// Executions to remove altogether, after everything else.
    pub(crate) deleted: Vec<ExecutionId>,
    /// Map Runs, in the order of their writes.
    pub(crate) map_runs: Vec<&'a MapRunRecord>,
    /// Jobs as they are at the end of the group.
    pub(crate) jobs: Vec<&'a JobRecord>,
    jobs_index: HashMap<&'a str, usize>,
    /// Jobs to remove, after those above were written.
    pub(crate) deleted_jobs: Vec<&'a Arc<str>>,
}

/// A new status of an execution.
pub(crate) struct StatusRow {
    /// Which.
    pub(crate) id: ExecutionId,
    /// The status.
    pub(crate) status: ExecutionStatus,
    /// When it ended.
    pub(crate) stopped_at: Option<i64>,
}

/// A row of `unfinished`.
pub(crate) struct UnfinishedRow {
    /// Which.
    pub(crate) id: ExecutionId,
    /// When its next timer is due.
    pub(crate) wake_at: Option<i64>,
    /// Whether it must be loaded at once.
    pub(crate) needs_dispatch: bool,
}

/// What a group changes of one execution, beside its history.
#[derive(Default)]
struct Change<'a> {
    status: Option<(ExecutionStatus, Option<i64>)>,
    has_ended: bool,
    loses_inputs: bool,
    is_begun: bool,
    snapshot: Option<&'a [u8]>,
    due: Option<(Option<i64>, bool)>,
    inputs: Vec<(u32, &'a [u8])>,
    is_deleted: bool,
}

/// Whether the commit must have a transaction of its own: when its names decide over more than one added execution, or over
/// the removal of one, the others of its group can't be told from it by looking at its rows.
pub(crate) fn is_solitary(commit: &Commit) -> bool {
    let added = additions(commit);
    let deletes = commit
        .writes
        .iter()
        .any(|write| matches!(write, Write::DeleteExecution(_)));
    added > 1 || (added == 1 && deletes)
}

/// How many bytes of histories, snapshots and inputs the commit brings.
pub(crate) fn size(commit: &Commit) -> usize {
    commit
        .writes
        .iter()
        .map(|write| match write {
            Write::AppendHistory { chunk, .. } => chunk.bytes.len(),
            Write::PutSnapshot { snapshot, .. } => snapshot.len(),
            Write::AppendInput { input, .. } => input.len(),
            Write::KeepRemains { remains, .. } => remains.len(),
            Write::AddRevision(revision) => revision.definition.len(),
            Write::PutJob(record) => record.document.len(),
            Write::PutMapRun(record) => record.document.len(),
            Write::PutStateMachine(_)
            | Write::AddExecution(_)
            | Write::SetStatus { .. }
            | Write::SetRedrive { .. }
            | Write::ForgetHistory(_)
            | Write::SetPaused { .. }
            | Write::DeleteExecution(_)
            | Write::PutActivity(_)
            | Write::DeleteActivity(_)
            | Write::PutTags { .. }
            | Write::PutResource(_)
            | Write::DeleteResource { .. }
            | Write::DeleteJobs(_) => 0,
        })
        .sum()
}

impl<'a> Added<'a> {
    /// The executions that the commits add.
    pub(crate) fn of(commits: &[&'a Commit]) -> Self {
        let mut added = Self::default();
        for (number, commit) in commits.iter().enumerate() {
            added.take(number, commit);
        }
        added
    }

    fn take(&mut self, number: usize, commit: &'a Commit) {
        let may_be_refused = additions(commit) > 0;
        for write in &commit.writes {
            match write {
                Write::AddExecution(record) => {
                    self.index.insert(record.id, self.rows.len());
                    let row = ExecutionRow {
                        record,
                        status: record.status,
                        stopped_at: record.stopped_at,
                    };
                    self.rows.push((number, row));
                }
                Write::SetStatus {
                    id,
                    status,
                    stopped_at,
                } => {
                    let Some(&row) = self.index.get(id) else {
                        continue;
                    };
                    let (by, row) = &mut self.rows[row];
                    if *by == number || !may_be_refused {
                        row.status = *status;
                        row.stopped_at = *stopped_at;
                    }
                }
                Write::PutStateMachine(_)
                | Write::AddRevision(_)
                | Write::KeepRemains { .. }
                | Write::SetRedrive { .. }
                | Write::ForgetHistory(_)
                | Write::SetPaused { .. }
                | Write::AppendHistory { .. }
                | Write::PutSnapshot { .. }
                | Write::AppendInput { .. }
                | Write::DeleteExecution(_)
                | Write::PutActivity(_)
                | Write::DeleteActivity(_)
                | Write::PutTags { .. }
                | Write::PutResource(_)
                | Write::DeleteResource { .. }
                | Write::PutMapRun(_)
                | Write::PutJob(_)
                | Write::DeleteJobs(_) => {}
            }
        }
    }

    /// The status that the row of that execution is added with, unless it is refused.
    fn status(&self, id: ExecutionId, refused: &Refused) -> Option<(ExecutionStatus, Option<i64>)> {
        let (commit, row) = &self.rows[*self.index.get(&id)?];
        (!refused.contains_key(commit)).then_some((row.status, row.stopped_at))
    }
}

impl<'a> Rows<'a> {
    /// What the commits write beside added executions, except for the refused ones.
    pub(crate) fn of(commits: &[&'a Commit], refused: &Refused, added: &Added<'_>) -> Self {
        let mut rows = Self::default();
        let mut changes: BTreeMap<ExecutionId, Change<'a>> = BTreeMap::new();
        for (number, commit) in commits.iter().enumerate() {
            if refused.contains_key(&number) {
                continue;
            }
            for write in &commit.writes {
                rows.take(write, &mut changes);
            }
        }
        for (id, change) in changes {
            rows.settle(id, change, added.status(id, refused));
        }
        rows
    }

    fn take(&mut self, write: &'a Write, changes: &mut BTreeMap<ExecutionId, Change<'a>>) {
        match write {
            Write::AddExecution(record) => {
                if record.status == ExecutionStatus::Running {
                    changes.entry(record.id).or_default().is_begun = true;
                }
            }
            Write::SetStatus {
                id,
                status,
                stopped_at,
            } => {
                let change = changes.entry(*id).or_default();
                if *status == ExecutionStatus::Running {
                    change.is_begun = true;
                } else {
                    change.end();
                }
                change.status = Some((*status, *stopped_at));
            }
            Write::KeepRemains { id, remains } => {
                changes.entry(*id).or_default().snapshot = Some(remains);
            }
            Write::AppendHistory { id, chunk } => self.history.push((*id, chunk)),
            Write::PutSnapshot {
                id,
                snapshot,
                wake_at,
                needs_dispatch,
            } => {
                let change = changes.entry(*id).or_default();
                change.snapshot = Some(snapshot);
                change.due = Some((*wake_at, *needs_dispatch));
                change.inputs.clear();
                change.loses_inputs = true;
            }
            Write::AppendInput {
                id,
                sequence,
                input,
                wake_at,
                needs_dispatch,
            } => {
                let change = changes.entry(*id).or_default();
                change.inputs.push((*sequence, input));
                change.due = Some((*wake_at, *needs_dispatch));
            }
            Write::DeleteExecution(id) => {
                let change = changes.entry(*id).or_default();
                change.end();
                change.status = None;
                change.is_deleted = true;
            }
            Write::PutStateMachine(_)
            | Write::AddRevision(_)
            | Write::SetRedrive { .. }
            | Write::ForgetHistory(_)
            | Write::SetPaused { .. }
            | Write::PutActivity(_)
            | Write::DeleteActivity(_)
            | Write::PutTags { .. }
            | Write::PutResource(_)
            | Write::DeleteResource { .. } => self.others.push(write),
            Write::PutMapRun(record) => self.map_runs.push(record),
            Write::PutJob(record) => self.put_job(record),
            Write::DeleteJobs(ids) => self.deleted_jobs.extend(ids),
        }
    }

    fn put_job(&mut self, record: &'a JobRecord) {
        match self.jobs_index.entry(&record.id) {
            Entry::Occupied(entry) => self.jobs[*entry.get()] = record,
            Entry::Vacant(entry) => {
                entry.insert(self.jobs.len());
                self.jobs.push(record);
            }
        }
    }

    fn settle(
        &mut self,
        id: ExecutionId,
        change: Change<'a>,
        added_with: Option<(ExecutionStatus, Option<i64>)>,
    ) {
        let is_new = added_with.is_some();
        if change.is_deleted {
            self.deleted.push(id);
        }
        if let Some((status, stopped_at)) = change.status
            && added_with != Some((status, stopped_at))
        {
            self.statuses.push(StatusRow {
                id,
                status,
                stopped_at,
            });
        }
        if change.has_ended && !is_new {
            self.ended.push(id);
        }
        if change.loses_inputs && !is_new {
            self.without_inputs.push(id);
        }
        if let Some(snapshot) = change.snapshot {
            self.snapshots.push((id, snapshot));
        }
        if let Some((wake_at, needs_dispatch)) = change.due {
            self.unfinished.push(UnfinishedRow {
                id,
                wake_at,
                needs_dispatch,
            });
        } else if change.is_begun {
            self.begun.push(id);
        }
        let inputs = change.inputs.into_iter();
        self.inputs
            .extend(inputs.map(|(sequence, input)| (id, sequence, input)));
    }
}

impl Change<'_> {
    fn end(&mut self) {
        self.has_ended = true;
        self.loses_inputs = true;
        self.is_begun = false;
        self.snapshot = None;
        self.due = None;
        self.inputs.clear();
    }
}

fn additions(commit: &Commit) -> usize {
    commit
        .writes
        .iter()
        .filter(|write| matches!(write, Write::AddExecution(_)))
        .count()
}
