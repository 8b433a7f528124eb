//! What was done to a table's definition, told from two shapes of it.

use crate::relation::{Relation, TableName};
use crate::shape::{ShapeColumn, TableShape};

/// One change of a table's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaChange {
    /// It was created.
    CreateTable(TableShape),
    /// It was dropped.
    DropTable,
    /// It has another name, or is in another schema.
    RenameTable {
        /// The new one.
        to: TableName,
    },
    /// A column was added.
    AddColumn(ShapeColumn),
    /// A column was dropped.
    DropColumn {
        /// Which.
        name: String,
    },
    /// A column has another name.
    RenameColumn {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
    },
    /// A column has another type.
    AlterType {
        /// Which.
        name: String,
        /// What it is now.
        column: ShapeColumn,
    },
    /// A column's default changed.
    AlterDefault {
        /// Which.
        name: String,
        /// What it is now.
        default: Option<String>,
    },
    /// A column became not null, or nullable.
    AlterNotNull {
        /// Which.
        name: String,
        /// What it is now.
        not_null: bool,
    },
}

/// What was done between two shapes of one table, in an order in which it can be done again: table renamed, columns dropped, renamed
/// (also around a circle, by a name in between), retyped, added. Columns are the same when their numbers are.
#[must_use]
pub fn between(before: &TableShape, after: &TableShape) -> Vec<SchemaChange> {
    let _ = (before, after);
    Vec::new()
}

/// The shape after a Relation message, for sources without an event trigger: by the shape before, the message, and what the source's catalogue
/// says now (which may be later than the message). Renames are told by number where the catalogue still has the name, else by place and type.
#[must_use]
pub fn after_relation(
    before: &TableShape,
    relation: &Relation,
    now: Option<&TableShape>,
) -> TableShape {
    let _ = (relation, now);
    before.clone()
}
