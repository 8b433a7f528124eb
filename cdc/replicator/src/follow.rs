//! Follows the stream: takes what it delivers, has it applied in the source's order, and confirms what is durable.
//!
//! ```text
//!   Delivery ─┬─ whole transactions of plain rows ──► lanes (several at a time, committed in order)
//!             ├─ with a new definition, or in parts ──► sequence (alone)
//!             ├─ a part of a transaction in progress ──► eager (a connection of its own), or spill (kept until its end)
//!             └─ a position ──► confirmed when all before it is durable
//! ```

pub(crate) mod interruption;
mod landing;
mod streamed;
pub(crate) mod whole;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use endpoint::source::Source;
use endpoint::source::stream::Stream;
use endpoint::target::applier::{Applier, Durability};
use endpoint::target::careful::Policies;
use endpoint::target::control::Control;
use pgoutput::Lsn;
use pgoutput::message::RelationId;
use replication::checkpoint::Checkpoint;
use replication::piece::{Delivery, TransactionEnd};
use replication::relation::TableName;
use replication::table::TargetTable;
use replication::table_state::TableState;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::interruption::Interruption;
use self::whole::KEPT;
use crate::apply::{PreparedEnding, Worker};
use crate::batching::Batching;
use crate::eager::Eager;
use crate::error::Error;
use crate::lanes::Lanes;
use crate::positions::{Positions, Urgency};
use crate::replicator::{Outcome, Surroundings};
use crate::routes::Routes;
use crate::spill::Spills;
use crate::statistics::Written;
use crate::status::Phase;
use crate::two_phase::TwoPhase;

/// How often positions, heartbeats and the goal are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long a stop waits for target transactions in flight.
const GRACE: Duration = Duration::from_secs(10);
/// What changes that wait for their transaction's end may take in memory, at most.
const SPILL_MEMORY: usize = 48 << 20;

/// Follows the stream of one connection.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) surroundings: Surroundings,
    pub(crate) source: Arc<Source>,
    pub(crate) control: Arc<Control>,
    pub(crate) stream: Stream,
    pub(crate) lanes: Lanes<Worker>,
    /// How many there may be; they are connected when they are needed first.
    most_lanes: usize,
    pub(crate) eager: Eager,
    pub(crate) spills: Spills,
    pub(crate) routes: Routes,
    pub(crate) positions: Positions,
    pub(crate) manner: Manner,
    /// Relations that are not among the task's tables, and were looked for.
    pub(crate) strangers: HashSet<RelationId>,
    /// Target tables, as the transaction sees them that is being applied.
    pub(crate) tables: HashMap<TableName, Arc<TargetTable>>,
    /// Those of them whose definition changed in that transaction.
    pub(crate) redefined: HashSet<TableName>,
    /// A table that is to be taken into the task when that transaction is done.
    pub(crate) new_table: Option<RelationId>,
    /// Whether the first lane has begun a transaction that came in parts, and goes on.
    pub(crate) open: bool,
    /// What the error policies have met.
    pub(crate) policies: Policies,
    /// The tables of our own publications of which only inserts are published, as they had no key; none if the publications are the user's.
    pub(crate) inserts_only: Option<HashSet<RelationId>>,
    /// Whether values come in binary form.
    binary: bool,
    /// The last commit that the stream told.
    last_commit: Lsn,
    /// Where the last transaction ended that was delivered. Positions say nothing here: they pass transactions in progress.
    passed: Lsn,
    /// Where the last transaction ended that was delivered as a whole.
    pub(crate) last_end: Lsn,
    /// The source's end of WAL when this began.
    goal: Lsn,
    last_heartbeat: Instant,
    /// With asynchronous commits: what is known to be durable, and the next position that will be, when the target's WAL is flushed so far.
    flushed: (Lsn, Option<(Lsn, Lsn)>),
    /// What was confirmed last.
    confirmed: Lsn,
    batching: Batching,
    committed: Arc<watch::Sender<u64>>,
    /// Whether the target's sessions are replicas: only then can several apply at a time.
    pub(crate) is_replica: bool,
    /// Prepared transactions, if they are asked for.
    pub(crate) two_phase: Option<TwoPhase>,
    /// What of the tables' counts is written down.
    counted: Written,
}

