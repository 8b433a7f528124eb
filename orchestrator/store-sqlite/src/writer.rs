//! The one task that writes: it takes whatever is queued, writes it as one transaction, and answers everybody.

use std::collections::VecDeque;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, SqlitePool};
use store::contract::{Commit, Error};
use store::records::ExecutionId;
use tokio::sync::{mpsc, oneshot};

use crate::apply::{Refused, apply, delete_executions, run};
use crate::checkpoint::Checkpoints;
use crate::errors::GroupError;
use crate::group::{is_solitary, size};
use crate::open::Options;
use crate::rows::{integer, number};

/// How many executions one transaction of `delete_ended` removes, so that commits never wait long for it.
const DELETED_AT_ONCE: usize = 64;

/// What the writer is asked to do.
pub(crate) enum Request {
    /// Write a commit.
    Commit {
        /// Which.
        commit: Commit,
        /// Who waits.
        answer: oneshot::Sender<Result<(), Error>>,
    },
    /// Delete up to `limit` executions, but no more than fit into one short transaction.
    DeleteEnded {
        /// See [`store::contract::Store::delete_ended`].
        ended_before: i64,
        /// See [`store::contract::Store::delete_ended`].
        limit: usize,
        /// Who waits; the answer is how many were deleted.
        answer: oneshot::Sender<Result<u64, Error>>,
    },
    /// Stop after what was queued before.
    Close,
}

/// The task's state.
pub(crate) struct Writer {
    /// `None` after a failure, until it is opened again.
    connection: Option<SqliteConnection>,
    reconnect: SqliteConnectOptions,
    /// Closed before the writer's connection: the last one to close leaves the database as one file, and a reader can't.
    readers: SqlitePool,
    requests: mpsc::Receiver<Request>,
    taken: VecDeque<Request>,
    buffer: Vec<Request>,
    checkpoints: Checkpoints,
    group_commits: usize,
    group_bytes: usize,
    idle: Duration,
}

type Waiting = (Commit, oneshot::Sender<Result<(), Error>>);

impl Writer {
    /// A writer on that connection, beside those readers.
    pub(crate) fn new(
        connection: SqliteConnection,
        reconnect: SqliteConnectOptions,
        readers: SqlitePool,
        requests: mpsc::Receiver<Request>,
        options: &Options,
    ) -> Self {
        Self {
            connection: Some(connection),
            reconnect,
            readers,
            requests,
            taken: VecDeque::new(),
            buffer: Vec::new(),
            checkpoints: Checkpoints::new(options.checkpoint_pages),
            group_commits: options.group_commits.max(1),
            group_bytes: options.group_bytes,
            idle: options.idle,
        }
    }

    /// Writes until it is told to close, or nobody is left who could ask.
    pub(crate) async fn run(mut self) {
        while self.wait().await {
            match self.taken.pop_front() {
                Some(Request::Commit { commit, answer }) => {
                    let group = self.gather((commit, answer));
                    self.write(group).await;
                }
                Some(Request::DeleteEnded {
                    ended_before,
                    limit,
                    answer,
                }) => {
                    let deleted = self.delete_ended(ended_before, limit).await;
                    // Nobody may be left to hear it.
                    let _ = answer.send(deleted.map_err(|error| error.answer()));
                }
                Some(Request::Close) | None => break,
            }
        }
        self.close().await;
    }

    /// Waits until something is taken; says whether anything will still come.
    async fn wait(&mut self) -> bool {
        if self.taken.is_empty() {
            self.take().await;
        }
        // Those who were just answered, or are about to commit, get a turn before the group is closed: it costs a
        // microsecond and a group costs a hundred.
        tokio::task::yield_now().await;
        while self.taken.len() < self.group_commits
            && let Ok(request) = self.requests.try_recv()
        {
            self.taken.push_back(request);
        }
        !self.taken.is_empty()
    }

    /// Takes everything that is queued, up to a group; while nothing comes, the idle time is used to tidy up.
    async fn take(&mut self) {
        let limit = self.group_commits;
        loop {
            let received = self.requests.recv_many(&mut self.buffer, limit);
            if !self.checkpoints.has_idle_work() {
                received.await;
                break;
            }
            if tokio::time::timeout(self.idle, received).await.is_ok() {
                break;
            }
            self.tidy().await;
        }
        self.taken.extend(self.buffer.drain(..));
    }

    /// What of that which is taken is written together with the first.
    fn gather(&mut self, first: Waiting) -> Vec<Waiting> {
        let mut bytes = size(&first.0);
        let is_alone = is_solitary(&first.0);
        let mut group = vec![first];
        while !is_alone && group.len() < self.group_commits && bytes < self.group_bytes {
            match self.taken.pop_front() {
                Some(Request::Commit { commit, answer }) if !is_solitary(&commit) => {
                    bytes += size(&commit);
                    group.push((commit, answer));
                }
                Some(other) => {
                    self.taken.push_front(other);
                    break;
                }
                None => break,
            }
        }
        group
    }

