//! Any bytes are read without a panic, and what was written is read again.

#![allow(clippy::unwrap_used, reason = "a test that panics says so")]

use pgoutput::decode::Place;
use pgoutput::envelope::Envelope;
use pgoutput::message::{Message, OldTuple, ReplicaIdentity};
use pgoutput::{Tuple, Value, Values};
use proptest::collection::vec;
use proptest::prelude::*;

/// A value with its own bytes.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Unchanged,
    Text(Vec<u8>),
    Binary(Vec<u8>),
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Unchanged => Self::Unchanged,
            Value::Text(bytes) => Self::Text(bytes.to_vec()),
            Value::Binary(bytes) => Self::Binary(bytes.to_vec()),
        }
    }
}

type Cells = Vec<Cell>;

/// The old row of an update or a delete: its mark and values.
type OldRow = (char, Cells);

/// The messages whose length depends on their content.
#[derive(Clone, Debug, PartialEq)]
enum Written {
    Insert(Cells),
    Update(Option<OldRow>, Cells),
    Delete(OldRow),
    Relation(String, char, Vec<(bool, String, u32, i32)>),
    Truncate(u8, Vec<u32>),
    Logical(bool, String, Vec<u8>),
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        Just(Cell::Unchanged),
        vec(any::<u8>(), 0..20).prop_map(Cell::Text),
        vec(any::<u8>(), 0..20).prop_map(Cell::Binary),
    ]
}

fn old_row() -> impl Strategy<Value = OldRow> {
    (prop::sample::select(vec!['K', 'O']), vec(cell(), 0..6))
}

fn written() -> impl Strategy<Value = Written> {
    let column = (any::<bool>(), "[^\0]{0,8}", any::<u32>(), any::<i32>());
    prop_oneof![
        vec(cell(), 0..6).prop_map(Written::Insert),
        (prop::option::of(old_row()), vec(cell(), 0..6))
            .prop_map(|(old, new)| Written::Update(old, new)),
        old_row().prop_map(Written::Delete),
        (
            "[^\0]{1,8}",
            prop::sample::select(vec!['d', 'n', 'f', 'i']),
            vec(column, 0..6)
        )
            .prop_map(|(name, identity, columns)| Written::Relation(name, identity, columns)),
        (0..4_u8, vec(any::<u32>(), 0..6))
            .prop_map(|(flags, relations)| Written::Truncate(flags, relations)),
        (any::<bool>(), "[^\0]{0,8}", vec(any::<u8>(), 0..20)).prop_map(
            |(transactional, prefix, content)| Written::Logical(transactional, prefix, content)
        ),
    ]
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap().to_be_bytes()
}

