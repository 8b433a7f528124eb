//! What a source table looked like at a moment: enough to tell later what was done to it.

use serde::{Deserialize, Serialize};

use crate::relation::TableName;

/// A source table's shape. It is stored at the target with the checkpoint, and told by the source's event trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its OID.
    pub id: u32,
    /// Its name.
    pub name: TableName,
    /// Its columns, by number; dropped ones are left out.
    pub columns: Vec<ShapeColumn>,
}

/// A column of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeColumn {
    /// `pg_attribute.attnum`: it stays when the column is renamed.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// Its type with its modifier, as `format_type` writes it.
    pub type_name: String,
    /// Its type's OID at the source.
    pub type_id: u32,
    /// Its type's modifier, -1 without.
    pub type_modifier: i32,
    /// Whether it is not null.
    #[serde(default)]
    pub not_null: bool,
    /// Its default (or generation expression), as `pg_get_expr` writes it.
    #[serde(default)]
    pub default: Option<String>,
    /// `s` if the source computes it (`GENERATED ALWAYS AS (…) STORED`), else empty.
    #[serde(default)]
    pub generated: String,
    /// `a` or `d` if it is an identity column (always, by default), else empty.
    #[serde(default)]
    pub identity: String,
    /// What rows that were there before the column have in it (`attmissingval`), as text.
    #[serde(default)]
    pub missing: Option<String>,
    /// Its collation if it is not its type's, quoted.
    #[serde(default)]
    pub collation: Option<String>,
}
