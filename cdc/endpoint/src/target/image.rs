//! Rows as they are to be: the values of a change's tuples, with those that the tuple leaves out taken from where they stand.

use pgoutput::{Tuple, Value};
use replication::net::{KeyOf, Row, Side};
use replication::piece::Piece;

use crate::target::route::Form;

/// Reads rows of a piece, one at a time, into memory that is used again.
#[derive(Debug)]
pub(crate) struct Images<'p> {
    piece: &'p Piece,
    row: Vec<Value<'p>>,
    key: Vec<Value<'p>>,
}

impl<'p> Images<'p> {
    pub(crate) fn new(piece: &'p Piece) -> Self {
        Self {
            piece,
            row: Vec::new(),
            key: Vec::new(),
        }
    }

    /// The values of a row to be, by source column.
    pub(crate) fn row(&mut self, row: &Row) -> &[Value<'p>] {
        self.row.clear();
        if let Some(tuple) = tuple(self.piece, row.change, Side::New) {
            self.row.extend(tuple.values());
        }
        for (column, place) in row.elsewhere.iter().flatten() {
            if let Some(slot) = self.row.get_mut(*column as usize)
                && let Some(value) = value(self.piece, *place, *column)
            {
                *slot = value;
            }
        }
        &self.row
    }

    /// The values of the tuple that has a key, by source column.
    pub(crate) fn key(&mut self, key: KeyOf) -> &[Value<'p>] {
        self.key.clear();
        if let Some(tuple) = tuple(self.piece, key.change, key.side) {
            self.key.extend(tuple.values());
        }
        &self.key
    }

    /// Both, for an update.
    pub(crate) fn both(&mut self, key: KeyOf, row: &Row) -> (&[Value<'p>], &[Value<'p>]) {
        self.row(row);
        if key.change == row.change && key.side == Side::New && row.elsewhere.is_none() {
            return (&self.row, &self.row);
        }
        self.key(key);
        (&self.key, &self.row)
    }
}

/// A change's tuple.
pub(crate) fn tuple(piece: &Piece, change: u32, side: Side) -> Option<Tuple<'_>> {
    let change = &piece.changes[change as usize];
    match side {
        Side::Old => piece.old(change),
        Side::New => piece.new(change),
    }
}

/// A tuple's values; none without a tuple.
pub(crate) fn values<'p>(tuple: Option<Tuple<'p>>) -> Vec<Value<'p>> {
    tuple.map_or_else(Vec::new, |tuple| tuple.values().collect())
}

fn value(piece: &Piece, place: KeyOf, column: u32) -> Option<Value<'_>> {
    tuple(piece, place.change, place.side)?.value(column as usize)
}

/// Something by which rows may be sorted, so that neighbours come together: the beginning of the key.
pub(crate) fn neighbourhood<'v>(key: impl IntoIterator<Item = Value<'v>>) -> u64 {
    let mut sum: u64 = 0;
    let mut taken = 0;
    for value in key {
        let bytes = match value {
            Value::Null | Value::Unchanged => continue,
            Value::Text(digits) if taken == 0 && digits.len() < 20 => {
                match std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| digits.parse().ok())
                {
                    Some(number) => return number,
                    None => digits,
                }
            }
            Value::Text(bytes) | Value::Binary(bytes) => bytes,
        };
        for byte in bytes.iter().take(8 - taken) {
            sum = (sum << 8) | u64::from(*byte);
        }
        taken += bytes.len().min(8 - taken);
        if taken == 8 {
            break;
        }
    }
    sum << ((8 - taken).min(7) * 8)
}

/// How the values of columns come, as far as seen.
#[derive(Debug)]
pub(crate) struct Forms {
    pub(crate) of: Vec<Form>,
    unknown: usize,
}

impl Forms {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            of: vec![Form::Null; count],
            unknown: count,
        }
    }

    /// Looks at a row's values, and says whether every column has shown one by now.
    pub(crate) fn see<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) -> bool {
        for (form, value) in self.of.iter_mut().zip(values) {
            if *form == Form::Null {
                *form = Form::of(value);
                self.unknown -= usize::from(*form != Form::Null);
            }
        }
        self.unknown == 0
    }
}
