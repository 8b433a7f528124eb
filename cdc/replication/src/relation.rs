//! A source table as the stream describes it.

use std::fmt;

use pgoutput::message::{RelationBody, RelationId, ReplicaIdentity};

/// A schema's and a table's name, exactly as the catalogue has them.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

impl TableName {
    /// A name of two parts.
    #[must_use]
    pub fn new(schema: impl Into<String>, table: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            table: table.into(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.table)
    }
}

/// A source table as a Relation message described it. A newer message makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Its OID at the source.
    pub id: RelationId,
    /// Its name.
    pub name: TableName,
    /// What identifies a row.
    pub identity: ReplicaIdentity,
    /// Its published columns, in the order of tuples.
    pub columns: Vec<Column>,
}

/// A published column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it is a part of the replica identity.
    pub key: bool,
    /// Its type's OID at the source.
    pub type_id: u32,
    /// Its type's modifier, -1 without.
    pub type_modifier: i32,
}

impl From<&RelationBody<'_>> for Relation {
    fn from(body: &RelationBody<'_>) -> Self {
        Self {
            id: body.id,
            name: TableName::new(body.namespace, body.name),
            identity: body.identity,
            columns: body
                .columns()
                .map(|column| Column {
                    name: column.name.to_owned(),
                    key: column.key,
                    type_id: column.type_id,
                    type_modifier: column.type_modifier,
                })
                .collect(),
        }
    }
}
