//! What the store in memory holds: every rule of the contract in its plainest form.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::contract::{Commit, Direction, Error, ExecutionFilter, LastNumbers, Qualifier, Write};
use crate::map_runs::{ChildFilter, ChildRecord};
use crate::memory_jobs::Jobs;
use crate::memory_map_runs::MapRuns;
use crate::records::{
    ActivityRecord, ExecutionId, ExecutionRecord, ExecutionStatus, HistoryChunk, Parent, Recovered,
    Recovery, ResourceRecord, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord, Tag,
    UnfinishedExecution,
};

/// All tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    machines: BTreeMap<StateMachineId, StateMachineRecord>,
    revisions: BTreeMap<RevisionId, RevisionRecord>,
    executions: BTreeMap<ExecutionId, ExecutionRecord>,
    names: HashMap<(StateMachineId, Arc<str>), ExecutionId>,
    histories: BTreeMap<ExecutionId, BTreeMap<u64, HistoryChunk>>,
    unfinished: BTreeMap<ExecutionId, Unfinished>,
    remains: HashMap<ExecutionId, Vec<u8>>,
    activities: BTreeMap<Arc<str>, ActivityRecord>,
    tags: HashMap<Arc<str>, Vec<Tag>>,
    resources: BTreeMap<(Arc<str>, Arc<str>), ResourceRecord>,
    pub(crate) jobs: Jobs,
    pub(crate) map_runs: MapRuns,
    last_execution: u64,
}

/// What a running execution has beside its record and history.
#[derive(Clone, Debug)]
struct Unfinished {
    snapshot: Option<Vec<u8>>,
    inputs: BTreeMap<u32, Vec<u8>>,
    wake_at: Option<i64>,
    needs_dispatch: bool,
}

impl Default for Unfinished {
    fn default() -> Self {
        Self {
            snapshot: None,
            inputs: BTreeMap::new(),
            wake_at: None,
            needs_dispatch: true,
        }
    }
}

