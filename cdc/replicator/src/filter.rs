//! Leaves out of a piece what a table's snapshot already holds.

use pgoutput::Lsn;
use pgoutput::message::RelationId;
use replication::piece::{Barrier, ChangeKind, Piece};

/// Leaves out the changes of each transaction to tables whose snapshot holds it: its commit record starts before the snapshot's position.
/// `snapshot` says the position of a relation's table, zero for one that waits for nothing. The changes after the last end belong to a transaction
/// that commits at `open`, later than all others.
pub(crate) fn leave_out_copied(piece: &mut Piece, open: Lsn, snapshot: impl Fn(RelationId) -> Lsn) {
    let snapshots: Vec<Lsn> = piece
        .relations
        .iter()
        .map(|relation| snapshot(relation.id))
        .collect();
    let first = piece.ends.first().map_or(open, |end| end.commit_lsn);
    if snapshots.iter().all(|snapshot| *snapshot <= first) {
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
                    // What was done to a definition may be in the snapshot, too; that is seen when it is compared.
                    Barrier::Relation { .. } | Barrier::Message { .. } => true,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pgoutput::message::ReplicaIdentity;
    use pgoutput::{Lsn, PgTimestamp};
    use replication::piece::{Barrier, Change, ChangeKind, Piece, TransactionEnd};
    use replication::relation::{Relation, TableName};

    use super::leave_out_copied;

    /// A piece from a text: letters are inserts into the table of that name, `[ab]` truncates, a number ends the transaction that commits there.
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
                    other => panic!("{other:?}"),
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
    }
}
