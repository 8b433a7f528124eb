//! Applies changes one by one, where applying them together failed: what can't be applied meets the policies of `ErrorBehavior`.
//!
//! Runs of changes are tried under a savepoint, and halved until the one is found that fails.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use pgoutput::Value;
use replication::binding::{Binding, Key};
use replication::net::Counts;
use replication::piece::{Barrier, ChangeKind, Piece};
use replication::relation::TableName;
use replication::settings::{ErrorBehavior, ErrorPolicy};

use crate::target::applier::Applier;
use crate::target::error::{ApplyError, Stopped};
use crate::target::image::values;
use crate::target::route::Route;
use crate::target::single::{complete, find};
use crate::target::statement::Find;

/// How many changes are tried together.
const RUN: usize = 256;

/// The policies, and what they have met so far in this task.
#[derive(Clone, Debug)]
pub struct Policies {
    behavior: ErrorBehavior,
    /// Rows that a table refused.
    data: HashMap<TableName, u64>,
    /// Keys that were there already, and rows that were missing.
    apply: HashMap<TableName, u64>,
    /// Tables that could not be written at all.
    tables: u64,
}

/// What came of applying changes carefully.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Changes that were applied, by index of their relation.
    pub applied: HashMap<u32, Counts>,
    /// Changes that were written to the exceptions table, likewise.
    pub exceptions: HashMap<u32, u64>,
    /// Tables that are not to be replicated any more, likewise, and why. Their changes from then on were left out.
    pub suspended: Vec<(u32, String)>,
}

/// What is wrong with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Its key is there already.
    Duplicate,
    /// The row to update is missing.
    NothingToUpdate,
    /// The row to delete is missing.
    NothingToDelete,
    /// The target refuses the row.
    Data,
    /// The target refuses the table.
    Table,
}

/// What is done instead of a change that can't be applied as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instead {
    /// An insert whose key is there becomes an update.
    Update,
    /// An update whose row is missing becomes an insert.
    Insert,
    /// An update of a column that updates may not write becomes a delete and an insert.
    Replace,
}

impl Policies {
    /// Policies that have met nothing yet.
    #[must_use]
    pub fn new(behavior: ErrorBehavior) -> Self {
        Self {
            behavior,
            data: HashMap::new(),
            apply: HashMap::new(),
            tables: 0,
        }
    }

    /// What is to be done about a fault, and which setting says so.
    fn decide(&mut self, fault: Fault, table: &TableName) -> (ErrorPolicy, &'static str) {
        let behavior = &self.behavior;
        let (count, (escalated, limit), escalation) = match fault {
            Fault::Duplicate | Fault::NothingToUpdate | Fault::NothingToDelete => (
                self.apply.entry(table.clone()).or_default(),
                behavior.apply_escalation,
                "ErrorBehavior.ApplyErrorEscalationPolicy",
            ),
            Fault::Data => (
                self.data.entry(table.clone()).or_default(),
                behavior.data_escalation,
                "ErrorBehavior.DataErrorEscalationPolicy",
            ),
            Fault::Table => (
                &mut self.tables,
                behavior.table_escalation,
                "ErrorBehavior.TableErrorEscalationPolicy",
            ),
        };
        *count += 1;
        if limit > 0 && *count >= limit {
            return (escalated, escalation);
        }
        match fault {
            Fault::Duplicate => (behavior.insert, "ErrorBehavior.ApplyErrorInsertPolicy"),
            Fault::NothingToUpdate => (behavior.update, "ErrorBehavior.ApplyErrorUpdatePolicy"),
            Fault::NothingToDelete => (behavior.delete, "ErrorBehavior.ApplyErrorDeletePolicy"),
            Fault::Data => (behavior.data, "ErrorBehavior.DataErrorPolicy"),
            Fault::Table => (behavior.table, "ErrorBehavior.TableErrorPolicy"),
        }
    }
}

