//! What is made at the target before the load: schemas, extensions, types, sequences, tables.

use std::collections::BTreeSet;

use replication::relation::TableName;
use replication::settings::PrepareMode;
use tokio_postgres::Client;

use super::create_table::create_table;
use super::definition::{Schema, Sequence, TableDefinition, TypeDefinition};
use super::pin;
use super::presence::Presence;
use super::quote::{identifier, identifiers, literal, relation};
use crate::Error;

/// What is to be done at the target before the load.
#[derive(Clone, Debug, Default)]
pub struct Creation {
    /// The statements, in their order; [`Creation::run`] runs them in one transaction.
    pub statements: Vec<Statement>,
    /// The tables that they make.
    pub created: Vec<TableName>,
    /// The tables that are there already, and stay.
    pub existing: Vec<TableName>,
    /// What can't be as it is at the source, for people to read.
    pub problems: Vec<Problem>,
}

/// A statement, or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it does, as in `create the table public.orders`.
    pub description: String,
    /// The SQL.
    pub sql: String,
}

/// Something that the target will not have, or will lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Of which table.
    pub table: Option<TableName>,
    /// What, and why.
    pub text: String,
}

impl Statement {
    pub(super) fn new(description: impl Into<String>, sql: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            sql: sql.into(),
        }
    }

    /// Runs it by itself.
    ///
    /// # Errors
    /// When it fails; it is named.
    pub async fn run(&self, target: &Client) -> Result<(), Error> {
        pin(target, &self.description).await?;
        let done = target.batch_execute(&self.sql).await;
        done.map_err(Error::sql(&self.description))
    }
}

impl Problem {
    pub(super) fn new(table: &TableName, text: impl Into<String>) -> Self {
        Self {
            table: Some(table.clone()),
            text: text.into(),
        }
    }
}

impl Creation {
    /// Runs the statements, all or none.
    ///
    /// # Errors
    /// When one fails; it is named.
    pub async fn run(&self, target: &Client) -> Result<(), Error> {
        const WHAT: &str = "prepare the tables of the target";
        if self.statements.is_empty() {
            return Ok(());
        }
        pin(target, WHAT).await?;
        target
            .batch_execute("begin")
            .await
            .map_err(Error::sql(WHAT))?;
        for statement in &self.statements {
            if let Err(error) = target.batch_execute(&statement.sql).await {
                // The first error counts: when the connection is gone, so is the transaction.
                drop(target.batch_execute("rollback").await);
                return Err(Error::sql(&statement.description)(error));
            }
        }
        target
            .batch_execute("commit")
            .await
            .map_err(Error::sql(WHAT))
    }

    /// The target table that a source table's rows are copied into: the table of its name, or, for a partition of a table that was there
    /// before and may divide its rows otherwise, that table.
    #[must_use]
    pub fn load_table<'a>(&self, table: &'a TableDefinition) -> &'a TableName {
        match &table.partition {
            Some(partition) if !self.created.contains(&table.name) => &partition.root,
            Some(_) | None => &table.name,
        }
    }
}

/// Finds out what is missing at the target, and how to make it.
///
/// # Errors
/// When the catalogue can't be read, or a table can't be made.
pub async fn plan(schema: &Schema, target: &Client, mode: PrepareMode) -> Result<Creation, Error> {
    let presence = Presence::read(target, schema).await?;
    let mut creation = Creation::default();
    let kept = prepare(schema, &presence, mode, &mut creation);
    for table in &schema.tables {
        if kept.contains(&table.name) {
            creation.existing.push(table.name.clone());
        } else if !joins(table, &kept) {
            creation.created.push(table.name.clone());
        }
    }
    surroundings(schema, &presence, &mut creation)?;
    for table in &schema.tables {
        if creation.created.contains(&table.name) {
            let statement = create_table(table, &presence, &mut creation.problems)?;
            creation.statements.push(statement);
        }
    }
    Ok(creation)
}

/// What the tables need besides, and the target lacks: types and their labels, sequences, extensions, collations. For tables that are there, before
/// a change of their definition that the source has made is made at the target.
///
/// # Errors
/// When the catalogue can't be read, or a type can't be made.
pub async fn plan_surroundings(schema: &Schema, target: &Client) -> Result<Creation, Error> {
    let presence = Presence::read(target, schema).await?;
    let mut creation = Creation::default();
    surroundings(schema, &presence, &mut creation)?;
    Ok(creation)
}

/// Drops or empties what is there, as the mode says, and tells the tables that stay.
fn prepare<'a>(
    schema: &'a Schema,
    presence: &Presence,
    mode: PrepareMode,
    creation: &mut Creation,
) -> BTreeSet<&'a TableName> {
    let there: Vec<&TableDefinition> = schema
        .tables
        .iter()
        .filter(|table| presence.tables.contains(&table.name))
        .collect();
    match mode {
        PrepareMode::DoNothing => {}
        PrepareMode::DropAndCreate => {
            for table in there {
                let name = &table.name;
                creation.statements.push(Statement::new(
                    format!("drop the table {name}"),
                    format!("drop table if exists {} cascade", relation(name)),
                ));
                let dependants = presence.dependants.get(name).into_iter().flatten();
                creation.problems.extend(dependants.map(|dependant| {
                    Problem::new(name, format!("{dependant} is dropped with the table"))
                }));
            }
            return BTreeSet::new();
        }
        PrepareMode::TruncateBeforeLoad => {
            // A partition is emptied with its root, and alone if the target's root is not there.
            let names: Vec<String> = there
                .iter()
                .filter(|table| {
                    let root = table.partition.as_ref().map(|partition| &partition.root);
                    root.is_none_or(|root| !presence.tables.contains(root))
                })
                .map(|table| match presence.partitioned.contains(&table.name) {
                    true => relation(&table.name),
                    // Its children by inheritance are not its partitions.
                    false => format!("only {}", relation(&table.name)),
                })
                .collect();
            if !names.is_empty() {
                creation.statements.push(Statement::new(
                    "empty the tables of the target",
                    format!("truncate {}", names.join(", ")),
                ));
            }
        }
    }
    there.into_iter().map(|table| &table.name).collect()
}

