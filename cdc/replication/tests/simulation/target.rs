//! The target: applies plans in its transactions, with the checkpoint in the same one.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use pgoutput::{Tuple, Value};
use replication::binding::{Binding, Key};
use replication::net::{KeyOf, Net, Plan, Side, Step, Work};
use replication::piece::{Barrier, ChangeKind, Piece};
use replication::relation::Relation;
use replication::schema_change::{SchemaChange, between};
use replication::shape::TableShape;

use crate::database::{Database, Owner, Row, RowId, Table, TableId};
use crate::kinds::{Kind, column, target_tables};

/// Nothing of it is lost in a crash but the transactions that go on.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) database: Database,
    /// Written in the transaction that it tells about.
    pub(crate) checkpoint: u64,
    /// Written before a position is confirmed at which nothing ends.
    pub(crate) acknowledged: u64,
    prepared: BTreeMap<String, Owner>,
    last_owner: Owner,
    last_column: i16,
}

/// A relation bound to its table, with the numbers of the columns that its values go to.
struct Way<'a> {
    binding: &'a Binding,
    table: TableId,
    numbers: Vec<i16>,
}

impl Target {
    pub(crate) fn new() -> Self {
        Self {
            database: Database::new(target_tables()),
            checkpoint: 0,
            acknowledged: 0,
            prepared: BTreeMap::new(),
            last_owner: 0,
            last_column: 200,
        }
    }

    /// Transactions that go on are gone, but for those that are prepared.
    pub(crate) fn crash(&mut self) {
        for owner in self.database.open() {
            if !self.prepared.values().any(|prepared| *prepared == owner) {
                self.database.abort(owner);
            }
        }
    }

    /// The position that everything before is durable of.
    pub(crate) fn durable(&self) -> u64 {
        self.checkpoint.max(self.acknowledged)
    }

    pub(crate) fn begin(&mut self) -> Owner {
        self.last_owner += 1;
        self.database.begin(self.last_owner);
        self.last_owner
    }

    pub(crate) fn commit(&mut self, owner: Owner, checkpoint: u64) {
        assert!(checkpoint > self.checkpoint, "{checkpoint} is committed");
        self.database.commit(owner);
        self.checkpoint = checkpoint;
    }

    /// Only the checkpoint.
    pub(crate) fn advance(&mut self, checkpoint: u64) {
        self.checkpoint = self.checkpoint.max(checkpoint);
    }

    pub(crate) fn prepare(&mut self, owner: Owner, gid: &str) {
        let before = self.prepared.insert(gid.to_owned(), owner);
        assert_eq!(before, None, "{gid} is prepared");
    }

    pub(crate) fn is_prepared(&self, gid: &str) -> bool {
        self.prepared.contains_key(gid)
    }

    pub(crate) fn is_any_prepared(&self) -> bool {
        !self.prepared.is_empty()
    }

    /// Ends a prepared transaction. Whether it was there.
    pub(crate) fn end_prepared(&mut self, gid: &str, committed: bool) -> bool {
        let Some(owner) = self.prepared.remove(gid) else {
            return false;
        };
        match committed {
            true => self.database.commit(owner),
            false => self.database.abort(owner),
        }
        true
    }

    /// Whether the relation is what the table's source was told to be.
    pub(crate) fn knows(&self, relation: &Relation) -> bool {
        let known = &self.database.table(relation.id).known;
        let columns = known.columns.iter().map(|column| &column.name);
        known.name == relation.name && columns.eq(relation.columns.iter().map(|told| &told.name))
    }

    pub(crate) fn bind(&self, relation: &Arc<Relation>) -> Arc<Binding> {
        let table = Kind::of(relation.id).target_table(self.database.table(relation.id));
        Arc::new(Binding::new(Arc::clone(relation), Arc::new(table)).unwrap())
    }

    /// The table's source has another definition.
    pub(crate) fn define(&mut self, owner: Owner, after: &TableShape) {
        let mut table = self.database.table(after.id).clone();
        for change in between(&table.known, after) {
            self.change_definition(&mut table, change);
        }
        table.known = Rc::new(after.clone());
        let replaced = self.database.replace(owner, after.id, table);
        replaced.expect("nobody else touches a table whose definition changes");
    }

