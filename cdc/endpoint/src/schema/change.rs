//! Changes of a table's definition as SQL for the target.

use replication::relation::TableName;
use replication::schema_change::SchemaChange;
use replication::shape::{ShapeColumn, TableShape};

use super::quote::{identifier, literal, relation};

/// The statements that make a change at the target, where the table is called `table` before it.
///
/// Types, collations and extensions that a new column needs must be there: [`super::create::plan_surroundings`] makes them. A table that was
/// created is better made by [`super::create::plan`], with its keys and indexes; what is given here for it has only its columns.
#[must_use]
pub fn statements(table: &TableName, change: &SchemaChange) -> Vec<String> {
    let name = relation(table);
    match change {
        SchemaChange::CreateTable(shape) => vec![create_table(table, shape)],
        SchemaChange::DropTable => drop_table(table),
        SchemaChange::RenameTable { to } => rename_table(table, to),
        SchemaChange::AddColumn(column) => add_column(table, column),
        SchemaChange::DropColumn { name: column } => vec![format!(
            "alter table {name} drop column if exists {}",
            identifier(column)
        )],
        SchemaChange::RenameColumn { from, to } => vec![format!(
            "alter table {name} rename column {} to {}",
            identifier(from),
            identifier(to)
        )],
        SchemaChange::AlterType {
            name: column,
            column: shape,
        } => vec![alter_type(table, column, shape)],
        SchemaChange::AlterDefault {
            name: column,
            default,
        } => {
            let mut statements = sequence_of(default.as_deref());
            statements.push(alter(table, column, &set_default(default.as_deref())));
            statements
        }
        SchemaChange::AlterIdentity {
            name: column,
            identity,
        } => alter_identity(table, column, identity),
        SchemaChange::AlterGenerated {
            name: column,
            column: shape,
        } => alter_generated(table, column, shape),
        SchemaChange::AlterNotNull {
            name: column,
            not_null,
        } => {
            let what = if *not_null {
                "set not null"
            } else {
                "drop not null"
            };
            vec![alter(table, column, what)]
        }
    }
}

/// Whether the source has filled the column of the rows that were there with values that no stream tells, and that the target can't
/// compute alike: then the table must be loaded anew. The text says why.
#[must_use]
pub fn needs_reload(change: &SchemaChange) -> Option<String> {
    let SchemaChange::AddColumn(column) = change else {
        return None;
    };
    let default = column.default.as_deref().unwrap_or("");
    let differs = !column.identity.is_empty()
        || column.generated.is_empty() && column.missing.is_none() && default.contains('(');
    differs.then(|| {
        format!(
            "the values that the new column {} has in rows that were there before are not in the stream",
            column.name
        )
    })
}

fn alter(table: &TableName, column: &str, what: &str) -> String {
    format!(
        "alter table {} alter column {} {what}",
        relation(table),
        identifier(column)
    )
}

fn set_default(default: Option<&str>) -> String {
    match default {
        Some(default) => format!("set default {default}"),
        None => "drop default".to_owned(),
    }
}

fn typed(column: &ShapeColumn) -> String {
    match &column.collation {
        Some(collation) => format!("{} collate {collation}", column.type_name),
        None => column.type_name.clone(),
    }
}

/// The column with all that it has, but for not null and the values of rows that are there.
fn clause(column: &ShapeColumn) -> String {
    let mut clause = format!("{} {}", identifier(&column.name), typed(column));
    if !column.generated.is_empty() {
        clause.push_str(&format!(
            " generated always as ({}) {}",
            column.default.as_deref().unwrap_or("null"),
            if column.generated == "v" {
                "virtual"
            } else {
                "stored"
            }
        ));
    } else if !column.identity.is_empty() {
        clause.push_str(" generated ");
        clause.push_str(identity_kind(&column.identity));
        clause.push_str(" as identity");
    } else if let Some(default) = &column.default {
        clause.push_str(" default ");
        clause.push_str(default);
    }
    clause
}

fn identity_kind(identity: &str) -> &'static str {
    if identity == "a" {
        "always"
    } else {
        "by default"
    }
}

fn create_table(table: &TableName, shape: &TableShape) -> String {
    let columns: Vec<String> = shape
        .columns
        .iter()
        .map(|column| {
            let not_null = if column.not_null { " not null" } else { "" };
            format!("{}{not_null}", clause(column))
        })
        .collect();
    format!(
        "create table if not exists {} ({})",
        relation(table),
        columns.join(", ")
    )
}

