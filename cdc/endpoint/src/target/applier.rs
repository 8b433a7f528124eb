//! Applies pieces of the stream at the target, with the checkpoint in the same transaction.
//!
//! Statements gather in a batch and go out together: a small transaction is one round trip, from `begin` to `commit`.

pub(crate) mod gathering;

use std::collections::HashMap;
use std::sync::Arc;

use pgoutput::message::Xid;
use replication::binding::Binding;
use replication::checkpoint::Checkpoint;
use replication::net::{Plan, Step, Work};
use replication::piece::{Barrier, Piece};
use wire::Session;
use wire::batch::{Batch, Statement};
use wire::session::{Mode, TransactionStatus};

use crate::Error;
use crate::schema::quote::{identifier, relation};
use crate::target::applier::gathering::{Expected, What};
use crate::target::control::Lease;
use crate::target::error::ApplyError;
use crate::target::records::TableRecord;
use crate::target::route::Route;
use crate::target::sql::list;

/// A session at the target that applies changes.
#[derive(Debug)]
pub struct Applier {
    pub(crate) session: Session,
    pub(crate) batch: Batch,
    /// What the batch's executions must come to, one for each.
    expected: Vec<Expected>,
    pub(crate) lease: Lease,
    is_replica: bool,
    /// The array types of the types that are the same in every database.
    pub(crate) array_types: HashMap<u32, u32>,
    /// Bindings made ready, by their address, which is theirs while they are kept.
    routes: HashMap<usize, Arc<Route>>,
    /// Statements of the current batch, by what they do.
    pub(crate) prepared: Vec<(Arc<Route>, Vec<u8>, Statement)>,
    /// The savepoints of the transaction, the latest last.
    pub(crate) savepoints: Vec<Xid>,
    checkpoint_sql: String,
    fence_sql: String,
}

/// How an applier's transactions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit waits until it is flushed.
    Flushed,
    /// It does not: what was committed is durable when the target's WAL is flushed past it.
    Later,
}

impl Applier {
    /// Connects.
    ///
    /// # Errors
    /// When the target can't be reached.
    pub async fn connect(
        settings: &wire::Settings,
        lease: &Lease,
        durability: Durability,
    ) -> Result<Self, Error> {
        let what = || format!("prepare a session at {}", settings.host_list());
        let mut session = Session::connect(settings, Mode::Sql)
            .await
            .map_err(Error::wire(what()))?;
        let synchronous = match durability {
            Durability::Flushed => "on",
            Durability::Later => "off",
        };
        // Plans are made once and for any number of rows: only those by an index are good at every size.
        session
            .simple(&format!(
                "set synchronous_commit = {synchronous}; set enable_seqscan = off; set enable_bitmapscan = off; \
                 set enable_hashjoin = off; set enable_mergejoin = off; set enable_material = off; set enable_memoize = off; \
                 set jit = off; set plan_cache_mode = force_generic_plan; set max_parallel_workers_per_gather = 0; \
                 set synchronize_seqscans = off; set row_security = off"
            ))
            .await
            .map_err(Error::wire(what()))?;
        let is_replica = match session
            .simple("set session_replication_role = replica")
            .await
        {
            Ok(_) => true,
            // Insufficient privilege.
            Err(error) if error.code() == Some("42501") => false,
            Err(error) => return Err(Error::wire(what())(error)),
        };
        // Operators of extensions' types are found by the search path; everything else is named with its schema.
        let rows = session
            .simple(
                "select set_config('search_path', coalesce(string_agg(distinct quote_ident(n.nspname), ', '), ''), false) \
                 from pg_catalog.pg_operator o join pg_catalog.pg_namespace n on n.oid = o.oprnamespace \
                 where o.oprname = '=' and n.nspname <> 'pg_catalog'; \
                 select oid, typarray from pg_catalog.pg_type where typarray <> 0 and typtype in ('b', 'r', 'm') and oid < 16384",
            )
            .await
            .map_err(Error::wire(what()))?;
        let array_types = rows
            .iter()
            .flat_map(|rows| &rows.rows)
            .filter_map(|row| Some((row.get(0)?.parse().ok()?, row.get(1)?.parse().ok()?)))
            .collect();
        let schema = identifier(&lease.schema);
        Ok(Self {
            session,
            batch: Batch::new(),
            expected: Vec::new(),
            lease: lease.clone(),
            is_replica,
            array_types,
            routes: HashMap::new(),
            prepared: Vec::new(),
            savepoints: Vec::new(),
            checkpoint_sql: format!(
                "update {schema}.checkpoints set end_lsn = $3, commit_time = $4, epoch = case when epoch = $2 then epoch end where task = $1"
            ),
            fence_sql: format!(
                "select 1 / count(*) from {schema}.checkpoints where task = $1 and epoch = $2"
            ),
        })
    }

