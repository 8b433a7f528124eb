//! How large a value's text is, without writing it.
//!
//! Clones share their nodes, so a value of a few kilobytes of memory can stand for gigabytes of text. Everything here
//! stops as soon as its bound is reached.

use std::io::{self, Write};

use crate::value::{MAX_DEPTH, Value};

impl Value {
    /// The length in bytes of the compact JSON text; `None` when it is longer than `max_bytes` or nests deeper than
    /// [`MAX_DEPTH`].
    ///
    /// A value that passes can be printed, walked and dropped by recursion. States that put their input into their
    /// output can nest one level deeper with every step, so whoever keeps a new value measures it first.
    #[must_use]
    pub fn text_length(&self, max_bytes: usize) -> Option<usize> {
        let mut left = max_bytes;
        measure(self, 0, &mut left)?;
        Some(max_bytes - left)
    }
}

fn measure(value: &Value, depth: usize, left: &mut usize) -> Option<()> {
    match value {
        Value::Null => spend(left, 4),
        Value::Bool(value) => spend(left, if *value { 4 } else { 5 }),
        Value::Number(number) => {
            let mut counter = Counter { bytes: 0 };
            serde_json::to_writer(&mut counter, number).ok()?;
            spend(left, counter.bytes)
        }
        Value::String(text) => spend(left, quoted_length(text)),
        Value::Array(items) => {
            within(depth)?;
            spend(left, 2 + items.len().saturating_sub(1))?;
            items
                .iter()
                .try_for_each(|item| measure(item, depth + 1, left))
        }
        Value::Object(members) => {
            within(depth)?;
            spend(left, 2 + members.len().saturating_sub(1))?;
            members.iter().try_for_each(|(name, member)| {
                spend(left, quoted_length(name) + 1)?;
                measure(member, depth + 1, left)
            })
        }
    }
}

fn within(depth: usize) -> Option<()> {
    (depth < MAX_DEPTH).then_some(())
}

fn spend(left: &mut usize, bytes: usize) -> Option<()> {
    *left = left.checked_sub(bytes)?;
    Some(())
}

fn quoted_length(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    });
    text.len() + 2 + escapes.sum::<usize>()
}

/// Counts what is written.
struct Counter {
    bytes: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
