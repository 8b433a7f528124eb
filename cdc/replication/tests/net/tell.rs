//! Changes in a small notation, and their plan as text.
//!
//! The tables are numbered from 0 as the kinds are given; their columns are `id a b u`.

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::Expect;
use replication::binding::Binding;
use replication::net::{KeyOf, Mode, Row, Side, Step, TableWork, Work, plan};
use replication::piece::{Change, ChangeKind, Piece};

use crate::model::{COLUMNS, Kind, Source, bindings, piece, text, tuple_at, value_of};
use crate::support::notation::write;

pub(crate) fn check(kinds: &[Kind], notation: &str, expected: Expect) {
    check_mode(kinds, notation, Mode::Net, expected);
}

pub(crate) fn check_mode(kinds: &[Kind], notation: &str, mode: Mode, expected: Expect) {
    let mut writer = Source::new(kinds, Vec::new()).writer;
    for line in notation.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        write(&words, &mut writer);
    }
    writer.commit(100, 108);
    let piece = piece(writer);
    let bindings = bindings(&piece, kinds);
    expected.assert_eq(&tell(&piece, &bindings, mode));
}

pub(crate) fn tell(piece: &Piece, bindings: &[Option<Arc<Binding>>], mode: Mode) -> String {
    let mut told = String::new();
    for step in plan(piece, 0..piece.changes.len(), bindings, mode).steps {
        match step {
            Step::Barrier(barrier) => writeln!(told, "barrier {barrier}").unwrap(),
            Step::Rows(works) => {
                writeln!(told, "rows").unwrap();
                for work in works {
                    tell_work(piece, bindings, &work, &mut told);
                }
            }
        }
    }
    told
}

fn tell_work(
    piece: &Piece,
    bindings: &[Option<Arc<Binding>>],
    work: &TableWork,
    told: &mut String,
) {
    let binding = bindings[work.binding as usize].as_ref().unwrap();
    let counts = work.counts;
    let name = &binding.table.name.table;
    let (inserts, updates, deletes) = (counts.inserts, counts.updates, counts.deletes);
    writeln!(
        told,
        "  {name}: {inserts} inserts, {updates} updates, {deletes} deletes"
    )
    .unwrap();
    match &work.work {
        Work::Net(net) => {
            for key in &net.deletes {
                writeln!(told, "    delete {}", key_text(piece, *key)).unwrap();
            }
            for group in &net.updates {
                for (key, row) in &group.rows {
                    let set: Vec<String> = group
                        .columns
                        .iter()
                        .map(|&column| {
                            let name = COLUMNS[column as usize];
                            format!("{name} = {}", value_of(piece, row, column))
                        })
                        .collect();
                    let key = key_text(piece, *key);
                    writeln!(told, "    update {key} set {}", set.join(", ")).unwrap();
                }
            }
            for row in &net.inserts {
                writeln!(told, "    insert {}", row_text(piece, row)).unwrap();
            }
        }
        Work::Ordered(changes) => {
            for &change in changes {
                let change = &piece.changes[change as usize];
                writeln!(told, "    in order: {}", change_text(piece, change)).unwrap();
            }
        }
    }
}

fn row_text(piece: &Piece, row: &Row) -> String {
    let values: Vec<String> = (0..4).map(|column| value_of(piece, row, column)).collect();
    values.join(" ")
}

fn key_text(piece: &Piece, key: KeyOf) -> String {
    let side = match key.side {
        Side::Old => "old",
        Side::New => "new",
    };
    let values: Vec<String> = tuple_at(piece, key)
        .values()
        .map(|value| text(value).unwrap_or_else(|| "?".to_owned()))
        .collect();
    format!("({side} {})", values.join(" "))
}

fn change_text(piece: &Piece, change: &Change) -> String {
    let rows: Vec<String> = [piece.old(change), piece.new(change)]
        .into_iter()
        .flatten()
        .map(|row| {
            let values: Vec<String> = row
                .values()
                .map(|value| text(value).unwrap_or_else(|| "?".to_owned()))
                .collect();
            values.join(" ")
        })
        .collect();
    assert_ne!(change.kind, ChangeKind::Barrier);
    format!("{:?} {}", change.kind, rows.join(" -> "))
}
