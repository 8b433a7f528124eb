//! Follows the stream: takes what it delivers, has it applied in the source's order, and confirms what is durable.
//!
//! ```text
//!   Delivery ─┬─ whole transactions of plain rows ──► lanes (several at a time, committed in order)
//!             ├─ with a new definition, or in parts ──► sequence (alone)
//!             ├─ a part of a transaction in progress ──► eager (a connection of its own), or spill (kept until its end)
//!             └─ a position ──► confirmed when all before it is durable
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use endpoint::source::Source;
use endpoint::source::stream::Stream;
use endpoint::target::applier::{Applier, Durability};
use endpoint::target::careful::Policies;
use endpoint::target::control::Control;
use pgoutput::Lsn;
use pgoutput::PgTimestamp;
use pgoutput::message::{RelationId, Xid};
use replication::checkpoint::Checkpoint;
use replication::piece::{Barrier, Delivery, Piece, TransactionEnd};
use replication::relation::TableName;
use replication::settings::{ApplyMode, DdlPolicy};
use replication::table::TargetTable;
use replication::table_state::TableState;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::apply::{Applied, Job, PreparedEnding, Worker};
use crate::eager::{Eager, may_be_applied};
use crate::error::Error;
use crate::filter::leave_out_copied;
use crate::lanes::{Fallen, Lanes};
use crate::options::crash_points;
use crate::positions::{Positions, Urgency};
use crate::replicator::{Outcome, Surroundings};
use crate::routes::{Open, Routes};
use crate::spill::Spills;
use crate::status::Phase;
use crate::two_phase::TwoPhase;

/// How often positions, heartbeats and the goal are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long a stop waits for target transactions in flight.
const GRACE: Duration = Duration::from_secs(10);
/// What changes that wait for their transaction's end may take in memory, at most.
const SPILL_MEMORY: usize = 48 << 20;
/// A batch does not wait for its time when the stream is so many bytes of WAL further: its window may be full, or will be soon.
const FULL: u64 = 8 << 20;
/// Under this id the parts of a whole transaction are kept that can't be applied before its end is known. No transaction has it.
pub(crate) const KEPT: Xid = 0;

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
    /// When the last delivery was taken, and how far the stream was read then.
    last_taken: (Instant, Lsn),
    committed: Arc<watch::Sender<u64>>,
    /// Whether the target's sessions are replicas: only then can several apply at a time.
    pub(crate) is_replica: bool,
    /// Prepared transactions, if they are asked for.
    pub(crate) two_phase: Option<TwoPhase>,
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
}

/// How changes are applied until a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Up to here row by row, as something on the way there could not be applied otherwise.
    pub(crate) careful_until: Lsn,
    /// Up to here no transaction in progress is applied before its end.
    pub(crate) patient_until: Lsn,
}

/// Why following ended before its end.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// Trouble.
    Error(Box<Error>),
    /// It begins again from the checkpoint, at once.
    Again(Again),
}

/// Why it begins again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The stream told of a table that the task does not know, and should.
    NewTable(RelationId),
    /// Something could not be applied.
    Carefully {
        /// It is before this position.
        until: Lsn,
        /// What the target said.
        reason: String,
    },
    /// A transaction in progress stands in the way of others.
    Patiently {
        /// What the target said.
        reason: String,
    },
    /// The binary form of a value is not understood: values are wanted as text.
    InText,
    /// The tables are to be looked at anew: a prepared transaction has ended that changed them, or stood in the way of their load.
    Anew,
}

impl<E: Into<Error>> From<E> for Interruption {
    fn from(error: E) -> Self {
        Self::Error(Box::new(error.into()))
    }
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
            last_taken: (Instant::now(), checkpoint),
            committed,
            is_replica,
            two_phase,
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
                    self.last_taken = (Instant::now(), self.received());
                    self.take(delivery?).await?;
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

    /// Whether the next delivery may be taken. What arrives meanwhile is put together, so batches wait for their time, unless they are full.
    fn may_take(&self) -> bool {
        let settings = &self.surroundings.task.settings;
        let (taken, position) = self.last_taken;
        settings.apply == ApplyMode::Transactional
            || taken.elapsed() >= settings.tuning.batch_timeout_min
            || self.received().0 - position.0 >= FULL
    }