impl State {
    /// Writes all of it or, when a name is taken, nothing.
    pub(crate) fn commit(&mut self, commit: Commit) -> Result<(), Error> {
        let mut added = HashSet::new();
        for write in &commit.writes {
            let Write::AddExecution(record) = write else {
                continue;
            };
            let key = (record.machine, record.name.clone());
            if self.names.contains_key(&key) || !added.insert(key) {
                return Err(Error::NameTaken(record.name.clone()));
            }
        }
        for write in commit.writes {
            self.write(write);
        }
        Ok(())
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::PutStateMachine(record) => {
                self.machines.insert(record.id, record);
            }
            Write::AddRevision(record) => {
                self.revisions.insert(record.id, record);
            }
            Write::AddExecution(record) => self.add_execution(record),
            Write::SetStatus {
                id,
                status,
                stopped_at,
            } => self.set_status(id, status, stopped_at),
            Write::KeepRemains { id, remains } => {
                self.remains.insert(id, remains);
            }
            Write::SetRedrive {
                id,
                revision,
                redrives,
            } => {
                if let Some(record) = self.executions.get_mut(&id) {
                    record.revision = revision;
                    record.redrives = Some(redrives);
                }
            }
            Write::ForgetHistory(id) => {
                self.histories.remove(&id);
            }
            Write::SetPaused { id, paused_at } => {
                if let Some(record) = self.executions.get_mut(&id) {
                    record.paused_at = paused_at;
                }
            }
            Write::AppendHistory { id, chunk } => {
                let history = self.histories.entry(id).or_default();
                history.insert(chunk.first_event, chunk);
            }
            Write::PutSnapshot {
                id,
                snapshot,
                wake_at,
                needs_dispatch,
            } => {
                if self.is_over(id) {
                    self.remains.insert(id, snapshot.clone());
                }
                let row = Unfinished {
                    snapshot: Some(snapshot),
                    inputs: BTreeMap::new(),
                    wake_at,
                    needs_dispatch,
                };
                self.unfinished.insert(id, row);
            }
            Write::AppendInput {
                id,
                sequence,
                input,
                wake_at,
                needs_dispatch,
            } => {
                let row = self.unfinished.entry(id).or_default();
                row.inputs.insert(sequence, input);
                row.wake_at = wake_at;
                row.needs_dispatch = needs_dispatch;
            }
            Write::DeleteExecution(id) => self.delete_execution(id),
            Write::PutActivity(record) => {
                let name = record.name.clone();
                self.activities.entry(name).or_insert(record);
            }
            Write::DeleteActivity(name) => {
                self.activities.remove(&name);
            }
            Write::PutTags { arn, tags } => {
                self.tags.insert(arn, tags);
            }
            Write::PutResource(record) => {
                let key = (record.kind.clone(), record.name.clone());
                self.resources.insert(key, record);
            }
            Write::DeleteResource { kind, name } => {
                self.resources.remove(&(kind, name));
            }
            Write::PutMapRun(record) => self.map_runs.put(record),
            Write::PutJob(record) => self.jobs.put(record),
            Write::DeleteJobs(ids) => self.jobs.delete(&ids),
        }
    }

    fn is_over(&self, id: ExecutionId) -> bool {
        let record = self.executions.get(&id);
        record.is_some_and(|record| record.status != ExecutionStatus::Running)
    }

    fn add_execution(&mut self, record: ExecutionRecord) {
        self.last_execution = self.last_execution.max(record.id.0);
        let key = (record.machine, record.name.clone());
        self.names.insert(key, record.id);
        if record.status == ExecutionStatus::Running {
            self.unfinished.entry(record.id).or_default();
        }
        self.executions.insert(record.id, record);
    }

    fn set_status(&mut self, id: ExecutionId, status: ExecutionStatus, stopped_at: Option<i64>) {
        if let Some(record) = self.executions.get_mut(&id) {
            record.status = status;
            record.stopped_at = stopped_at;
        }
        let remains = self.remains.remove(&id);
        if status == ExecutionStatus::Running {
            let row = self.unfinished.entry(id).or_default();
            row.snapshot = row.snapshot.take().or(remains);
        } else {
            self.unfinished.remove(&id);
        }
    }

    fn delete_execution(&mut self, id: ExecutionId) {
        if let Some(record) = self.executions.remove(&id) {
            self.names.remove(&(record.machine, record.name));
        }
        self.histories.remove(&id);
        self.unfinished.remove(&id);
        self.map_runs.delete_of(id);
        self.remains.remove(&id);
    }

    /// See [`crate::contract::Store::delete_ended`].
    pub(crate) fn delete_ended(&mut self, ended_before: i64, limit: usize) -> u64 {
        let ended: Vec<ExecutionId> = self
            .executions
            .values()
            .filter(|record| record.stopped_at.is_some_and(|at| at < ended_before))
            .map(|record| record.id)
            .take(limit)
            .collect();
        for id in &ended {
            self.delete_execution(*id);
        }
        ended.len() as u64
    }

    /// See [`crate::contract::Store::last_numbers`].
    pub(crate) fn last_numbers(&self) -> LastNumbers {
        LastNumbers {
            execution: self.last_execution,
            state_machine: self.machines.keys().next_back().map_or(0, |id| id.0),
            revision: self.revisions.keys().next_back().map_or(0, |id| id.0),
            job: self.jobs.last,
        }
    }

    /// See [`crate::contract::Store::state_machine_by_name`].
    pub(crate) fn state_machine_by_name(&self, name: &str) -> Option<StateMachineRecord> {
        let mut machines = self.machines.values();
        machines.find(|record| &*record.name == name).cloned()
    }

    /// See [`crate::contract::Store::state_machine`].
    pub(crate) fn state_machine(&self, id: StateMachineId) -> Option<StateMachineRecord> {
        self.machines.get(&id).cloned()
    }

    /// See [`crate::contract::Store::state_machines`].
    pub(crate) fn state_machines(
        &self,
        after: Option<StateMachineId>,
        limit: usize,
    ) -> Vec<StateMachineRecord> {
        self.machines
            .range((
                after.map_or(Bound::Unbounded, Bound::Excluded),
                Bound::Unbounded,
            ))
            .map(|(_, record)| record)
            .filter(|record| !record.is_deleted)
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::revision`].
    pub(crate) fn revision(&self, id: RevisionId) -> Option<RevisionRecord> {
        self.revisions.get(&id).cloned()
    }

    /// See [`crate::contract::Store::execution`].
    pub(crate) fn execution(&self, id: ExecutionId) -> Option<ExecutionRecord> {
        self.executions.get(&id).cloned()
    }

    /// See [`crate::contract::Store::execution_by_name`].
    pub(crate) fn execution_by_name(
        &self,
        machine: StateMachineId,
        name: &str,
    ) -> Option<ExecutionRecord> {
        let id = self.names.get(&(machine, Arc::from(name)))?;
        self.execution(*id)
    }

    /// See [`crate::contract::Store::child`].
    pub(crate) fn child(&self, parent: Parent) -> Option<ExecutionRecord> {
        self.executions
            .values()
            .find(|record| record.parent == Some(parent))
            .cloned()
    }

    /// See [`crate::contract::Store::children`].
    pub(crate) fn children(
        &self,
        filter: ChildFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> Vec<ExecutionRecord> {
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        self.executions
            .range((Bound::Unbounded, end))
            .rev()
            .map(|(_, record)| record)
            .filter(|record| record.parent == Some(filter.parent))
            .filter(|record| filter.status.is_none_or(|status| record.status == status))
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::children_with_ends`].
    pub(crate) fn children_with_ends(
        &self,
        parent: Parent,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Vec<ChildRecord> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.executions
            .range((begin, Bound::Unbounded))
            .map(|(_, record)| record)
            .filter(|record| record.parent == Some(parent))
            .take(limit)
            .map(|record| {
                let chunks = self.histories.get(&record.id);
                let first = chunks.and_then(|chunks| chunks.get(&1));
                let last = chunks.and_then(|chunks| chunks.values().next_back());
                let last = last.filter(|chunk| chunk.first_event > 1);
                ChildRecord {
                    record: record.clone(),
                    first: first.map(|chunk| chunk.bytes.as_slice().into()),
                    last: last.map(|chunk| chunk.bytes.as_slice().into()),
                }
            })
            .collect()
    }

    /// See [`crate::contract::Store::executions`].
    pub(crate) fn executions(
        &self,
        filter: &ExecutionFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> Vec<ExecutionRecord> {
        self.executions
            .range((
                Bound::Unbounded,
                before.map_or(Bound::Unbounded, Bound::Excluded),
            ))
            .rev()
            .map(|(_, record)| record)
            .filter(|record| {
                filter
                    .machine
                    .is_none_or(|machine| record.machine == machine)
            })
            .filter(|record| filter.status.is_none_or(|status| record.status == status))
            .filter(|record| match &filter.started_by {
                None => true,
                Some(Qualifier::Version(version)) => record.started_by.version == Some(*version),
                Some(Qualifier::Alias(alias)) => record.started_by.alias.as_ref() == Some(alias),
            })
            .take(limit)
            .cloned()
            .collect()
    }

    /// The chunks that may hold the event and those behind it, in the direction.
    pub(crate) fn history(
        &self,
        id: ExecutionId,
        from: u64,
        direction: Direction,
    ) -> Box<dyn Iterator<Item = &HistoryChunk> + '_> {
        let Some(chunks) = self.histories.get(&id) else {
            return Box::new(std::iter::empty());
        };
        match direction {
            Direction::Forward => {
                let first = chunks
                    .range(..=from)
                    .next_back()
                    .map_or(0, |(&first, _)| first);
                Box::new(chunks.range(first..).map(|(_, chunk)| chunk))
            }
            Direction::Reverse => Box::new(chunks.range(..=from).rev().map(|(_, chunk)| chunk)),
        }
    }

    /// See [`crate::contract::Store::recoveries`].
    pub(crate) fn recovered(&self, id: ExecutionId) -> Option<Recovered> {
        let row = self.unfinished.get(&id).filter(|_| !self.is_over(id))?;
        Some(Recovered {
            record: self.execution(id)?,
            recovery: Recovery {
                snapshot: row.snapshot.clone()?,
                inputs: row.inputs.values().cloned().collect(),
            },
        })
    }

    /// See [`crate::contract::Store::remains`].
    pub(crate) fn remains(&self, id: ExecutionId) -> Option<Vec<u8>> {
        self.remains.get(&id).filter(|_| self.is_over(id)).cloned()
    }

    /// See [`crate::contract::Store::unfinished`].
    pub(crate) fn unfinished(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Vec<UnfinishedExecution> {
        self.unfinished
            .range((
                after.map_or(Bound::Unbounded, Bound::Excluded),
                Bound::Unbounded,
            ))
            .take(limit)
            .map(|(&id, row)| UnfinishedExecution {
                id,
                wake_at: row.wake_at,
                needs_dispatch: row.needs_dispatch,
            })
            .collect()
    }

    /// See [`crate::contract::Store::activity`].
    pub(crate) fn activity(&self, name: &str) -> Option<ActivityRecord> {
        self.activities.get(name).cloned()
    }

    /// See [`crate::contract::Store::activities`].
    pub(crate) fn activities(&self, after: Option<Arc<str>>, limit: usize) -> Vec<ActivityRecord> {
        self.activities
            .range((
                after.map_or(Bound::Unbounded, Bound::Excluded),
                Bound::Unbounded,
            ))
            .map(|(_, record)| record)
            .take(limit)
            .cloned()
            .collect()
    }

    /// See [`crate::contract::Store::tags`].
    pub(crate) fn tags(&self, arn: &str) -> Vec<Tag> {
        self.tags.get(arn).cloned().unwrap_or_default()
    }

    /// See [`crate::contract::Store::resource`].
    pub(crate) fn resource(&self, kind: &str, name: &str) -> Option<ResourceRecord> {
        let key = (Arc::from(kind), Arc::from(name));
        self.resources.get(&key).cloned()
    }

    /// See [`crate::contract::Store::resources`].
    pub(crate) fn resources(&self, kind: &str) -> Vec<ResourceRecord> {
        self.resources
            .values()
            .filter(|record| &*record.kind == kind)
            .cloned()
            .collect()
    }
}
