//! A JSON payload between two states: its text, its tree, or both, each made when it is first needed.

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use expression::value::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A shared JSON payload. A state that does not look inside passes the text on exactly as it came.
#[derive(Clone)]
pub struct Payload(Arc<Inner>);

struct Inner {
    text: OnceLock<Box<str>>,
    value: OnceLock<Value>,
}

impl Payload {
    /// A payload of a value; its text is compact and made on demand.
    #[must_use]
    pub fn of(value: Value) -> Self {
        Self(Arc::new(Inner {
            text: OnceLock::new(),
            value: OnceLock::from(value),
        }))
    }

    /// Parses a text and keeps it exactly as it came.
    ///
    /// # Errors
    /// When the text is no JSON document.
    pub fn parse(text: impl Into<Box<str>>) -> Result<Self, serde_json::Error> {
        let text = text.into();
        let value = Value::parse(&text)?;
        Ok(Self(Arc::new(Inner {
            text: OnceLock::from(text),
            value: OnceLock::from(value),
        })))
    }

    /// A payload of a text that is known to be JSON because it was a payload's text before; parsed on demand.
    #[must_use]
    pub fn of_known_text(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Inner {
            text: OnceLock::from(text.into()),
            value: OnceLock::new(),
        }))
    }

    /// The JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text.get_or_init(|| {
            let value = self
                .0
                .value
                .get()
                .expect("a payload has its value where it has no text");
            value.to_text().into_boxed_str()
        })
    }

    /// The JSON tree.
    ///
    /// # Panics
    /// When a stored text is no JSON, which means that the store was damaged.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.0.value.get_or_init(|| {
            let text = self
                .0
                .text
                .get()
                .expect("a payload has its text where it has no value");
            Value::parse(text).expect("a payload's text was JSON when it was stored")
        })
    }

    /// Whether the text has at most so many bytes and nests no deeper than a document may; the text is made on the way.
    ///
    /// A state can put its input into its output several times over, so a payload that was not measured may stand for more
    /// text than there is memory. Its text is only asked for after this.
    pub(crate) fn fits(&self, max_bytes: usize, scratch: &Cell<String>) -> bool {
        if let Some(text) = self.0.text.get() {
            return text.len() <= max_bytes;
        }
        // Written to where there is room already, so that the text itself is allocated once, at its length.
        let mut text = scratch.take();
        let fits = self.value().write_text_within(max_bytes, &mut text);
        if fits {
            self.0.text.get_or_init(|| text.as_str().into());
        }
        scratch.set(text);
        fits
    }

    /// The array of some payloads. Its text is made of theirs, which stay as they are; where that would be too long or nest
    /// too deep it has none yet.
    pub(crate) fn array(items: &[Payload], max_bytes: usize) -> Self {
        let value = Value::array(items.iter().map(|item| item.value().clone()));
        let commas = items.len().saturating_sub(1);
        let length = 2 + commas + items.iter().map(|item| item.text().len()).sum::<usize>();
        if length > max_bytes || value.text_length(max_bytes).is_none() {
            return Self::of(value);
        }
        let mut text = String::with_capacity(length);
        text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(item.text());
        }
        text.push(']');
        Self(Arc::new(Inner {
            text: OnceLock::from(text.into_boxed_str()),
            value: OnceLock::from(value),
        }))
    }

    /// Whether two payloads are one and the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.text() == other.text()
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self::of(value)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<str>::deserialize(deserializer).map(Self::of_known_text)
    }
}
