//! CBOR (RFC 8949), as far as Smithy's RPC protocol uses it.

use serde_json::Number;

/// How deep arrays and maps may nest.
const DEPTH: usize = 256;

/// A value that CBOR can tell, and JSON not quite.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Item>),
    Map(Vec<(String, Item)>),
    /// Seconds since 1970.
    Time(f64),
}

impl Item {
    /// The encoding.
    pub(crate) fn write(&self, target: &mut Vec<u8>) {
        match self {
            Self::Null => target.push(0xf6),
            Self::Bool(false) => target.push(0xf4),
            Self::Bool(true) => target.push(0xf5),
            Self::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => head(target, 0, number),
                (_, Some(number), _) => head(target, 1, !number.cast_unsigned()),
                (_, _, number) => float(target, number.unwrap_or(f64::NAN)),
            },
            Self::Text(text) => {
                head(target, 3, text.len() as u64);
                target.extend_from_slice(text.as_bytes());
            }
            Self::Bytes(bytes) => {
                head(target, 2, bytes.len() as u64);
                target.extend_from_slice(bytes);
            }
            Self::List(items) => {
                head(target, 4, items.len() as u64);
                for item in items {
                    item.write(target);
                }
            }
            Self::Map(members) => {
                head(target, 5, members.len() as u64);
                for (name, item) in members {
                    Self::Text(name.clone()).write(target);
                    item.write(target);
                }
            }
            Self::Time(seconds) => {
                target.push(0xc1);
                match whole(*seconds) {
                    Some(seconds) => Self::Number(seconds.into()).write(target),
                    None => float(target, *seconds),
                }
            }
        }
    }
}

/// An integer, where it is one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is whole and within the bounds"
)]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn head(target: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    let bytes = number.to_be_bytes();
    match number {
        0..=23 => target.push(major | bytes[7]),
        24..=0xff => target.extend_from_slice(&[major | 24, bytes[7]]),
        0x100..=0xffff => {
            target.push(major | 25);
            target.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            target.push(major | 26);
            target.extend_from_slice(&bytes[4..]);
        }
        _ => {
            target.push(major | 27);
            target.extend_from_slice(&bytes);
        }
    }
}

fn float(target: &mut Vec<u8>, number: f64) {
    target.push(0xfb);
    target.extend_from_slice(&number.to_be_bytes());
}

