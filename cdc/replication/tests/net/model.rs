//! Tables in memory: a source that tells its changes, and a target that changes and plans are applied to.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgoutput::message::ReplicaIdentity;
use pgoutput::{Lsn, Tuple, Value};
use replication::assembler::{Assembler, Settings};
use replication::binding::{Binding, Key};
use replication::net::{KeyOf, Net, Plan, Row, Side, Step, Work};
use replication::piece::{Barrier, Change, ChangeKind, Delivery, Piece};
use replication::relation::{Column, Relation, TableName};
use replication::table::{TargetColumn, TargetTable, UniqueIndex};

use crate::support::{Old, Writer};

/// The source's columns: a key, two values (the second may be TOASTed), and one that is unique in some tables.
pub(crate) const COLUMNS: [&str; 4] = ["id", "a", "b", "u"];

/// What a table is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) identity: ReplicaIdentity,
    /// The source's key columns.
    pub(crate) key: &'static [usize],
    /// The target has this primary key, by source columns.
    pub(crate) primary: &'static [usize],
    /// `u` is unique, at both ends.
    pub(crate) unique: bool,
    /// The target has a column of its own.
    pub(crate) own_column: bool,
    pub(crate) other_constraints: bool,
    pub(crate) triggers_fire: bool,
}

pub(crate) const PLAIN: Kind = Kind {
    identity: ReplicaIdentity::Default,
    key: &[0],
    primary: &[0],
    unique: false,
    own_column: false,
    other_constraints: false,
    triggers_fire: false,
};

pub(crate) const FULL: Kind = Kind {
    identity: ReplicaIdentity::Full,
    key: &[0, 1, 2, 3],
    ..PLAIN
};

/// The kinds that random changes are made on; the last ones have no key.
pub(crate) const KINDS: [Kind; 10] = [
    PLAIN,
    FULL,
    Kind {
        unique: true,
        ..PLAIN
    },
    Kind {
        own_column: true,
        ..PLAIN
    },
    Kind {
        own_column: true,
        unique: true,
        ..FULL
    },
    // The identity is another index than the target's primary key.
    Kind {
        identity: ReplicaIdentity::Index,
        key: &[3],
        unique: true,
        ..PLAIN
    },
    Kind {
        other_constraints: true,
        ..PLAIN
    },
    Kind {
        triggers_fire: true,
        ..PLAIN
    },
    Kind {
        key: &[0, 3],
        primary: &[3, 0],
        ..PLAIN
    },
    Kind {
        primary: &[],
        ..FULL
    },
];

pub(crate) fn table_name(table: usize) -> String {
    format!("t{table}")
}

pub(crate) fn binding(table: usize, kind: &Kind) -> Binding {
    let column = |(at, name): (usize, &&str)| Column {
        name: (*name).to_owned(),
        key: kind.key.contains(&at),
        type_id: 25,
        type_modifier: -1,
    };
    let relation = Relation {
        id: u32::try_from(table).unwrap(),
        name: TableName::new("public", table_name(table)),
        identity: kind.identity,
        columns: COLUMNS.iter().enumerate().map(column).collect(),
    };
    Binding::new(Arc::new(relation), Arc::new(target_table(table, kind))).unwrap()
}

/// A target table whose columns stand in another order.
pub(crate) fn target_table(table: usize, kind: &Kind) -> TargetTable {
    let own: &[&str] = if kind.own_column { &["own"] } else { &[] };
    let names: Vec<&str> = COLUMNS.iter().rev().chain(own).copied().collect();
    let place = |column: &usize| COLUMNS.len() - 1 - column;
    TargetTable {
        name: TableName::new("public", table_name(table)),
        columns: names
            .iter()
            .map(|name| TargetColumn {
                name: (*name).to_owned(),
                type_name: "text".to_owned(),
                type_id: 25,
                not_null: false,
                generated: false,
                identity_always: false,
                comparable: true,
            })
            .collect(),
        primary_key: kind.primary.iter().map(place).collect(),
        unique_indexes: match kind.unique {
            true => vec![UniqueIndex {
                columns: vec![place(&3)],
                not_null: true,
            }],
            false => Vec::new(),
        },
        other_constraints: kind.other_constraints,
        triggers_fire: kind.triggers_fire,
    }
}