/// What following begins with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) surroundings: Surroundings,
    pub(crate) source: Arc<Source>,
    pub(crate) control: Arc<Control>,
    pub(crate) stream: Stream,
    pub(crate) routes: Routes,
    pub(crate) checkpoint: Lsn,
    pub(crate) acknowledged: Lsn,
    pub(crate) goal: Lsn,
    pub(crate) manner: Manner,
    pub(crate) strangers: HashSet<RelationId>,
    pub(crate) policies: Policies,
    pub(crate) inserts_only: Option<HashSet<RelationId>>,
    pub(crate) binary: bool,
    pub(crate) two_phase: Option<TwoPhase>,
    pub(crate) counted: Written,
}

/// How changes are applied until a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Up to here row by row, as something on the way there could not be applied otherwise.
    pub(crate) careful_until: Lsn,
    /// Up to here no transaction in progress is applied before its end.
    pub(crate) patient_until: Lsn,
}

impl Follower {
    /// Connects to the target.
    ///
    /// # Errors
    /// When it can't be reached, or there is no place to spill to.
    pub(crate) async fn new(beginning: Beginning) -> Result<Self, Error> {
        let Beginning {
            surroundings,
            source,
            control,
            stream,
            routes,
            checkpoint,
            acknowledged,
            goal,
            manner,
            strangers,
            policies,
            inserts_only,
            binary,
            two_phase,
            counted,
        } = beginning;
        let task = &surroundings.task;
        let (committed, watched) = watch::channel(0);
        let committed = Arc::new(committed);
        let first = worker(&surroundings, &control, &committed).await?;
        let is_replica = first.applier.is_replica();
        let replication = &task.settings.replication;
        let count = match is_replica && !replication.exact_boundaries {
            true => replication.apply_workers.max(1),
            false => 1,
        };
        let batching = Batching::new(&task.settings, checkpoint, Instant::now());
        let spills = Spills::new(
            surroundings.options.spill_directory.join(&task.name),
            task.settings.tuning.memory_total.min(SPILL_MEMORY),
        )?;
        Ok(Self {
            eager: Eager::new(surroundings.clone(), watched),
            lanes: Lanes::new(vec![first]),
            most_lanes: count,
            positions: Positions::new(checkpoint, acknowledged),
            spills,
            surroundings,
            source,
            control,
            stream,
            routes,
            manner,
            strangers,
            tables: HashMap::new(),
            redefined: HashSet::new(),
            new_table: None,
            open: false,
            policies,
            inserts_only,
            binary,
            last_commit: checkpoint,
            last_end: checkpoint,
            passed: Lsn::ZERO,
            goal,
            last_heartbeat: Instant::now(),
            flushed: (checkpoint.max(acknowledged), None),
            confirmed: Lsn::ZERO,
            batching,
            committed,
            is_replica,
            two_phase,
            counted,
        })
    }

    /// Follows until the task's end, or until it is asked to stop.
    ///
    /// # Errors
    /// At the first trouble, or when it must begin again.
    pub(crate) async fn run(&mut self, stop: &CancellationToken) -> Result<Outcome, Interruption> {
        self.surroundings
            .phase(Phase::Following { caught_up: false });
        tokio::select! {
            biased;
            ended = self.work(stop) => ended,
            () = after_grace(stop) => Ok(Outcome::Stopped),
        }
    }

