//! The tables of the simulation, and what is special about each.

use std::collections::BTreeMap;
use std::rc::Rc;

use pgoutput::message::ReplicaIdentity;
use replication::relation::TableName;
use replication::shape::{ShapeColumn, TableShape};
use replication::table::{TargetColumn, TargetTable, UniqueIndex};

use crate::database::{Table, TableId, Tables};

pub(crate) const TEXT: u32 = 25;
/// The number of a column at the target is so much higher than at the source.
const AT_TARGET: i16 = 100;
/// The target's own column.
const OWN: i16 = 99;

/// What a table is like. Columns are named by their numbers at the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) id: TableId,
    name: &'static str,
    columns: &'static [(i16, &'static str)],
    pub(crate) identity: ReplicaIdentity,
    /// The columns of the replica identity, but for `Full`, where it is all.
    key: &'static [i16],
    /// Unique indexes at both ends, the primary key first.
    pub(crate) unique: &'static [&'static [i16]],
    /// Its unique indexes are deferred at both ends.
    pub(crate) deferred: bool,
    own_column: bool,
    other_constraints: bool,
    triggers_fire: bool,
    /// A table with a foreign key to it.
    pub(crate) child: Option<TableId>,
    /// Its rows are only inserted.
    pub(crate) grows: bool,
}

const PLAIN: Kind = Kind {
    id: 1,
    name: "plain",
    columns: &[(1, "id"), (2, "a"), (3, "big"), (4, "u")],
    identity: ReplicaIdentity::Default,
    key: &[1],
    unique: &[&[1]],
    deferred: false,
    own_column: false,
    other_constraints: false,
    triggers_fire: false,
    child: None,
    grows: false,
};

/// The table that counts: each of its rows is inserted once, and never again.
pub(crate) const LOG: Kind = Kind {
    id: 2,
    name: "log",
    columns: &[(5, "n")],
    key: &[],
    unique: &[],
    grows: true,
    ..PLAIN
};

pub(crate) const KINDS: [Kind; 12] = [
    PLAIN,
    LOG,
    Kind {
        id: 3,
        name: "whole",
        identity: ReplicaIdentity::Full,
        ..PLAIN
    },
    Kind {
        id: 4,
        name: "by index",
        identity: ReplicaIdentity::Index,
        key: &[4],
        unique: &[&[1], &[4]],
        ..PLAIN
    },
    Kind {
        id: 5,
        name: "bag",
        columns: &[(2, "a"), (3, "big")],
        identity: ReplicaIdentity::Full,
        unique: &[],
        ..PLAIN
    },
    Kind {
        id: 6,
        name: "parent",
        child: Some(7),
        ..PLAIN
    },
    Kind {
        id: 7,
        name: "child",
        key: &[1, 4],
        unique: &[&[4, 1]],
        ..PLAIN
    },
    Kind {
        id: 8,
        name: "twice unique",
        unique: &[&[1], &[4]],
        ..PLAIN
    },
    Kind {
        id: 9,
        name: "richer at the target",
        own_column: true,
        ..PLAIN
    },
    Kind {
        id: 10,
        name: "deferred",
        identity: ReplicaIdentity::Full,
        deferred: true,
        other_constraints: true,
        ..PLAIN
    },
    Kind {
        id: 11,
        name: "constrained",
        other_constraints: true,
        ..PLAIN
    },
    Kind {
        id: 12,
        name: "with triggers",
        triggers_fire: true,
        ..PLAIN
    },
];

impl Kind {
    pub(crate) fn of(table: TableId) -> &'static Self {
        KINDS.iter().find(|kind| kind.id == table).unwrap()
    }

    /// Whether a column is a part of the replica identity.
    pub(crate) fn is_key(&self, number: i16) -> bool {
        self.identity == ReplicaIdentity::Full || self.key.contains(&number)
    }

    /// Whether a column can't be dropped without more.
    pub(crate) fn needs(&self, number: i16) -> bool {
        let unique = self.unique.iter();
        unique.copied().flatten().any(|column| *column == number) || self.grows
    }

    pub(crate) fn first_name(&self) -> TableName {
        TableName::new("public", self.name)
    }

    /// What the catalogue of the target says about its table.
    pub(crate) fn target_table(&self, table: &Table) -> TargetTable {
        let columns = &table.shape.columns;
        let place = |number: &i16| {
            let number = number + AT_TARGET;
            columns.iter().position(|column| column.number == number)
        };
        let places = |index: &&[i16]| -> Vec<usize> {
            index.iter().map(|number| place(number).unwrap()).collect()
        };
        let mut unique = self.unique.iter().map(places);
        let usable = !self.deferred;
        TargetTable {
            name: table.shape.name.clone(),
            columns: columns.iter().map(target_column).collect(),
            primary_key: unique.next().filter(|_| usable).unwrap_or_default(),
            unique_indexes: unique
                .filter(|_| usable)
                .map(|columns| UniqueIndex {
                    columns,
                    not_null: true,
                })
                .collect(),
            other_constraints: self.other_constraints,
            triggers_fire: self.triggers_fire,
        }
    }

    fn source_shape(&self) -> TableShape {
        let columns = self.columns.iter();
        TableShape {
            id: self.id,
            name: self.first_name(),
            columns: columns
                .map(|&(number, name)| column(number, name))
                .collect(),
        }
    }
}

/// The source's tables before all.
pub(crate) fn source_tables() -> Tables {
    tables(|kind| {
        let shape = Rc::new(kind.source_shape());
        let unique = kind.unique.iter().map(|index| index.to_vec());
        (Rc::clone(&shape), shape, unique.collect())
    })
}

/// The target's: their columns have other numbers, and stand in another order.
pub(crate) fn target_tables() -> Tables {
    tables(|kind| {
        let known = kind.source_shape();
        let mut shape = known.clone();
        for column in &mut shape.columns {
            column.number += AT_TARGET;
        }
        shape.columns.reverse();
        if kind.own_column {
            shape.columns.push(column(OWN, "own"));
        }
        let at_target = |index: &&[i16]| index.iter().map(|number| number + AT_TARGET).collect();
        let unique = kind.unique.iter().map(at_target);
        (Rc::new(shape), Rc::new(known), unique.collect())
    })
}

type Parts = (Rc<TableShape>, Rc<TableShape>, Vec<Vec<i16>>);

fn tables(parts: impl Fn(&Kind) -> Parts) -> Tables {
    let table = |kind: &Kind| {
        let (shape, known, unique) = parts(kind);
        let unique = if kind.deferred { Vec::new() } else { unique };
        let table = Table {
            shape,
            known,
            unique,
            rows: BTreeMap::new(),
        };
        (kind.id, table)
    };
    KINDS.iter().map(table).collect()
}

pub(crate) fn column(number: i16, name: &str) -> ShapeColumn {
    ShapeColumn {
        number,
        name: name.to_owned(),
        type_name: "text".to_owned(),
        type_id: TEXT,
        type_modifier: -1,
        not_null: false,
        default: None,
        generated: String::new(),
        identity: String::new(),
        missing: None,
        collation: None,
    }
}

fn target_column(column: &ShapeColumn) -> TargetColumn {
    TargetColumn {
        name: column.name.clone(),
        type_name: column.type_name.clone(),
        type_id: column.type_id,
        not_null: column.not_null,
        generated: false,
        identity_always: false,
        comparable: true,
    }
}
