//! A row's values, as they stand in the stream.

/// A row: checked bytes of the form `count (kind [length value])*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple<'a> {
    /// How many values.
    count: u16,
    /// The values' bytes, exactly.
    bytes: &'a [u8],
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// SQL's null.
    Null,
    /// A TOASTed value that the update did not touch: it was not sent.
    Unchanged,
    /// In the type's text form.
    Text(&'a [u8]),
    /// In the type's binary form.
    Binary(&'a [u8]),
}

impl<'a> Tuple<'a> {
    /// Reads a tuple at the start of `bytes`, and says how many bytes it took; nothing if they are no tuple.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let count = u16::from_be_bytes(*bytes.first_chunk()?);
        let mut at = 2;
        for _ in 0..count {
            match *bytes.get(at)? {
                b'n' | b'u' => at += 1,
                b't' | b'b' => {
                    let length = bytes.get(at + 1..)?.first_chunk()?;
                    let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
                    at = at.checked_add(5)?.checked_add(length)?;
                }
                _ => return None,
            }
        }
        let tuple = Self {
            count,
            bytes: bytes.get(2..at)?,
        };
        Some((tuple, at))
    }

    /// How many values it has.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Its values, in the relation's order.
    #[must_use]
    pub fn values(&self) -> Values<'a> {
        Values {
            left: self.count,
            bytes: self.bytes,
        }
    }

    /// The value of one column; nothing beyond the last.
    #[must_use]
    pub fn value(&self, column: usize) -> Option<Value<'a>> {
        self.values().nth(column)
    }
}

/// The values of a tuple.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    left: u16,
    /// It may go on after the last value.
    bytes: &'a [u8],
}

impl<'a> Values<'a> {
    /// The values of the tuple at the start of `bytes`, which [`Tuple::read`] has accepted before: only those that are asked for are
    /// looked at. Of other bytes it gives some values, or none.
    #[must_use]
    #[inline]
    pub fn at(bytes: &'a [u8]) -> Self {
        match bytes.split_first_chunk() {
            Some((count, bytes)) => Self {
                left: u16::from_be_bytes(*count),
                bytes,
            },
            None => Self { left: 0, bytes },
        }
    }

    /// The bytes after those values that were not asked for yet.
    #[must_use]
    pub fn rest(mut self) -> &'a [u8] {
        while self.next().is_some() {}
        self.bytes
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (&kind, rest) = self.bytes.split_first()?;
        match kind {
            b'n' => {
                self.bytes = rest;
                Some(Value::Null)
            }
            b'u' => {
                self.bytes = rest;
                Some(Value::Unchanged)
            }
            _ => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
                let (value, rest) = rest.split_at_checked(length)?;
                self.bytes = rest;
                Some(if kind == b't' {
                    Value::Text(value)
                } else {
                    Value::Binary(value)
                })
            }
        }
    }
}
