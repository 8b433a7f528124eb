//! Applies changes one by one, where applying them together failed: what can't be applied meets the policies of `ErrorBehavior`.
//!
//! Runs of changes are tried under a savepoint, and halved until the one is found that fails.

mod judge;
mod policies;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use replication::binding::Binding;
use replication::net::Counts;
use replication::piece::{Barrier, ChangeKind, Piece};
use replication::relation::TableName;
use replication::settings::ErrorPolicy;

pub use self::policies::Policies;
use self::policies::{Fault, reason};
use crate::target::applier::Applier;
use crate::target::error::{ApplyError, Stopped};
use crate::target::route::Route;

/// How many changes are tried together.
const RUN: usize = 256;

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
