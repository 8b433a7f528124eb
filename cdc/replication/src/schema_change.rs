//! What was done to a table's definition, told from two shapes of it.

#[cfg(test)]
mod tests;
mod type_names;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::relation::{Column, Relation, TableName};
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
    /// A column became an identity column, another kind of one, or none.
    AlterIdentity {
        /// Which.
        name: String,
        /// What it is now: `a`, `d` or empty, as [`ShapeColumn::identity`].
        identity: String,
    },
    /// Whether and how the source computes a column changed.
    AlterGenerated {
        /// Which.
        name: String,
        /// What it is now.
        column: ShapeColumn,
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
    let mut changes = Vec::new();
    if before.name != after.name {
        changes.push(SchemaChange::RenameTable {
            to: after.name.clone(),
        });
    }
    let old: BTreeMap<i16, &ShapeColumn> = numbered(before);
    let new: BTreeMap<i16, &ShapeColumn> = numbered(after);
    let kept = || {
        old.iter()
            .filter_map(|(number, from)| Some((*from, *new.get(number)?)))
    };
    let mut dropped: Vec<&ShapeColumn> = old
        .iter()
        .filter(|(number, _)| !new.contains_key(number))
        .map(|(_, column)| *column)
        .collect();
    // A generated column goes before those that it is computed from.
    dropped.sort_by_key(|column| column.generated.is_empty());
    changes.extend(dropped.into_iter().map(|column| SchemaChange::DropColumn {
        name: column.name.clone(),
    }));
    changes.extend(renames(kept()));
    for (from, to) in kept() {
        alter(from, to, &mut changes);
    }
    changes.extend(
        new.iter()
            .filter(|(number, _)| !old.contains_key(number))
            .map(|(_, column)| SchemaChange::AddColumn((*column).clone())),
    );
    changes
}

fn numbered(shape: &TableShape) -> BTreeMap<i16, &ShapeColumn> {
    shape
        .columns
        .iter()
        .map(|column| (column.number, column))
        .collect()
}

/// Renames in an order in which no name is taken at its time.
fn renames<'a>(
    kept: impl Iterator<Item = (&'a ShapeColumn, &'a ShapeColumn)>,
) -> Vec<SchemaChange> {
    let mut taken = BTreeSet::new();
    let mut waiting = VecDeque::new();
    for (from, to) in kept {
        taken.insert(from.name.clone());
        if from.name != to.name {
            waiting.push_back((from.name.clone(), to.name.clone()));
        }
    }
    // Names in between must be nobody's, at any time.
    let reserved: BTreeSet<String> = waiting
        .iter()
        .map(|(_, to)| to.clone())
        .chain(taken.iter().cloned())
        .collect();
    let mut renames = Vec::new();
    let mut rename = |from: String, to: String, taken: &mut BTreeSet<String>| {
        taken.remove(&from);
        taken.insert(to.clone());
        renames.push(SchemaChange::RenameColumn { from, to });
    };
    while !waiting.is_empty() {
        let free = waiting.iter().position(|(_, to)| !taken.contains(to));
        match free.and_then(|index| waiting.remove(index)) {
            Some((from, to)) => rename(from, to, &mut taken),
            None => {
                // Every name that is waited for is taken by one that waits: a circle. One steps aside.
                let Some((from, to)) = waiting.pop_front() else {
                    break;
                };
                let aside = (0..)
                    .map(|number| format!("ratchet_rename_{number}"))
                    .find(|name| !reserved.contains(name) && !taken.contains(name))
                    .expect("there are more numbers than columns");
                rename(from, aside.clone(), &mut taken);
                waiting.push_back((aside, to));
            }
        }
    }
    renames
}

/// What else changed in a column that is called as it is to be.
fn alter(from: &ShapeColumn, to: &ShapeColumn, changes: &mut Vec<SchemaChange>) {
    let name = || to.name.clone();
    if from.type_name != to.type_name || from.collation != to.collation {
        changes.push(SchemaChange::AlterType {
            name: name(),
            column: to.clone(),
        });
    }
    let computed = !from.generated.is_empty() || !to.generated.is_empty();
    if from.generated != to.generated || (computed && from.default != to.default) {
        changes.push(SchemaChange::AlterGenerated {
            name: name(),
            column: to.clone(),
        });
    } else if from.default != to.default {
        changes.push(SchemaChange::AlterDefault {
            name: name(),
            default: to.default.clone(),
        });
    }
    // An identity column is not null: it is made so before, and may be nullable only after.
    let not_null = (from.not_null != to.not_null).then(|| SchemaChange::AlterNotNull {
        name: name(),
        not_null: to.not_null,
    });
    let identity = (from.identity != to.identity).then(|| SchemaChange::AlterIdentity {
        name: name(),
        identity: to.identity.clone(),
    });
    if to.not_null {
        changes.extend(not_null.into_iter().chain(identity));
    } else {
        changes.extend(identity.into_iter().chain(not_null));
    }
}