fn write_row(mark: char, cells: &[Cell], bytes: &mut Vec<u8>) {
    bytes.push(mark as u8);
    bytes.extend(u16::try_from(cells.len()).unwrap().to_be_bytes());
    for cell in cells {
        let (kind, content) = match cell {
            Cell::Null => (b'n', None),
            Cell::Unchanged => (b'u', None),
            Cell::Text(content) => (b't', Some(content)),
            Cell::Binary(content) => (b'b', Some(content)),
        };
        bytes.push(kind);
        if let Some(content) = content {
            bytes.extend(length(content.len()));
            bytes.extend(content);
        }
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

fn write(message: &Written, xid: Option<u32>, id: u32) -> Vec<u8> {
    let kind = match message {
        Written::Insert(_) => b'I',
        Written::Update(..) => b'U',
        Written::Delete(_) => b'D',
        Written::Relation(..) => b'R',
        Written::Truncate(..) => b'T',
        Written::Logical(..) => b'M',
    };
    let mut bytes = vec![kind];
    bytes.extend(xid.iter().flat_map(|xid| xid.to_be_bytes()));
    match message {
        Written::Insert(new) => {
            bytes.extend(id.to_be_bytes());
            write_row('N', new, &mut bytes);
        }
        Written::Update(old, new) => {
            bytes.extend(id.to_be_bytes());
            if let Some((mark, old)) = old {
                write_row(*mark, old, &mut bytes);
            }
            write_row('N', new, &mut bytes);
        }
        Written::Delete((mark, old)) => {
            bytes.extend(id.to_be_bytes());
            write_row(*mark, old, &mut bytes);
        }
        Written::Relation(name, identity, columns) => {
            bytes.extend(id.to_be_bytes());
            write_text(name, &mut bytes);
            write_text(name, &mut bytes);
            bytes.push(*identity as u8);
            bytes.extend(u16::try_from(columns.len()).unwrap().to_be_bytes());
            for (key, name, type_id, modifier) in columns {
                bytes.push(u8::from(*key));
                write_text(name, &mut bytes);
                bytes.extend(type_id.to_be_bytes());
                bytes.extend(modifier.to_be_bytes());
            }
        }
        Written::Truncate(flags, relations) => {
            bytes.extend(length(relations.len()));
            bytes.push(*flags);
            bytes.extend(relations.iter().flat_map(|id| id.to_be_bytes()));
        }
        Written::Logical(transactional, prefix, content) => {
            bytes.push(u8::from(*transactional));
            bytes.extend(77_u64.to_be_bytes());
            write_text(prefix, &mut bytes);
            bytes.extend(length(content.len()));
            bytes.extend(content);
        }
    }
    bytes
}

fn cells(tuple: Tuple<'_>) -> Cells {
    let cells: Cells = tuple.values().map(Cell::from).collect();
    assert_eq!(cells.len(), tuple.len());
    assert_eq!(cells.is_empty(), tuple.is_empty());
    for (column, cell) in cells.iter().enumerate() {
        assert_eq!(tuple.value(column).map(Cell::from).as_ref(), Some(cell));
    }
    assert_eq!(tuple.value(cells.len()), None);
    cells
}

fn marked(old: &OldTuple<'_>) -> OldRow {
    match old {
        OldTuple::Key(tuple) => ('K', cells(*tuple)),
        OldTuple::Full(tuple) => ('O', cells(*tuple)),
    }
}

/// What a message says, in the terms that it was written in, with its transaction and table.
fn read(message: Message<'_>) -> Option<(Written, Option<u32>, Option<u32>)> {
    Some(match message {
        Message::Insert { xid, relation, new } => {
            (Written::Insert(cells(new)), xid, Some(relation))
        }
        Message::Update {
            xid,
            relation,
            old,
            new,
        } => (
            Written::Update(old.as_ref().map(marked), cells(new)),
            xid,
            Some(relation),
        ),
        Message::Delete { xid, relation, old } => {
            (Written::Delete(marked(&old)), xid, Some(relation))
        }
        Message::Relation(body) => {
            assert_eq!(body.namespace, body.name);
            assert_eq!(body.columns().count(), usize::from(body.column_count));
            let identity = match body.identity {
                ReplicaIdentity::Default => 'd',
                ReplicaIdentity::Nothing => 'n',
                ReplicaIdentity::Full => 'f',
                ReplicaIdentity::Index => 'i',
            };
            let columns = body
                .columns()
                .map(|column| {
                    (
                        column.key,
                        column.name.to_owned(),
                        column.type_id,
                        column.type_modifier,
                    )
                })
                .collect();
            (
                Written::Relation(body.name.to_owned(), identity, columns),
                body.xid,
                Some(body.id),
            )
        }
        Message::Truncate(truncate) => {
            let flags = u8::from(truncate.cascade) | (u8::from(truncate.restart_identity) << 1);
            (
                Written::Truncate(flags, truncate.relations().collect()),
                truncate.xid,
                None,
            )
        }
        Message::Logical {
            xid,
            transactional,
            prefix,
            content,
            ..
        } => (
            Written::Logical(transactional, prefix.to_owned(), content.to_vec()),
            xid,
            None,
        ),
        _ => return None,
    })
}

fn place(xid: Option<u32>) -> Place {
    match xid {
        None => Place::Whole,
        Some(_) => Place::Streamed,
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        kind in prop::sample::select(b"BCORYIUDTMSEcAbPKrpwk?".to_vec()),
        mut bytes in vec(prop_oneof![3 => 0..4_u8, 1 => any::<u8>(), 1 => prop::sample::select(b"NKOntub".to_vec())], 0..80),
    ) {
        bytes.insert(0, kind);
        for place in [Place::Whole, Place::Streamed] {
            if let Ok(message) = Message::decode(&bytes, place) {
                read(message);
            }
        }
        let _ = Envelope::decode(&bytes);
    }

    #[test]
    fn what_was_written_is_read(message in written(), xid in prop::option::of(any::<u32>()), id: u32) {
        let bytes = write(&message, xid, id);
        let decoded = Message::decode(&bytes, place(xid)).unwrap();
        let (again, its_xid, its_id) = read(decoded).unwrap();
        prop_assert_eq!(again, message);
        prop_assert_eq!(its_xid, xid);
        prop_assert!(its_id.is_none_or(|its_id| its_id == id));
    }

    #[test]
    fn values_are_found_without_reading_the_tuple_first(row in vec(cell(), 0..6), after in vec(any::<u8>(), 0..6)) {
        let mut bytes = Vec::new();
        write_row('N', &row, &mut bytes);
        bytes.extend(&after);
        let values = Values::at(&bytes[1..]);
        prop_assert_eq!(values.clone().map(Cell::from).collect::<Cells>(), row);
        prop_assert_eq!(values.rest(), after.as_slice());
        // Of bytes that are no tuple they are something, or nothing.
        let _ = Values::at(&after).rest();
    }

    #[test]
    fn a_message_cut_short_is_none(message in written(), xid in prop::option::of(any::<u32>()), at: prop::sample::Index) {
        let bytes = write(&message, xid, 1);
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert!(Message::decode(cut, place(xid)).is_err());
    }
}
