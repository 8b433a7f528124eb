//! Values as COPY and array parameters take them.

use bytes::{BufMut, BytesMut};
use pgoutput::Value;

use crate::target::route::Form;

/// What a binary COPY begins with.
pub(crate) const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with.
pub(crate) const BINARY_TRAILER: &[u8] = b"\xff\xff";

/// A value that came in another form than the others of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherForm;

/// Appends a row of a binary COPY.
pub(crate) fn binary_row<'v>(
    output: &mut BytesMut,
    count: usize,
    values: impl Iterator<Item = Value<'v>>,
) -> Result<(), OtherForm> {
    output.put_u16(u16::try_from(count).expect("a table has at most 1600 columns"));
    for value in values {
        match value {
            Value::Binary(bytes) => element(output, bytes),
            Value::Null => output.put_i32(-1),
            Value::Text(_) | Value::Unchanged => return Err(OtherForm),
        }
    }
    Ok(())
}

/// Appends a row of a text COPY.
pub(crate) fn text_row<'v>(
    output: &mut BytesMut,
    values: impl Iterator<Item = Value<'v>>,
) -> Result<(), OtherForm> {
    for (index, value) in values.enumerate() {
        if index > 0 {
            output.put_u8(b'\t');
        }
        match value {
            Value::Text(bytes) => escaped(output, bytes),
            Value::Null => output.put_slice(b"\\N"),
            Value::Binary(_) | Value::Unchanged => return Err(OtherForm),
        }
    }
    output.put_u8(b'\n');
    Ok(())
}

fn escaped(output: &mut BytesMut, mut bytes: &[u8]) {
    output.reserve(bytes.len());
    let special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
    while let Some(at) = bytes.iter().position(special) {
        output.put_slice(&bytes[..at]);
        output.put_u8(b'\\');
        output.put_u8(match bytes[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        bytes = &bytes[at + 1..];
    }
    output.put_slice(bytes);
}

/// An array of one dimension that grows, in binary form.
#[derive(Debug, Default)]
pub(crate) struct Array {
    elements: BytesMut,
    count: i32,
    has_null: bool,
}

impl Array {
    /// Appends a value, whose form must be the one that the array was chosen for.
    pub(crate) fn push(&mut self, value: Value<'_>, form: Form) -> Result<(), OtherForm> {
        match (value, form) {
            (Value::Text(bytes), Form::Text) | (Value::Binary(bytes), Form::Binary) => {
                element(&mut self.elements, bytes);
            }
            (Value::Null, _) => {
                self.has_null = true;
                self.elements.put_i32(-1);
            }
            (Value::Text(_) | Value::Binary(_) | Value::Unchanged, _) => return Err(OtherForm),
        }
        self.count += 1;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.elements.len()
    }

    /// Appends the array's binary form, and empties it.
    pub(crate) fn write(&mut self, output: &mut BytesMut, element_id: u32) {
        output.reserve(20 + self.elements.len());
        output.put_i32(1);
        output.put_i32(i32::from(self.has_null));
        output.put_u32(element_id);
        output.put_i32(self.count);
        output.put_i32(1);
        output.put_slice(&self.elements);
        self.elements.clear();
        self.count = 0;
        self.has_null = false;
    }
}

fn element(output: &mut BytesMut, bytes: &[u8]) {
    output.reserve(bytes.len() + 4);
    output.put_i32(i32::try_from(bytes.len()).expect("a value is smaller than 1 GB"));
    output.put_slice(bytes);
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use pgoutput::Value;

    use super::text_row;

    #[test]
    fn text_rows_are_escaped() {
        let check = |values: &[Value<'_>], expected: &str| {
            let mut output = BytesMut::new();
            text_row(&mut output, values.iter().copied()).expect("all values are text");
            assert_eq!(output, expected);
        };
        check(&[Value::Text(b"a"), Value::Null], "a\t\\N\n");
        check(&[Value::Text(b"")], "\n");
        check(
            &[Value::Text(b"\\N"), Value::Text(b"a\tb\nc\rd")],
            "\\\\N\ta\\tb\\nc\\rd\n",
        );
        check(&[Value::Text(b"\\.")], "\\\\.\n");
    }
}
