//! A store that lets the process die at one of its writes, and whose disk fills up or fails for a while.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use store::contract::{Commit, Direction, Error, ExecutionFilter, JobFilter, LastNumbers, Store};
use store::map_runs::{ChildFilter, ChildRecord, MapRunRecord};
use store::memory::MemoryStore;
use store::records::{
    ActivityRecord, ExecutionId, ExecutionRecord, HistoryPage, JobRecord, Parent, Recovered,
    ResourceRecord, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord, Tag,
    UnfinishedExecution,
};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::random::Random;

/// What goes wrong in one life of the process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// The write at which the process dies.
    pub(crate) crash: Option<Crash>,
    /// From which write on, and for how many, the store fails.
    pub(crate) failing: Vec<(u64, u64)>,
    /// One read in so many fails; 0 for none.
    pub(crate) failing_reads: u64,
}

/// Where the process dies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    /// The number of the write, in this life.
    pub(crate) at: u64,
    /// Whether that write is durable all the same.
    pub(crate) is_written: bool,
}

/// The store of one life: what it writes goes into the durable store, which outlives it.
pub(crate) struct CrashingStore {
    durable: MemoryStore,
    life: Arc<Life>,
    queue: mpsc::UnboundedSender<(Commit, oneshot::Sender<Result<(), Error>>)>,
}

/// What the store and its writer share.
pub(crate) struct Life {
    faults: Faults,
    random: Random,
    writes: AtomicU64,
    is_dead: AtomicBool,
    died: Notify,
}

impl Life {
    /// Ready when the process died.
    pub(crate) async fn died(&self) {
        self.died.notified().await;
    }

    fn die(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
        self.died.notify_one();
    }

    fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }
}

impl CrashingStore {
    /// A new life on what is durable. Must be called within the life's own tokio runtime.
    pub(crate) fn open(durable: &MemoryStore, faults: Faults, random: Random) -> Self {
        let (queue, requests) = mpsc::unbounded_channel();
        let life = Arc::new(Life {
            faults,
            random,
            writes: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            died: Notify::new(),
        });
        tokio::spawn(write_groups(durable.clone(), life.clone(), requests));
        Self {
            durable: durable.clone(),
            life,
            queue,
        }
    }

    pub(crate) fn life(&self) -> Arc<Life> {
        self.life.clone()
    }

    /// A read takes a moment, may fail, and is never answered once the process died.
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce() -> BoxFuture<'a, Result<T, Error>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Error>> {
        async move {
            let pause = self.life.random.between(0, 2);
            if pause > 0 {
                tokio::time::sleep(Duration::from_millis(pause - 1)).await;
            }
            if self.life.is_dead() {
                return pending().await;
            }
            let failing = self.life.faults.failing_reads;
            if failing > 0 && self.life.random.once_in(failing) {
                return Err(Error::Database("a simulated failure to read".into()));
            }
            read().await
        }
        .boxed()
    }
}

/// Writes in the order of the calls, in groups, as a store with one writer does.
async fn write_groups(
    durable: MemoryStore,
    life: Arc<Life>,
    mut requests: mpsc::UnboundedReceiver<(Commit, oneshot::Sender<Result<(), Error>>)>,
) {
    while let Some(first) = requests.recv().await {
        let pause = life.random.between(0, 3);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let mut group = VecDeque::from([first]);
        while let Ok(next) = requests.try_recv() {
            group.push_back(next);
        }
        let mut answers = Vec::new();
        for (commit, answer) in group {
            let number = life.writes.fetch_add(1, Ordering::Relaxed);
            if let Some(crash) = life.faults.crash
                && crash.at == number
            {
                if crash.is_written {
                    // Whether its name was taken matters to nobody any more.
                    let _ = durable.commit(commit).await;
                }
                life.die();
                return pending().await;
            }
            let fails = life
                .faults
                .failing
                .iter()
                .any(|&(from, count)| number >= from && number < from + count);
            let outcome = match (fails, number % 3) {
                (false, _) => durable.commit(commit).await,
                (true, 0) => Err(Error::DiskFull),
                (true, 1) => Err(Error::Database("a simulated failure to write".into())),
                // Written, and nobody is told: the connection broke.
                (true, _) => match durable.commit(commit).await {
                    Ok(()) => Err(Error::Database("a simulated loss of the answer".into())),
                    refused => refused,
                },
            };
            answers.push((answer, outcome));
        }
        for (answer, outcome) in answers {
            // Nobody may be left to hear it.
            let _ = answer.send(outcome);
        }
    }
}