/// What a row of the source has.
pub(crate) type Cells = [String; 4];

/// Tells what happens in tables of these kinds, all in one transaction.
pub(crate) struct Source {
    pub(crate) writer: Writer,
    pub(crate) tables: Vec<Vec<Cells>>,
    kinds: Vec<Kind>,
}

impl Source {
    pub(crate) fn new(kinds: &[Kind], tables: Vec<Vec<Cells>>) -> Self {
        let mut writer = Writer::default();
        writer.begin(7, 100);
        for (table, kind) in kinds.iter().enumerate() {
            let columns: Vec<(&str, bool)> = (0..4)
                .map(|column| (COLUMNS[column], kind.key.contains(&column)))
                .collect();
            let identity = match kind.identity {
                ReplicaIdentity::Default => b'd',
                ReplicaIdentity::Nothing => b'n',
                ReplicaIdentity::Full => b'f',
                ReplicaIdentity::Index => b'i',
            };
            let id = u32::try_from(table).unwrap();
            writer.relation(id, &table_name(table), identity, &columns);
        }
        Self {
            writer,
            tables,
            kinds: kinds.to_vec(),
        }
    }

    pub(crate) fn insert(&mut self, table: usize, row: Cells) {
        let id = u32::try_from(table).unwrap();
        self.writer.insert(id, &row.each_ref().map(String::as_str));
        self.tables[table].push(row);
    }

    pub(crate) fn delete(&mut self, table: usize, at: usize) {
        let row = self.tables[table].swap_remove(at);
        let (id, kind) = (u32::try_from(table).unwrap(), &self.kinds[table]);
        match kind.identity {
            ReplicaIdentity::Full => {
                let old = row.each_ref().map(String::as_str);
                self.writer.delete(id, Old::Full(&old));
            }
            _ => self.writer.delete(id, Old::Key(&key_row(kind, &row))),
        }
    }

    /// Leaves `b` out if it stays and is to count as TOASTed.
    pub(crate) fn update(&mut self, table: usize, at: usize, row: Cells, toasted: &[usize]) {
        let old = std::mem::replace(&mut self.tables[table][at], row.clone());
        let (id, kind) = (u32::try_from(table).unwrap(), &self.kinds[table]);
        let mut new = row.each_ref().map(String::as_str);
        for &column in toasted {
            if old[column] == row[column] {
                new[column] = "?";
            }
        }
        let whole = old.each_ref().map(String::as_str);
        let key = key_row(kind, &old);
        // The server sends the key also when it stays, if a column of it is TOASTed.
        let told = kind
            .key
            .iter()
            .any(|&column| old[column] != row[column] || new[column] == "?");
        let old = match kind.identity {
            ReplicaIdentity::Full => Some(Old::Full(&whole)),
            _ if told => Some(Old::Key(&key)),
            _ => None,
        };
        self.writer.update(id, old, &new);
    }

    pub(crate) fn truncate(&mut self, table: usize) {
        self.tables[table].clear();
        self.writer.truncate(&[u32::try_from(table).unwrap()], 0);
    }

    /// Whether a row of these values may be there, beside the one at `except`.
    pub(crate) fn is_free(&self, table: usize, row: &Cells, except: Option<usize>) -> bool {
        let kind = &self.kinds[table];
        let mut rows = self.tables[table].iter().enumerate();
        rows.all(|(at, other)| {
            let same = |columns: &[usize]| {
                !columns.is_empty() && columns.iter().all(|&column| other[column] == row[column])
            };
            Some(at) == except || !(same(kind.primary) || (kind.unique && same(&[3])))
        })
    }

    pub(crate) fn piece(mut self) -> Piece {
        self.writer.commit(100, 108);
        piece(self.writer)
    }
}

/// The columns of the key, and placeholders.
fn key_row<'a>(kind: &Kind, row: &'a Cells) -> [&'a str; 4] {
    let mut key = ["~"; 4];
    for &column in kind.key {
        key[column] = &row[column];
    }
    key
}

