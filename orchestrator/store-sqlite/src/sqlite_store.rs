//! The store itself: commits go to the writer, reads to the pool.

use std::fs::File;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;
use sqlx::SqlitePool;
use store::contract::{Commit, Direction, Error, ExecutionFilter, JobFilter, LastNumbers, Store};
use store::map_runs::{ChildFilter, ChildRecord, MapRunRecord};
use store::records::{
    ActivityRecord, ExecutionId, ExecutionRecord, HistoryPage, JobRecord, Parent, Recovered,
    ResourceRecord, RevisionId, RevisionRecord, StateMachineId, StateMachineRecord, Tag,
    UnfinishedExecution,
};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::task::coop::unconstrained;

use crate::open::{OpenError, Opened, Options, open};
use crate::writer::{Request, Writer};
use crate::{read_executions, read_history, read_jobs, read_map_runs, read_resources};

/// The store in a data directory. Close it, so that everything is in the database's one file.
pub struct SqliteStore {
    readers: SqlitePool,
    requests: mpsc::Sender<Request>,
    /// Awaited by `close`, with the directory's lock, which is given up after it.
    writer: Mutex<Option<(JoinHandle<()>, File)>>,
}

impl SqliteStore {
    /// Opens the data directory, and makes it when there is none. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When another process has the directory open, when the database is damaged or of a newer version, or when the file
    /// system refuses.
    pub async fn open(directory: &Path, options: Options) -> Result<Self, OpenError> {
        let Opened {
            lock,
            writer,
            writer_options,
            readers,
        } = open(directory, &options).await?;
        let (requests, receiver) = mpsc::channel(options.queued_commits.max(1));
        let writer = Writer::new(writer, writer_options, readers.clone(), receiver, &options);
        let task = tokio::spawn(writer.run());
        Ok(Self {
            readers,
            requests,
            writer: Mutex::new(Some((task, lock))),
        })
    }

    /// Queues the request. Its place in the queue is taken now, not when the future is first polled: commits of one execution
    /// are written in the order of the calls.
    fn queue(&self, request: Request) -> Queued {
        let request = match self.requests.try_send(request) {
            Ok(()) => return Queued::Sent,
            Err(TrySendError::Closed(_)) => return Queued::Closed,
            Err(TrySendError::Full(request)) => request,
        };
        // A permit's future stands in the queue from its first poll on. Without `unconstrained` that poll might do nothing
        // because the caller's task has used up its share of time.
        let mut permit = Box::pin(unconstrained(self.requests.clone().reserve_owned()));
        match permit
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(Ok(permit)) => {
                permit.send(request);
                Queued::Sent
            }
            Poll::Ready(Err(_)) => Queued::Closed,
            Poll::Pending => Queued::Waiting(Box::pin(async move {
                permit.await.map_err(|_| Error::Closed)?.send(request);
                Ok(())
            })),
        }
    }
}

enum Queued {
    Sent,
    Closed,
    Waiting(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>),
}

impl Queued {
    async fn wait(self) -> Result<(), Error> {
        match self {
            Self::Sent => Ok(()),
            Self::Closed => Err(Error::Closed),
            Self::Waiting(place) => place.await,
        }
    }
}

