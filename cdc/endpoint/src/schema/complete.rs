//! What is made at the target after the load: indexes, keys, foreign keys, and what goes with them.

use std::collections::BTreeMap;

use pgoutput::message::ReplicaIdentity;
use replication::relation::TableName;
use tokio_postgres::Client;

use super::create::{Problem, Statement};
use super::create_table::is_made_with_table;
use super::definition::{Constraint, ConstraintKind, Index, Schema, TableDefinition, TableKind};
use super::presence::Presence;
use super::quote::{identifier, literal, relation};
use crate::Error;

/// What is to be done at the target after the load.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// One after the other.
    pub groups: Vec<Group>,
    /// What is left out, for people to read.
    pub problems: Vec<Problem>,
}

/// Statements that don't need each other.
#[derive(Clone, Debug)]
pub struct Group {
    /// Whether they may run at the same time.
    pub order: Order,
    /// The statements.
    pub statements: Vec<Step>,
}

/// Whether statements may run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// They may, each in a session of its own.
    Parallel,
    /// One after the other: they would wait for each other's locks in a circle.
    Sequential,
}

/// A statement, and how to see whether it was run before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The table that it belongs to.
    pub table: TableName,
    /// The statement; several commands in it are one transaction when they are sent together (`batch_execute`).
    pub statement: Statement,
    /// A query of one boolean: whether it is done already.
    pub done: String,
}

impl Step {
    /// Whether it was run before.
    ///
    /// # Errors
    /// When the catalogue can't be read.
    pub async fn is_done(&self, target: &Client) -> Result<bool, Error> {
        let row = target
            .query_one(&self.done, &[])
            .await
            .map_err(Error::sql("read the catalogue of the target"))?;
        Ok(row.get(0))
    }

    /// Runs it, unless it was run before.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run(&self, target: &Client) -> Result<(), Error> {
        if self.is_done(target).await? {
            return Ok(());
        }
        super::pin(target, &self.statement.description).await?;
        target
            .batch_execute(&self.statement.sql)
            .await
            .map_err(Error::sql(&self.statement.description))
    }
}

/// What these tables still need, which a [`Creation`](super::create::Creation) has made and the load has filled.
///
/// # Errors
/// When the catalogue can't be read.
pub async fn plan(
    schema: &Schema,
    target: &Client,
    tables: &[TableName],
) -> Result<Completion, Error> {
    let presence = Presence::read(target, schema).await?;
    let mut planner = Planner {
        presence: &presence,
        problems: Vec::new(),
    };
    let made: Vec<&TableDefinition> = schema
        .tables
        .iter()
        // One that was dropped at the source since its catalogue was read was not made.
        .filter(|table| tables.contains(&table.name) && presence.tables.contains(&table.name))
        .collect();
    let groups = vec![
        parallel(made.iter().flat_map(|table| planner.indexes(table))),
        parallel(made.iter().filter_map(|table| planner.constraints(table))),
        attachments(&made),
        parallel(made.iter().filter_map(|table| analysis(table))),
        Group {
            order: Order::Sequential,
            statements: made
                .iter()
                .flat_map(|table| planner.foreign_keys(table))
                .collect(),
        },
        parallel(made.iter().flat_map(|table| validations(table))),
        parallel(made.iter().filter_map(|table| finish(table, schema))),
    ];
    Ok(Completion {
        groups: groups
            .into_iter()
            .filter(|group| !group.statements.is_empty())
            .collect(),
        problems: planner.problems,
    })
}

fn parallel(statements: impl Iterator<Item = Step>) -> Group {
    Group {
        order: Order::Parallel,
        statements: statements.collect(),
    }
}

/// Leaves out what needs something that the target does not have.
struct Planner<'a> {
    presence: &'a Presence,
    problems: Vec<Problem>,
}

