//! A table with its columns and checks, as the target gets it before the load.

use super::create::{Problem, Statement, require, sequence_options};
use super::definition::{
    ColumnDefinition, Constraint, ConstraintKind, Persistence, TableDefinition, TableKind,
};
use super::presence::Presence;
use super::quote::{identifier, literal, relation};
use crate::Error;

/// The statement, with all that `create table` itself has no words for.
pub(super) fn create_table(
    table: &TableDefinition,
    presence: &Presence,
    problems: &mut Vec<Problem>,
) -> Result<Statement, Error> {
    let name = &table.name;
    require(presence, &table.needs, &format!("the table {name}"))?;
    let mut parts = Vec::new();
    for column in &table.columns {
        // What comes from a parent only is not said again.
        if column.is_local || table.inherits.is_empty() {
            parts.push(column_clause(table, column, presence, problems)?);
        }
    }
    let checks = table
        .constraints
        .iter()
        .filter(|constraint| is_made_with_table(table, constraint));
    for check in checks {
        match presence.lacks(&check.needs) {
            None => parts.push(format!(
                "constraint {} {}",
                identifier(&check.name),
                check.definition
            )),
            Some(missing) => problems.push(Problem::new(
                name,
                format!(
                    "the check {} is left out: it needs {missing}, which the target does not have",
                    check.name
                ),
            )),
        }
    }
    let mut sql = format!(
        "create {}table {} ({})",
        match table.persistence {
            Persistence::Logged => "",
            Persistence::Unlogged => "unlogged ",
        },
        relation(name),
        parts.join(", ")
    );
    if !table.inherits.is_empty() {
        let parents: Vec<String> = table.inherits.iter().map(relation).collect();
        sql.push_str(&format!(" inherits ({})", parents.join(", ")));
    }
    if let TableKind::Partitioned { key } = &table.kind {
        sql.push_str(&format!(" partition by {key}"));
    }
    if !table.options.is_empty() {
        let options: Vec<String> = table
            .options
            .iter()
            .map(|option| storage_option(option))
            .collect();
        sql.push_str(&format!(" with ({})", options.join(", ")));
    }
    let mut statement = Statement::new(format!("create the table {name}"), sql);
    for more in details(table, presence) {
        statement.sql.push_str(";\n");
        statement.sql.push_str(&more);
    }
    Ok(statement)
}

/// A check that isn't valid for the rows that are there can only be added after them.
pub(super) fn is_made_with_table(table: &TableDefinition, constraint: &Constraint) -> bool {
    constraint.kind == ConstraintKind::Check
        && constraint.is_valid
        && (!constraint.is_inherited || table.inherits.is_empty())
}

fn storage_option(option: &str) -> String {
    match option.split_once('=') {
        Some((name, value)) => format!("{name} = {}", literal(value)),
        None => option.to_owned(),
    }
}

fn column_clause(
    table: &TableDefinition,
    column: &ColumnDefinition,
    presence: &Presence,
    problems: &mut Vec<Problem>,
) -> Result<String, Error> {
    let shape = &column.shape;
    let mut clause = format!("{} {}", identifier(&shape.name), shape.type_name);
    if let Some(collation) = &shape.collation {
        clause.push_str(&format!(" collate {collation}"));
    }
    let missing = presence.lacks(&column.needs);
    match (shape.generated.as_str(), &shape.default, missing) {
        ("", Some(_), Some(missing)) => problems.push(Problem::new(
            &table.name,
            format!(
                "the default of {} is left out: it needs {missing}, which the target does not have",
                shape.name
            ),
        )),
        ("", Some(default), None) => clause.push_str(&format!(" default {default}")),
        ("", None, _) => {}
        // Its values are not in the stream: without its expression it would have none.
        (_, _, Some(_)) => require(
            presence,
            &column.needs,
            &format!("the generated column {} of {}", shape.name, table.name),
        )?,
        (kind, expression, None) => clause.push_str(&format!(
            " generated always as ({}) {}",
            expression.as_deref().unwrap_or("null"),
            if kind == "v" { "virtual" } else { "stored" }
        )),
    }
    // A partition has its root's identity, from PostgreSQL 17 on, and none before.
    if !shape.identity.is_empty() && table.partition.is_none() {
        let options = column.sequence.as_ref().map(|sequence| {
            format!(
                " (sequence name {} {})",
                relation(&sequence.name),
                sequence_options(sequence)
            )
        });
        clause.push_str(&format!(
            " generated {} as identity{}",
            if shape.identity == "a" {
                "always"
            } else {
                "by default"
            },
            options.unwrap_or_default()
        ));
    }
    if shape.not_null {
        clause.push_str(" not null");
    }
    Ok(clause)
}

/// What `create table` has no words for.
fn details(table: &TableDefinition, presence: &Presence) -> Vec<String> {
    let name = relation(&table.name);
    let mut details = Vec::new();
    for column in &table.columns {
        let alter = |what: String| {
            format!(
                "alter table only {name} alter column {} {what}",
                identifier(&column.shape.name)
            )
        };
        if let Some(storage) = column.storage {
            details.push(alter(format!("set storage {storage}")));
        }
        let compression = column
            .compression
            .filter(|method| presence.compresses_with(method));
        if let Some(method) = compression {
            details.push(alter(format!("set compression {method}")));
        }
        if !column.is_local && !table.inherits.is_empty() {
            if let Some(default) = &column.shape.default
                && column.shape.generated.is_empty()
                && presence.lacks(&column.needs).is_none()
            {
                details.push(alter(format!("set default {default}")));
            }
            if column.shape.not_null {
                details.push(alter("set not null".to_owned()));
            }
        }
        if let Some(comment) = &column.comment {
            details.push(format!(
                "comment on column {name}.{} is {}",
                identifier(&column.shape.name),
                literal(comment)
            ));
        }
    }
    if let Some(comment) = &table.comment {
        details.push(format!("comment on table {name} is {}", literal(comment)));
    }
    if let Some(partition) = &table.partition {
        details.push(format!(
            "alter table only {} attach partition {name} {}",
            relation(&partition.parent),
            partition.bound
        ));
    }
    details
}
