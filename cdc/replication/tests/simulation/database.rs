//! A database in memory: tables, transactions with savepoints, and the locks that keep them apart. Both ends are one.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use replication::shape::TableShape;

pub(crate) type TableId = u32;
pub(crate) type RowId = u64;
/// Whose a transaction is.
pub(crate) type Owner = u32;
/// A row's values, by the number of their column.
pub(crate) type Row = BTreeMap<i16, Option<String>>;
pub(crate) type Tables = BTreeMap<TableId, Table>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) shape: Rc<TableShape>,
    /// At the target: what the source's table looks like, as far as it was told.
    pub(crate) known: Rc<TableShape>,
    /// The columns of its unique indexes.
    pub(crate) unique: Vec<Vec<i16>>,
    pub(crate) rows: BTreeMap<RowId, Row>,
}

/// Why a write is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Another transaction has touched it and goes on.
    Locked,
    /// A unique index has the key already.
    Duplicate,
}

/// A point that a transaction can go back to.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    writes: usize,
    locks: Locks,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    /// What everybody sees.
    pub(crate) committed: Tables,
    /// With what transactions have written that go on; no two of them touch the same.
    working: Tables,
    open: BTreeMap<Owner, Transaction>,
    last_row: RowId,
}

#[derive(Clone, Debug, Default)]
struct Transaction {
    writes: Vec<Write>,
    locks: Locks,
}

#[derive(Clone, Debug)]
enum Write {
    Row {
        table: TableId,
        row: RowId,
        before: Option<Row>,
        after: Option<Row>,
    },
    /// A truncation or another definition: nobody else has touched the table.
    Table {
        table: TableId,
        before: Table,
        after: Table,
    },
}

#[derive(Clone, Debug, Default)]
struct Locks {
    /// Tables that are written.
    shared: BTreeSet<TableId>,
    /// Tables that nobody else may touch.
    exclusive: BTreeSet<TableId>,
    items: BTreeSet<(TableId, Item)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Row(RowId),
    /// A key of an index.
    Key(usize, Vec<Option<String>>),
}

impl Table {
    /// Its rows by their columns' names, in an order that doesn't depend on how they came; without the column that is the target's own.
    pub(crate) fn content(&self) -> Vec<Vec<(&str, Option<&str>)>> {
        let columns = self.shape.columns.iter();
        let mut columns: Vec<(&str, i16)> = columns
            .map(|column| (column.name.as_str(), column.number))
            .filter(|(name, _)| *name != "own")
            .collect();
        columns.sort_unstable();
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in self.rows.values() {
            let cells = columns.iter();
            let cells: Vec<(&str, Option<&str>)> = cells
                .map(|(name, number)| (*name, row[number].as_deref()))
                .collect();
            rows.push(cells);
        }
        rows.sort_unstable();
        rows
    }

    fn key(&self, index: usize, row: &Row) -> Vec<Option<String>> {
        let columns = self.unique[index].iter();
        columns.map(|number| row[number].clone()).collect()
    }
}

impl Database {
    pub(crate) fn new(tables: Tables) -> Self {
        Self {
            committed: tables.clone(),
            working: tables,
            ..Self::default()
        }
    }

    pub(crate) fn begin(&mut self, owner: Owner) {
        let before = self.open.insert(owner, Transaction::default());
        assert!(before.is_none(), "transaction {owner} goes on");
    }

    /// The transactions that go on.
    pub(crate) fn open(&self) -> Vec<Owner> {
        self.open.keys().copied().collect()
    }

    /// A table with all that was written.
    pub(crate) fn table(&self, table: TableId) -> &Table {
        &self.working[&table]
    }

    /// Whether another transaction has touched a row.
    pub(crate) fn is_locked(&self, owner: Owner, table: TableId, row: RowId) -> bool {
        let item = (table, Item::Row(row));
        self.others(owner)
            .any(|locks| locks.items.contains(&item) || locks.exclusive.contains(&table))
    }

    /// Whether the transaction itself has.
    pub(crate) fn has_written(&self, owner: Owner, table: TableId, row: RowId) -> bool {
        let items = &self.open[&owner].locks.items;
        items.contains(&(table, Item::Row(row)))
    }

