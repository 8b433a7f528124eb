//! What a task's tables are: what the stream names, and which heaps at the source have its rows.

use endpoint::schema::definition::{Published, Schema, TableDefinition};

/// A table of the task: a relation of the stream, with all heaps that have its rows.
#[derive(Clone, Debug)]
pub(crate) struct Unit<'a> {
    /// The table that the stream names.
    pub(crate) table: &'a TableDefinition,
    /// The tables that have its rows: itself, or its partitions.
    pub(crate) heaps: Vec<&'a TableDefinition>,
    /// What is published of it.
    pub(crate) published: Published,
}

/// What counts as a table of the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// What the publications publish.
    Published,
    /// Everything: nothing is followed.
    Everything,
}

impl Unit<'_> {
    /// Whether updates and deletes of its rows can't be published: of a partitioned table every partition must have an identity.
    pub(crate) fn is_inserts_only(&self) -> bool {
        let tables = match self.heaps.is_empty() {
            true => std::slice::from_ref(&self.table),
            false => &self.heaps,
        };
        !tables.iter().all(|table| table.has_identity())
    }
}

/// The task's tables, those to load first before the others.
pub(crate) fn units(schema: &Schema, taken: Taken) -> Vec<Unit<'_>> {
    let mut units: Vec<Unit<'_>> = schema
        .tables
        .iter()
        .filter_map(|table| {
            let published = match taken {
                Taken::Published => table.published.clone()?,
                Taken::Everything if table.partition.is_some() => return None,
                Taken::Everything => Published::default(),
            };
            let heaps = match table.has_rows() {
                true => vec![table],
                false => partitions(schema, table),
            };
            Some(Unit {
                table,
                heaps,
                published,
            })
        })
        .collect();
    // Within one place of the order the largest first, so that no worker is left alone with it at the end.
    units.sort_by_key(|unit| {
        let bytes: u64 = unit.heaps.iter().map(|heap| heap.bytes).sum();
        (
            std::cmp::Reverse(unit.table.load_order),
            std::cmp::Reverse(bytes),
        )
    });
    units
}

/// The tables that are not published though they are selected, and are not a part of one that is.
pub(crate) fn left_out(schema: &Schema) -> Vec<&TableDefinition> {
    let mut taken: Vec<&TableDefinition> = Vec::new();
    for unit in units(schema, Taken::Published) {
        taken.push(unit.table);
        taken.extend(unit.heaps);
    }
    let is_taken = |table: &TableDefinition| taken.iter().any(|other| other.name == table.name);
    schema
        .tables
        .iter()
        .filter(|table| table.has_rows() && !is_taken(table))
        .collect()
}

/// The partitions of a table that have rows, at any depth.
fn partitions<'a>(schema: &'a Schema, table: &TableDefinition) -> Vec<&'a TableDefinition> {
    let mut found = Vec::new();
    let mut parents = vec![&table.name];
    while let Some(parent) = parents.pop() {
        for child in &schema.tables {
            let Some(partition) = &child.partition else {
                continue;
            };
            if partition.parent != *parent {
                continue;
            }
            match child.has_rows() {
                true => found.push(child),
                false => parents.push(&child.name),
            }
        }
    }
    found
}