    fn change_definition(&mut self, table: &mut Table, change: SchemaChange) {
        let mut shape = TableShape::clone(&table.shape);
        let place = |shape: &TableShape, name: &str| {
            let mut columns = shape.columns.iter();
            columns.position(|column| column.name == name).unwrap()
        };
        match change {
            SchemaChange::RenameTable { to } => shape.name = to,
            SchemaChange::AddColumn(added) => {
                self.last_column += 1;
                for row in table.rows.values_mut() {
                    row.insert(self.last_column, added.missing.clone());
                }
                shape.columns.push(column(self.last_column, &added.name));
            }
            SchemaChange::DropColumn { name } => {
                let place = place(&shape, &name);
                let dropped = shape.columns.remove(place).number;
                for row in table.rows.values_mut() {
                    row.remove(&dropped);
                }
            }
            SchemaChange::RenameColumn { from, to } => {
                let place = place(&shape, &from);
                shape.columns[place].name = to;
            }
            other => panic!("{other:?} was not done"),
        }
        table.shape = Rc::new(shape);
    }

    pub(crate) fn apply(
        &mut self,
        owner: Owner,
        piece: &Piece,
        plan: &Plan,
        bindings: &[Option<Arc<Binding>>],
    ) {
        for step in &plan.steps {
            match step {
                Step::Rows(works) => {
                    for work in works {
                        let binding = bindings[work.binding as usize].as_ref().unwrap();
                        let way = self.way(binding);
                        match &work.work {
                            Work::Net(net) => self.net(owner, piece, &way, net),
                            Work::Ordered(changes) => {
                                for &change in changes {
                                    self.change(owner, piece, &way, change);
                                }
                            }
                        }
                    }
                }
                Step::Barrier(index) => match &piece.barriers[*index as usize] {
                    Barrier::Truncate { relations, .. } => {
                        let ids = relations.iter();
                        let ids = ids.map(|&relation| piece.relations[relation as usize].id);
                        self.truncate(owner, &ids.collect::<Vec<TableId>>());
                    }
                    other => panic!("{other:?} is the receiver's"),
                },
            }
        }
    }

