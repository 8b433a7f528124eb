//! The decoder of replication streams.

use pgoutput::decode::Place;
use pgoutput::envelope::Envelope;
use pgoutput::message::{Message, OldTuple};
use pgoutput::{Tuple, Values};
use tests::support::random::Random;

use crate::target::{Shown, Target};

pub(super) struct Replication;

impl Target for Replication {
    fn name(&self) -> &'static str {
        "replication"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let mut random = Random::new(1);
        (0..200).map(|_| message(&mut random)).collect()
    }

    fn generate(&self, random: &mut Random) -> Vec<u8> {
        let body = message(random);
        if random.percent(20) {
            let mut payload = vec![b'w'];
            payload.extend([1; 24]);
            payload.extend(body);
            return payload;
        }
        body
    }

    fn pieces(&self) -> &'static [&'static str] {
        &[
            "N",
            "K",
            "O",
            "n",
            "u",
            "t",
            "b",
            "\0\0\0\u{1}",
            "\u{7f}",
            "I",
            "U",
            "D",
            "R",
            "S",
            "E",
            "\0",
        ]
    }

    fn run(&mut self, input: &[u8], shown: &mut Shown) {
        for (place, which) in [(Place::Whole, 0), (Place::Streamed, 1)] {
            match Message::decode(input, place) {
                Ok(message) => {
                    shown.mark((which, std::mem::discriminant(&message)));
                    look_at(&message);
                }
                Err(error) => shown.text(&error.to_string()),
            }
        }
        match Envelope::decode(input) {
            Ok(envelope) => shown.mark(std::mem::discriminant(&envelope)),
            Err(error) => shown.text(&error.to_string()),
        }
        let values = Values::at(input);
        let count = values.clone().count();
        assert!(count <= usize::from(u16::MAX));
        let _ = values.rest();
    }
}

fn look_at(message: &Message<'_>) {
    match message {
        Message::Insert { new, .. } => row(*new),
        Message::Update { old, new, .. } => {
            if let Some(OldTuple::Key(old) | OldTuple::Full(old)) = old {
                row(*old);
            }
            row(*new);
        }
        Message::Delete {
            old: OldTuple::Key(old) | OldTuple::Full(old),
            ..
        } => row(*old),
        Message::Relation(body) => {
            assert_eq!(body.columns().count(), usize::from(body.column_count));
        }
        Message::Truncate(truncate) => {
            let _ = truncate.relations().count();
        }
        _ => {}
    }
}

fn row(row: Tuple<'_>) {
    assert_eq!(row.values().count(), row.len());
    for column in 0..row.len().min(40) {
        assert!(row.value(column).is_some(), "a column has a value");
    }
    assert!(row.value(row.len()).is_none());
}

/// A message that may be right.
fn message(random: &mut Random) -> Vec<u8> {
    let kind = *random.one_of(b"IIUUDDRRTMBCOYSEcAbPKrp");
    let mut bytes = vec![kind];
    if random.percent(30) {
        bytes.extend([0, 0, 0, 9]);
    }
    match kind {
        b'I' | b'U' | b'D' => {
            bytes.extend([0, 0, 0, 1]);
            if kind != b'I' && random.percent(50) {
                tuple(random, *random.clone().one_of(b"KO"), &mut bytes);
            }
            if kind != b'D' {
                tuple(random, b'N', &mut bytes);
            }
        }
        b'R' => {
            bytes.extend([0, 0, 0, 1]);
            bytes.extend(b"public\0orders\0");
            bytes.push(*random.one_of(b"dnfi"));
            let columns = random.below(4);
            bytes.extend([0, u8::try_from(columns).unwrap_or(0)]);
            for _ in 0..columns {
                bytes.extend(b"\x01id\0\0\0\0\x17\xff\xff\xff\xff");
            }
        }
        b'T' => bytes.extend([0, 0, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 2]),
        b'M' => {
            bytes.push(1);
            bytes.extend([0; 8]);
            bytes.extend(b"prefix\0\0\0\0\x03abc");
        }
        b'B' => bytes.extend([3; 20]),
        b'C' => bytes.extend([0; 25]),
        b'S' => bytes.extend([0, 0, 0, 9, 1]),
        _ => {
            let count = random.below(40);
            bytes.extend((0..count).map(|_| u8::try_from(random.below(4)).unwrap_or(0)));
            bytes.extend(b"gid\0");
        }
    }
    bytes
}

fn tuple(random: &mut Random, mark: u8, bytes: &mut Vec<u8>) {
    bytes.push(mark);
    let count = random.below(5);
    bytes.extend([0, u8::try_from(count).unwrap_or(0)]);
    for _ in 0..count {
        let kind = *random.one_of(b"nutb");
        bytes.push(kind);
        if matches!(kind, b't' | b'b') {
            bytes.extend([0, 0, 0, 3]);
            bytes.extend(b"abc");
        }
    }
}
