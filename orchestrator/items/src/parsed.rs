//! What a format's parser gives, and what it must hold to: bytes in pieces of any size go in, items come out.

use std::sync::Arc;

use expression::value::Value;

use crate::error::Malformed;

/// The longest record or element that is held, in bytes. What runs longer is most likely a quotation mark that is not closed.
pub(crate) const MAX_ITEM_BYTES: usize = 8 * 1024 * 1024;

/// One item of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parsed {
    /// The member's name, where the items are the members of a JSON object.
    pub(crate) key: Option<Arc<str>>,
    /// The item.
    pub(crate) value: Value,
}

impl Parsed {
    pub(crate) fn of(value: Value) -> Self {
        Self { key: None, value }
    }
}

/// Reads one object's text.
pub(crate) trait Parser: Send {
    /// Takes the next piece and appends the items that end in it.
    ///
    /// # Errors
    /// When the text is malformed; nothing may follow then.
    fn push(&mut self, bytes: &[u8], items: &mut Vec<Parsed>) -> Result<(), Malformed>;

    /// The text is over.
    ///
    /// # Errors
    /// When it must not end here.
    fn finish(&mut self, items: &mut Vec<Parsed>) -> Result<(), Malformed>;

    /// Whether no more items can come, so that the rest of the text need not be read.
    fn is_done(&self) -> bool {
        false
    }
}

#[cfg(test)]
pub(crate) mod pieces {
    //! Feeds a parser, for tests.

    use super::{Parsed, Parser};
    use crate::error::Malformed;

    /// The items of a text that comes in pieces of these lengths, the last of them repeated.
    pub(crate) fn parse(
        parser: &mut dyn Parser,
        text: &[u8],
        lengths: &[usize],
    ) -> Result<Vec<Parsed>, Malformed> {
        let mut items = Vec::new();
        let mut rest = text;
        let mut lengths = lengths.iter().copied();
        let mut last = text.len().max(1);
        while !rest.is_empty() && !parser.is_done() {
            last = lengths.next().unwrap_or(last).max(1);
            let (piece, after) = rest.split_at(last.min(rest.len()));
            parser.push(piece, &mut items)?;
            rest = after;
        }
        parser.finish(&mut items)?;
        Ok(items)
    }

    /// The items as lines of JSON, or the complaint.
    pub(crate) fn show(items: Result<Vec<Parsed>, Malformed>) -> String {
        match items {
            Ok(items) => {
                let lines = items.iter().map(|item| match &item.key {
                    Some(key) => format!("{key} = {}", item.value.to_text()),
                    None => item.value.to_text(),
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Err(malformed) => format!("malformed: {malformed}"),
        }
    }
}