    fn way<'a>(&self, binding: &'a Binding) -> Way<'a> {
        let table = binding.relation.id;
        let shape = &self.database.table(table).shape;
        let target = binding.columns.iter();
        Way {
            binding,
            table,
            numbers: target
                .map(|target| shape.columns[target.unwrap()].number)
                .collect(),
        }
    }

    /// As PostgreSQL, which refuses if a table that refers to one of them is not among them.
    fn truncate(&mut self, owner: Owner, tables: &[TableId]) {
        for &table in tables {
            let child = Kind::of(table).child;
            assert!(child.is_none_or(|child| tables.contains(&child)));
            let mut empty = self.database.table(table).clone();
            empty.rows.clear();
            let replaced = self.database.replace(owner, table, empty);
            replaced.expect("nobody else touches a table that is emptied");
        }
    }

    fn net(&mut self, owner: Owner, piece: &Piece, way: &Way<'_>, net: &Net) {
        for key in &net.deletes {
            let at = self.find(owner, way, tuple(piece, *key));
            self.write(owner, way, Some(at), None);
        }
        for group in &net.updates {
            for (key, row) in &group.rows {
                let at = self.find(owner, way, tuple(piece, *key));
                let mut values = self.database.table(way.table).rows[&at].clone();
                for &column in &group.columns {
                    let value = value_of(piece, row, column);
                    values.insert(way.numbers[column as usize], value);
                }
                self.write(owner, way, Some(at), Some(values));
            }
        }
        for row in &net.inserts {
            let columns = 0..u32::try_from(way.numbers.len()).unwrap();
            let values = columns.map(|column| value_of(piece, row, column));
            self.insert(owner, way, values.collect());
        }
    }

    /// One change by itself.
    fn change(&mut self, owner: Owner, piece: &Piece, way: &Way<'_>, index: u32) {
        let change = &piece.changes[index as usize];
        let (old, new) = (piece.old(change), piece.new(change));
        if change.kind == ChangeKind::Insert {
            let values = new.unwrap().values().map(text);
            let values = values.map(|value| value.expect("an insert leaves nothing out"));
            return self.insert(owner, way, values.collect());
        }
        let at = self.find(owner, way, old.or(new).unwrap());
        let values = new.map(|new| {
            let mut values = self.database.table(way.table).rows[&at].clone();
            for (value, number) in new.values().zip(&way.numbers) {
                if let Some(value) = text(value) {
                    values.insert(*number, value);
                }
            }
            values
        });
        self.write(owner, way, Some(at), values);
    }

    fn insert(&mut self, owner: Owner, way: &Way<'_>, values: Vec<Option<String>>) {
        let mut row: Row = way.numbers.iter().copied().zip(values).collect();
        // What the source doesn't have, the target has by itself.
        for column in &self.database.table(way.table).shape.columns {
            let own = || Some("its own".to_owned());
            row.entry(column.number).or_insert_with(own);
        }
        self.write(owner, way, None, Some(row));
    }

    fn write(&mut self, owner: Owner, way: &Way<'_>, row: Option<RowId>, values: Option<Row>) {
        let written = self.database.write(owner, way.table, row, values);
        let table = &way.binding.table.name;
        written.unwrap_or_else(|refused| panic!("{table} refuses a row: {refused:?}"));
    }

    /// The row that a key names; where no index does, any one of those that look alike.
    fn find(&self, owner: Owner, way: &Way<'_>, tuple: Tuple<'_>) -> RowId {
        let (columns, any) = match &way.binding.key {
            Key::Unique(columns) => (columns, false),
            Key::Row(columns) => (columns, true),
            Key::None => panic!("{} has nothing to find a row by", way.binding.table.name),
        };
        let wanted = columns.iter().map(|&column| {
            let value = text(tuple.value(column).unwrap());
            let value = value.expect("a key is told whole");
            (way.numbers[column], value)
        });
        let wanted: Row = wanted.collect();
        let rows = self.database.table(way.table).rows.iter();
        let mut found = rows.filter(|(_, row)| {
            let mut wanted = wanted.iter();
            wanted.all(|(number, value)| row[number] == *value)
        });
        let row = match any {
            // Its own first, as nobody else sees them; then one that is nobody else's.
            true => found
                .filter(|(row, _)| !self.database.is_locked(owner, way.table, **row))
                .max_by_key(|(row, _)| self.database.has_written(owner, way.table, **row)),
            false => found.next(),
        };
        let table = &way.binding.table.name;
        *row.unwrap_or_else(|| panic!("{table} has no row {wanted:?}"))
            .0
    }
}

fn tuple(piece: &Piece, key: KeyOf) -> Tuple<'_> {
    let change = &piece.changes[key.change as usize];
    match key.side {
        Side::Old => piece.old(change),
        Side::New => piece.new(change),
    }
    .unwrap()
}

/// A row's value of a column, from its own change or from elsewhere.
fn value_of(piece: &Piece, row: &replication::net::Row, column: u32) -> Option<String> {
    let mut elsewhere = row.elsewhere.iter().flatten();
    let own = KeyOf {
        change: row.change,
        side: Side::New,
    };
    let place = elsewhere
        .find(|(at, _)| *at == column)
        .map_or(own, |found| found.1);
    let value = tuple(piece, place).value(column as usize).unwrap();
    text(value).expect("every value that is written is known")
}

/// What a value says; nothing if it was left out.
fn text(value: Value<'_>) -> Option<Option<String>> {
    match value {
        Value::Unchanged => None,
        Value::Null => Some(None),
        Value::Text(bytes) | Value::Binary(bytes) => {
            Some(Some(String::from_utf8(bytes.to_vec()).unwrap()))
        }
    }
}
