//! What a target table looks like after a change of its definition that is not committed yet, so that no other session can ask the catalogue.

use endpoint::schema::target_table::TargetType;
use replication::schema_change::SchemaChange;
use replication::shape::ShapeColumn;
use replication::table::{TargetColumn, TargetTable, UniqueIndex};

/// The column whose type at the target must be known for [`after`].
pub(crate) fn column_of(change: &SchemaChange) -> Option<&ShapeColumn> {
    match change {
        SchemaChange::AddColumn(column) | SchemaChange::AlterType { column, .. } => Some(column),
        SchemaChange::CreateTable(_)
        | SchemaChange::DropTable
        | SchemaChange::RenameTable { .. }
        | SchemaChange::DropColumn { .. }
        | SchemaChange::RenameColumn { .. }
        | SchemaChange::AlterDefault { .. }
        | SchemaChange::AlterIdentity { .. }
        | SchemaChange::AlterGenerated { .. }
        | SchemaChange::AlterNotNull { .. } => None,
    }
}

/// The table after the change; `kind` is the type at the target of the change's column, if it has one.
pub(crate) fn after(
    table: &TargetTable,
    change: &SchemaChange,
    kind: Option<&TargetType>,
) -> TargetTable {
    let mut table = table.clone();
    let place = |table: &TargetTable, name: &str| {
        table.columns.iter().position(|column| column.name == name)
    };
    match change {
        SchemaChange::CreateTable(_) | SchemaChange::DropTable => {}
        SchemaChange::AlterDefault { .. } => {}
        SchemaChange::AlterIdentity { name, identity } => {
            if let Some(place) = place(&table, name) {
                table.columns[place].identity_always = identity == "a";
            }
        }
        SchemaChange::AlterGenerated { name, column } => {
            if let Some(place) = place(&table, name) {
                table.columns[place].generated = !column.generated.is_empty();
            }
        }
        SchemaChange::RenameTable { to } => table.name = to.clone(),
        SchemaChange::AddColumn(column) => {
            if let Some(kind) = kind
                && place(&table, &column.name).is_none()
            {
                table.columns.push(TargetColumn {
                    name: column.name.clone(),
                    type_name: kind.name.clone(),
                    type_id: kind.id,
                    not_null: column.not_null,
                    generated: !column.generated.is_empty(),
                    identity_always: column.identity == "a",
                    comparable: kind.comparable,
                });
            }
        }
        SchemaChange::DropColumn { name } => {
            if let Some(place) = place(&table, name) {
                drop_column(&mut table, place);
            }
        }
        SchemaChange::RenameColumn { from, to } => {
            if let Some(place) = place(&table, from) {
                table.columns[place].name.clone_from(to);
            }
        }
        SchemaChange::AlterType { name, .. } => {
            if let (Some(place), Some(kind)) = (place(&table, name), kind) {
                let column = &mut table.columns[place];
                column.type_name.clone_from(&kind.name);
                column.type_id = kind.id;
                column.comparable = kind.comparable;
            }
        }
        SchemaChange::AlterNotNull { name, not_null } => {
            if let Some(place) = place(&table, name) {
                table.columns[place].not_null = *not_null;
            }
            let columns = &table.columns;
            for index in &mut table.unique_indexes {
                index.not_null = index.columns.iter().all(|&column| columns[column].not_null);
            }
        }
    }
    table
}

/// PostgreSQL drops the indexes of a column with it.
fn drop_column(table: &mut TargetTable, place: usize) {
    table.columns.remove(place);
    let shifted = |columns: &[usize]| -> Option<Vec<usize>> {
        (!columns.contains(&place)).then(|| {
            columns
                .iter()
                .map(|&column| column - usize::from(column > place))
                .collect()
        })
    };
    table.primary_key = shifted(&table.primary_key).unwrap_or_default();
    table.unique_indexes = table
        .unique_indexes
        .iter()
        .filter_map(|index| {
            Some(UniqueIndex {
                columns: shifted(&index.columns)?,
                not_null: index.not_null,
            })
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use endpoint::schema::target_table::TargetType;
    use replication::relation::TableName;
    use replication::schema_change::SchemaChange;
    use replication::shape::ShapeColumn;
    use replication::table::{TargetColumn, TargetTable, UniqueIndex};

    use super::after;

    fn table() -> TargetTable {
        let column = |name: &str| TargetColumn {
            name: name.to_owned(),
            type_name: "integer".to_owned(),
            type_id: 23,
            not_null: name == "a",
            generated: false,
            identity_always: false,
            comparable: true,
        };
        TargetTable {
            name: TableName::new("public", "t"),
            columns: ["a", "b", "c"].map(column).to_vec(),
            primary_key: vec![0],
            unique_indexes: vec![UniqueIndex {
                columns: vec![0, 2],
                not_null: false,
            }],
            other_constraints: false,
            triggers_fire: false,
        }
    }

    fn text(table: &TargetTable) -> String {
        let column = |place: &usize| table.columns[*place].name.clone();
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.not_null { "!" } else { "" };
                format!("{} {}{null}", column.name, column.type_name)
            })
            .collect();
        let key: Vec<String> = table.primary_key.iter().map(column).collect();
        let unique: Vec<String> = table
            .unique_indexes
            .iter()
            .map(|index| {
                let columns: Vec<String> = index.columns.iter().map(column).collect();
                format!(
                    "{}{}",
                    columns.join("+"),
                    if index.not_null { "!" } else { "" }
                )
            })
            .collect();
        format!(
            "{}({}) key {} unique {}",
            table.name,
            columns.join(", "),
            key.join("+"),
            unique.join(",")
        )
    }

    #[test]
    fn a_change_is_seen_before_it_is_committed() {
        let text_type = TargetType {
            name: "text".to_owned(),
            id: 25,
            comparable: true,
        };
        let check = |change: SchemaChange, expected: &str| {
            assert_eq!(
                text(&after(&table(), &change, Some(&text_type))),
                expected,
                "{change:?}"
            );
        };
        let column = |name: &str| ShapeColumn {
            number: 4,
            name: name.to_owned(),
            type_name: "text".to_owned(),
            type_id: 25,
            type_modifier: -1,
            not_null: false,
            default: None,
            generated: String::new(),
            identity: String::new(),
            missing: None,
            collation: None,
        };
        let name = str::to_owned;
        check(
            SchemaChange::AddColumn(column("d")),
            "public.t(a integer!, b integer, c integer, d text) key a unique a+c",
        );
        check(
            SchemaChange::DropColumn { name: name("b") },
            "public.t(a integer!, c integer) key a unique a+c",
        );
        check(
            SchemaChange::DropColumn { name: name("a") },
            "public.t(b integer, c integer) key  unique ",
        );
        check(
            SchemaChange::RenameColumn {
                from: name("c"),
                to: name("z"),
            },
            "public.t(a integer!, b integer, z integer) key a unique a+z",
        );
        check(
            SchemaChange::AlterType {
                name: name("b"),
                column: column("b"),
            },
            "public.t(a integer!, b text, c integer) key a unique a+c",
        );
        check(
            SchemaChange::AlterNotNull {
                name: name("c"),
                not_null: true,
            },
            "public.t(a integer!, b integer, c integer!) key a unique a+c!",
        );
        check(
            SchemaChange::RenameTable {
                to: TableName::new("other", "u"),
            },
            "other.u(a integer!, b integer, c integer) key a unique a+c",
        );
    }
}
