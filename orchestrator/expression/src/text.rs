//! The compact JSON text of a value, members in their order.

use std::fmt::Write;

use crate::value::{MAX_DEPTH, Number, Value};

impl Value {
    /// The compact JSON text, members in their order.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut writer = Writer {
            text: String::new(),
            max_bytes: usize::MAX,
            max_depth: usize::MAX,
        };
        writer
            .value(self, 0)
            .expect("no text is longer or nests deeper than numbers count");
        writer.text
    }

    /// The compact JSON text, or `None` where [`Value::text_length`] has no length to tell. Nothing much longer is written
    /// on the way.
    #[must_use]
    pub fn to_text_within(&self, max_bytes: usize) -> Option<String> {
        let mut writer = Writer {
            text: String::with_capacity(max_bytes.min(128)),
            max_bytes,
            max_depth: MAX_DEPTH,
        };
        writer.value(self, 0)?;
        Some(writer.text)
    }
}

/// What is written so far, and its bounds; every method answers `None` once they are passed.
struct Writer {
    text: String,
    max_bytes: usize,
    max_depth: usize,
}

impl Writer {
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
        self.text.push('"');
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
        self.text.push('"');
        self.check()
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

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}
