//! What a source's schema is: tables and all that they need.

use std::collections::BTreeSet;

use pgoutput::message::ReplicaIdentity;
use replication::relation::TableName;
use replication::shape::{ShapeColumn, TableShape};

/// The selected tables of a source, and what they need.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The tables: a partitioned one before its partitions, a parent before its children; otherwise by load order and name.
    pub tables: Vec<TableDefinition>,
    /// The types of their columns that are no extension's and not built in, each after those that it is made of.
    pub types: Vec<TypeDefinition>,
    /// Collations of the database's own.
    pub collations: Vec<Collation>,
    /// The sequences that belong to their columns, or that defaults take values from.
    pub sequences: Vec<Sequence>,
    /// The extensions whose types, functions and operators they use.
    pub extensions: Vec<Extension>,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// Its OID at the source.
    pub id: u32,
    /// Its name.
    pub name: TableName,
    /// What it is.
    pub kind: TableKind,
    /// Whose partition it is.
    pub partition: Option<Partition>,
    /// Whose child it is by inheritance (not by partitioning), of those that are selected, too.
    pub inherits: Vec<TableName>,
    /// Whether it is logged. An unlogged table has no changes in the stream, and no publication takes it.
    pub persistence: Persistence,
    /// Its storage parameters, as in `fillfactor=70`.
    pub options: Vec<String>,
    /// Its columns, by number; dropped ones are left out.
    pub columns: Vec<ColumnDefinition>,
    /// Its constraints, but for not null.
    pub constraints: Vec<Constraint>,
    /// Its indexes, also those of its constraints.
    pub indexes: Vec<Index>,
    /// What identifies a row in updates and deletes.
    pub identity: ReplicaIdentity,
    /// How many blocks its rows take: what `ctid` ranges divide. 0 for a partitioned table.
    pub pages: u32,
    /// How many bytes it takes, with its TOAST values and without its indexes.
    pub bytes: u64,
    /// About how many rows it has, as last analysed; none if it never was.
    pub rows: Option<u64>,
    /// What the publications that were asked for publish of it under its own name; none if none was asked for, or none of them does. A partition
    /// whose rows are published as its root's has none.
    pub published: Option<Published>,
    /// What it says about itself (`comment on table`).
    pub comment: Option<String>,
    /// Its place in the load, by the selection: higher first.
    pub load_order: i64,
    /// What it can't be made without: functions of the database's own that its partition key uses, as `regprocedure` writes them, and extensions
    /// that its types are of, as in `extension hstore`.
    pub needs: Vec<String>,
}

/// What a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// It has rows.
    Plain,
    /// Its partitions have them.
    Partitioned {
        /// Its key, as in `RANGE (day)`.
        key: String,
    },
}

/// Where a partition belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The table that it is a part of; it may be a partition itself.
    pub parent: TableName,
    /// The topmost table.
    pub root: TableName,
    /// Its bounds, as in `FOR VALUES FROM (…) TO (…)`.
    pub bound: String,
}

/// Whether a table is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// It is.
    Logged,
    /// It isn't, and is empty after a crash.
    Unlogged,
}

/// What publications publish of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Only rows for which this holds.
    pub row_filter: Option<String>,
    /// Only these columns.
    pub columns: Option<BTreeSet<String>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// What replication knows of it.
    pub shape: ShapeColumn,
    /// Whether its values' binary form means the same in another database of the same major version.
    pub binary: bool,
    /// Whether it is a column of its own, or only an inherited one.
    pub is_local: bool,
    /// Whether it is inherited.
    pub is_inherited: bool,
    /// `PLAIN`, `EXTERNAL`, `EXTENDED` or `MAIN`, if it isn't its type's.
    pub storage: Option<&'static str>,
    /// `pglz` or `lz4`, if it isn't the default.
    pub compression: Option<&'static str>,
    /// The sequence of an identity column.
    pub sequence: Option<Sequence>,
    /// What its default or expression needs, likewise.
    pub needs: Vec<String>,
    /// What it says about itself (`comment on column`).
    pub comment: Option<String>,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ConstraintKind,
    /// As `pg_get_constraintdef` writes it.
    pub definition: String,
    /// The index that it stands on, for keys and exclusion constraints.
    pub index: Option<String>,
    /// `deferrable`, `initially deferred`, or nothing.
    pub deferral: &'static str,
    /// Whether it holds for the rows that are there.
    pub is_valid: bool,
    /// Whether it comes from a parent only.
    pub is_inherited: bool,
    /// The table that a foreign key refers to.
    pub references: Option<TableName>,
    /// What it needs of functions and extensions, likewise.
    pub needs: Vec<String>,
}

