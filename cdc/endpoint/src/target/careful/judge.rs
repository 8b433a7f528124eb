//! What is done about one change that can't be applied as it is.

use std::sync::Arc;

use pgoutput::Value;
use replication::binding::Key;
use replication::piece::{ChangeKind, Piece};
use replication::relation::TableName;
use replication::settings::ErrorPolicy;

use super::Care;
use super::policies::{Fault, fault, reason};
use crate::target::error::{ApplyError, Stopped};
use crate::target::image::values;
use crate::target::route::Route;
use crate::target::single::{complete, find};
use crate::target::statement::Find;

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

impl Care<'_> {
    /// Finds out what is wrong with a change that failed alone, and does what its policy says.
    pub(super) async fn judge(&mut self, index: u32, error: ApplyError) -> Result<(), ApplyError> {
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

    pub(super) fn suspend(&mut self, relation: u32, table: &TableName, reason: String) {
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

fn incomplete(route: &Route, what: &str) -> ApplyError {
    ApplyError::Incomplete {
        table: route.binding.table.name.clone(),
        what: what.to_owned(),
    }
}