impl Applier {
    /// Applies a range of a piece's changes inside the transaction, each by itself where that is needed. Truncations are done; other barriers are
    /// the caller's.
    ///
    /// # Errors
    /// When a policy stops the task, or something fails that is not about the changes. The transaction must be rolled back.
    pub async fn careful(
        &mut self,
        piece: &Piece,
        changes: Range<usize>,
        bindings: &[Option<Arc<Binding>>],
        policies: &mut Policies,
    ) -> Result<Outcome, ApplyError> {
        self.flush().await?;
        let mut care = Care {
            applier: self,
            piece,
            bindings,
            policies,
            suspended: HashSet::new(),
            outcome: Outcome::default(),
        };
        let mut run: Vec<u32> = Vec::with_capacity(RUN);
        for index in changes {
            let change = &piece.changes[index];
            if change.kind == ChangeKind::Barrier {
                care.run(&run).await?;
                run.clear();
                care.barrier(&piece.barriers[change.relation as usize])
                    .await?;
                continue;
            }
            run.push(u32::try_from(index).expect("a piece has fewer than 2^32 changes"));
            if run.len() == RUN {
                care.run(&run).await?;
                run.clear();
            }
        }
        care.run(&run).await?;
        Ok(care.outcome)
    }
}

/// One pass over changes.
struct Care<'a> {
    applier: &'a mut Applier,
    piece: &'a Piece,
    bindings: &'a [Option<Arc<Binding>>],
    policies: &'a mut Policies,
    /// By their names at the target: several versions of a relation may lead there.
    suspended: HashSet<TableName>,
    outcome: Outcome,
}

