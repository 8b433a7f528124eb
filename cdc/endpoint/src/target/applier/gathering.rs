//! The batch of an applier: what gathers in it, what its executions must come to, and what a failure means.

use std::sync::Arc;

use replication::binding::Binding;
use replication::checkpoint::Checkpoint;
use wire::batch::Statement;

use super::Applier;
use crate::Error;
use crate::target::control::DIVISION_BY_ZERO;
use crate::target::error::ApplyError;
use crate::target::route::Route;
use crate::target::statement::Sql;

/// How much a batch gathers before it is sent.
const BATCH_BYTES: usize = 1 << 20;
/// How many bindings are kept ready.
const ROUTES: usize = 4096;

/// What an execution must come to.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    what: What,
    rows: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// `begin`, `commit` and the like.
    Control,
    /// It fails when the task was taken over.
    Fence,
    /// A change of a table.
    Change(Arc<Route>),
}

impl Applier {
    /// Sends what has gathered, and waits until it is done.
    ///
    /// # Errors
    /// When something of it can't be applied. The transaction must be rolled back.
    pub async fn flush(&mut self) -> Result<(), ApplyError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let expected = std::mem::take(&mut self.expected);
        self.prepared.clear();
        let completed = match self.session.run(&mut self.batch).await {
            Ok(completed) => completed,
            Err(failed) => {
                let what = failed
                    .execute
                    .and_then(|index| expected.get(index))
                    .map_or(&What::Control, |expected| &expected.what);
                return Err(self.failed(what, failed.error));
            }
        };
        for (expected, completed) in expected.iter().zip(&completed) {
            if expected
                .rows
                .is_some_and(|rows| rows != completed.rows_affected)
            {
                return Err(self.other_count(expected, completed.rows_affected));
            }
        }
        // Its memory is used again.
        self.expected = expected;
        self.expected.clear();
        Ok(())
    }

    /// A binding made ready.
    pub(crate) fn route(&mut self, binding: &Arc<Binding>) -> Arc<Route> {
        let address = Arc::as_ptr(binding).addr();
        if let Some(route) = self.routes.get(&address) {
            return Arc::clone(route);
        }
        if self.routes.len() >= ROUTES {
            self.routes.clear();
        }
        let route = Arc::new(Route::new(binding));
        self.routes.insert(address, Arc::clone(&route));
        route
    }

    /// A statement of this batch, prepared once. `descriptor` says what it does.
    pub(crate) fn statement(
        &mut self,
        route: &Arc<Route>,
        descriptor: &[u8],
        make: impl FnOnce() -> Sql,
    ) -> Statement {
        let known = self
            .prepared
            .iter()
            .rev()
            .find(|(of, what, _)| Arc::ptr_eq(of, route) && what == descriptor);
        if let Some((_, _, statement)) = known {
            return *statement;
        }
        if self.prepared.len() > 64 {
            self.prepared.clear();
        }
        let sql = make();
        let statement = self
            .batch
            .statement(&mut self.session, &sql.text, &sql.types);
        self.prepared
            .push((Arc::clone(route), descriptor.to_vec(), statement));
        statement
    }

    /// The next execution changes a table: so many rows, if that is known.
    pub(crate) fn expect(&mut self, route: &Arc<Route>, rows: Option<u64>) {
        // Triggers may have their own mind about which rows are changed.
        let rows = rows.filter(|_| !route.binding.table.triggers_fire);
        self.expected.push(Expected {
            what: What::Change(Arc::clone(route)),
            rows,
        });
    }

    /// Forgets what has gathered.
    pub(crate) fn forget_batch(&mut self) {
        self.batch.clear();
        self.expected.clear();
        self.prepared.clear();
    }

    /// Sends what has gathered if it is much.
    pub(crate) async fn flush_if_large(&mut self) -> Result<(), ApplyError> {
        if self.batch.bytes() >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    pub(crate) fn control(&mut self, sql: &str) {
        self.batch.sql(&mut self.session, sql);
        self.expected.push(Expected {
            what: What::Control,
            rows: None,
        });
    }

    pub(crate) async fn simple(&mut self, sql: &str) -> Result<(), ApplyError> {
        match self.session.simple(sql).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(&What::Control, error)),
        }
    }

    /// Whether a count of rows among what has gathered must be seen before the commit.
    pub(super) fn must_check(&self) -> bool {
        self.expected.iter().any(|expected| expected.rows.is_some())
    }

    pub(super) fn write_checkpoint(&mut self, checkpoint: &Checkpoint) {
        const TYPES: &[u32] = &[TEXT, INT8, PG_LSN, TIMESTAMPTZ];
        let statement = self
            .batch
            .statement(&mut self.session, &self.checkpoint_sql, TYPES);
        self.batch.execute(statement, |parameters| {
            parameters.text(self.lease.task.as_bytes());
            parameters.binary(&self.lease.epoch.to_be_bytes());
            parameters.binary(&checkpoint.end_lsn.0.to_be_bytes());
            parameters.binary(&checkpoint.commit_time.0.to_be_bytes());
        });
        self.expected.push(Expected {
            what: What::Fence,
            rows: Some(1),
        });
    }

    pub(crate) fn fence(&mut self) {
        let statement = self
            .batch
            .statement(&mut self.session, &self.fence_sql, &[TEXT, INT8]);
        self.batch.execute(statement, |parameters| {
            parameters.text(self.lease.task.as_bytes());
            parameters.binary(&self.lease.epoch.to_be_bytes());
        });
        self.expected.push(Expected {
            what: What::Fence,
            rows: None,
        });
    }

    fn other_count(&self, expected: &Expected, affected: u64) -> ApplyError {
        match &expected.what {
            What::Change(route) => ApplyError::Rows {
                table: route.binding.table.name.clone(),
                expected: expected.rows.unwrap_or(0),
                affected,
            },
            What::Control | What::Fence => ApplyError::Endpoint(Error::Refused(format!(
                "the control table {}.checkpoints at the target has lost its row of the task {}: the task must be loaded anew",
                self.lease.schema, self.lease.task
            ))),
        }
    }

    pub(crate) fn failed(&self, what: &What, source: wire::Error) -> ApplyError {
        match what {
            // The checkpoint's epoch may not become null, which it does for another owner.
            What::Fence if matches!(source.code(), Some(DIVISION_BY_ZERO | NOT_NULL_VIOLATION)) => {
                ApplyError::Endpoint(Error::Fenced {
                    task: self.lease.task.clone(),
                })
            }
            What::Change(route) if source.code().is_some() => ApplyError::Statement {
                table: route.binding.table.name.clone(),
                source: Box::new(source),
            },
            What::Control | What::Fence | What::Change(_) => ApplyError::Endpoint(Error::Wire {
                what: "apply changes at the target".to_owned(),
                source,
            }),
        }
    }
}

const NOT_NULL_VIOLATION: &str = "23502";
const INT8: u32 = 20;
const TEXT: u32 = 25;
const TIMESTAMPTZ: u32 = 1184;
const PG_LSN: u32 = 3220;
