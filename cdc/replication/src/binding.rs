//! Which source column goes where, and what identifies a row at the target.

use std::sync::Arc;

use pgoutput::message::ReplicaIdentity;

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

/// What identifies a row in updates and deletes. Columns are in ascending order.
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
        let mut missing = Vec::new();
        let mut columns = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let place = table.columns.iter().position(|at| at.name == column.name);
            match place {
                None => missing.push(column.name.as_str()),
                Some(place) => columns.push((!table.columns[place].generated).then_some(place)),
            }
        }
        if !missing.is_empty() {
            return Err(Error::MissingColumns {
                table: table.name.to_string(),
                columns: missing.join(", "),
            });
        }
        let key = key(&relation, &table, &columns);
        Ok(Self {
            relation,
            table,
            columns,
            key,
        })
    }

    /// Whether the target has columns of its own, which it doesn't compute from others: an update keeps them, and a delete and insert
    /// doesn't.
    #[must_use]
    pub fn has_target_columns(&self) -> bool {
        let written = self.columns.iter().flatten().count();
        let plain = self.table.columns.iter().filter(|column| !column.generated);
        plain.count() > written
    }

    /// Whether a unique index of the target can be violated by rows whose keys differ.
    #[must_use]
    pub fn has_further_unique_indexes(&self) -> bool {
        let key: Vec<usize> = match &self.key {
            Key::Unique(key) => key
                .iter()
                .filter_map(|&column| self.columns[column])
                .collect(),
            Key::Row(_) | Key::None => Vec::new(),
        };
        // What holds the whole key can't be the same where the key is not.
        let further = |index: &[usize]| {
            !index.is_empty()
                && (key.is_empty() || !key.iter().all(|column| index.contains(column)))
        };
        let others = self.table.unique_indexes.iter();
        further(&self.table.primary_key) || others.into_iter().any(|index| further(&index.columns))
    }
}

fn key(relation: &Relation, table: &TargetTable, columns: &[Option<usize>]) -> Key {
    let known: Vec<usize> = match relation.identity {
        ReplicaIdentity::Nothing => Vec::new(),
        ReplicaIdentity::Full => (0..columns.len()).collect(),
        ReplicaIdentity::Default | ReplicaIdentity::Index => (0..columns.len())
            .filter(|&column| relation.columns[column].key)
            .collect(),
    };
    let known: Vec<usize> = known
        .into_iter()
        .filter(|&column| columns[column].is_some())
        .collect();
    // The columns of an identity that is an index are never null at the source; those of a whole row may be.
    let may_be_null = relation.identity == ReplicaIdentity::Full;
    let others = table
        .unique_indexes
        .iter()
        .filter(|index| index.not_null || !may_be_null);
    let candidates = [&table.primary_key]
        .into_iter()
        .chain(others.map(|index| &index.columns));
    let sources: Vec<Vec<usize>> = candidates
        .filter_map(|index| source_columns(index, &known, columns))
        .collect();
    // The primary key comes first; among the others the one that is the source's identity itself is the best.
    let has_primary = source_columns(&table.primary_key, &known, columns).is_some();
    let exact = sources.iter().position(|source| *source == known);
    match (has_primary, exact) {
        _ if known.is_empty() => Key::None,
        (false, Some(exact)) => Key::Unique(sources[exact].clone()),
        _ => match sources.into_iter().next() {
            Some(source) => Key::Unique(source),
            None => Key::Row(known),
        },
    }
}

/// The source columns of a target's index, if all of them are known of an old row.
fn source_columns(
    index: &[usize],
    known: &[usize],
    columns: &[Option<usize>],
) -> Option<Vec<usize>> {
    if index.is_empty() {
        return None;
    }
    let mut sources = index
        .iter()
        .map(|target| {
            known
                .iter()
                .copied()
                .find(|&column| columns[column] == Some(*target))
        })
        .collect::<Option<Vec<usize>>>()?;
    sources.sort_unstable();
    Some(sources)
}
