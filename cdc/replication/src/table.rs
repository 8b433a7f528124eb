//! A target table as its catalogue describes it.

use crate::relation::TableName;

/// A target table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetTable {
    /// Its name at the target.
    pub name: TableName,
    /// Its columns, in their order; dropped ones are left out.
    pub columns: Vec<TargetColumn>,
    /// The primary key's columns: indexes into `columns`. Empty without one.
    pub primary_key: Vec<usize>,
    /// Other unique indexes that are immediate, without expressions or predicate: indexes into `columns`.
    pub unique_indexes: Vec<UniqueIndex>,
    /// Whether there is a unique or exclusion constraint that `unique_indexes` doesn't tell (expressions, predicates, deferrable).
    pub other_constraints: bool,
    /// Whether triggers fire for the session that applies (`ENABLE ALWAYS` or `ENABLE REPLICA` when it is a replica; any otherwise).
    pub triggers_fire: bool,
}

/// A unique index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueIndex {
    /// Its columns: indexes into [`TargetTable::columns`].
    pub columns: Vec<usize>,
    /// Whether all its columns are not null.
    pub not_null: bool,
}

/// A target column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// Its type, as `format_type` writes it without a modifier, qualified by its schema if that is not `pg_catalog`.
    pub type_name: String,
    /// Its type's OID at the target.
    pub type_id: u32,
    /// Whether it is not null.
    pub not_null: bool,
    /// Whether the target computes it (`GENERATED ALWAYS AS (…) STORED`): never written.
    pub generated: bool,
    /// Whether it is `GENERATED ALWAYS AS IDENTITY`: written with `OVERRIDING SYSTEM VALUE`.
    pub identity_always: bool,
    /// Whether its type has an equality that an index or `IS NOT DISTINCT FROM` can use (json, point and xml have none).
    pub comparable: bool,
}
