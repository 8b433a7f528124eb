//! A store in memory, for tests and simulation: it writes in the order of the calls, answers at once, and crashes on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, ready};

use crate::contract::{Commit, Direction, Error, ExecutionFilter, JobFilter, LastNumbers, Store};
use crate::history_page::PageBuilder;
use crate::map_runs::{ChildFilter, ChildRecord, MapRunRecord};
use crate::memory_state::State;
use crate::records::{
    ActivityRecord, ExecutionId, ExecutionRecord, HistoryPage, JobRecord, Parent, Recovered,
    ResourceRecord, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord, Tag,
    UnfinishedExecution,
};

/// A store in memory. Clones share their state; [`MemoryStore::survivor`] does not.
///
/// A simulated crash looks like this:
///
/// ```
/// # use store::contract::{Commit, Error, Store};
/// # use store::memory::{Fault, MemoryStore};
/// let store = MemoryStore::new();
/// store.inject(0, Fault::CrashAfterWriting);
/// let answer = futures_util::FutureExt::now_or_never(store.commit(Commit::default()));
/// assert!(matches!(answer, Some(Err(Error::Closed))));
/// let store = store.survivor();
/// # assert!(!store.has_crashed());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

/// What goes wrong with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies before anything is written.
    CrashBeforeWriting,
    /// The process dies after the commit became durable and before its caller heard of it.
    CrashAfterWriting,
    /// The disk is full: the commit fails, the store goes on.
    DiskFull,
}

#[derive(Debug, Default)]
struct Inner {
    state: State,
    commits: u64,
    /// Faults by the number of the commit that they happen to.
    faults: Vec<(u64, Fault)>,
    condition: Condition,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Condition {
    #[default]
    Open,
    Closed,
    Crashed,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many commits were asked for so far, whatever became of them.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Lets a fault happen to the commit that comes after so many others from now on; 0 is the next one.
    pub fn inject(&self, after: u64, fault: Fault) {
        let mut inner = self.lock();
        let number = inner.commits + after;
        inner.faults.push((number, fault));
    }

    /// Crashes at once: whatever is asked from now on fails with [`Error::Closed`].
    pub fn crash(&self) {
        self.lock().condition = Condition::Crashed;
    }

    /// Whether an injected crash happened.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.lock().condition == Condition::Crashed
    }

    /// A new open store with a copy of what is durable in this one at this moment, and without its faults: what the next
    /// process finds.
    #[must_use]
    pub fn survivor(&self) -> Self {
        let state = self.lock().state.clone();
        Self {
            inner: Arc::new(Mutex::new(Inner {
                state,
                ..Inner::default()
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&State) -> Result<T, Error>,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let inner = self.lock();
        let answer = match inner.condition {
            Condition::Open => read(&inner.state),
            Condition::Closed | Condition::Crashed => Err(Error::Closed),
        };
        ready(answer).boxed()
    }
}

impl Inner {
    fn commit(&mut self, commit: Commit) -> Result<(), Error> {
        if self.condition != Condition::Open {
            return Err(Error::Closed);
        }
        let number = self.commits;
        self.commits += 1;
        let fault = self.faults.iter().find(|(at, _)| *at == number);
        match fault.map(|(_, fault)| *fault) {
            None => self.state.commit(commit),
            Some(Fault::DiskFull) => Err(Error::DiskFull),
            Some(Fault::CrashBeforeWriting) => self.crash(),
            Some(Fault::CrashAfterWriting) => {
                // The process dies whether the name was taken or not.
                let _ = self.state.commit(commit);
                self.crash()
            }
        }
    }

    fn crash(&mut self) -> Result<(), Error> {
        self.condition = Condition::Crashed;
        Err(Error::Closed)
    }
}

impl Store for MemoryStore {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), Error>> {
        ready(self.lock().commit(commit)).boxed()
    }

    fn last_numbers(&self) -> BoxFuture<'_, Result<LastNumbers, Error>> {
        self.read(|state| Ok(state.last_numbers()))
    }

    fn state_machine_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<StateMachineRecord>, Error>> {
        self.read(|state| Ok(state.state_machine_by_name(name)))
    }

    fn state_machine(
        &self,
        id: StateMachineId,
    ) -> BoxFuture<'_, Result<Option<StateMachineRecord>, Error>> {
        self.read(|state| Ok(state.state_machine(id)))
    }

