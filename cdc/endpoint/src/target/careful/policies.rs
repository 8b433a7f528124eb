//! The policies of `ErrorBehavior`, and what is wrong with a change that meets them.

use std::collections::HashMap;

use replication::piece::ChangeKind;
use replication::relation::TableName;
use replication::settings::{ErrorBehavior, ErrorPolicy};

use crate::target::error::ApplyError;

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

/// What is wrong with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
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
    pub(super) fn decide(
        &mut self,
        fault: Fault,
        table: &TableName,
    ) -> (ErrorPolicy, &'static str) {
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

pub(super) fn fault(kind: ChangeKind, error: &ApplyError) -> Fault {
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
pub(super) fn reason(error: &ApplyError) -> String {
    match error {
        ApplyError::Statement { source, .. } => source.to_string(),
        ApplyError::Rows { .. } => "the row is not there".to_owned(),
        ApplyError::Incomplete { what, .. } => what.clone(),
        ApplyError::Endpoint(_) | ApplyError::Stopped(_) => error.to_string(),
    }
}