impl Planner<'_> {
    fn may(&mut self, table: &TableDefinition, what: &str, name: &str, needs: &[String]) -> bool {
        let Some(missing) = self.presence.lacks(needs) else {
            return true;
        };
        self.problems.push(Problem::new(
            &table.name,
            format!(
                "the {what} {name} is left out: it needs {missing}, which the target does not have"
            ),
        ));
        false
    }

    /// All indexes but those that can only be made with their constraint.
    fn indexes(&mut self, table: &TableDefinition) -> Vec<Step> {
        let mut steps = Vec::new();
        for index in &table.indexes {
            let constraint = constraint_of(table, index);
            let is_alone = constraint.is_none_or(|constraint| uses_index(table, constraint));
            if is_alone && self.may(table, "index", &index.name, &index.needs) {
                let name = TableName::new(&table.name.schema, &index.name);
                steps.push(Step {
                    table: table.name.clone(),
                    statement: Statement::new(
                        format!("create the index {} of {}", index.name, table.name),
                        &index.definition,
                    ),
                    done: exists(&name),
                });
            }
        }
        steps
    }

    /// Keys, exclusion constraints, and checks that can't be made with the table; all in one, as they would wait for each other.
    fn constraints(&mut self, table: &TableDefinition) -> Option<Step> {
        let mut commands = Vec::new();
        let mut done = Vec::new();
        for constraint in &table.constraints {
            let definition = match constraint.kind {
                ConstraintKind::Foreign => continue,
                ConstraintKind::Check
                    if is_made_with_table(table, constraint) || constraint.is_inherited =>
                {
                    continue;
                }
                ConstraintKind::Check | ConstraintKind::Exclusion => constraint.definition.clone(),
                ConstraintKind::Primary | ConstraintKind::Unique => {
                    match constraint
                        .index
                        .as_ref()
                        .filter(|_| uses_index(table, constraint))
                    {
                        Some(index) => format!(
                            "{} using index {}{}",
                            match constraint.kind {
                                ConstraintKind::Primary => "primary key",
                                _ => "unique",
                            },
                            identifier(index),
                            constraint.deferral
                        ),
                        None => constraint.definition.clone(),
                    }
                }
            };
            let index = table
                .indexes
                .iter()
                .find(|index| constraint.index.as_ref() == Some(&index.name));
            let index_needs = index
                .map(|index| index.needs.as_slice())
                .unwrap_or_default();
            if self.may(table, "constraint", &constraint.name, &constraint.needs)
                && self.may(table, "constraint", &constraint.name, index_needs)
            {
                commands.push(format!(
                    "alter table only {} add constraint {} {definition}",
                    relation(&table.name),
                    identifier(&constraint.name)
                ));
                done.push(has_constraint(&table.name, &constraint.name));
            }
        }
        step(table, "add the constraints of", &commands, &done)
    }

    /// Not valid at first where that can be: validation needs weaker locks, and runs in parallel.
    fn foreign_keys(&mut self, table: &TableDefinition) -> Vec<Step> {
        let mut steps = Vec::new();
        for constraint in foreign_keys(table) {
            let is_there = constraint
                .references
                .as_ref()
                .is_some_and(|name| self.presence.tables.contains(name));
            if !is_there {
                let references = constraint.references.as_ref();
                self.problems.push(Problem::new(
                    &table.name,
                    format!(
                        "the foreign key {} is left out: the target has no table {}",
                        constraint.name,
                        references.map(ToString::to_string).unwrap_or_default()
                    ),
                ));
                continue;
            }
            let not_valid = if is_validated(table, constraint) {
                " not valid"
            } else {
                ""
            };
            steps.push(Step {
                table: table.name.clone(),
                statement: Statement::new(
                    format!("add the foreign key {} of {}", constraint.name, table.name),
                    format!(
                        "alter table {} add constraint {} {}{not_valid}",
                        relation(&table.name),
                        identifier(&constraint.name),
                        constraint.definition
                    ),
                ),
                done: format!("select {}", has_constraint(&table.name, &constraint.name)),
            });
        }
        steps
    }
}

/// The constraint that an index belongs to.
fn constraint_of<'a>(table: &'a TableDefinition, index: &Index) -> Option<&'a Constraint> {
    table
        .constraints
        .iter()
        .find(|constraint| constraint.index.as_ref() == Some(&index.name))
}

/// Whether the index is built by itself, and the constraint made of it. Not for exclusion constraints, not for partitioned tables, and not
/// for keys without overlaps.
fn uses_index(table: &TableDefinition, constraint: &Constraint) -> bool {
    table.kind == TableKind::Plain
        && matches!(
            constraint.kind,
            ConstraintKind::Primary | ConstraintKind::Unique
        )
        && !constraint.definition.contains(" WITHOUT OVERLAPS)")
}

/// The foreign keys that are made for this table: a partition has those of its root with them.
fn foreign_keys(table: &TableDefinition) -> impl Iterator<Item = &Constraint> {
    table.constraints.iter().filter(|constraint| {
        constraint.kind == ConstraintKind::Foreign
            && !(constraint.is_inherited && table.partition.is_some())
    })
}

fn is_validated(table: &TableDefinition, constraint: &Constraint) -> bool {
    constraint.is_valid && table.kind == TableKind::Plain
}