    async fn take(&mut self, delivery: Delivery) -> Result<(), Interruption> {
        match delivery {
            Delivery::Piece(piece) => self.piece(piece).await,
            Delivery::Streamed { xid, piece } => self.streamed(xid, piece).await,
            Delivery::StreamedAbort { xid, subxid } => {
                if self.eager.has(xid) {
                    let aborted = self.eager.abort(xid, subxid).await;
                    return aborted.map_err(|error| self.impatient(error));
                }
                self.spills.abort(xid, subxid);
                Ok(())
            }
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

    /// Whole transactions, or a part of one.
    async fn piece(&mut self, mut piece: Piece) -> Result<(), Interruption> {
        if let Some(end) = piece.ends.last() {
            self.passes(end);
        }
        // A part may be one of a transaction that is to be prepared, and is prepared already.
        let waits = self.two_phase.is_some() || self.routes.waits_at(self.last_commit);
        if self.keeps_open() || (piece.is_open() && waits) {
            return self.keep(piece).await;
        }
        if self.routes.waits_at(
            piece
                .ends
                .first()
                .map_or(self.last_commit, |end| end.commit_lsn),
        ) {
            leave_out_copied(&mut piece, Lsn(u64::MAX), |id| self.routes.snapshot(id));
        }
        let first = piece.ends.first().map_or(Lsn::ZERO, |end| end.end_lsn);
        let careful = first <= self.manner.careful_until && !piece.ends.is_empty();
        if self.open || piece.is_open() || careful || !self.bind_plain(&piece).await? {
            return self.sequence(piece).await;
        }
        let bindings = self.routes.bindings(&piece);
        let exact = self.surroundings.task.settings.replication.exact_boundaries;
        let jobs = match exact {
            true => Job::each(piece, &bindings),
            false => Job::whole(piece, bindings).into_iter().collect(),
        };
        for job in jobs {
            self.last_end = job.end.end_lsn;
            while !self.lanes.has_room_for(&job) {
                let few = self.lanes.count() < self.most_lanes;
                if few && self.lanes.wants_another_for(&job) {
                    let lane = worker(&self.surroundings, &self.control, &self.committed).await?;
                    self.lanes.add(lane);
                } else {
                    self.land_one().await?;
                }
            }
            self.positions.begin();
            self.lanes.start(Arc::new(job));
        }
        Ok(())
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

    /// Binds all relations of the piece. Whether that was possible, and no definition changes in it.
    async fn bind_plain(&mut self, piece: &Piece) -> Result<bool, Interruption> {
        let truncates = self.surroundings.task.settings.ddl.truncated == DdlPolicy::Apply;
        let plain = |barrier: &Barrier| matches!(barrier, Barrier::Truncate { .. }) && truncates;
        if !piece.barriers.iter().all(plain) {
            return Ok(false);
        }
        for relation in &piece.relations {
            match self.routes.open(relation) {
                None => {}
                Some(Open::Unbound) => self.bind(relation).await?,
                Some(Open::Changed | Open::Unknown) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// A part of a transaction in progress.
    async fn streamed(&mut self, xid: Xid, piece: Piece) -> Result<(), Interruption> {
        let first = !self.eager.has(xid) && !self.spills.has(xid);
        if self.eager.has(xid) || (first && self.may_be_eager()) {
            let bound = self.bind_plain(&piece).await?;
            let bindings = self.routes.bindings(&piece);
            let possible = bound && may_be_applied(&piece, &bindings);
            if first && possible {
                let worker = worker(&self.surroundings, &self.control, &self.committed).await?;
                self.eager.begin(xid, worker);
            }
            if possible {
                let after = self.positions.begun();
                let handed = self.eager.apply(xid, piece, bindings, after).await;
                return handed.map_err(|error| self.impatient(error));
            }
            if !first {
                // What was applied of it can't be taken over; the source sends it again from its beginning.
                return Err(Interruption::Again(Again::Patiently {
                    reason: "it changes what can only be applied at its end".to_owned(),
                }));
            }
        }
        self.spill(xid, &piece)
    }

    fn may_be_eager(&self) -> bool {
        self.eager.has_room()
            && self.passed >= self.manner.patient_until
            && !self.is_careful()
            && !self.routes.waits_at(self.last_commit)
            && self.is_replica
            && !self.open
    }

    fn spill(&mut self, xid: Xid, piece: &Piece) -> Result<(), Interruption> {
        if self.spills.add(xid, piece)? {
            self.surroundings.crash_point(crash_points::SPILL_WRITTEN);
            let on_disk = self.spills.on_disk();
            self.surroundings
                .status
                .send_modify(|status| status.spilled_bytes = on_disk);
        }
        Ok(())
    }

    /// A transaction that was in progress committed: now is its turn.
    pub(crate) async fn streamed_commit(
        &mut self,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        self.passes(&end);
        if !self.eager.has(end.xid) {
            return self.kept_commit(end.xid, end).await;
        }
        self.land_all().await?;
        self.positions.begin();
        self.last_end = end.end_lsn;
        let committed = self.eager.commit(end.xid, checkpoint(&end)).await;
        let applied = committed.map_err(|error| self.impatient(error))?;
        self.committed(&applied, &end);
        Ok(())
    }

    /// Keeps the parts of a whole transaction until its end.
    async fn keep(&mut self, mut piece: Piece) -> Result<(), Interruption> {
        let Some(end) = piece.ends.first().copied() else {
            return self.spill(KEPT, &piece);
        };
        let mut part = piece.clone();
        part.changes.truncate(end.changes as usize);
        part.ends.clear();
        self.spill(KEPT, &part)?;
        self.kept_commit(KEPT, end).await?;
        piece.changes.drain(..end.changes as usize);
        piece.ends.remove(0);
        for later in &mut piece.ends {
            later.changes -= end.changes;
        }
        if piece.ends.is_empty() && piece.changes.is_empty() {
            return Ok(());
        }
        Box::pin(self.piece(piece)).await
    }

    fn keeps_open(&self) -> bool {
        self.spills.has(KEPT)
    }

    /// Applies what was kept of a transaction.
    pub(crate) async fn kept_commit(
        &mut self,
        kept: Xid,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        let Some(spill) = self.spills.take(kept) else {
            return self.sequence(ending(Piece::default(), end)).await;
        };
        let mut pieces = spill.into_pieces()?;
        let mut next = pieces.next()?;
        while let Some(mut piece) = next {
            next = pieces.next()?;
            if self.routes.waits_at(end.commit_lsn) {
                leave_out_copied(&mut piece, end.commit_lsn, |id| self.routes.snapshot(id));
            }
            match next {
                Some(_) => self.sequence(piece).await?,
                None => return self.sequence(ending(piece, end)).await,
            }
        }
        self.sequence(ending(Piece::default(), end)).await
    }

    /// Waits for the next commit of a lane.
    pub(crate) async fn land_one(&mut self) -> Result<(), Interruption> {
        let done = tokio::select! {
            done = self.lanes.next() => done,
            error = self.eager.failed() => return Err(self.impatient(error)),
        };
        match done {
            Some(done) => self.landed(done),
            None => Ok(()),
        }
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn land_all(&mut self) -> Result<(), Interruption> {
        while !self.lanes.is_idle() {
            self.land_one().await?;
        }
        Ok(())
    }

    fn landed(
        &mut self,
        done: Result<(Arc<Job>, Applied), Fallen<Job>>,
    ) -> Result<(), Interruption> {
        match done {
            Ok((job, applied)) => {
                self.committed(&applied, &job.end);
                Ok(())
            }
            Err((job, error)) => {
                let until = job.map_or_else(|| self.received(), |job| job.end.end_lsn);
                Err(self.interruption(error, until))
            }
        }
    }

    /// A target transaction is durable: counts it, and tells the source.
    pub(crate) fn committed(&mut self, applied: &Applied, end: &TransactionEnd) {
        self.positions.commit(end.end_lsn);
        let now = now();
        let routes = &self.routes;
        let reached = self.positions.reached();
        let received = self.stream.written();
        self.surroundings.status.send_modify(|status| {
            status.applied = reached;
            status.received = received;
            status.source_end = status.source_end.max(received);
            status.commit_time = Some(end.commit_time);
            status.lag = lag(end.commit_time, now);
            status.transactions += applied.transactions;
            status.target_transactions += 1;
            status.bytes += applied.bytes;
            for (relation, tally) in &applied.tables {
                let rows = &tally.rows;
                status.changes += rows.inserts + rows.updates + rows.deletes;
                let Some(route) = routes.get(*relation) else {
                    continue;
                };
                if let Some(table) = status.tables.get_mut(&route.source) {
                    let statistics = &mut table.statistics;
                    statistics.applied.inserts += rows.inserts;
                    statistics.applied.updates += rows.updates;
                    statistics.applied.deletes += rows.deletes;
                    statistics.truncates += tally.truncates;
                    statistics.ddls += tally.ddls;
                    statistics.exceptions += tally.exceptions;
                }
            }
        });
        self.confirm();
    }

    fn confirm(&mut self) {
        let mut position = self.positions.confirmable();
        if !self
            .surroundings
            .task
            .settings
            .replication
            .synchronous_commit
        {
            position = position.min(self.flushed.0);
        }
        if position <= self.confirmed {
            return;
        }
        self.confirmed = position;
        self.surroundings.crash_point(crash_points::BEFORE_CONFIRM);
        self.stream.confirm(position, position);
        self.surroundings.crash_point(crash_points::AFTER_CONFIRM);
        self.surroundings
            .status
            .send_modify(|status| status.confirmed = position);
    }

    /// Finds out what is durable of what was committed without waiting for that.
    async fn look_at_flushes(&mut self) -> Result<(), Interruption> {
        let target = self.control.flushed().await?;
        let (_, waiting) = &mut self.flushed;
        match *waiting {
            // All that had been committed when this was written down is durable.
            Some((written, position)) if target >= written => {
                self.flushed = (position, None);
                self.confirm();
            }
            Some(_) => {}
            None => {
                let position = self.positions.confirmable();
                if position > self.flushed.0 {
                    let written = self.control.written().await?;
                    self.flushed.1 = Some((written, position));
                }
            }
        }
        Ok(())
    }

    async fn beat(&mut self) -> Result<(), Interruption> {
        if !self
            .surroundings
            .task
            .settings
            .replication
            .synchronous_commit
        {
            self.look_at_flushes().await?;
        }
        let urgent = match self.is_caught_up() {
            true => Urgency::Soon,
            false => Urgency::Now,
        };
        self.write_position(urgent).await?;
        let pause = self.surroundings.task.settings.replication.heartbeat;
        if let Some(pause) = pause
            && self.last_heartbeat.elapsed() >= pause
        {
            self.last_heartbeat = Instant::now();
            self.source.heartbeat().await?;
        }
        Ok(())
    }

    /// Writes the position of an idle stream down at the target, and confirms it then.
    async fn write_position(&mut self, urgent: Urgency) -> Result<(), Interruption> {
        let Some(position) = self.positions.to_write(Instant::now(), urgent) else {
            return Ok(());
        };
        self.control.acknowledge(position).await?;
        self.positions.written(position, Instant::now());
        self.confirm();
        let received = self.stream.written();
        self.surroundings.status.send_modify(|status| {
            status.applied = position;
            status.received = received;
            status.source_end = status.source_end.max(received);
            status.lag = Duration::ZERO;
        });
        Ok(())
    }

    fn is_caught_up(&mut self) -> bool {
        let caught_up = self.positions.reached() >= self.goal && !self.open;
        if caught_up {
            self.surroundings.phase(Phase::Following { caught_up });
        }
        caught_up
    }
}

impl Follower {
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

    /// What an error of a lane means: trouble, or changes before `until` that can't be applied as they are.
    pub(crate) fn interruption(&self, error: Error, until: Lsn) -> Interruption {
        match &error {
            // Some types can't read what they write (an empty oidvector).
            Error::Apply(apply) if self.binary && apply.code() == Some("22P03") => {
                Interruption::Again(Again::InText)
            }
            Error::Apply(apply) if apply.is_about_changes() && !self.is_careful() => {
                Interruption::Again(Again::Carefully {
                    until,
                    reason: error.to_string(),
                })
            }
            // A lock that a transaction in progress holds, or waits for.
            Error::Apply(apply) if apply.is_retryable() && !self.eager.is_empty() => {
                Interruption::Again(Again::Patiently {
                    reason: error.to_string(),
                })
            }
            _ => Interruption::from(error),
        }
    }

    /// What an error of a transaction in progress means: it is better applied at its end.
    pub(crate) fn impatient(&self, error: Error) -> Interruption {
        match &error {
            Error::Apply(apply) if apply.is_about_changes() || apply.is_retryable() => {
                Interruption::Again(Again::Patiently {
                    reason: error.to_string(),
                })
            }
            _ => Interruption::from(error),
        }
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

/// The clock, as PostgreSQL writes it.
fn now() -> PgTimestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    });
    PgTimestamp::from_unix_micros(micros)
}

/// How long ago something was; nothing if the clocks disagree.
fn lag(then: PgTimestamp, now: PgTimestamp) -> Duration {
    let micros = now.0.saturating_sub(then.0);
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Asked to stop, and waited as long as a stop waits for target transactions in flight.
async fn after_grace(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// Makes the piece the last one of a transaction.
fn ending(mut piece: Piece, end: TransactionEnd) -> Piece {
    piece.ends = vec![TransactionEnd {
        changes: u32::try_from(piece.changes.len()).expect("changes are counted in 32 bits"),
        ..end
    }];
    piece
}

/// What the target writes down with a transaction.
pub(crate) fn checkpoint(end: &TransactionEnd) -> Checkpoint {
    Checkpoint {
        end_lsn: end.end_lsn,
        commit_time: end.commit_time,
    }
}