    async fn work(&mut self, stop: &CancellationToken) -> Result<Outcome, Interruption> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                Some(done) = self.lanes.next() => {
                    self.landed(done)?;
                }
                delivery = self.stream.next(), if self.may_take() => {
                    let delivery = delivery?;
                    if ends(&delivery) {
                        self.batching.took(self.received(), Instant::now());
                    }
                    self.take(delivery).await?;
                }
                error = self.eager.failed() => return Err(self.impatient(error)),
                () = stop.cancelled() => {
                    self.surroundings.phase(Phase::Stopping);
                    self.land_all().await?;
                    self.write_position(Urgency::Now).await?;
                    return Ok(Outcome::Stopped);
                }
                _ = tick.tick() => self.beat().await?,
            }
            if self.is_caught_up() && self.surroundings.task.ends_caught_up() {
                self.land_all().await?;
                self.write_position(Urgency::Now).await?;
                return Ok(Outcome::CaughtUp);
            }
        }
    }

    /// Whether the next delivery may be taken.
    fn may_take(&mut self) -> bool {
        self.batching
            .may_take(self.stream.written(), Instant::now())
    }

    async fn take(&mut self, delivery: Delivery) -> Result<(), Interruption> {
        match delivery {
            Delivery::Piece(piece) => self.piece(piece).await,
            Delivery::Streamed { xid, piece } => self.streamed(xid, piece).await,
            Delivery::StreamedAbort { xid, subxid } => self.streamed_abort(xid, subxid).await,
            Delivery::StreamedCommit { end } => self.streamed_commit(end).await,
            Delivery::Prepared { gid, streamed, end } => {
                let kept = if streamed { end.xid } else { KEPT };
                self.prepared(&gid, kept, end).await
            }
            Delivery::PreparedEnd {
                gid,
                committed,
                end,
            } => {
                let ending = match committed {
                    true => PreparedEnding::Commit,
                    false => PreparedEnding::Rollback,
                };
                self.prepared_end(&gid, ending, end).await
            }
            Delivery::Position { lsn, .. } => {
                self.positions.idle_at(lsn);
                Ok(())
            }
        }
    }

    fn is_caught_up(&mut self) -> bool {
        let caught_up = self.positions.reached() >= self.goal && !self.open;
        if caught_up {
            self.surroundings.phase(Phase::Following { caught_up });
        }
        caught_up
    }

    /// The end of a transaction is delivered.
    pub(crate) fn passes(&mut self, end: &TransactionEnd) {
        self.last_commit = end.commit_lsn;
        self.passed = self.passed.max(end.end_lsn);
    }

    /// Where the last transaction ended that was delivered, on this connection or before.
    pub(crate) fn furthest(&self) -> Lsn {
        self.passed.max(self.positions.checkpoint())
    }

    /// Whether what comes now is applied row by row.
    pub(crate) fn is_careful(&self) -> bool {
        self.last_end < self.manner.careful_until
    }

    /// How far the stream was read.
    fn received(&self) -> Lsn {
        self.stream.written()
    }

    /// The session that applies alone, when nothing is in flight.
    pub(crate) fn worker(&mut self) -> &mut Worker {
        self.lanes
            .idle_lane()
            .expect("whoever applies alone has waited until nothing is in flight")
    }

    /// A table's changes are not applied any more.
    pub(crate) fn suspended(&mut self, table: RelationId, reason: &str) {
        let Some(route) = self.routes.get(table).cloned() else {
            return;
        };
        self.routes.suspend(table);
        self.surroundings.status.send_modify(|status| {
            if let Some(table) = status.tables.get_mut(&route.source) {
                table.state = TableState::Suspended;
                table.error = Some(reason.to_owned());
            }
        });
        self.surroundings
            .warn(format!("{}: suspended: {reason}", route.source));
    }
}

/// A session at the target.
async fn worker(
    surroundings: &Surroundings,
    control: &Control,
    committed: &Arc<watch::Sender<u64>>,
) -> Result<Worker, Error> {
    let task = &surroundings.task;
    let durability = match task.settings.replication.synchronous_commit {
        true => Durability::Flushed,
        false => Durability::Later,
    };
    let settings = surroundings.target_settings();
    let applier = Applier::connect(&settings, control.lease(), durability).await?;
    Ok(Worker::new(
        surroundings.clone(),
        applier,
        Arc::clone(committed),
    ))
}

/// Whether a target transaction comes to its end with it.
fn ends(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::Piece(piece) => !piece.ends.is_empty(),
        Delivery::StreamedCommit { .. }
        | Delivery::Prepared { .. }
        | Delivery::PreparedEnd { .. } => true,
        Delivery::Streamed { .. } | Delivery::StreamedAbort { .. } | Delivery::Position { .. } => {
            false
        }
    }
}

/// Asked to stop, and waited as long as a stop waits for target transactions in flight.
async fn after_grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// What the target writes down with a transaction.
pub(crate) fn checkpoint(end: &TransactionEnd) -> Checkpoint {
    Checkpoint {
        end_lsn: end.end_lsn,
        commit_time: end.commit_time,
    }
}