impl Care<'_> {
    async fn run(&mut self, changes: &[u32]) -> Result<(), ApplyError> {
        // Halves that are still to be tried, the next last.
        let mut left = vec![changes];
        while let Some(changes) = left.pop() {
            if changes.is_empty() {
                continue;
            }
            match self.attempt(changes).await {
                Ok(()) => {}
                Err(error) if !error.is_about_changes() => return Err(error),
                Err(error) => match changes {
                    [one] => self.judge(*one, error).await?,
                    several => {
                        let (first, second) = several.split_at(several.len() / 2);
                        left.push(second);
                        left.push(first);
                    }
                },
            }
        }
        Ok(())
    }

    /// Tries some changes; if it fails, it is as if they had not been tried.
    async fn attempt(&mut self, changes: &[u32]) -> Result<(), ApplyError> {
        self.applier.simple("savepoint careful").await?;
        match self.apply(changes).await {
            Ok(counts) => {
                self.applier.simple("release savepoint careful").await?;
                for (relation, of) in counts {
                    let sum = self.outcome.applied.entry(relation).or_default();
                    sum.inserts += of.inserts;
                    sum.updates += of.updates;
                    sum.deletes += of.deletes;
                }
                Ok(())
            }
            Err(error) => {
                self.undo(&error).await?;
                Err(error)
            }
        }
    }

    async fn undo(&mut self, error: &ApplyError) -> Result<(), ApplyError> {
        self.applier.forget_batch();
        if error.is_about_changes() {
            let undo = "rollback to savepoint careful; release savepoint careful";
            self.applier.simple(undo).await?;
        }
        Ok(())
    }

    async fn apply(&mut self, changes: &[u32]) -> Result<HashMap<u32, Counts>, ApplyError> {
        let mut counts: HashMap<u32, Counts> = HashMap::new();
        for &index in changes {
            let change = &self.piece.changes[index as usize];
            let Some(route) = self.route(change.relation) else {
                continue;
            };
            let of = counts.entry(change.relation).or_default();
            match change.kind {
                ChangeKind::Insert => of.inserts += 1,
                ChangeKind::Update | ChangeKind::UpdateKey | ChangeKind::UpdateFull => {
                    of.updates += 1;
                }
                ChangeKind::DeleteKey | ChangeKind::DeleteFull => of.deletes += 1,
                ChangeKind::Barrier => {}
            }
            self.applier.change(&route, self.piece, index)?;
            self.applier.flush_if_large().await?;
        }
        self.applier.flush().await?;
        Ok(counts)
    }

    /// The way of a relation, if its changes are to be applied.
    fn route(&mut self, relation: u32) -> Option<Arc<Route>> {
        let binding = self.bindings[relation as usize].as_ref()?;
        if self.suspended.contains(&binding.table.name) {
            return None;
        }
        Some(self.applier.route(binding))
    }

    /// Finds out what is wrong with a change that failed alone, and does what its policy says.
    async fn judge(&mut self, index: u32, error: ApplyError) -> Result<(), ApplyError> {
        let change = self.piece.changes[index as usize];
        let Some(route) = self.route(change.relation) else {
            return Ok(());
        };
        if !route.pinned.is_empty()
            && change.kind == ChangeKind::Update
            && matches!(error, ApplyError::Rows { .. })
        {
            match self.upsert(&route, index, Instead::Replace).await {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_about_changes() => return Err(error),
                // Then it is as it was: the row is missing.
                Err(_) => {}
            }
        }
        let mut fault = fault(change.kind, &error);
        let mut reason = reason(&error);
        let table = route.binding.table.name.clone();
        let mut decision = self.policies.decide(fault, &table);
        if decision.0 == ErrorPolicy::Upsert {
            let instead = match fault {
                Fault::Duplicate => Instead::Update,
                Fault::NothingToUpdate | Fault::NothingToDelete | Fault::Data | Fault::Table => {
                    Instead::Insert
                }
            };
            match self.upsert(&route, index, instead).await {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_about_changes() => return Err(error),
                Err(error) => {
                    reason = self::reason(&error);
                    fault = Fault::Data;
                    decision = self.policies.decide(fault, &table);
                }
            }
        }
        let (policy, setting) = decision;
        match policy {
            ErrorPolicy::IgnoreRecord => Ok(()),
            ErrorPolicy::LogError | ErrorPolicy::Upsert => self.log(&route, index, &reason).await,
            ErrorPolicy::SuspendTable => {
                self.log(&route, index, &reason).await?;
                self.suspend(change.relation, &table, reason);
                Ok(())
            }
            ErrorPolicy::StopTask => {
                let statement = self.applier.readable(&route, self.piece, index).await?;
                Err(ApplyError::Stopped(Box::new(Stopped {
                    policy: setting,
                    table,
                    statement,
                    reason,
                })))
            }
        }
    }

    async fn log(
        &mut self,
        route: &Arc<Route>,
        index: u32,
        reason: &str,
    ) -> Result<(), ApplyError> {
        let relation = self.piece.changes[index as usize].relation;
        let statement = self.applier.readable(route, self.piece, index).await?;
        self.applier
            .write_exception(&route.binding.table.name, &statement, reason)
            .await?;
        *self.outcome.exceptions.entry(relation).or_default() += 1;
        Ok(())
    }

    fn suspend(&mut self, relation: u32, table: &TableName, reason: String) {
        self.suspended.insert(table.clone());
        self.outcome.suspended.push((relation, reason));
    }

    /// Does something else than the change says.
    async fn upsert(
        &mut self,
        route: &Arc<Route>,
        index: u32,
        instead: Instead,
    ) -> Result<(), ApplyError> {
        self.applier.simple("savepoint careful").await?;
        let queued = self.queue_upsert(route, index, instead);
        let done = match queued {
            Ok(()) => self.applier.flush().await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => {
                self.applier.simple("release savepoint careful").await?;
                let relation = self.piece.changes[index as usize].relation;
                let counts = self.outcome.applied.entry(relation).or_default();
                match instead {
                    Instead::Update => counts.inserts += 1,
                    Instead::Insert | Instead::Replace => counts.updates += 1,
                }
                Ok(())
            }
            Err(error) => {
                self.undo(&error).await?;
                Err(error)
            }
        }
    }

    fn queue_upsert(
        &mut self,
        route: &Arc<Route>,
        index: u32,
        instead: Instead,
    ) -> Result<(), ApplyError> {
        let row = row(self.piece, index);
        if instead == Instead::Update {
            let Key::Unique(_) = route.binding.key else {
                return Err(incomplete(
                    route,
                    "the row that is there can't be told by a key",
                ));
            };
            let others: Vec<u32> = route
                .written
                .iter()
                .copied()
                .filter(|column| !route.key.contains(column) && !route.always.contains(column))
                .collect();
            // A row that is its key only: setting a part of it to itself sees whether it is there.
            let set = if others.is_empty() {
                &route.key
            } else {
                &others
            };
            return self.applier.update_row(route, set, &row, &row, Find::Key);
        }
        complete(route, &route.written, &row)?;
        if instead == Instead::Replace {
            self.applier.delete_row(route, &row, find(route))?;
        }
        self.applier.insert_row(route, &row)
    }

    async fn barrier(&mut self, barrier: &Barrier) -> Result<(), ApplyError> {
        let Barrier::Truncate {
            relations,
            restart_identity,
            ..
        } = barrier
        else {
            return Ok(());
        };
        let mut tables: Vec<(u32, Arc<Binding>)> = Vec::new();
        for &relation in relations {
            if let Some(route) = self.route(relation) {
                tables.push((relation, Arc::clone(&route.binding)));
            }
        }
        let bindings: Vec<Arc<Binding>> = tables
            .iter()
            .map(|(_, binding)| Arc::clone(binding))
            .collect();
        self.applier.simple("savepoint careful").await?;
        let error = match self.applier.truncate(&bindings, *restart_identity).await {
            Ok(()) => return self.applier.simple("release savepoint careful").await,
            Err(error) => error,
        };
        self.undo(&error).await?;
        if !error.is_about_changes() {
            return Err(error);
        }
        let reason = reason(&error);
        for (relation, binding) in tables {
            let table = &binding.table.name;
            let statement = format!("truncate table {}", crate::schema::quote::relation(table));
            match self.policies.decide(Fault::Table, table) {
                (ErrorPolicy::IgnoreRecord, _) => {}
                (ErrorPolicy::LogError | ErrorPolicy::Upsert, _) => {
                    self.applier
                        .write_exception(table, &statement, &reason)
                        .await?;
                    *self.outcome.exceptions.entry(relation).or_default() += 1;
                }
                (ErrorPolicy::SuspendTable, _) => {
                    self.applier
                        .write_exception(table, &statement, &reason)
                        .await?;
                    *self.outcome.exceptions.entry(relation).or_default() += 1;
                    self.suspend(relation, table, reason.clone());
                }
                (ErrorPolicy::StopTask, policy) => {
                    return Err(ApplyError::Stopped(Box::new(Stopped {
                        policy,
                        table: table.clone(),
                        statement,
                        reason,
                    })));
                }
            }
        }
        Ok(())
    }
}