/// The shape after a Relation message, for sources without an event trigger: by the shape before, the message, and what the source's catalogue
/// says now (which may be later than the message). Renames are told by number where the catalogue still has the name, else by place and type.
///
/// Columns that the message leaves out stay while the catalogue has them: they are generated, or in no column list. What the message
/// doesn't tell is taken from the catalogue, but for not null: a column never becomes so (unless it is new, with a value for the rows that are
/// there), as rows that come before that may still be null.
#[must_use]
pub fn after_relation(
    before: &TableShape,
    relation: &Relation,
    now: Option<&TableShape>,
) -> TableShape {
    let mut columns: Vec<ShapeColumn> = Vec::with_capacity(relation.columns.len());
    let mut left: Vec<&ShapeColumn> = before.columns.iter().collect();
    let mut unknown = Vec::new();
    for told in &relation.columns {
        let current =
            now.and_then(|now| now.columns.iter().find(|column| column.name == told.name));
        let previous = match current {
            Some(current) => take(&mut left, |column| column.number == current.number),
            None => take(&mut left, |column| column.name == told.name),
        };
        match (previous, current) {
            (None, None) => unknown.push(told),
            (previous, current) => columns.push(column(told, previous, current)),
        }
    }
    // A name that neither knows: renamed and renamed again (or dropped) since. Its type and its place are what is left to know it by.
    for told in unknown {
        let previous = take(&mut left, |column| {
            column.generated.is_empty()
                && column.type_id == told.type_id
                && !relation
                    .columns
                    .iter()
                    .any(|other| other.name == column.name)
        });
        let current = previous.and_then(|previous| {
            let mut columns = now?.columns.iter();
            columns.find(|column| column.number == previous.number)
        });
        columns.push(match previous {
            Some(_) => column(told, previous, current),
            None => passing(told, &columns),
        });
    }
    // The message says nothing of the others, not even that they have another name.
    let named = |name: &str| relation.columns.iter().any(|told| told.name == name);
    columns.extend(left.into_iter().filter_map(|column| {
        let name = match now {
            Some(now) => {
                let mut columns = now.columns.iter();
                &columns.find(|other| other.number == column.number)?.name
            }
            None if column.generated.is_empty() => return None,
            None => &column.name,
        };
        (!named(name)).then(|| ShapeColumn {
            name: name.clone(),
            ..column.clone()
        })
    }));
    columns.sort_by_key(|column| column.number);
    TableShape {
        id: relation.id,
        name: relation.name.clone(),
        columns,
    }
}

fn take<'a>(
    columns: &mut Vec<&'a ShapeColumn>,
    is_it: impl Fn(&ShapeColumn) -> bool,
) -> Option<&'a ShapeColumn> {
    let index = columns.iter().position(|column| is_it(column))?;
    Some(columns.remove(index))
}

/// A column that was added and dropped again before the catalogue was asked. Its number is none of the catalogue's, so that it goes when
/// the message comes that leaves it out.
fn passing(told: &Column, columns: &[ShapeColumn]) -> ShapeColumn {
    let least = columns.iter().map(|column| column.number).min();
    ShapeColumn {
        number: least.unwrap_or(0).min(0).saturating_sub(1),
        name: told.name.clone(),
        type_name: type_names::built_in(told.type_id)
            .unwrap_or("text")
            .to_owned(),
        type_id: told.type_id,
        type_modifier: -1,
        not_null: false,
        default: None,
        generated: String::new(),
        identity: String::new(),
        missing: None,
        collation: None,
    }
}

/// A column by what the message tells of it, what it was, and what the catalogue says now; one of the latter is there.
fn column(
    told: &Column,
    previous: Option<&ShapeColumn>,
    current: Option<&ShapeColumn>,
) -> ShapeColumn {
    let has_type = |column: &&ShapeColumn| {
        column.type_id == told.type_id && column.type_modifier == told.type_modifier
    };
    // A type that neither has is one that was changed again since: the later one takes its values, too.
    let typed = current
        .filter(has_type)
        .or(previous.filter(has_type))
        .or(current)
        .or(previous)
        .expect("one of the two is there");
    let rest = current.or(previous).expect("one of the two is there");
    ShapeColumn {
        number: rest.number,
        name: told.name.clone(),
        type_name: typed.type_name.clone(),
        type_id: typed.type_id,
        type_modifier: typed.type_modifier,
        not_null: rest.not_null
            && match previous {
                Some(previous) => previous.not_null,
                None => rest.missing.is_some(),
            },
        collation: typed.collation.clone(),
        ..rest.clone()
    }
}
