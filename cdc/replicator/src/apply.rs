//! A session at the target that applies changes: plans a piece, counts what it does, commits with the checkpoint.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use endpoint::target::applier::Applier;
use pgoutput::message::{RelationId, Xid};
use replication::binding::Binding;
use replication::checkpoint::Checkpoint;
use replication::dependency::Footprint;
use replication::net::{self, Counts, Mode, Plan, Step};
use replication::piece::{Barrier, Piece, TransactionEnd};
use tokio::sync::watch;

use crate::error::Error;
use crate::lanes::{Failure, Lane, Turn, Work};
use crate::options::crash_points;
use crate::replicator::Surroundings;

/// A session at the target.
#[derive(Debug)]
pub(crate) struct Worker {
    surroundings: Surroundings,
    pub(crate) applier: Applier,
    /// Whether a transaction is begun.
    begun: bool,
    /// What was done in it.
    applied: Applied,
    /// Counts the target transactions of the task.
    committed: Arc<watch::Sender<u64>>,
}

/// Whole transactions to apply.
#[derive(Debug)]
pub(crate) struct Job {
    piece: Arc<Piece>,
    /// Which of its changes.
    changes: Range<usize>,
    /// How many transactions they are.
    transactions: usize,
    bindings: Vec<Option<Arc<Binding>>>,
    /// The last of them.
    pub(crate) end: TransactionEnd,
    footprint: OnceLock<Footprint>,
}

/// How a prepared transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PreparedEnding {
    Commit,
    Rollback,
}

/// What a target transaction did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    /// By table.
    pub(crate) tables: HashMap<RelationId, Tally>,
    /// Transactions of the source.
    pub(crate) transactions: u64,
    /// Bytes of the stream.
    pub(crate) bytes: u64,
}

/// What it did in a table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rows: Counts,
    pub(crate) truncates: u64,
    pub(crate) ddls: u64,
    pub(crate) exceptions: u64,
}

impl Worker {
    pub(crate) fn new(
        surroundings: Surroundings,
        applier: Applier,
        committed: Arc<watch::Sender<u64>>,
    ) -> Self {
        Self {
            surroundings,
            applier,
            begun: false,
            applied: Applied::default(),
            committed,
        }
    }

    /// Applies some of a piece's changes, in a transaction that goes on. An error may show only at its commit.
    ///
    /// # Errors
    /// When they can't be applied. The session is of no use then.
    pub(crate) async fn apply(
        &mut self,
        piece: &Piece,
        changes: Range<usize>,
        bindings: &[Option<Arc<Binding>>],
    ) -> Result<(), Error> {
        self.begin();
        let mode = match self.applier.is_replica() {
            true => Mode::Net,
            false => Mode::InOrder,
        };
        let plan = net::plan(piece, changes, bindings, mode);
        self.count(piece, &plan);
        Ok(self.applier.apply(piece, &plan, bindings).await?)
    }

    /// Begins a transaction, if none is begun.
    pub(crate) fn begin(&mut self) {
        if !self.begun {
            self.applier.begin();
            self.begun = true;
        }
    }

    /// What was done so far, to add to.
    pub(crate) fn applied(&mut self) -> &mut Applied {
        &mut self.applied
    }

    /// Commits, with how far the task has come by that.
    ///
    /// # Errors
    /// When something before can't be applied, or the task was taken over. The session is of no use then.
    pub(crate) async fn commit(&mut self, checkpoint: Checkpoint) -> Result<Applied, Error> {
        self.begin();
        self.surroundings.crash_point(crash_points::BEFORE_COMMIT);
        self.applier.commit(&checkpoint).await?;
        self.done();
        Ok(std::mem::take(&mut self.applied))
    }

    /// Prepares the transaction under this name instead, and writes how far the task has come by that.
    ///
    /// # Errors
    /// As [`Worker::commit`], and when the target can't prepare it.
    pub(crate) async fn prepare(
        &mut self,
        name: &str,
        checkpoint: Checkpoint,
    ) -> Result<Applied, Error> {
        self.begin();
        self.surroundings.crash_point(crash_points::BEFORE_COMMIT);
        self.applier.prepare(name, &checkpoint).await?;
        self.done();
        Ok(std::mem::take(&mut self.applied))
    }