/// The row that a change leaves, with what was not sent taken from the whole old row, if that is known.
fn row(piece: &Piece, index: u32) -> Vec<Value<'_>> {
    let change = &piece.changes[index as usize];
    let mut row = values(piece.new(change));
    if change.kind == ChangeKind::UpdateFull
        && let Some(old) = piece.old(change)
    {
        for (slot, old) in row.iter_mut().zip(old.values()) {
            if *slot == Value::Unchanged {
                *slot = old;
            }
        }
    }
    row
}

fn fault(kind: ChangeKind, error: &ApplyError) -> Fault {
    match (kind, error) {
        (ChangeKind::DeleteKey | ChangeKind::DeleteFull, ApplyError::Rows { .. }) => {
            Fault::NothingToDelete
        }
        (_, ApplyError::Rows { .. }) => Fault::NothingToUpdate,
        (_, ApplyError::Statement { source, .. }) => match source.code() {
            Some("23505") if kind == ChangeKind::Insert => Fault::Duplicate,
            // The table or a column is missing, or may not be written.
            Some(code) if code.starts_with("42") => Fault::Table,
            _ => Fault::Data,
        },
        (_, ApplyError::Incomplete { .. } | ApplyError::Endpoint(_) | ApplyError::Stopped(_)) => {
            Fault::Data
        }
    }
}

/// What is wrong, without what was tried.
fn reason(error: &ApplyError) -> String {
    match error {
        ApplyError::Statement { source, .. } => source.to_string(),
        ApplyError::Rows { .. } => "the row is not there".to_owned(),
        ApplyError::Incomplete { what, .. } => what.clone(),
        ApplyError::Endpoint(_) | ApplyError::Stopped(_) => error.to_string(),
    }
}

fn incomplete(route: &Route, what: &str) -> ApplyError {
    ApplyError::Incomplete {
        table: route.binding.table.name.clone(),
        what: what.to_owned(),
    }
}