/// Whether it is a partition of a table that is there already, and divides its rows as it likes.
fn joins(table: &TableDefinition, kept: &BTreeSet<&TableName>) -> bool {
    table
        .partition
        .as_ref()
        .is_some_and(|partition| kept.contains(&partition.root))
}

/// Everything that tables need: schemas, extensions, collations, types, sequences.
fn surroundings(
    schema: &Schema,
    presence: &Presence,
    creation: &mut Creation,
) -> Result<(), Error> {
    let mut schemas: BTreeSet<&str> = creation
        .created
        .iter()
        .map(|name| name.schema.as_str())
        .collect();
    schemas.extend(schema.types.iter().map(|each| each.schema.as_str()));
    schemas.extend(schema.collations.iter().map(|each| each.schema.as_str()));
    schemas.extend(
        schema
            .sequences
            .iter()
            .map(|each| each.name.schema.as_str()),
    );
    let (missing, unavailable): (Vec<_>, Vec<_>) = schema
        .extensions
        .iter()
        .filter(|extension| !presence.extensions.contains(&extension.name))
        .partition(|extension| presence.available_extensions.contains(&extension.name));
    schemas.extend(missing.iter().map(|each| each.schema.as_str()));
    for name in schemas {
        if !presence.schemas.contains(name) {
            creation.statements.push(Statement::new(
                format!("create the schema {name}"),
                format!("create schema if not exists {}", identifier(name)),
            ));
        }
    }
    for extension in unavailable {
        creation.problems.push(Problem {
            table: None,
            text: format!(
                "the extension {} is not installed on the target's server",
                extension.name
            ),
        });
    }
    for extension in missing {
        creation.statements.push(Statement::new(
            format!("create the extension {}", extension.name),
            format!(
                "create extension if not exists {} schema {}",
                identifier(&extension.name),
                identifier(&extension.schema)
            ),
        ));
    }
    for collation in &schema.collations {
        creation
            .statements
            .push(Statement::new("create a collation", &collation.create));
    }
    for each in &schema.types {
        if presence.types.contains(&each.name) {
            creation.statements.extend(missing_labels(each, presence));
            continue;
        }
        let sql = each.create.as_ref().map_err(|reason| {
            Error::Refused(format!(
                "cannot create the type {} at the target: {reason}; create it there",
                each.name
            ))
        })?;
        require(presence, &each.needs, &format!("the type {}", each.name))?;
        creation.statements.push(Statement::new(
            format!("create the type {}", each.name),
            sql,
        ));
    }
    for sequence in &schema.sequences {
        let dropped_with_it = sequence
            .owner
            .as_ref()
            .is_some_and(|(table, _)| creation.created.contains(table));
        let is_there = presence.sequences.contains(&sequence.name) && !dropped_with_it;
        if !sequence.is_identity && !is_there {
            creation.statements.push(Statement::new(
                format!("create the sequence {}", sequence.name),
                format!(
                    "create sequence if not exists {} as {} {}",
                    relation(&sequence.name),
                    sequence.type_name,
                    sequence_options(sequence)
                ),
            ));
        }
    }
    Ok(())
}

/// Labels that an enum of the target lacks, each put after the one that it follows at the source.
fn missing_labels(each: &TypeDefinition, presence: &Presence) -> Vec<Statement> {
    let known = presence.labels.get(&each.name);
    let is_missing = |label: &String| known.is_some_and(|known| !known.contains(label));
    let mut before: Option<&String> = None;
    let mut statements = Vec::new();
    for label in &each.labels {
        if is_missing(label) {
            let place = match (before, known.and_then(|known| known.first())) {
                (Some(before), _) => format!(" after {}", literal(before)),
                (None, Some(first)) => format!(" before {}", literal(first)),
                (None, None) => String::new(),
            };
            statements.push(Statement::new(
                format!("add the label {label} to the type {}", each.name),
                format!(
                    "alter type {} add value if not exists {}{place}",
                    each.name,
                    literal(label)
                ),
            ));
        }
        before = Some(label);
    }
    statements
}

pub(super) fn sequence_options(sequence: &Sequence) -> String {
    format!(
        "start with {} increment by {} minvalue {} maxvalue {} cache {}{}",
        sequence.start,
        sequence.increment,
        sequence.minimum,
        sequence.maximum,
        sequence.cache,
        if sequence.cycles { " cycle" } else { "" }
    )
}

/// Refuses to go on when something is needed that the target does not have.
pub(super) fn require(presence: &Presence, needs: &[String], what: &str) -> Result<(), Error> {
    match presence.lacks(needs) {
        None => Ok(()),
        Some(missing) => Err(Error::Refused(format!(
            "cannot create {what} at the target: it needs {missing}, which the target does not have; create it there"
        ))),
    }
}

/// The statement that empties these tables, as a load that begins anew needs it.
#[must_use]
pub fn truncate(tables: &[TableName]) -> String {
    let names: Vec<String> = tables.iter().map(relation).collect();
    format!("truncate only {}", names.join(", only "))
}

/// The columns of a table in a list, quoted, as `copy` wants them.
#[must_use]
pub fn column_list(table: &TableDefinition) -> String {
    identifiers(
        table
            .copied_columns()
            .map(|column| column.shape.name.as_str()),
    )
}
