//! Transactions in progress that are applied while they are in progress, each on a connection of its own.
//!
//! This is exact because the source holds the locks of such a transaction: whatever another transaction did to the same rows before was committed,
//! and delivered, before; and nothing else can touch them until it ends. So a part of it may be applied as soon as all that was delivered before
//! that part is committed at the target. Its commit waits for its place in the commit order.

use std::collections::HashMap;
use std::sync::Arc;

use pgoutput::message::Xid;
use replication::binding::{Binding, Key};
use replication::checkpoint::Checkpoint;
use replication::piece::{ChangeKind, Piece, Subtransaction};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::apply::{Applied, Worker};
use crate::error::Error;
use crate::options::crash_points;
use crate::replicator::Surroundings;

/// How many at a time. Each has its connection, and some megabytes of changes under way.
const AT_A_TIME: usize = 2;
/// Pieces that wait for one transaction's connection.
const WAITING: usize = 1;

/// Those that are being applied.
#[derive(Debug)]
pub(crate) struct Eager {
    surroundings: Surroundings,
    /// How many pieces of whole transactions are committed.
    committed: watch::Receiver<u64>,
    sessions: HashMap<Xid, mpsc::Sender<Command>>,
    tasks: JoinSet<Result<(), Error>>,
}

#[derive(Debug)]
enum Command {
    Apply {
        piece: Piece,
        bindings: Vec<Option<Arc<Binding>>>,
        /// How many pieces of whole transactions must be committed before.
        after: u64,
    },
    Abort(Xid),
    End {
        ending: Ending,
        checkpoint: Checkpoint,
        done: oneshot::Sender<Applied>,
    },
}

/// What becomes of a transaction.
#[derive(Debug)]
enum Ending {
    Commit,
    /// It is prepared under this name.
    Prepare(String),
}