/// What a constraint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `primary key`.
    Primary,
    /// `unique`.
    Unique,
    /// `exclude`.
    Exclusion,
    /// `check`.
    Check,
    /// `foreign key`.
    Foreign,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name; its schema is its table's.
    pub name: String,
    /// As `pg_get_indexdef` writes it.
    pub definition: String,
    /// Whether it is the replica identity.
    pub is_replica_identity: bool,
    /// Whether `cluster` uses it.
    pub is_clustered: bool,
    /// The index of the parent table that it is a part of.
    pub parent: Option<TableName>,
    /// What it needs of functions and extensions, likewise.
    pub needs: Vec<String>,
}

/// A type of the database's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDefinition {
    /// Its OID at the source.
    pub id: u32,
    /// Its schema.
    pub schema: String,
    /// Its full name, quoted.
    pub name: String,
    /// The statement that makes it; or why nothing can.
    pub create: Result<String, String>,
    /// Its labels in their order, if it is an enum: the target's type may lack some.
    pub labels: Vec<String>,
    /// What it needs of functions and extensions, likewise.
    pub needs: Vec<String>,
}

/// A collation of the database's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collation {
    /// Its schema.
    pub schema: String,
    /// The statement that makes it if it is missing.
    pub create: String,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: TableName,
    /// The type of its values.
    pub type_name: String,
    /// `start with`.
    pub start: i64,
    /// `increment by`.
    pub increment: i64,
    /// `minvalue`.
    pub minimum: i64,
    /// `maxvalue`.
    pub maximum: i64,
    /// `cache`.
    pub cache: i64,
    /// `cycle`.
    pub cycles: bool,
    /// The table and column that it belongs to.
    pub owner: Option<(TableName, String)>,
    /// Whether it is an identity column's, and made with it.
    pub is_identity: bool,
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The schema of its objects.
    pub schema: String,
}

impl TableDefinition {
    /// What replication keeps of it: the columns that are published.
    #[must_use]
    pub fn shape(&self) -> TableShape {
        TableShape {
            id: self.id,
            name: self.name.clone(),
            columns: self
                .columns
                .iter()
                .map(|column| column.shape.clone())
                .filter(|column| self.is_published(&column.name) || !column.generated.is_empty())
                .collect(),
        }
    }

    /// The columns that the load copies: those that are published and not generated.
    pub fn copied_columns(&self) -> impl Iterator<Item = &ColumnDefinition> {
        self.columns.iter().filter(|column| {
            column.shape.generated.is_empty() && self.is_published(&column.shape.name)
        })
    }

    /// Whether its rows can be copied in binary form between servers of one major version.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.copied_columns().all(|column| column.binary)
    }

    /// Whether it has rows of its own.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.kind == TableKind::Plain
    }

    /// Whether updates and deletes of its rows can be published.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        match self.identity {
            ReplicaIdentity::Full => true,
            ReplicaIdentity::Nothing => false,
            ReplicaIdentity::Index => self.indexes.iter().any(|index| index.is_replica_identity),
            ReplicaIdentity::Default => self
                .constraints
                .iter()
                .any(|constraint| constraint.kind == ConstraintKind::Primary),
        }
    }

    fn is_published(&self, column: &str) -> bool {
        self.published
            .as_ref()
            .and_then(|published| published.columns.as_ref())
            .is_none_or(|columns| columns.contains(column))
    }
}

impl Schema {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &TableName) -> Option<&TableDefinition> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// The names of all tables.
    pub fn names(&self) -> impl Iterator<Item = &TableName> {
        self.tables.iter().map(|table| &table.name)
    }
}