impl Store for CrashingStore {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), Error>> {
        let (answer, outcome) = oneshot::channel();
        // A writer that died does not answer.
        let _ = self.queue.send((commit, answer));
        async move {
            match outcome.await {
                Ok(outcome) => outcome,
                Err(_) => pending().await,
            }
        }
        .boxed()
    }

    fn last_numbers(&self) -> BoxFuture<'_, Result<LastNumbers, Error>> {
        self.read(|| self.durable.last_numbers())
    }

    fn state_machine_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<StateMachineRecord>, Error>> {
        self.read(|| self.durable.state_machine_by_name(name))
    }

    fn state_machine(
        &self,
        id: StateMachineId,
    ) -> BoxFuture<'_, Result<Option<StateMachineRecord>, Error>> {
        self.read(move || self.durable.state_machine(id))
    }

    fn state_machines(
        &self,
        after: Option<StateMachineId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<StateMachineRecord>, Error>> {
        self.read(move || self.durable.state_machines(after, limit))
    }

    fn revision(&self, id: RevisionId) -> BoxFuture<'_, Result<Option<RevisionRecord>, Error>> {
        self.read(move || self.durable.revision(id))
    }

    fn execution(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        self.read(move || self.durable.execution(id))
    }

    fn execution_by_name<'a>(
        &'a self,
        machine: StateMachineId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ExecutionRecord>, Error>> {
        self.read(move || self.durable.execution_by_name(machine, name))
    }

    fn child(&self, parent: Parent) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        self.read(move || self.durable.child(parent))
    }

    fn executions(
        &self,
        filter: ExecutionFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        self.read(move || self.durable.executions(filter, before, limit))
    }

    fn history(
        &self,
        id: ExecutionId,
        from: u64,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Result<HistoryPage, Error>> {
        self.read(move || self.durable.history(id, from, limit, direction))
    }

    fn recoveries<'a>(
        &'a self,
        ids: &'a [ExecutionId],
    ) -> BoxFuture<'a, Result<Vec<Recovered>, Error>> {
        self.read(move || self.durable.recoveries(ids))
    }

    fn remains(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        self.read(move || self.durable.remains(id))
    }

    fn unfinished(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<UnfinishedExecution>, Error>> {
        self.read(move || self.durable.unfinished(after, limit))
    }

    fn activity<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ActivityRecord>, Error>> {
        self.read(move || self.durable.activity(name))
    }

    fn activities(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ActivityRecord>, Error>> {
        self.read(move || self.durable.activities(after, limit))
    }

    fn tags<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Vec<Tag>, Error>> {
        self.read(move || self.durable.tags(arn))
    }

    fn resource<'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ResourceRecord>, Error>> {
        self.read(|| self.durable.resource(kind, name))
    }

    fn resources<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<ResourceRecord>, Error>> {
        self.read(|| self.durable.resources(kind))
    }

    fn jobs_by_id<'a>(
        &'a self,
        ids: &'a [Arc<str>],
    ) -> BoxFuture<'a, Result<Vec<JobRecord>, Error>> {
        self.read(|| self.durable.jobs_by_id(ids))
    }

    fn jobs(
        &self,
        filter: JobFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(move || self.durable.jobs(filter, before, limit))
    }

    fn unfinished_jobs(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(move || self.durable.unfinished_jobs(after, limit))
    }

    fn ended_jobs(
        &self,
        ended_before: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        self.read(move || self.durable.ended_jobs(ended_before, limit))
    }

    fn map_run(&self, parent: Parent) -> BoxFuture<'_, Result<Option<MapRunRecord>, Error>> {
        self.read(move || self.durable.map_run(parent))
    }

    fn map_run_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<MapRunRecord>, Error>> {
        self.read(move || self.durable.map_run_by_name(name))
    }

    fn map_runs(
        &self,
        execution: ExecutionId,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        self.read(move || self.durable.map_runs(execution, before, limit))
    }

    fn unfinished_map_runs(
        &self,
        after: Option<Parent>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        self.read(move || self.durable.unfinished_map_runs(after, limit))
    }

    fn children(
        &self,
        filter: ChildFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        self.read(move || self.durable.children(filter, before, limit))
    }

    fn children_with_ends(
        &self,
        parent: Parent,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ChildRecord>, Error>> {
        self.read(move || self.durable.children_with_ends(parent, after, limit))
    }

    fn delete_ended(&self, ended_before: i64, limit: usize) -> BoxFuture<'_, Result<u64, Error>> {
        self.read(move || self.durable.delete_ended(ended_before, limit))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.read(|| self.durable.ping())
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        async { Ok(()) }.boxed()
    }
}