fn validations(table: &TableDefinition) -> Vec<Step> {
    foreign_keys(table)
        .filter(|constraint| is_validated(table, constraint))
        .map(|constraint| Step {
            table: table.name.clone(),
            statement: Statement::new(
                format!("validate the foreign key {} of {}", constraint.name, table.name),
                format!(
                    "alter table {} validate constraint {}",
                    relation(&table.name),
                    identifier(&constraint.name)
                ),
            ),
            // One that was left out needs no validation.
            done: format!(
                "select not exists (select from pg_constraint where conrelid = to_regclass({}) and conname = {} and not convalidated)",
                literal(&relation(&table.name)),
                literal(&constraint.name)
            ),
        })
        .collect()
}

/// Partitions' indexes become parts of their parents', which are valid when they have all of theirs. One statement for each root.
fn attachments(tables: &[&TableDefinition]) -> Group {
    let mut roots: BTreeMap<&TableName, (&TableDefinition, Vec<String>, Vec<String>)> =
        BTreeMap::new();
    for table in tables {
        let Some(partition) = &table.partition else {
            continue;
        };
        for index in &table.indexes {
            let Some(parent) = &index.parent else {
                continue;
            };
            let name = TableName::new(&table.name.schema, &index.name);
            let (_, commands, done) = roots
                .entry(&partition.root)
                .or_insert_with(|| (table, Vec::new(), Vec::new()));
            commands.push(format!(
                "alter index {} attach partition {}",
                relation(parent),
                relation(&name)
            ));
            done.push(format!(
                "exists (select from pg_inherits where inhrelid = to_regclass({}))",
                literal(&relation(&name))
            ));
        }
    }
    parallel(
        roots
            .into_iter()
            .filter_map(|(root, (table, commands, done))| {
                let mut step = step(
                    table,
                    "attach the indexes of the partitions of",
                    &commands,
                    &done,
                )?;
                step.table = root.clone();
                step.statement.description =
                    format!("attach the indexes of the partitions of {root}");
                Some(step)
            }),
    )
}

/// Partitions are analysed with their root.
fn analysis(table: &TableDefinition) -> Option<Step> {
    table.partition.is_none().then(|| Step {
        table: table.name.clone(),
        statement: Statement::new(
            format!("analyze {}", table.name),
            format!("analyze {}", relation(&table.name)),
        ),
        done: "select false".to_owned(),
    })
}

/// Replica identity, the index that `cluster` uses, the sequences' owners. They may be done again.
fn finish(table: &TableDefinition, schema: &Schema) -> Option<Step> {
    let name = relation(&table.name);
    let mut commands = Vec::new();
    match table.identity {
        ReplicaIdentity::Default => {}
        ReplicaIdentity::Nothing => {
            commands.push(format!("alter table only {name} replica identity nothing"));
        }
        ReplicaIdentity::Full => {
            commands.push(format!("alter table only {name} replica identity full"));
        }
        ReplicaIdentity::Index => {
            let index = table.indexes.iter().find(|index| index.is_replica_identity);
            commands.extend(index.map(|index| {
                format!(
                    "alter table only {name} replica identity using index {}",
                    identifier(&index.name)
                )
            }));
        }
    }
    let clustered = table.indexes.iter().find(|index| index.is_clustered);
    commands.extend(
        clustered.map(|index| format!("alter table {name} cluster on {}", identifier(&index.name))),
    );
    for sequence in &schema.sequences {
        let owner = sequence.owner.as_ref().filter(|_| !sequence.is_identity);
        if let Some((_, column)) = owner.filter(|(owner, _)| *owner == table.name) {
            commands.push(format!(
                "alter sequence {} owned by {name}.{}",
                relation(&sequence.name),
                identifier(column)
            ));
        }
    }
    let done = vec!["false".to_owned()];
    step(table, "finish", &commands, &done)
}

fn step(table: &TableDefinition, what: &str, commands: &[String], done: &[String]) -> Option<Step> {
    (!commands.is_empty()).then(|| Step {
        table: table.name.clone(),
        statement: Statement::new(format!("{what} {}", table.name), commands.join(";\n")),
        done: format!("select {}", done.join(" and ")),
    })
}

fn exists(name: &TableName) -> String {
    format!(
        "select to_regclass({}) is not null",
        literal(&relation(name))
    )
}

fn has_constraint(table: &TableName, name: &str) -> String {
    format!(
        "exists (select from pg_constraint where conrelid = to_regclass({}) and conname = {})",
        literal(&relation(table)),
        literal(name)
    )
}