    /// Writes a group and answers everybody in it.
    async fn write(&mut self, group: Vec<Waiting>) {
        let commits: Vec<&Commit> = group.iter().map(|(commit, _)| commit).collect();
        match self.transaction(&commits).await {
            Ok(mut refused) => {
                for (number, (_, answer)) in group.into_iter().enumerate() {
                    let written = match refused.remove(&number) {
                        Some(name) => Err(Error::NameTaken(name)),
                        None => Ok(()),
                    };
                    // Nobody may be left to hear it.
                    let _ = answer.send(written);
                }
            }
            Err(error) if error.blames_a_commit() && group.len() > 1 => {
                for waiting in group {
                    Box::pin(self.write(vec![waiting])).await;
                }
            }
            Err(error) => {
                tracing::error!(commits = group.len(), %error, "cannot write a group of commits");
                for (_, answer) in group {
                    // Nobody may be left to hear it.
                    let _ = answer.send(Err(error.answer()));
                }
            }
        }
        self.checkpoint_when_due().await;
    }

    /// Writes commits as one transaction; returns those that were refused.
    async fn transaction(&mut self, commits: &[&Commit]) -> Result<Refused, GroupError> {
        let connection = connected(&mut self.connection, &self.reconnect).await?;
        let written = transact(connection, commits).await;
        if written.is_err() {
            self.roll_back().await;
        }
        self.checkpoints.count(commits);
        written.map_err(|error| self.judge(error))
    }

    /// Some failures have rolled back by themselves, so that this one may fail as well.
    async fn roll_back(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Err(error) = run(connection, ROLLBACK).await
        {
            tracing::debug!(%error, "there was nothing to roll back");
        }
    }

    fn judge(&mut self, error: sqlx::Error) -> GroupError {
        let error = GroupError::from(error);
        if error.breaks_connection() {
            self.connection = None;
        }
        error
    }

    async fn delete_ended(&mut self, ended_before: i64, limit: usize) -> Result<u64, GroupError> {
        let connection = connected(&mut self.connection, &self.reconnect).await?;
        let deleted = delete_some(connection, ended_before, limit.min(DELETED_AT_ONCE)).await;
        if deleted.is_err() {
            self.roll_back().await;
        }
        if let Ok(count) = &deleted {
            self.checkpoints.count_deleted(*count);
        }
        let deleted = deleted.map_err(|error| self.judge(error));
        self.checkpoint_when_due().await;
        deleted
    }

    async fn checkpoint_when_due(&mut self) {
        if self.checkpoints.is_due()
            && let Some(connection) = &mut self.connection
            && let Err(error) = self.checkpoints.run(connection).await
        {
            tracing::warn!(%error, "cannot copy the write-ahead log into the database");
        }
    }

    async fn tidy(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Err(error) = self.checkpoints.tidy(connection).await
        {
            tracing::warn!(%error, "cannot tidy the database up");
        }
    }

    /// Refuses whatever still comes and closes the connections.
    async fn close(mut self) {
        self.requests.close();
        self.taken.clear();
        while self.requests.recv().await.is_some() {}
        self.readers.close().await;
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "cannot close the database");
        }
    }
}

const BEGIN: &str = "begin immediate";
const COMMIT: &str = "commit";
const ROLLBACK: &str = "rollback";

async fn transact(
    connection: &mut SqliteConnection,
    commits: &[&Commit],
) -> Result<Refused, sqlx::Error> {
    run(connection, BEGIN).await?;
    let refused = apply(connection, commits).await?;
    let is_refused_alone = commits.len() == 1 && !refused.is_empty();
    run(connection, if is_refused_alone { ROLLBACK } else { COMMIT }).await?;
    Ok(refused)
}

const ENDED: &str = "select id from executions indexed by executions_by_end
     where stopped_at is not null and stopped_at < ? order by stopped_at limit ?";

async fn delete_some(
    connection: &mut SqliteConnection,
    ended_before: i64,
    limit: usize,
) -> Result<u64, sqlx::Error> {
    run(connection, BEGIN).await?;
    let rows = sqlx::query(ENDED)
        .bind(ended_before)
        .bind(integer(limit as u64))
        .fetch_all(&mut *connection)
        .await?;
    let ids = rows
        .iter()
        .map(|row| Ok(ExecutionId(number(row.try_get(0)?))))
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    if !ids.is_empty() {
        delete_executions(connection, &ids).await?;
    }
    run(connection, COMMIT).await?;
    Ok(ids.len() as u64)
}

/// The connection, opened again if a failure broke it.
async fn connected<'a>(
    connection: &'a mut Option<SqliteConnection>,
    options: &SqliteConnectOptions,
) -> Result<&'a mut SqliteConnection, sqlx::Error> {
    match connection {
        Some(connection) => Ok(connection),
        None => Ok(connection.insert(options.connect().await?)),
    }
}