pub(crate) fn piece(writer: Writer) -> Piece {
    let mut assembler = Assembler::new(Settings {
        checkpoint: Lsn(0),
        piece_bytes: usize::MAX,
        message_prefixes: Vec::new(),
    });
    assembler.read(writer.frame()).unwrap();
    match assembler.take() {
        Some(Delivery::Piece(piece)) => piece,
        None | Some(Delivery::Position { .. }) => Piece::default(),
        other => panic!("{other:?} is no piece"),
    }
}

/// The bindings of a piece's relations.
pub(crate) fn bindings(piece: &Piece, kinds: &[Kind]) -> Vec<Option<Arc<Binding>>> {
    let bind = |relation: &Arc<Relation>| {
        let table = relation.id as usize;
        Some(Arc::new(binding(table, &kinds[table])))
    };
    piece.relations.iter().map(bind).collect()
}

/// A row of the target, by column name.
pub(crate) type TargetRow = BTreeMap<String, String>;

/// The target's tables.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) tables: Vec<Vec<TargetRow>>,
}

impl Target {
    /// With the source's rows, and values of its own.
    pub(crate) fn copy_of(tables: &[Vec<Cells>], kinds: &[Kind]) -> Self {
        let copied = tables.iter().zip(kinds).map(|(rows, kind)| {
            let copy = |row: &Cells| {
                let mut copy: TargetRow = COLUMNS
                    .iter()
                    .map(|&name| name.to_owned())
                    .zip(row.iter().cloned())
                    .collect();
                if kind.own_column {
                    copy.insert("own".to_owned(), format!("kept with {}", row[0]));
                }
                copy
            };
            rows.iter().map(copy).collect()
        });
        Self {
            tables: copied.collect(),
        }
    }

    /// The same rows in an order that doesn't depend on how they came.
    pub(crate) fn sorted(mut self) -> Self {
        for rows in &mut self.tables {
            rows.sort();
        }
        self
    }

    /// Applies the changes one by one.
    pub(crate) fn apply_each(&mut self, piece: &Piece, bindings: &[Option<Arc<Binding>>]) {
        for change in &piece.changes {
            match change.kind {
                ChangeKind::Barrier => self.barrier(piece, change.relation),
                _ => self.apply_one(piece, change, bindings),
            }
        }
    }

    /// Applies a plan. Every step finds the rows that it expects, and no statement violates a unique index.
    pub(crate) fn apply_plan(
        &mut self,
        piece: &Piece,
        plan: &Plan,
        bindings: &[Option<Arc<Binding>>],
    ) {
        for step in &plan.steps {
            match step {
                Step::Barrier(barrier) => self.barrier(piece, *barrier),
                // The tables are independent of each other: any order will do.
                Step::Rows(works) => {
                    for work in works.iter().rev() {
                        let binding = bindings[work.binding as usize].as_ref().unwrap();
                        match &work.work {
                            Work::Ordered(changes) => {
                                for &change in changes {
                                    let change = &piece.changes[change as usize];
                                    self.apply_one(piece, change, bindings);
                                }
                            }
                            Work::Net(net) => self.apply_net(piece, net, binding),
                        }
                    }
                }
            }
        }
    }

    fn apply_net(&mut self, piece: &Piece, net: &Net, binding: &Binding) {
        for key in &net.deletes {
            let at = self.find(binding, tuple_at(piece, *key)).unwrap();
            self.rows(binding).swap_remove(at);
        }
        for group in &net.updates {
            for (key, row) in &group.rows {
                let at = self.find(binding, tuple_at(piece, *key)).unwrap();
                for &column in &group.columns {
                    let value = value_of(piece, row, column);
                    let name = &binding.relation.columns[column as usize].name;
                    self.rows(binding)[at].insert(name.clone(), value);
                }
                self.check_unique(binding, at);
            }
        }
        for row in &net.inserts {
            let mut inserted = TargetRow::new();
            for (column, name) in (0_u32..).zip(&binding.relation.columns) {
                inserted.insert(name.name.clone(), value_of(piece, row, column));
            }
            self.insert(binding, inserted);
        }
    }

