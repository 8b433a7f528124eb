//! Leaves out of a piece what a table's snapshot already holds.

use endpoint::source::ddl::DDL;
use pgoutput::Lsn;
use pgoutput::message::RelationId;
use replication::piece::{Barrier, ChangeKind, Piece};

use crate::definition;

/// Leaves out the changes of each transaction to tables whose snapshot holds it: its commit record starts before the snapshot's position. What was
/// done to a table's definition before is left out with them: the table was made as it was later, and an older look of it would take columns
/// away that hold what was copied.
/// `snapshot` says the position of a relation's table, zero for one that waits for nothing. The changes after the last end belong to a transaction
/// that commits at `open`, later than all others.
pub(crate) fn leave_out_copied(piece: &mut Piece, open: Lsn, snapshot: impl Fn(RelationId) -> Lsn) {
    let snapshots: Vec<Lsn> = piece
        .relations
        .iter()
        .map(|relation| snapshot(relation.id))
        .collect();
    let defined: Vec<Lsn> = piece
        .barriers
        .iter()
        .map(|barrier| defined(barrier).map_or(Lsn::ZERO, &snapshot))
        .collect();
    let first = piece.ends.first().map_or(open, |end| end.commit_lsn);
    if snapshots
        .iter()
        .chain(&defined)
        .all(|snapshot| *snapshot <= first)
    {
        return;
    }
    let mut kept = Vec::with_capacity(piece.changes.len());
    let mut start = 0;
    for index in 0..=piece.ends.len() {
        let (end, commit) = match piece.ends.get(index) {
            Some(end) => (end.changes as usize, end.commit_lsn),
            None => (piece.changes.len(), open),
        };
        for change in &piece.changes[start..end] {
            let stays = if change.kind == ChangeKind::Barrier {
                match &mut piece.barriers[change.relation as usize] {
                    Barrier::Truncate { relations, .. } => {
                        relations.retain(|relation| snapshots[*relation as usize] <= commit);
                        !relations.is_empty()
                    }
                    Barrier::Message { .. } => defined[change.relation as usize] <= commit,
                    // What a relation looks like is seen when a row of it is applied.
                    Barrier::Relation { .. } => true,
                }
            } else {
                snapshots[change.relation as usize] <= commit
            };
            if stays {
                kept.push(*change);
            }
        }
        start = end;
        if let Some(end) = piece.ends.get_mut(index) {
            end.changes = u32::try_from(kept.len()).expect("there are not more than before");
        }
    }
    piece.changes = kept;
}

/// The table that a message tells the definition of.
fn defined(barrier: &Barrier) -> Option<RelationId> {
    match barrier {
        Barrier::Message { prefix, content } if prefix == DDL => definition::read(content)
            .ok()
            .map(|told| definition::table(&told)),
        Barrier::Message { .. } | Barrier::Relation { .. } | Barrier::Truncate { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use endpoint::source::ddl::DDL;
    use pgoutput::message::ReplicaIdentity;
    use pgoutput::{Lsn, PgTimestamp};
    use replication::piece::{Barrier, Change, ChangeKind, Piece, TransactionEnd};
    use replication::relation::{Relation, TableName};

    use super::leave_out_copied;

    /// A piece from a text: letters are inserts into the table of that name, `[ab]` truncates, `b!` tells the definition of b, a number ends the
    /// transaction that commits there.
    fn piece(text: &str) -> Piece {
        let mut piece = Piece::default();
        for letter in ["a", "b", "c"] {
            piece.relations.push(Arc::new(Relation {
                id: u32::from(letter.as_bytes()[0]),
                name: TableName::new("public", letter),
                identity: ReplicaIdentity::Default,
                columns: Vec::new(),
            }));
        }
        let index = |letter: u8| u32::from(letter - b'a');
        for word in text.split(' ') {
            let change = |kind, relation| Change {
                kind,
                relation,
                frame: 0,
                offset: 0,
            };
            if let Ok(position) = word.parse() {
                piece.ends.push(TransactionEnd {
                    changes: u32::try_from(piece.changes.len()).unwrap(),
                    xid: 1,
                    commit_lsn: Lsn(position),
                    end_lsn: Lsn(position + 1),
                    commit_time: PgTimestamp(0),
                });
            } else if let Some(table) = word.strip_suffix('!') {
                let barrier = u32::try_from(piece.barriers.len()).unwrap();
                piece.barriers.push(Barrier::Message {
                    prefix: DDL.to_owned(),
                    content: format!(
                        r#"{{"dropped": {{"id": {}, "schema": "public", "table": "{table}"}}}}"#,
                        table.as_bytes()[0]
                    )
                    .into(),
                });
                piece.changes.push(change(ChangeKind::Barrier, barrier));
            } else if let Some(tables) = word.strip_prefix('[') {
                let barrier = u32::try_from(piece.barriers.len()).unwrap();
                piece.barriers.push(Barrier::Truncate {
                    relations: tables.trim_end_matches(']').bytes().map(index).collect(),
                    cascade: false,
                    restart_identity: false,
                });
                piece.changes.push(change(ChangeKind::Barrier, barrier));
            } else {
                piece
                    .changes
                    .push(change(ChangeKind::Insert, index(word.as_bytes()[0])));
            }
        }
        piece
    }

    fn text(piece: &Piece) -> String {
        let name = |relation: u32| piece.relations[relation as usize].name.table.clone();
        let mut words = Vec::new();
        let mut ends = piece.ends.iter().peekable();
        for index in 0..=piece.changes.len() {
            while let Some(end) = ends.next_if(|end| end.changes as usize == index) {
                words.push(end.commit_lsn.0.to_string());
            }
            let Some(change) = piece.changes.get(index) else {
                break;
            };
            words.push(if change.kind == ChangeKind::Barrier {
                match &piece.barriers[change.relation as usize] {
                    Barrier::Truncate { relations, .. } => {
                        format!(
                            "[{}]",
                            relations.iter().copied().map(name).collect::<String>()
                        )
                    }
                    message @ Barrier::Message { .. } => {
                        let table = super::defined(message).unwrap();
                        format!("{}!", char::from_u32(table).unwrap())
                    }
                    other @ Barrier::Relation { .. } => panic!("{other:?}"),
                }
            } else {
                name(change.relation)
            });
        }
        words.join(" ")
    }

    #[test]
    fn what_a_snapshot_holds_is_left_out() {
        let check = |before: &str, b: u64, open: u64, expected: &str| {
            let mut piece = piece(before);
            let snapshot = |id| Lsn(if id == u32::from(b'b') { b } else { 0 });
            leave_out_copied(&mut piece, Lsn(open), snapshot);
            assert_eq!(text(&piece), expected, "{before}, snapshot of b at {b}");
        };
        check("a b 10 b 20 b 30", 0, 40, "a b 10 b 20 b 30");
        check("a b 10 b 20 b 30", 20, 40, "a 10 b 20 b 30");
        check("a b 10 b 20 b 30", 21, 40, "a 10 20 b 30");
        check("a b 10 b a", 35, 40, "a 10 b a");
        check("a b 10 b a", 45, 40, "a 10 a");
        check("[ab] [b] 10 [b] 20", 15, 40, "[a] 10 [b] 20");
        check("b! a! 10 b! 20", 15, 40, "a! 10 b! 20");
        check("z! 10 b! 20", 25, 40, "z! 10 20");
    }
}