    /// Ends a transaction that is prepared, and writes how far the task has come by that.
    ///
    /// # Errors
    /// As [`Worker::commit`].
    pub(crate) async fn end_prepared(
        &mut self,
        name: &str,
        ending: PreparedEnding,
        checkpoint: Checkpoint,
    ) -> Result<(), Error> {
        self.surroundings.crash_point(crash_points::BEFORE_COMMIT);
        match ending {
            PreparedEnding::Commit => self.applier.commit_prepared(name, &checkpoint).await?,
            PreparedEnding::Rollback => self.applier.rollback_prepared(name, &checkpoint).await?,
        }
        self.done();
        Ok(())
    }

    /// Writes how far the task has come, and nothing else.
    ///
    /// # Errors
    /// As [`Worker::commit`].
    pub(crate) async fn advance(&mut self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.applier.advance(&checkpoint).await?;
        self.done();
        Ok(())
    }

    fn done(&mut self) {
        self.surroundings.crash_point(crash_points::AFTER_COMMIT);
        self.begun = false;
        self.committed.send_modify(|count| *count += 1);
    }

    /// Changes that follow belong to this subtransaction.
    pub(crate) fn savepoint(&mut self, subxid: Xid) {
        self.begin();
        self.applier.savepoint(subxid);
    }

    /// Undoes a subtransaction.
    pub(crate) fn rollback_to(&mut self, subxid: Xid) {
        self.applier.rollback_to(subxid);
    }

    /// Sends what has gathered, and waits until it is done.
    ///
    /// # Errors
    /// When something of it can't be applied.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        Ok(self.applier.flush().await?)
    }

    fn count(&mut self, piece: &Piece, plan: &Plan) {
        for step in &plan.steps {
            match step {
                Step::Rows(tables) => {
                    for work in tables {
                        let relation = &piece.relations[work.binding as usize];
                        let tally = self.applied.tables.entry(relation.id).or_default();
                        tally.rows.inserts += work.counts.inserts;
                        tally.rows.updates += work.counts.updates;
                        tally.rows.deletes += work.counts.deletes;
                    }
                }
                Step::Barrier(index) => {
                    if let Barrier::Truncate { relations, .. } = &piece.barriers[*index as usize] {
                        for relation in relations {
                            let relation = &piece.relations[*relation as usize];
                            self.applied
                                .tables
                                .entry(relation.id)
                                .or_default()
                                .truncates += 1;
                        }
                    }
                }
            }
        }
    }
}

impl Lane for Worker {
    type Work = Job;
    type Done = Applied;

    async fn perform(&mut self, job: Arc<Job>, mut turn: Turn) -> Result<Applied, Failure> {
        let applied = self.apply(&job.piece, job.changes.clone(), &job.bindings);
        applied.await.map_err(Failure::Failed)?;
        self.applied.transactions += job.transactions as u64;
        let whole = job.transactions == job.piece.ends.len();
        // Of a piece that is divided its last job tells the bytes.
        if whole || job.changes.end == job.piece.changes.len() {
            self.applied.bytes += job.piece.bytes as u64;
        }
        // A turn that is up saves a round trip: what has gathered goes out together with the commit.
        if !turn.is_up() {
            self.flush().await.map_err(Failure::Failed)?;
            turn.wait().await?;
        }
        let checkpoint = Checkpoint {
            end_lsn: job.end.end_lsn,
            commit_time: job.end.commit_time,
        };
        self.commit(checkpoint).await.map_err(Failure::Failed)
    }
}

impl Job {
    /// All transactions of a piece.
    pub(crate) fn whole(piece: Piece, bindings: Vec<Option<Arc<Binding>>>) -> Option<Self> {
        let end = *piece.ends.last()?;
        Some(Self {
            changes: 0..piece.changes.len(),
            transactions: piece.ends.len(),
            piece: Arc::new(piece),
            bindings,
            end,
            footprint: OnceLock::new(),
        })
    }

    /// Each transaction of a piece by itself.
    pub(crate) fn each(piece: Piece, bindings: &[Option<Arc<Binding>>]) -> Vec<Self> {
        let piece = Arc::new(piece);
        let mut start = 0;
        piece
            .ends
            .iter()
            .map(|end| {
                let changes = start..end.changes as usize;
                start = changes.end;
                Self {
                    changes,
                    transactions: 1,
                    piece: Arc::clone(&piece),
                    bindings: bindings.to_vec(),
                    end: *end,
                    footprint: OnceLock::new(),
                }
            })
            .collect()
    }

    fn footprint(&self) -> &Footprint {
        self.footprint
            .get_or_init(|| Footprint::of(&self.piece, &self.bindings))
    }
}

impl Work for Job {
    fn meets(&self, other: &Self) -> bool {
        self.footprint().meets(other.footprint())
    }
}