/// Foreign keys that refer to the table went with it at the source, where it could not have been dropped otherwise. What else stands on it at the
/// target is not the source's: a view keeps the table from being dropped.
fn drop_table(table: &TableName) -> Vec<String> {
    let name = relation(table);
    let quoted = literal(&name);
    let keys = format!(
        "declare found record;
begin
    for found in select conrelid::regclass as referrer, conname from pg_constraint
                 where contype = 'f' and conparentid = 0 and confrelid = to_regclass({quoted}) and conrelid <> confrelid
    loop
        execute format('alter table %s drop constraint %I', found.referrer, found.conname);
    end loop;
end"
    );
    vec![
        format!("do {}", literal(&keys)),
        format!("drop table if exists {name}"),
    ]
}

fn rename_table(table: &TableName, to: &TableName) -> Vec<String> {
    let mut statements = Vec::new();
    if table.schema != to.schema {
        let schema = identifier(&to.schema);
        statements.push(format!("create schema if not exists {schema}"));
        statements.push(format!(
            "alter table {} set schema {schema}",
            relation(table)
        ));
    }
    if table.table != to.table {
        let moved = TableName::new(&to.schema, &table.table);
        statements.push(format!(
            "alter table {} rename to {}",
            relation(&moved),
            identifier(&to.table)
        ));
    }
    statements
}

/// Rows that are there get what the source's rows got, which need not be what the default gives by now.
fn add_column(table: &TableName, column: &ShapeColumn) -> Vec<String> {
    let name = relation(table);
    let not_null = if column.not_null { " not null" } else { "" };
    let mut statements = sequence_of(column.default.as_deref());
    match &column.missing {
        Some(missing) if column.generated.is_empty() && column.identity.is_empty() => {
            statements.push(format!(
                "alter table {name} add column {} {} default {}{not_null}",
                identifier(&column.name),
                typed(column),
                literal(missing)
            ));
            statements.push(alter(
                table,
                &column.name,
                &set_default(column.default.as_deref()),
            ));
        }
        Some(_) | None => {
            statements.push(format!(
                "alter table {name} add column {}{not_null}",
                clause(column)
            ));
        }
    }
    statements
}

/// A default that has no cast to the new type would be in the way: it goes before, and comes back as it is to be.
fn alter_type(table: &TableName, name: &str, column: &ShapeColumn) -> String {
    let quoted = identifier(name);
    let to_type = format!("alter column {quoted} type {}", typed(column));
    if !column.generated.is_empty() || !column.identity.is_empty() {
        return format!("alter table {} {to_type}", relation(table));
    }
    let mut actions = vec![
        format!("alter column {quoted} drop default"),
        format!("{to_type} using {quoted}::{}", column.type_name),
    ];
    if let Some(default) = &column.default {
        actions.push(format!("alter column {quoted} set default {default}"));
    }
    format!("alter table {} {}", relation(table), actions.join(", "))
}

fn alter_identity(table: &TableName, name: &str, identity: &str) -> Vec<String> {
    let mut statements = vec![alter(table, name, "drop identity if exists")];
    if !identity.is_empty() {
        let kind = identity_kind(identity);
        statements.push(alter(
            table,
            name,
            &format!("add generated {kind} as identity"),
        ));
    }
    statements
}

/// Before PostgreSQL 17 an expression can only be changed with its column.
fn alter_generated(table: &TableName, name: &str, column: &ShapeColumn) -> Vec<String> {
    if column.generated.is_empty() {
        let mut statements = vec![alter(table, name, "drop expression if exists")];
        if column.default.is_some() {
            statements.push(alter(table, name, &set_default(column.default.as_deref())));
        }
        return statements;
    }
    let table = relation(table);
    vec![
        format!(
            "alter table {table} drop column if exists {}",
            identifier(name)
        ),
        format!("alter table {table} add column {}", clause(column)),
    ]
}

/// The sequence that a default takes its values from, if it is missing.
fn sequence_of(default: Option<&str>) -> Vec<String> {
    default
        .and_then(|default| {
            let quoted = default.strip_prefix("nextval('")?;
            let (name, _) = quoted.split_once("'::regclass)")?;
            Some(format!(
                "create sequence if not exists {}",
                name.replace("''", "'")
            ))
        })
        .into_iter()
        .collect()
}