    /// Inserts (without a row), updates, or deletes (without values).
    pub(crate) fn write(
        &mut self,
        owner: Owner,
        table: TableId,
        row: Option<RowId>,
        after: Option<Row>,
    ) -> Result<RowId, Refused> {
        let row = row.unwrap_or(self.last_row + 1);
        self.last_row = self.last_row.max(row);
        let known = &self.working[&table];
        let before = known.rows.get(&row).cloned();
        let mut items = vec![(table, Item::Row(row))];
        for index in 0..known.unique.len() {
            let keys = [&before, &after].map(|row| row.as_ref().map(|row| known.key(index, row)));
            let is_new = keys[0] != keys[1];
            if is_new && let Some(key) = &keys[1] {
                let taken = known
                    .rows
                    .iter()
                    .any(|(other, values)| *other != row && known.key(index, values) == *key);
                if taken {
                    return Err(Refused::Duplicate);
                }
            }
            let keys = keys.into_iter().flatten();
            items.extend(keys.map(|key| (table, Item::Key(index, key))));
        }
        let is_locked = self.others(owner).any(|locks| {
            locks.exclusive.contains(&table) || items.iter().any(|item| locks.items.contains(item))
        });
        if is_locked {
            return Err(Refused::Locked);
        }
        let transaction = self.open.get_mut(&owner).unwrap();
        transaction.locks.shared.insert(table);
        transaction.locks.items.extend(items);
        let write = Write::Row {
            table,
            row,
            before,
            after,
        };
        write.redo(&mut self.working);
        transaction.writes.push(write);
        Ok(row)
    }

    /// Puts another table in a table's place: it was emptied, or has another definition.
    pub(crate) fn replace(
        &mut self,
        owner: Owner,
        table: TableId,
        after: Table,
    ) -> Result<(), Refused> {
        let is_locked = self
            .others(owner)
            .any(|locks| locks.shared.contains(&table) || locks.exclusive.contains(&table));
        if is_locked {
            return Err(Refused::Locked);
        }
        let transaction = self.open.get_mut(&owner).unwrap();
        transaction.locks.exclusive.insert(table);
        let before = self.working[&table].clone();
        let write = Write::Table {
            table,
            before,
            after,
        };
        write.redo(&mut self.working);
        transaction.writes.push(write);
        Ok(())
    }

    pub(crate) fn mark(&self, owner: Owner) -> Mark {
        let transaction = &self.open[&owner];
        Mark {
            writes: transaction.writes.len(),
            locks: transaction.locks.clone(),
        }
    }

    pub(crate) fn rollback_to(&mut self, owner: Owner, mark: Mark) {
        let transaction = self.open.get_mut(&owner).unwrap();
        for write in transaction.writes.drain(mark.writes..).rev() {
            write.undo(&mut self.working);
        }
        transaction.locks = mark.locks;
    }

    pub(crate) fn commit(&mut self, owner: Owner) {
        let transaction = self.open.remove(&owner).unwrap();
        for write in &transaction.writes {
            write.redo(&mut self.committed);
        }
    }

    pub(crate) fn abort(&mut self, owner: Owner) {
        let transaction = self.open.remove(&owner).unwrap();
        for write in transaction.writes.iter().rev() {
            write.undo(&mut self.working);
        }
    }

    fn others(&self, owner: Owner) -> impl Iterator<Item = &Locks> {
        let others = self.open.iter().filter(move |(other, _)| **other != owner);
        others.map(|(_, transaction)| &transaction.locks)
    }
}

impl Write {
    fn redo(&self, tables: &mut Tables) {
        match self {
            Self::Row {
                table, row, after, ..
            } => set(tables, *table, *row, after),
            Self::Table { table, after, .. } => {
                tables.insert(*table, after.clone());
            }
        }
    }

    fn undo(&self, tables: &mut Tables) {
        match self {
            Self::Row {
                table, row, before, ..
            } => set(tables, *table, *row, before),
            Self::Table { table, before, .. } => {
                tables.insert(*table, before.clone());
            }
        }
    }
}

fn set(tables: &mut Tables, table: TableId, row: RowId, values: &Option<Row>) {
    let rows = &mut tables.get_mut(&table).unwrap().rows;
    match values {
        Some(values) => rows.insert(row, values.clone()),
        None => rows.remove(&row),
    };
}