/// Reads one item that is the whole of the bytes.
///
/// # Errors
/// What is wrong, and at which byte.
pub(crate) fn parse(bytes: &[u8]) -> Result<Item, String> {
    let mut reader = Reader { bytes, at: 0 };
    let item = reader.item(0)?;
    if reader.at == bytes.len() {
        Ok(item)
    } else {
        Err(reader.wrong("there is more than one item"))
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} at byte {}", self.at)
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.wrong("the bytes end too early"))?;
        self.at += count;
        Ok(taken)
    }

    fn number(&mut self, info: u8) -> Result<u64, String> {
        let width = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(self.wrong("a length is reserved")),
        };
        let bytes = self.take(width)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn is_break(&mut self) -> bool {
        let is_break = self.bytes.get(self.at) == Some(&0xff);
        self.at += usize::from(is_break);
        is_break
    }

    fn item(&mut self, depth: usize) -> Result<Item, String> {
        if depth > DEPTH {
            return Err(self.wrong("items nest too deep"));
        }
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        Ok(match major {
            0 => Item::Number(self.number(info)?.into()),
            1 => {
                let number = self.number(info)?;
                match i64::try_from(number) {
                    Ok(number) => Item::Number((-1 - number).into()),
                    Err(_) => return Err(self.wrong("a number is too small")),
                }
            }
            2 => Item::Bytes(self.chunks(2, info)?),
            3 => {
                let bytes = self.chunks(3, info)?;
                Item::Text(String::from_utf8(bytes).map_err(|_| self.wrong("a text is not UTF-8"))?)
            }
            4 => {
                let mut items = Vec::new();
                self.each(info, |reader| {
                    items.push(reader.item(depth + 1)?);
                    Ok(())
                })?;
                Item::List(items)
            }
            5 => {
                let mut members = Vec::new();
                self.each(info, |reader| {
                    let Item::Text(name) = reader.item(depth + 1)? else {
                        return Err(reader.wrong("a name is no text"));
                    };
                    members.push((name, reader.item(depth + 1)?));
                    Ok(())
                })?;
                Item::Map(members)
            }
            6 => {
                let tag = self.number(info)?;
                match (tag, self.item(depth + 1)?) {
                    (1, Item::Number(seconds)) => Item::Time(seconds.as_f64().unwrap_or_default()),
                    (_, item) => item,
                }
            }
            _ => self.simple(info)?,
        })
    }

    /// Bytes or a text, in one piece or in several.
    fn chunks(&mut self, major: u8, info: u8) -> Result<Vec<u8>, String> {
        if info != 31 {
            let length = self.length(info)?;
            return Ok(self.take(length)?.to_vec());
        }
        let mut whole = Vec::new();
        while !self.is_break() {
            let first = self.take(1)?[0];
            if first >> 5 != major || first & 31 == 31 {
                return Err(self.wrong("a piece is of another kind"));
            }
            let length = self.length(first & 31)?;
            whole.extend_from_slice(self.take(length)?);
        }
        Ok(whole)
    }

    fn length(&mut self, info: u8) -> Result<usize, String> {
        let number = self.number(info)?;
        usize::try_from(number).map_err(|_| self.wrong("a length is too great"))
    }

    fn each(
        &mut self,
        info: u8,
        mut read: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        if info == 31 {
            while !self.is_break() {
                read(self)?;
            }
            return Ok(());
        }
        for _ in 0..self.number(info)? {
            read(self)?;
        }
        Ok(())
    }

    fn simple(&mut self, info: u8) -> Result<Item, String> {
        let number = match info {
            20 => return Ok(Item::Bool(false)),
            21 => return Ok(Item::Bool(true)),
            22 | 23 => return Ok(Item::Null),
            25 => {
                let bytes = self.take(2)?;
                half(u16::from_be_bytes([bytes[0], bytes[1]]))
            }
            26 => {
                let bytes = self.take(4)?;
                f64::from(f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            27 => {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(self.take(8)?);
                f64::from_be_bytes(bytes)
            }
            _ => return Err(self.wrong("a value is reserved")),
        };
        Ok(Number::from_f64(number).map_or(Item::Null, Item::Number))
    }
}

/// A number of 16 bits with fractions (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, mantissa) = ((bits >> 10) & 31, f64::from(bits & 1023));
    let number = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (mantissa + 1024.0) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { number } else { -number }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Item, parse};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn items_are_written_as_the_standard_says() {
        let check = |item: Item, expected: &str| {
            let mut bytes = Vec::new();
            item.write(&mut bytes);
            assert_eq!(hex(&bytes), expected, "{item:?}");
            assert_eq!(parse(&bytes).unwrap(), item);
        };
        check(Item::Number(10.into()), "0a");
        check(Item::Number(1_000_000.into()), "1a000f4240");
        check(Item::Number((-1000).into()), "3903e7");
        check(Item::Text("ü".to_owned()), "62c3bc");
        check(Item::Bytes(vec![1, 2]), "420102");
        check(
            Item::Map(vec![(
                "a".to_owned(),
                Item::List(vec![Item::Bool(true), Item::Null]),
            )]),
            "a1616182f5f6",
        );
        check(Item::Time(1.5), "c1fb3ff8000000000000");
    }

    #[test]
    fn other_encodings_are_read() {
        let check = |bytes: &[u8], expected: &str| {
            let shown = match parse(bytes) {
                Ok(item) => format!("{item:?}"),
                Err(error) => error,
            };
            assert_eq!(shown, expected);
        };
        check(&[0x9f, 1, 0xff], "List([Number(Number(1))])");
        check(&[0x7f, 0x61, b'a', 0x61, b'b', 0xff], "Text(\"ab\")");
        check(&[0xf9, 0x3e, 0x00], "Number(Number(1.5))");
        check(&[0xc1, 0x1a, 0, 0, 0, 9], "Time(9.0)");
        check(
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "the bytes end too early at byte 9",
        );
        check(&[0x81; 2000], "items nest too deep at byte 257");
        check(&[1, 1], "there is more than one item at byte 1");
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = parse(&bytes);
        }
    }
}
