//! The compact JSON text of a value, members in their order.

use std::fmt::Write;

use crate::value::{MAX_DEPTH, Number, Value};

impl Value {
    /// The compact JSON text, members in their order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut writer = Writer {
            text: &mut text,
            max_bytes: usize::MAX,
            max_depth: usize::MAX,
        };
        writer
            .value(self, 0)
            .expect("no text is longer or nests deeper than numbers count");
        text
    }

    /// The compact JSON text, or `None` where [`Value::text_length`] has no length to tell. Nothing much longer is written
    /// on the way.
    #[must_use]
    pub fn to_text_within(&self, max_bytes: usize) -> Option<String> {
        let mut text = String::new();
        self.write_text_within(max_bytes, &mut text).then_some(text)
    }

    /// The text for a message that quotes the value; where it is longer than a cause may be (32,768 bytes), what it is.
    #[must_use]
    pub fn to_quoted_text(&self) -> String {
        self.to_text_within(32_768)
            .unwrap_or_else(|| format!("<a long {}>", self.type_name()))
    }

    /// [`Self::to_text_within`] into a string that may have been used before.
    #[must_use]
    pub fn write_text_within(&self, max_bytes: usize, text: &mut String) -> bool {
        text.clear();
        let mut writer = Writer {
            text,
            max_bytes,
            max_depth: MAX_DEPTH,
        };
        writer.value(self, 0).is_some()
    }
}

/// What is written so far, and its bounds; every method answers `None` once they are passed.
struct Writer<'t> {
    text: &'t mut String,
    max_bytes: usize,
    max_depth: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Option<()> {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text)?,
            Value::Array(items) => {
                self.open('[', depth)?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(item, depth + 1)?;
                }
                self.text.push(']');
            }
            Value::Object(members) => {
                self.open('{', depth)?;
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.string(name)?;
                    self.text.push(':');
                    self.value(member, depth + 1)?;
                }
                self.text.push('}');
            }
        }
        self.check()
    }

    fn open(&mut self, bracket: char, depth: usize) -> Option<()> {
        self.text.push(bracket);
        (depth < self.max_depth).then_some(())
    }

    fn number(&mut self, number: &Number) {
        let mut digits = itoa::Buffer::new();
        match (number.as_u64(), number.as_i64()) {
            (Some(integer), _) => self.text.push_str(digits.format(integer)),
            (None, Some(integer)) => self.text.push_str(digits.format(integer)),
            (None, None) => {
                write!(self.text, "{number}").expect("a string takes any text");
            }
        }
    }

    fn string(&mut self, text: &str) -> Option<()> {
        // A long text is not copied only to be found too long.
        if text.len() > self.max_bytes - self.text.len().min(self.max_bytes) {
            return None;
        }
        self.text.reserve(text.len() + 3);
        self.text.push('"');
        if has_escape(text.as_bytes()) {
            self.escaped(text);
        } else {
            self.text.push_str(text);
        }
        self.text.push('"');
        Some(())
    }

    fn escaped(&mut self, text: &str) {
        let mut plain_from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !needs_escape(byte) {
                continue;
            }
            self.text.push_str(&text[plain_from..at]);
            self.escape(byte);
            plain_from = at + 1;
        }
        self.text.push_str(&text[plain_from..]);
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'"' => self.text.push_str("\\\""),
            b'\\' => self.text.push_str("\\\\"),
            b'\n' => self.text.push_str("\\n"),
            b'\r' => self.text.push_str("\\r"),
            b'\t' => self.text.push_str("\\t"),
            0x08 => self.text.push_str("\\b"),
            0x0c => self.text.push_str("\\f"),
            other => write!(self.text, "\\u{other:04x}").expect("a string takes any text"),
        }
    }

    fn check(&self) -> Option<()> {
        (self.text.len() <= self.max_bytes).then_some(())
    }
}

fn has_escape(bytes: &[u8]) -> bool {
    let (groups, rest) = bytes.as_chunks();
    groups.iter().any(|group| has_escape_in_eight(*group))
        || rest.iter().any(|&byte| needs_escape(byte))
}

/// The same for eight bytes at a time: a byte's highest bit is set where subtracting from it borrowed.
fn has_escape_in_eight(bytes: [u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(bytes);
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let equals = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, 0x20) | equals(b'"') | equals(b'\\')) & HIGHEST != 0
}

fn needs_escape(byte: u8) -> bool {
    NEEDS_ESCAPE[usize::from(byte)]
}

const NEEDS_ESCAPE: [bool; 256] = {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};
