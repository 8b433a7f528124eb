//! Why changes could not be applied.

use replication::relation::TableName;

use crate::Error;

/// Why changes could not be applied. The transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It is not the changes: the connection, a deadlock, another copy of the task.
    #[error(transparent)]
    Endpoint(#[from] Error),
    /// The target refused a statement.
    #[error("cannot apply changes to the table {table}: {source}")]
    Statement {
        /// The table at the target.
        table: TableName,
        /// What the server said.
        source: Box<wire::Error>,
    },
    /// Rows that should be there are not.
    #[error("cannot apply changes to the table {table}: {affected} of {expected} rows were there")]
    Rows {
        /// The table at the target.
        table: TableName,
        /// How many rows the changes are about.
        expected: u64,
        /// How many the target had.
        affected: u64,
    },
    /// A change does not tell what is needed to apply it.
    #[error("cannot apply a change to the table {table}: {what}")]
    Incomplete {
        /// The table at the target.
        table: TableName,
        /// What is missing.
        what: String,
    },
    /// A policy said that the task must stop.
    #[error(transparent)]
    Stopped(Box<Stopped>),
}

/// A change that made a policy stop the task.
#[derive(Debug, thiserror::Error)]
#[error("cannot apply a change to the table {table}: {reason} ({statement})")]
pub struct Stopped {
    /// The setting, as in `ErrorBehavior.DataErrorPolicy`.
    pub policy: &'static str,
    /// The table at the target.
    pub table: TableName,
    /// The change as a statement.
    pub statement: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ApplyError {
    /// Whether the same may succeed later, with nobody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Endpoint(error) => error.is_retryable(),
            Self::Statement { source, .. } => source.is_retryable(),
            Self::Rows { .. } | Self::Incomplete { .. } | Self::Stopped(_) => false,
        }
    }

    /// PostgreSQL's code, when the target answered with an error.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Endpoint(error) => error.code(),
            Self::Statement { source, .. } => source.code(),
            Self::Rows { .. } | Self::Incomplete { .. } | Self::Stopped(_) => None,
        }
    }

    /// Whether it is about the changes themselves, so that applying them one by one finds out which it is.
    #[must_use]
    pub fn is_about_changes(&self) -> bool {
        match self {
            Self::Endpoint(_) | Self::Stopped(_) => false,
            Self::Statement { source, .. } => !source.is_retryable() && source.code().is_some(),
            Self::Rows { .. } | Self::Incomplete { .. } => true,
        }
    }
}