impl Eager {
    pub(crate) fn new(surroundings: Surroundings, committed: watch::Receiver<u64>) -> Self {
        Self {
            surroundings,
            committed,
            sessions: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Whether the transaction is being applied.
    pub(crate) fn has(&self, xid: Xid) -> bool {
        self.sessions.contains_key(&xid)
    }

    /// Whether none is.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Whether another one may begin.
    pub(crate) fn has_room(&self) -> bool {
        self.sessions.len() < AT_A_TIME
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self, xid: Xid, session: Worker) {
        let (sender, commands) = mpsc::channel(WAITING);
        self.sessions.insert(xid, sender);
        let committed = self.committed.clone();
        let surroundings = self.surroundings.clone();
        self.tasks
            .spawn(async move { serve(surroundings, xid, session, commands, committed).await });
    }

    /// Hands on a part. Waits while the one before is not taken.
    ///
    /// # Errors
    /// When the transaction failed at the target.
    pub(crate) async fn apply(
        &mut self,
        xid: Xid,
        piece: Piece,
        bindings: Vec<Option<Arc<Binding>>>,
        after: u64,
    ) -> Result<(), Error> {
        let command = Command::Apply {
            piece,
            bindings,
            after,
        };
        self.send(xid, command).await
    }

    /// The transaction, or a subtransaction of it, aborted.
    ///
    /// # Errors
    /// When the transaction failed at the target.
    pub(crate) async fn abort(&mut self, xid: Xid, subxid: Xid) -> Result<(), Error> {
        if xid == subxid {
            // Its connection ends, and with it what was not committed.
            self.sessions.remove(&xid);
            return Ok(());
        }
        self.send(xid, Command::Abort(subxid)).await
    }

    /// The transaction committed. All before it must be committed at the target.
    ///
    /// # Errors
    /// When it failed at the target.
    pub(crate) async fn commit(
        &mut self,
        xid: Xid,
        checkpoint: Checkpoint,
    ) -> Result<Applied, Error> {
        self.end(xid, Ending::Commit, checkpoint).await
    }

    /// The transaction was prepared. All before it must be committed at the target.
    ///
    /// # Errors
    /// When it failed at the target.
    pub(crate) async fn prepare(
        &mut self,
        xid: Xid,
        name: &str,
        checkpoint: Checkpoint,
    ) -> Result<Applied, Error> {
        self.end(xid, Ending::Prepare(name.to_owned()), checkpoint)
            .await
    }

    async fn end(
        &mut self,
        xid: Xid,
        ending: Ending,
        checkpoint: Checkpoint,
    ) -> Result<Applied, Error> {
        let (done, answer) = oneshot::channel();
        let command = Command::End {
            ending,
            checkpoint,
            done,
        };
        self.send(xid, command).await?;
        self.sessions.remove(&xid);
        match answer.await {
            Ok(applied) => Ok(applied),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Waits until one fails; forever if none does.
    pub(crate) async fn failed(&mut self) -> Error {
        loop {
            match self.tasks.join_next().await {
                None => std::future::pending().await,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(error)) => return Error::Internal(error.to_string()),
            }
        }
    }

    async fn send(&mut self, xid: Xid, command: Command) -> Result<(), Error> {
        let session = self
            .sessions
            .get(&xid)
            .expect("the caller has asked whether it is there");
        match session.send(command).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// The error of the one that has ended.
    async fn failure(&mut self) -> Error {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error,
                Err(error) => return Error::Internal(error.to_string()),
            }
        }
        Error::Internal("a connection for a transaction in progress ended".to_owned())
    }
}

/// Whether a part of a transaction in progress may be applied before its end: every row is found by a key, and no definition changes.
pub(crate) fn may_be_applied(piece: &Piece, bindings: &[Option<Arc<Binding>>]) -> bool {
    let keyed = bindings
        .iter()
        .flatten()
        .all(|binding| matches!(binding.key, Key::Unique(_)) && !binding.table.triggers_fire);
    keyed
        && piece
            .changes
            .iter()
            .all(|change| change.kind != ChangeKind::Barrier)
}

/// One connection, for one transaction.
async fn serve(
    surroundings: Surroundings,
    xid: Xid,
    mut session: Worker,
    mut commands: mpsc::Receiver<Command>,
    mut committed: watch::Receiver<u64>,
) -> Result<(), Error> {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Apply {
                piece,
                bindings,
                after,
            } => {
                let before = committed.wait_for(|count| *count >= after).await;
                if before.map(drop).is_err() {
                    return Ok(());
                }
                for (run, changes) in runs(xid, &piece) {
                    if run != xid {
                        session.savepoint(run);
                    }
                    session.apply(&piece, changes, &bindings).await?;
                }
                session.applied().bytes += piece.bytes as u64;
                session.flush().await?;
                surroundings.crash_point(crash_points::STREAMED_APPLIED);
            }
            Command::Abort(subxid) => {
                session.rollback_to(subxid);
            }
            Command::End {
                ending,
                checkpoint,
                done,
            } => {
                session.applied().transactions += 1;
                let applied = match ending {
                    Ending::Commit => session.commit(checkpoint).await?,
                    Ending::Prepare(name) => session.prepare(&name, checkpoint).await?,
                };
                // Nobody listens when the task is being given up.
                let _ = done.send(applied);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A piece's runs of changes, each of one (sub)transaction.
fn runs(xid: Xid, piece: &Piece) -> impl Iterator<Item = (Xid, std::ops::Range<usize>)> {
    let whole = Subtransaction {
        xid,
        changes: u32::try_from(piece.changes.len()).expect("changes are counted in 32 bits"),
    };
    let told = piece.subtransactions.iter().copied();
    let runs = told.chain(piece.subtransactions.is_empty().then_some(whole));
    runs.scan(0, |start, run| {
        let range = *start..run.changes as usize;
        *start = run.changes as usize;
        Some((run.xid, range))
    })
}
