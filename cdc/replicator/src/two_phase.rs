//! Two-phase commit: what is prepared at the source is prepared at the target, and ends there as it ends at the source.
//!
//! ```text
//!   parts (kept, or applied eagerly) ──► Prepared ──► apply, PREPARE TRANSACTION, checkpoint
//!                     other transactions go on   ──►
//!                                  PreparedEnd ──► COMMIT PREPARED or ROLLBACK PREPARED, checkpoint
//! ```
//!
//! PREPARE and the checkpoint are two steps. After a crash in between the source sends the transaction again: the target is asked beforehand, as
//! its rows are locked by then. So the parts of a whole transaction wait until its name is known. The end is recognised likewise: a transaction that
//! is not there any more has ended.
//!
//! Two things are not as they come. A transaction that was prepared before the slot could tell of it is told as a whole right before its commit:
//! it is applied as any other. And a definition that changes in a prepared transaction is one that others see when that has ended: then the task
//! looks at everything anew. (It can't look at a table that such a transaction holds at the source: if it is started again meanwhile, it waits.)

use std::collections::HashMap;

use endpoint::target::control::Control;
use pgoutput::Lsn;
use pgoutput::message::{RelationId, Xid};
use replication::piece::TransactionEnd;

use crate::apply::{Applied, PreparedEnding};
use crate::attempt::{Ends, is_unfinished, show};
use crate::error::Error;
use crate::filter::leave_out_copied;
use crate::follow::interruption::{Again, Interruption};
use crate::follow::whole::KEPT;
use crate::follow::{Follower, checkpoint};
use crate::routes::{Route, Routes};
use crate::start::LateSnapshot;
use crate::task::Task;
use crate::visibility::Visibility;

/// PostgreSQL 15 is the first whose plugin tells of prepared transactions.
const SINCE: u32 = 150_000;
/// A task's name must leave room for the rest of a transaction's name.
const LONGEST_TASK: usize = 100;
/// How long the name may become that the target's is made of.
const LONGEST_NAME: usize = 190;

/// What is known of prepared transactions.
#[derive(Debug)]
pub(crate) struct TwoPhase {
    /// How the names of the task's transactions begin.
    prefix: String,
    /// Those that are prepared at the target, by their names there.
    prepared: HashMap<String, Prepared>,
    /// One that was told late, right before its commit.
    late: Option<Xid>,
    /// Whether changes are being applied that are to be prepared.
    pub(crate) preparing: bool,
    /// Whether tables wait to be loaded until none is prepared any more.
    tables_wait: bool,
    /// What the snapshots of tables that came later see, by their positions.
    snapshots: Vec<(Lsn, Visibility)>,
}

/// A transaction that is prepared at the target.
#[derive(Debug)]
enum Prepared {
    /// By an earlier attempt.
    Before,
    /// By this one.
    Now {
        applied: Box<Applied>,
        /// Whether definitions changed in it.
        redefines: bool,
    },
}

impl TwoPhase {
    /// What is prepared at the target already.
    ///
    /// # Errors
    /// When the target does not answer.
    pub(crate) async fn new(
        task: &Task,
        control: &Control,
        snapshots: &[LateSnapshot],
        tables_wait: bool,
    ) -> Result<Self, Error> {
        let prefix = prefix(task);
        let names = control.prepared(&prefix).await?;
        Ok(Self {
            prepared: names
                .into_iter()
                .map(|name| (name, Prepared::Before))
                .collect(),
            prefix,
            late: None,
            preparing: false,
            tables_wait,
            snapshots: snapshots
                .iter()
                .filter_map(|late| {
                    Some((
                        late.position.parse().ok()?,
                        Visibility::read(&late.transactions)?,
                    ))
                })
                .collect(),
        })
    }

    /// Whether any is prepared at the target.
    pub(crate) fn is_any_prepared(&self) -> bool {
        !self.prepared.is_empty()
    }

    /// The name of a transaction, to be told to the target. Names are shared by all databases of a cluster: it begins with what is this task's
    /// alone. The source's name may be used again; its id tells them apart.
    fn name(&self, xid: Xid, gid: &str) -> String {
        let name = format!("{}{xid} {gid}", self.prefix);
        match name.len() + LONGEST_TASK <= LONGEST_NAME {
            true => name,
            false => format!("{}{xid}", self.prefix),
        }
    }

