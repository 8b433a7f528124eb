//! What is kept comes back, from memory and from disk.

use std::sync::Arc;

use bytes::Bytes;
use pgoutput::Value;
use pgoutput::message::{ReplicaIdentity, Xid};
use proptest::prelude::*;
use replication::piece::{Barrier, Change, ChangeKind, Piece, Subtransaction};
use replication::relation::{Relation, TableName};

use super::Spills;

fn relation() -> Arc<Relation> {
    Arc::new(Relation {
        id: 1,
        name: TableName::new("public", "t"),
        identity: ReplicaIdentity::Default,
        columns: Vec::new(),
    })
}

/// A piece with one change for each value: inserts, updates with their old keys, and messages for 0.
fn piece(runs: &[(Xid, Vec<u8>)]) -> Piece {
    let mut piece = Piece {
        relations: vec![relation()],
        ..Piece::default()
    };
    let mut bytes = b"before".to_vec();
    for (xid, values) in runs {
        for value in values {
            let mut change = Change {
                kind: ChangeKind::Insert,
                relation: 0,
                frame: 0,
                offset: u32::try_from(bytes.len()).unwrap(),
            };
            let tuple = [0, 1, b't', 0, 0, 0, 1, *value];
            match value % 3 {
                0 if *value == 0 => {
                    change.kind = ChangeKind::Barrier;
                    change.relation = u32::try_from(piece.barriers.len()).unwrap();
                    piece.barriers.push(Barrier::Message {
                        prefix: "p".to_owned(),
                        content: Bytes::from_static(b"c"),
                    });
                }
                1 => {
                    change.kind = ChangeKind::UpdateKey;
                    bytes.extend_from_slice(&[0, 1, b'n']);
                    bytes.push(b'N');
                }
                _ => {}
            }
            bytes.extend_from_slice(&tuple);
            piece.changes.push(change);
        }
        piece.subtransactions.push(Subtransaction {
            xid: *xid,
            changes: u32::try_from(piece.changes.len()).unwrap(),
        });
    }
    piece.frames.push(Bytes::from(bytes));
    piece
}

/// The values of a piece's changes, 0 for a message.
fn values(piece: &Piece) -> Vec<u8> {
    let value = |change: &Change| match piece.new(change) {
        Some(tuple) => match tuple.value(0) {
            Some(Value::Text(text)) => text[0],
            other => panic!("{other:?} is no value of these tests"),
        },
        None => {
            assert!(matches!(
                piece.barriers[change.relation as usize],
                Barrier::Message { .. }
            ));
            0
        }
    };
    piece.changes.iter().map(value).collect()
}

proptest! {
    #[test]
    fn what_did_not_abort_comes_back_in_its_order(
        pieces in prop::collection::vec(
            (1_u32..3, prop::collection::vec((0_u32..4, prop::collection::vec(any::<u8>(), 0..9)), 0..4)), 0..12),
        aborted in prop::collection::vec((1_u32..3, 1_u32..4), 0..3),
        budget in 0_usize..400,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let mut spills = Spills::new(directory.path().join("task"), budget).unwrap();
        let mut model: Vec<(Xid, Xid, u8)> = Vec::new();
        for (xid, runs) in &pieces {
            // Subtransactions of 1 are 100 to 103, and 100 stands for the top level.
            let runs: Vec<(Xid, Vec<u8>)> = runs
                .iter()
                .map(|(sub, values)| (if *sub == 0 { *xid } else { xid * 100 + sub }, values.clone()))
                .collect();
            spills.add(*xid, &piece(&runs)).unwrap();
            for (sub, values) in &runs {
                model.extend(values.iter().map(|value| (*xid, *sub, *value)));
            }
        }
        for (xid, sub) in &aborted {
            spills.abort(*xid, xid * 100 + sub);
            model.retain(|(_, kept, _)| *kept != xid * 100 + sub);
        }
        for xid in 1..3 {
            let mut found = Vec::new();
            if let Some(spill) = spills.take(xid) {
                let mut pieces = spill.into_pieces().unwrap();
                while let Some(piece) = pieces.next().unwrap() {
                    found.extend(values(&piece));
                }
            }
            let expected: Vec<u8> =
                model.iter().filter(|(of, _, _)| *of == xid).map(|(_, _, value)| *value).collect();
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!((spills.in_memory, spills.on_disk()), (0, 0));
        drop(spills);
        prop_assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
    }
}