impl Store for SqliteStore {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), Error>> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue(Request::Commit { commit, answer });
        Box::pin(async move {
            queued.wait().await?;
            answered.await.map_err(|_| Error::Closed)?
        })
    }

    fn last_numbers(&self) -> BoxFuture<'_, Result<LastNumbers, Error>> {
        Box::pin(read_resources::last_numbers(&self.readers))
    }

    fn state_machine_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<StateMachineRecord>, Error>> {
        Box::pin(read_resources::state_machine_by_name(&self.readers, name))
    }

    fn state_machine(
        &self,
        id: StateMachineId,
    ) -> BoxFuture<'_, Result<Option<StateMachineRecord>, Error>> {
        Box::pin(read_resources::state_machine(&self.readers, id))
    }

    fn state_machines(
        &self,
        after: Option<StateMachineId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<StateMachineRecord>, Error>> {
        Box::pin(read_resources::state_machines(&self.readers, after, limit))
    }

    fn revision(&self, id: RevisionId) -> BoxFuture<'_, Result<Option<RevisionRecord>, Error>> {
        Box::pin(read_resources::revision(&self.readers, id))
    }

    fn execution(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        Box::pin(read_executions::execution(&self.readers, id))
    }

    fn execution_by_name<'a>(
        &'a self,
        machine: StateMachineId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ExecutionRecord>, Error>> {
        Box::pin(read_executions::execution_by_name(
            &self.readers,
            machine,
            name,
        ))
    }

    fn child(&self, parent: Parent) -> BoxFuture<'_, Result<Option<ExecutionRecord>, Error>> {
        Box::pin(read_executions::child(&self.readers, parent))
    }

    fn executions(
        &self,
        filter: ExecutionFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        Box::pin(read_executions::executions(
            &self.readers,
            filter,
            before,
            limit,
        ))
    }

    fn history(
        &self,
        id: ExecutionId,
        from: u64,
        limit: usize,
        direction: Direction,
    ) -> BoxFuture<'_, Result<HistoryPage, Error>> {
        Box::pin(read_history::history(
            &self.readers,
            id,
            from,
            limit,
            direction,
        ))
    }

    fn recoveries<'a>(
        &'a self,
        ids: &'a [ExecutionId],
    ) -> BoxFuture<'a, Result<Vec<Recovered>, Error>> {
        Box::pin(read_executions::recoveries(&self.readers, ids))
    }

    fn remains(&self, id: ExecutionId) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        Box::pin(read_executions::remains(&self.readers, id))
    }

    fn unfinished(
        &self,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<UnfinishedExecution>, Error>> {
        Box::pin(read_executions::unfinished(&self.readers, after, limit))
    }

    fn activity<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ActivityRecord>, Error>> {
        Box::pin(read_resources::activity(&self.readers, name))
    }

    fn activities(
        &self,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ActivityRecord>, Error>> {
        Box::pin(read_resources::activities(&self.readers, after, limit))
    }

    fn tags<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, Result<Vec<Tag>, Error>> {
        Box::pin(read_resources::tags(&self.readers, arn))
    }

    fn resource<'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<ResourceRecord>, Error>> {
        Box::pin(read_resources::resource(&self.readers, kind, name))
    }

    fn resources<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<ResourceRecord>, Error>> {
        Box::pin(read_resources::resources(&self.readers, kind))
    }

    fn jobs_by_id<'a>(
        &'a self,
        ids: &'a [Arc<str>],
    ) -> BoxFuture<'a, Result<Vec<JobRecord>, Error>> {
        Box::pin(read_jobs::jobs_by_id(&self.readers, ids))
    }

    fn jobs(
        &self,
        filter: JobFilter,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        Box::pin(read_jobs::jobs(&self.readers, filter, before, limit))
    }

    fn unfinished_jobs(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        Box::pin(read_jobs::unfinished_jobs(&self.readers, after, limit))
    }

    fn ended_jobs(
        &self,
        ended_before: i64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<JobRecord>, Error>> {
        Box::pin(read_jobs::ended_jobs(&self.readers, ended_before, limit))
    }

    fn map_run(&self, parent: Parent) -> BoxFuture<'_, Result<Option<MapRunRecord>, Error>> {
        Box::pin(read_map_runs::map_run(&self.readers, parent))
    }

    fn map_run_by_name<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<MapRunRecord>, Error>> {
        Box::pin(read_map_runs::map_run_by_name(&self.readers, name))
    }

    fn map_runs(
        &self,
        execution: ExecutionId,
        before: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        Box::pin(read_map_runs::map_runs(
            &self.readers,
            execution,
            before,
            limit,
        ))
    }

    fn unfinished_map_runs(
        &self,
        after: Option<Parent>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<MapRunRecord>, Error>> {
        Box::pin(read_map_runs::unfinished_map_runs(
            &self.readers,
            after,
            limit,
        ))
    }

    fn children(
        &self,
        filter: ChildFilter,
        before: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ExecutionRecord>, Error>> {
        Box::pin(read_map_runs::children(
            &self.readers,
            filter,
            before,
            limit,
        ))
    }

    fn children_with_ends(
        &self,
        parent: Parent,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<ChildRecord>, Error>> {
        Box::pin(read_map_runs::children_with_ends(
            &self.readers,
            parent,
            after,
            limit,
        ))
    }

    fn delete_ended(&self, ended_before: i64, limit: usize) -> BoxFuture<'_, Result<u64, Error>> {
        Box::pin(async move {
            let mut deleted = 0;
            while deleted < limit as u64 {
                let (answer, answered) = oneshot::channel();
                let request = Request::DeleteEnded {
                    ended_before,
                    limit: limit - usize::try_from(deleted).unwrap_or(limit),
                    answer,
                };
                self.queue(request).wait().await?;
                match answered.await.map_err(|_| Error::Closed)?? {
                    0 => break,
                    some => deleted += some,
                }
            }
            Ok(deleted)
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(read_resources::ping(&self.readers))
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let queued = self.queue(Request::Close);
        Box::pin(async move {
            let (task, lock) = writer.ok_or(Error::Closed)?;
            queued.wait().await?;
            let ended = task.await;
            drop(lock);
            ended.map_err(|error| Error::Database(Box::new(error)))
        })
    }
}