    /// Whether the snapshot at a position sees a prepared transaction of the stream. The slot's own sees none: the source sends only what commits
    /// after it.
    fn sees(&self, snapshot: Lsn, xid: Xid) -> bool {
        self.snapshots
            .iter()
            .any(|(position, visibility)| *position == snapshot && visibility.sees(xid))
    }
}

impl Follower {
    fn two_phase(&mut self) -> Result<&mut TwoPhase, Interruption> {
        let asked = "a prepared transaction was told, and was not asked for";
        let asked = || Error::Internal(asked.to_owned());
        Ok(self.two_phase.as_mut().ok_or_else(asked)?)
    }

    /// A transaction was prepared at the source.
    pub(crate) async fn prepared(
        &mut self,
        gid: &str,
        kept: Xid,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        let two_phase = self.two_phase()?;
        let name = two_phase.name(end.xid, gid);
        let is_there = two_phase.prepared.contains_key(&name);
        if end.end_lsn <= self.furthest() {
            self.two_phase()?.late = Some(end.xid);
            return Ok(());
        }
        self.passes(&end);
        if is_there {
            // From before a crash, which came before its checkpoint.
            self.spills.take(kept);
            self.land_all().await?;
            self.positions.begin();
            let advanced = self.worker().advance(checkpoint(&end)).await;
            advanced.map_err(|error| self.interruption(error, end.end_lsn))?;
            self.committed(&Applied::default(), &end);
            return Ok(());
        }
        if self.eager.has(end.xid) {
            self.land_all().await?;
            self.positions.begin();
            self.last_end = end.end_lsn;
            let prepared = self.eager.prepare(end.xid, &name, checkpoint(&end)).await;
            let applied = prepared.map_err(|error| self.impatient(error))?;
            return self.note_prepared(name, applied, &end);
        }
        self.two_phase()?.preparing = true;
        let applied = self.apply_kept(kept, &end).await;
        self.two_phase()?.preparing = false;
        applied?;
        if !self.open {
            // It has no changes: there is nothing to prepare.
            self.positions.idle_at(end.end_lsn);
            return Ok(());
        }
        let worker = self.worker();
        worker.applied().transactions += 1;
        let prepared = worker.prepare(&name, checkpoint(&end)).await;
        let applied = prepared.map_err(|error| self.interruption(error, end.end_lsn))?;
        self.open = false;
        self.last_end = end.end_lsn;
        self.note_prepared(name, applied, &end)
    }

    /// Applies what was kept of a transaction that is to be prepared, and leaves it open, if there is anything.
    async fn apply_kept(&mut self, kept: Xid, end: &TransactionEnd) -> Result<(), Interruption> {
        let Some(spill) = self.spills.take(kept) else {
            return Ok(());
        };
        let mut pieces = spill.into_pieces()?;
        while let Some(mut piece) = pieces.next()? {
            if self.routes.waits_at(end.commit_lsn) {
                leave_out_copied(&mut piece, end.commit_lsn, |id| self.holder(id, end.xid));
            }
            if !piece.changes.is_empty() {
                self.sequence(piece).await?;
            }
        }
        Ok(())
    }

    /// The position of the table's snapshot, if that sees the prepared transaction.
    fn holder(&self, table: RelationId, xid: Xid) -> Lsn {
        let snapshot = self.routes.snapshot(table);
        let two_phase = self.two_phase.as_ref();
        match two_phase.is_some_and(|two_phase| two_phase.sees(snapshot, xid)) {
            true => snapshot,
            false => Lsn::ZERO,
        }
    }

    fn note_prepared(
        &mut self,
        name: String,
        applied: Applied,
        end: &TransactionEnd,
    ) -> Result<(), Interruption> {
        // Nobody else can use these tables before its end.
        let redefined = !std::mem::take(&mut self.redefined).is_empty();
        let new_table = self.new_table.take().is_some();
        let prepared = Prepared::Now {
            applied: Box::new(applied),
            redefines: redefined || new_table,
        };
        self.two_phase()?.prepared.insert(name, prepared);
        self.committed(&Applied::default(), end);
        Ok(())
    }