    fn state_machines(
        &self,
        after: Option<StateMachineId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<StateMachineRecord>, Error>> {
        self.read(|state| Ok(state.state_machines(after, limit)))
    }

    fn revision(&self, id: RevisionId) -> BoxFuture<'_, Result<Option<RevisionRecord>, Error>> {
        self.read(|state| Ok(state.revision(id)))
    }

    fn execution(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        self.read(|state| Ok(state.execution(id)))
    }

    fn execution_by_name<'a>(
        &'a self,
        machine: StateMachineId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ExecutionRecord>, Error>> {
        self.read(|state| Ok(state.execution_by_name(machine, name)))
    }

    fn child(&self, parent: Parent) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        self.read(|state| Ok(state.child(parent)))
    }

    fn executions(
        &self,
        filter: ExecutionFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        self.read(|state| Ok(state.executions(&filter, before, limit)))
    }

    fn history(
        &self,
        id: ExecutionId,
        from: u64,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Result<HistoryPage, Error>> {
        self.read(|state| {
            let mut page = PageBuilder::new(from, limit, direction);
            for chunk in state.history(id, from, direction) {
                page.add(&chunk.bytes)?;
                if page.is_complete() {
                    break;
                }
            }
            Ok(page.finish())
        })
    }

    fn recoveries<'a>(
        &'a self,
        ids: &'a [ExecutionId],
    ) -> BoxFuture<'a, Result<Vec<Recovered>, Error>> {
        self.read(|state| Ok(ids.iter().filter_map(|id| state.recovered(*id)).collect()))
    }

    fn remains(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        self.read(|state| Ok(state.remains(id)))
    }

    fn unfinished(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<UnfinishedExecution>, Error>> {
        self.read(|state| Ok(state.unfinished(after, limit)))
    }

    fn activity<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ActivityRecord>, Error>> {
        self.read(|state| Ok(state.activity(name)))
    }

    fn activities(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ActivityRecord>, Error>> {
        self.read(|state| Ok(state.activities(after, limit)))
    }

    fn tags<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Vec<Tag>, Error>> {
        self.read(|state| Ok(state.tags(arn)))
    }

    fn resource<'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ResourceRecord>, Error>> {
        self.read(|state| Ok(state.resource(kind, name)))
    }

    fn resources<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<ResourceRecord>, Error>> {
        self.read(|state| Ok(state.resources(kind)))
    }

    fn jobs_by_id<'a>(
        &'a self,
        ids: &'a [Arc<str>],
    ) -> BoxFuture<'a, Result<Vec<JobRecord>, Error>> {
        self.read(|state| Ok(state.jobs.by_id(ids)))
    }

    fn jobs(
        &self,
        filter: JobFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(|state| Ok(state.jobs.list(&filter, before, limit)))
    }

    fn unfinished_jobs(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(|state| Ok(state.jobs.unfinished(after, limit)))
    }

    fn ended_jobs(
        &self,
        ended_before: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(|state| Ok(state.jobs.ended(ended_before, limit)))
    }

    fn map_run(&self, parent: Parent) -> BoxFuture<'_, Result<Option<MapRunRecord>, Error>> {
        self.read(|state| Ok(state.map_runs.get(parent)))
    }

    fn map_run_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<MapRunRecord>, Error>> {
        self.read(|state| Ok(state.map_runs.by_name(name)))
    }

    fn map_runs(
        &self,
        execution: ExecutionId,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        self.read(|state| Ok(state.map_runs.of(execution, before, limit)))
    }

    fn unfinished_map_runs(
        &self,
        after: Option<Parent>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        self.read(|state| Ok(state.map_runs.unfinished(after, limit)))
    }

    fn children(
        &self,
        filter: ChildFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        self.read(|state| Ok(state.children(filter, before, limit)))
    }

    fn children_with_ends(
        &self,
        parent: Parent,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ChildRecord>, Error>> {
        self.read(|state| Ok(state.children_with_ends(parent, after, limit)))
    }

    fn delete_ended(&self, ended_before: i64, limit: usize) -> BoxFuture<'_, Result<u64, Error>> {
        let mut inner = self.lock();
        let answer = match inner.condition {
            Condition::Open => Ok(inner.state.delete_ended(ended_before, limit)),
            Condition::Closed | Condition::Crashed => Err(Error::Closed),
        };
        ready(answer).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.read(|_| Ok(()))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        let mut inner = self.lock();
        let answer = match inner.condition {
            Condition::Open => Ok(()),
            Condition::Closed | Condition::Crashed => Err(Error::Closed),
        };
        if answer.is_ok() {
            inner.condition = Condition::Closed;
        }
        ready(answer).boxed()
    }
}