    fn apply_one(&mut self, piece: &Piece, change: &Change, bindings: &[Option<Arc<Binding>>]) {
        let Some(binding) = &bindings[change.relation as usize] else {
            return;
        };
        let (old, new) = (piece.old(change), piece.new(change));
        let found = match change.kind {
            ChangeKind::Insert => None,
            _ => Some(self.find(binding, old.or(new).unwrap()).unwrap()),
        };
        match (found, new) {
            (None, Some(new)) => {
                let mut inserted = TargetRow::new();
                for (value, column) in new.values().zip(&binding.relation.columns) {
                    inserted.insert(column.name.clone(), text(value).unwrap());
                }
                self.insert(binding, inserted);
            }
            (Some(at), Some(new)) => {
                for (value, column) in new.values().zip(&binding.relation.columns) {
                    if let Some(value) = text(value) {
                        self.rows(binding)[at].insert(column.name.clone(), value);
                    }
                }
                self.check_unique(binding, at);
            }
            (Some(at), None) => {
                self.rows(binding).swap_remove(at);
            }
            (None, None) => panic!("a change without a row"),
        }
    }

    fn barrier(&mut self, piece: &Piece, barrier: u32) {
        if let Barrier::Truncate { relations, .. } = &piece.barriers[barrier as usize] {
            for &relation in relations {
                self.tables[piece.relations[relation as usize].id as usize].clear();
            }
        }
    }

    fn insert(&mut self, binding: &Binding, mut row: TargetRow) {
        if binding.has_target_columns() {
            row.insert("own".to_owned(), "default".to_owned());
        }
        let rows = self.rows(binding);
        rows.push(row);
        let at = rows.len() - 1;
        self.check_unique(binding, at);
    }

    fn rows(&mut self, binding: &Binding) -> &mut Vec<TargetRow> {
        &mut self.tables[binding.relation.id as usize]
    }

    /// The row that a key (or, without one, a whole row) names.
    fn find(&self, binding: &Binding, tuple: Tuple<'_>) -> Option<usize> {
        let (Key::Unique(columns) | Key::Row(columns)) = &binding.key else {
            return None;
        };
        self.tables[binding.relation.id as usize]
            .iter()
            .position(|row| {
                columns.iter().all(|&column| {
                    let value = text(tuple.value(column).unwrap());
                    value.as_ref() == row.get(&binding.relation.columns[column].name)
                })
            })
    }

    /// A unique index is checked when its row is written.
    fn check_unique(&self, binding: &Binding, at: usize) {
        let table = &binding.table;
        let rows = &self.tables[binding.relation.id as usize];
        let others = table.unique_indexes.iter().map(|index| &index.columns);
        for index in others.chain([&table.primary_key]) {
            let key = |row: &TargetRow| -> Vec<String> {
                let names = index.iter().map(|&column| &table.columns[column].name);
                names.map(|name| row[name].clone()).collect()
            };
            let twice = rows
                .iter()
                .enumerate()
                .any(|(other, row)| other != at && !index.is_empty() && key(row) == key(&rows[at]));
            assert!(!twice, "{:?} is there twice in {}", rows[at], table.name);
        }
    }
}

pub(crate) fn tuple_at(piece: &Piece, key: KeyOf) -> Tuple<'_> {
    let change = &piece.changes[key.change as usize];
    match key.side {
        Side::Old => piece.old(change),
        Side::New => piece.new(change),
    }
    .unwrap()
}

/// A row's value of a column, from its own change or from elsewhere.
pub(crate) fn value_of(piece: &Piece, row: &Row, column: u32) -> String {
    let elsewhere = row.elsewhere.iter().flatten();
    let mut elsewhere = elsewhere.filter(|(at, _)| *at == column);
    let place = match elsewhere.next() {
        Some((_, place)) => *place,
        None => KeyOf {
            change: row.change,
            side: Side::New,
        },
    };
    let value = tuple_at(piece, place).value(column as usize).unwrap();
    text(value).expect("every value that is to be written is known")
}

/// A value's text (`~` for null), unless it was left out.
pub(crate) fn text(value: Value<'_>) -> Option<String> {
    match value {
        Value::Unchanged => None,
        Value::Null => Some("~".to_owned()),
        Value::Text(bytes) | Value::Binary(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}