    /// A prepared transaction was committed or rolled back at the source.
    pub(crate) async fn prepared_end(
        &mut self,
        gid: &str,
        ending: PreparedEnding,
        end: TransactionEnd,
    ) -> Result<(), Interruption> {
        let two_phase = self.two_phase()?;
        if two_phase.late.take() == Some(end.xid) {
            return match self.eager.has(end.xid) || self.spills.has(end.xid) {
                true => self.streamed_commit(end).await,
                false => {
                    self.passes(&end);
                    self.kept_commit(KEPT, end).await
                }
            };
        }
        let name = two_phase.name(end.xid, gid);
        let Some(prepared) = two_phase.prepared.remove(&name) else {
            // It had no changes, or ended before a crash.
            self.passes(&end);
            self.positions.idle_at(end.end_lsn);
            return Ok(());
        };
        self.passes(&end);
        self.land_all().await?;
        self.positions.begin();
        let worker = self.worker();
        let ended = worker.end_prepared(&name, ending, checkpoint(&end)).await;
        ended.map_err(|error| self.interruption(error, end.end_lsn))?;
        self.last_end = end.end_lsn;
        let (applied, redefines) = match prepared {
            Prepared::Now { applied, redefines } => (*applied, redefines),
            Prepared::Before => (Applied::default(), self.are_others().await?),
        };
        let looks_anew = match ending {
            PreparedEnding::Commit => {
                self.committed(&applied, &end);
                redefines
            }
            PreparedEnding::Rollback => {
                self.committed(&Applied::default(), &end);
                if redefines {
                    self.forget_definitions().await?;
                }
                false
            }
        };
        let two_phase = self.two_phase()?;
        let loads = two_phase.tables_wait && two_phase.prepared.is_empty();
        match looks_anew || loads {
            true => Err(Interruption::Again(Again::Anew)),
            false => Ok(()),
        }
    }

    /// The tables are what they were before the prepared transaction, as the target remembers.
    async fn forget_definitions(&mut self) -> Result<(), Interruption> {
        let records = self.control.tables().await?;
        show(&self.surroundings, &records);
        let records = records.into_iter().filter(|record| !is_unfinished(record));
        self.routes = Routes::new(records.filter_map(Route::of));
        self.tables.clear();
        Ok(())
    }

    /// Whether the tables are not those that were known when the stream began: a transaction has ended that was prepared before that.
    async fn are_others(&self) -> Result<bool, Interruption> {
        let records = self.control.tables().await?;
        let known = |id| self.routes.get(id);
        Ok(records.iter().any(|record| {
            let Some(shape) = &record.shape else {
                return false;
            };
            known(shape.id)
                .is_none_or(|route| route.shape != *shape || route.target != record.target)
        }) || records.len() != self.routes.count())
    }
}

/// Whether source and target can do what `Replication.TwoPhase` asks for.
///
/// # Errors
/// With what is missing, and what to do about it.
pub(crate) async fn check(task: &Task, ends: &Ends) -> Result<(), Error> {
    if ends.source.version() < SINCE {
        return Err(Error::Refused(format!(
            "the source is PostgreSQL {}, and Replication.TwoPhase needs 15: leave the setting out, and prepared transactions are replicated when \
             they are committed",
            ends.source.version() / 10_000
        )));
    }
    if task.name.len() > LONGEST_TASK {
        return Err(Error::Refused(format!(
            "the name of the task has {} bytes, and with Replication.TwoPhase it may have {LONGEST_TASK}: prepared transactions are named after \
             it at the target",
            task.name.len()
        )));
    }
    if ends.control.most_prepared().await? == 0 {
        return Err(Error::Refused(
            "the target has max_prepared_transactions = 0, and Replication.TwoPhase prepares transactions there: set it to at least that of the \
             source and restart the target, or leave the setting out"
                .to_owned(),
        ));
    }
    Ok(())
}

/// How the names of a task's prepared transactions begin. A cluster has each name once, and a task's name may be used in each schema of control
/// tables of each database.
pub(crate) fn prefix(task: &Task) -> String {
    let owner = format!("{}\0{}", task.target.database, task.settings.control_schema);
    // FNV-1a.
    let hash = owner.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x} ", hash >> 32)
}
