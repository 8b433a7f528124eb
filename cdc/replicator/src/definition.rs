//! What a source told about a table's definition, and what the settings want done about it.

use pgoutput::message::{RelationId, Xid};
use replication::relation::TableName;
use replication::schema_change::{SchemaChange, between};
use replication::settings::{DdlPolicies, DdlPolicy};
use replication::shape::TableShape;
use serde::Deserialize;

/// What a message of the source's event trigger says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Told {
    /// A table was created or altered, and looks like this now.
    Table {
        /// The command, as in `ALTER TABLE`.
        tag: String,
        /// The table.
        table: TableShape,
    },
    /// A table was dropped.
    Dropped {
        /// Which.
        dropped: Dropped,
    },
}

/// A table that was dropped.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Dropped {
    /// Its OID.
    pub(crate) id: u32,
    /// Its name.
    #[serde(flatten)]
    pub(crate) name: TableName,
}

/// Reads a message's content.
pub(crate) fn read(content: &[u8]) -> Result<Told, serde_json::Error> {
    serde_json::from_slice(content)
}

/// The subtransaction that wrote a message, if it says so: triggers that were installed long ago do not.
pub(crate) fn subtransaction(content: &[u8]) -> Option<Xid> {
    #[derive(Deserialize)]
    struct Written {
        subtransaction: Option<Xid>,
    }
    let written: Written = serde_json::from_slice(content).ok()?;
    written.subtransaction
}

/// The table that a message is about.
pub(crate) fn table(told: &Told) -> RelationId {
    match told {
        Told::Table { table, .. } => table.id,
        Told::Dropped { dropped } => dropped.id,
    }
}

/// What was done to a table that was known in this shape.
pub(crate) fn changes(before: &TableShape, told: &Told) -> Vec<SchemaChange> {
    match told {
        Told::Table { table, .. } => between(before, table),
        Told::Dropped { .. } => vec![SchemaChange::DropTable],
    }
}

/// What the settings want done about a change, and which setting it is.
pub(crate) fn policy(policies: &DdlPolicies, change: &SchemaChange) -> (DdlPolicy, &'static str) {
    match change {
        SchemaChange::DropTable => (policies.dropped, "HandleSourceTableDropped"),
        SchemaChange::CreateTable(_)
        | SchemaChange::RenameTable { .. }
        | SchemaChange::AddColumn(_)
        | SchemaChange::DropColumn { .. }
        | SchemaChange::RenameColumn { .. }
        | SchemaChange::AlterType { .. }
        | SchemaChange::AlterDefault { .. }
        | SchemaChange::AlterIdentity { .. }
        | SchemaChange::AlterGenerated { .. }
        | SchemaChange::AlterNotNull { .. } => (policies.altered, "HandleSourceTableAltered"),
    }
}

/// A change in words, for people.
pub(crate) fn describe(change: &SchemaChange) -> String {
    match change {
        SchemaChange::CreateTable(_) => "it was created".to_owned(),
        SchemaChange::DropTable => "it was dropped".to_owned(),
        SchemaChange::RenameTable { to } => format!("it was renamed to {to}"),
        SchemaChange::AddColumn(column) => {
            format!("the column {} {} was added", column.name, column.type_name)
        }
        SchemaChange::DropColumn { name } => format!("the column {name} was dropped"),
        SchemaChange::RenameColumn { from, to } => {
            format!("the column {from} was renamed to {to}")
        }
        SchemaChange::AlterType { name, column } => {
            format!("the type of {name} was changed to {}", column.type_name)
        }
        SchemaChange::AlterDefault { name, .. } => format!("the default of {name} was changed"),
        SchemaChange::AlterIdentity { name, identity } => match identity.as_str() {
            "" => format!("the column {name} is no identity column any more"),
            _ => format!("the column {name} is an identity column now"),
        },
        SchemaChange::AlterGenerated { name, column } => match column.generated.as_str() {
            "" => format!("the column {name} is not computed any more"),
            _ => format!("the column {name} is computed now"),
        },
        SchemaChange::AlterNotNull { name, not_null } => match not_null {
            true => format!("the column {name} must have a value now"),
            false => format!("the column {name} may be null now"),
        },
    }
}

#[cfg(test)]
mod tests {
    use replication::relation::TableName;

    use super::{Told, read};

    #[test]
    fn messages_of_the_trigger_are_read() {
        let dropped = read(br#"{"dropped": {"id": 16384, "schema": "public", "table": "t"}}"#);
        match dropped.unwrap() {
            Told::Dropped { dropped } => {
                assert_eq!(dropped.id, 16384);
                assert_eq!(dropped.name, TableName::new("public", "t"));
            }
            told @ Told::Table { .. } => panic!("{told:?}"),
        }
        let altered = read(
            br#"{"tag": "ALTER TABLE", "table": {"id": 1, "name": {"schema": "s", "table": "t"},
                "columns": [{"number": 1, "name": "id", "type_name": "integer", "type_id": 23, "type_modifier": -1}]}}"#,
        );
        match altered.unwrap() {
            Told::Table { tag, table } => {
                assert_eq!(tag, "ALTER TABLE");
                assert_eq!(table.columns[0].name, "id");
            }
            told @ Told::Dropped { .. } => panic!("{told:?}"),
        }
    }
}
