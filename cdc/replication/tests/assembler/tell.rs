//! Deliveries as text.

use std::fmt::Write as _;

use pgoutput::{Tuple, Value};
use replication::piece::{Barrier, Change, ChangeKind, Delivery, Piece, TransactionEnd};

pub(crate) fn tell(delivery: &Delivery, told: &mut String) {
    match delivery {
        Delivery::Piece(piece) => {
            let open = if piece.is_open() { " open" } else { "" };
            writeln!(told, "piece{open}").unwrap();
            tell_piece(piece, told);
        }
        Delivery::Streamed { xid, piece } => {
            writeln!(told, "streamed {xid}").unwrap();
            tell_piece(piece, told);
        }
        Delivery::StreamedAbort { xid, subxid } => {
            writeln!(told, "streamed abort {xid} {subxid}").unwrap();
        }
        Delivery::StreamedCommit { end } => {
            writeln!(told, "streamed commit {}", end_text(end)).unwrap();
        }
        Delivery::Prepared { gid, streamed, end } => {
            let how = if *streamed { " streamed" } else { "" };
            writeln!(told, "prepared {gid}{how} {}", end_text(end)).unwrap();
        }
        Delivery::PreparedEnd {
            gid,
            committed,
            end,
        } => {
            let how = if *committed {
                "committed"
            } else {
                "rolled back"
            };
            writeln!(told, "prepared {gid} {how} {}", end_text(end)).unwrap();
        }
        Delivery::Position { lsn, .. } => writeln!(told, "position {}", lsn.0).unwrap(),
    }
}

fn tell_piece(piece: &Piece, told: &mut String) {
    let mut ends = piece.ends.iter().peekable();
    let mut runs = piece.subtransactions.iter().peekable();
    for index in 0..=piece.changes.len() {
        while let Some(end) = ends.next_if(|end| end.changes as usize == index) {
            writeln!(told, "  end {}", end_text(end)).unwrap();
        }
        let Some(change) = piece.changes.get(index) else {
            break;
        };
        runs.next_if(|run| run.changes as usize == index);
        let run = runs
            .peek()
            .map_or(String::new(), |run| format!("{}: ", run.xid));
        writeln!(told, "  {run}{}", change_text(piece, change)).unwrap();
    }
    assert_eq!(ends.next(), None);
}

fn end_text(end: &TransactionEnd) -> String {
    format!("{} at {}-{}", end.xid, end.commit_lsn.0, end.end_lsn.0)
}

fn change_text(piece: &Piece, change: &Change) -> String {
    if change.kind == ChangeKind::Barrier {
        return barrier_text(piece, &piece.barriers[change.relation as usize]);
    }
    let table = &piece.relation(change).name.table;
    let old = piece.old(change).map(row_text);
    let new = piece.new(change).map(row_text);
    match (old, new) {
        (None, Some(new)) => format!("{table} {:?} {new}", change.kind),
        (Some(old), None) => format!("{table} {:?} {old}", change.kind),
        (Some(old), Some(new)) => format!("{table} {:?} {old} -> {new}", change.kind),
        (None, None) => panic!("a row's change without a row"),
    }
}

fn barrier_text(piece: &Piece, barrier: &Barrier) -> String {
    let columns = |relation: &replication::relation::Relation| {
        let names: Vec<&str> = relation
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        format!("{}({})", relation.name, names.join(", "))
    };
    match barrier {
        Barrier::Truncate {
            relations,
            cascade,
            restart_identity,
        } => {
            let names: Vec<String> = relations
                .iter()
                .map(|&index| piece.relations[index as usize].name.to_string())
                .collect();
            format!("truncate {names:?} cascade {cascade} restart {restart_identity}")
        }
        Barrier::Relation { before, after } => {
            let after = &piece.relations[*after as usize];
            format!("relation {} -> {}", columns(before), columns(after))
        }
        Barrier::Message { prefix, content } => format!("message {prefix} {content:?}"),
    }
}

fn row_text(tuple: Tuple<'_>) -> String {
    let values: Vec<String> = tuple
        .values()
        .map(|value| match value {
            Value::Null => "~".to_owned(),
            Value::Unchanged => "?".to_owned(),
            Value::Text(text) | Value::Binary(text) => String::from_utf8_lossy(text).into_owned(),
        })
        .collect();
    format!("({})", values.join(" "))
}