    /// Whether the session is a replica: foreign keys and ordinary triggers don't fire. Without, only the source's order is sure to be allowed.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.is_replica
    }

    /// The server process of the session.
    #[must_use]
    pub fn backend_pid(&self) -> i32 {
        self.session.backend_pid()
    }

    /// What ends a statement of the session from outside.
    #[must_use]
    pub fn cancel_token(&self) -> wire::CancelToken {
        self.session.cancel_token()
    }

    /// Begins a transaction.
    pub fn begin(&mut self) {
        self.savepoints.clear();
        self.control("begin");
    }

    /// Applies what a plan says about a piece. It returns when the last part of it is on its way at the latest with the next
    /// [`Applier::flush`] or [`Applier::commit`]: an error may show only then.
    ///
    /// Truncations are done; other barriers are the caller's: it plans up to them, and goes on after them.
    ///
    /// # Errors
    /// When it can't be applied. The transaction must be rolled back.
    pub async fn apply(
        &mut self,
        piece: &Piece,
        plan: &Plan,
        bindings: &[Option<Arc<Binding>>],
    ) -> Result<(), ApplyError> {
        for step in &plan.steps {
            match step {
                Step::Rows(tables) => {
                    for table in tables {
                        let Some(binding) = &bindings[table.binding as usize] else {
                            continue;
                        };
                        let route = self.route(binding);
                        match &table.work {
                            Work::Net(net) => self.net(&route, piece, net).await?,
                            Work::Ordered(changes) => self.ordered(&route, piece, changes).await?,
                        }
                    }
                }
                Step::Barrier(index) => match &piece.barriers[*index as usize] {
                    Barrier::Truncate {
                        relations,
                        restart_identity,
                        ..
                    } => {
                        let bindings: Vec<_> = relations
                            .iter()
                            .filter_map(|&relation| bindings[relation as usize].clone())
                            .collect();
                        self.truncate(&bindings, *restart_identity).await?;
                    }
                    Barrier::Relation { .. } | Barrier::Message { .. } => {}
                },
            }
        }
        Ok(())
    }

    /// Empties tables in one statement. Tables that refer to them are emptied only if they are among them: those that the source emptied with
    /// them are, if they are replicated.
    ///
    /// # Errors
    /// When the target refuses, as it does if another table refers to one of them.
    pub async fn truncate(
        &mut self,
        tables: &[Arc<Binding>],
        restart_identity: bool,
    ) -> Result<(), ApplyError> {
        let Some(first) = tables.first() else {
            return Ok(());
        };
        let first = self.route(first);
        let names = list(tables.iter().map(|binding| relation(&binding.table.name)));
        let restart = if restart_identity {
            " restart identity"
        } else {
            ""
        };
        self.flush().await?;
        let sql = format!("truncate table {names}{restart}");
        match self.session.simple(&sql).await {
            Ok(_) => Ok(()),
            // Feature not supported: a foreign key of another table.
            Err(source) if source.code() == Some("0A000") => Err(ApplyError::Incomplete {
                table: first.binding.table.name.clone(),
                what: format!(
                    "it was emptied at the source, and at the target {source}; drop that foreign key at the target, or replicate the table that has it"
                ),
            }),
            Err(source) => Err(self.failed(&What::Change(first), source)),
        }
    }

    /// Commits, with how far the task has come by that.
    ///
    /// # Errors
    /// When something before can't be applied, or the task was taken over: the transaction must be rolled back. When the connection was lost it is
    /// not known whether it was committed: the checkpoint tells.
    pub async fn commit(&mut self, checkpoint: &Checkpoint) -> Result<(), ApplyError> {
        // A row count that is not what it must be is seen only when the batch is over, which must not be after its commit.
        if self.must_check() {
            self.flush().await?;
        }
        self.write_checkpoint(checkpoint);
        self.control("commit");
        self.flush().await
    }

    /// Writes how far the task has come, and nothing else, in a transaction of its own.
    ///
    /// # Errors
    /// As [`Applier::commit`].
    pub async fn advance(&mut self, checkpoint: &Checkpoint) -> Result<(), ApplyError> {
        self.begin();
        self.commit(checkpoint).await
    }

    /// Ends the transaction, if there is one, as if it had never been. What has gathered is forgotten.
    ///
    /// # Errors
    /// When the connection was lost.
    pub async fn rollback(&mut self) -> Result<(), ApplyError> {
        self.forget_batch();
        self.savepoints.clear();
        if self.session.transaction_status() != TransactionStatus::Idle {
            self.simple("rollback").await?;
        }
        Ok(())
    }

    /// Runs statements inside the transaction, after what has gathered.
    ///
    /// # Errors
    /// When the target refuses. The transaction must be rolled back.
    pub async fn execute(&mut self, sql: &str) -> Result<(), ApplyError> {
        self.flush().await?;
        self.simple(sql).await
    }

    /// Writes a table's state in the transaction.
    ///
    /// # Errors
    /// When the task was taken over, or the target refuses.
    pub async fn save_table(&mut self, table: &TableRecord) -> Result<(), ApplyError> {
        self.flush().await?;
        let sql = table.upsert(&self.lease);
        match self.session.simple(&sql).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(&What::Fence, error)),
        }
    }

    /// Changes that follow belong to this subtransaction, until another is named. Those of the top-level transaction need none.
    pub fn savepoint(&mut self, xid: Xid) {
        if self.savepoints.contains(&xid) {
            return;
        }
        // Few names, so that few statements are prepared; a name that comes again hides the older one, which is never asked for again then.
        let name = format!("savepoint s{}", self.savepoints.len());
        self.savepoints.push(xid);
        self.control(&name);
    }

    /// Undoes a subtransaction's changes, and those of subtransactions that began after it.
    pub fn rollback_to(&mut self, xid: Xid) {
        let Some(place) = self.savepoints.iter().position(|&known| known == xid) else {
            return;
        };
        self.savepoints.truncate(place);
        self.control(&format!("rollback to savepoint s{place}"));
        self.control(&format!("release savepoint s{place}"));
    }

    /// Forgets prepared statements and bindings, after the definition of a table was changed.
    ///
    /// # Errors
    /// When the connection was lost.
    pub async fn forget_statements(&mut self) -> Result<(), ApplyError> {
        self.flush().await?;
        self.routes.clear();
        let forgotten = self.session.forget_statements().await;
        forgotten.map_err(|error| self.failed(&What::Control, error))
    }

    /// Ends the session.
    pub async fn close(self) {
        self.session.close().await;
    }
}
