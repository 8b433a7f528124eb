//! Items put together into the input of one child, as an ItemBatcher says.

use crate::failure::{Failure, names};
use crate::map_run::Batch;
use crate::payload::Payload;

/// The input of a child that gets several items.
#[derive(Debug)]
pub struct Batched {
    text: String,
    items: u64,
    max_bytes: usize,
    max_items: u64,
}

impl Batched {
    /// A batch with its first item, which has that index. No input may be longer than `limit`.
    ///
    /// # Errors
    /// When not even that one fits.
    pub fn begin(batch: &Batch, limit: usize, index: u64, item: &Payload) -> Result<Self, Failure> {
        let max_bytes = match batch.max_bytes {
            Some(bytes) => usize::try_from(bytes).map_or(limit, |bytes| bytes.min(limit)),
            None => limit,
        };
        let mut text = match &batch.input {
            Some(input) => format!("{{\"BatchInput\":{},\"Items\":[", input.text()),
            None => "{\"Items\":[".to_owned(),
        };
        if text.len() + item.text().len() + END.len() > max_bytes {
            let cause = format!(
                "The item at index {index} does not fit into a batch of {max_bytes} bytes."
            );
            return Err(Failure::new(names::DATA_LIMIT_EXCEEDED, cause));
        }
        text.push_str(item.text());
        Ok(Self {
            text,
            items: 1,
            max_bytes,
            max_items: batch.max_items.unwrap_or(u64::MAX),
        })
    }

    /// Whether it has as many items as it may have.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.items >= self.max_items
    }

    /// Puts another item into it; says whether there was room for it.
    pub fn add(&mut self, item: &Payload) -> bool {
        let has_room = self.text.len() + 1 + item.text().len() + END.len() <= self.max_bytes;
        if has_room {
            self.text.push(',');
            self.text.push_str(item.text());
            self.items += 1;
        }
        has_room
    }

    /// How many items are in it.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.items
    }

    /// The input.
    #[must_use]
    pub fn finish(mut self) -> Payload {
        self.text.push_str(END);
        Payload::of_known_text(self.text)
    }
}

/// How a batch ends.
const END: &str = "]}";

/// All items in batches.
///
/// # Errors
/// When an item fits into none.
pub(crate) fn batches(
    batch: &Batch,
    limit: usize,
    items: impl IntoIterator<Item = Payload>,
) -> Result<Vec<Payload>, Failure> {
    let mut done = Vec::new();
    let mut open: Option<Batched> = None;
    for (index, item) in (0..).zip(items) {
        if let Some(batched) = &mut open
            && !batched.is_full()
            && batched.add(&item)
        {
            continue;
        }
        let next = Batched::begin(batch, limit, index, &item)?;
        done.extend(open.replace(next).map(Batched::finish));
    }
    done.extend(open.map(Batched::finish));
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(batch: &Batch, items: &[&str], expected: Result<&[&str], &str>) {
        let items = items
            .iter()
            .map(|text| Payload::of_known_text((*text).to_owned()));
        let said = batches(batch, 40, items).map_err(|failure| failure.cause.unwrap_or_default());
        let said = said.map(|batches| {
            let texts = batches.iter().map(|batch| batch.text().to_owned());
            texts.collect::<Vec<_>>()
        });
        let said = said.as_ref().map(Vec::as_slice).map_err(|cause| &**cause);
        assert_eq!(
            said.map(|texts| texts.iter().map(String::as_str).collect::<Vec<_>>()),
            expected.map(<[&str]>::to_vec)
        );
    }

    #[test]
    fn items_are_put_together() {
        let batch = |max_items, max_bytes, input: Option<&str>| Batch {
            max_items,
            max_bytes,
            input: input.map(|text| Payload::of_known_text(text.to_owned())),
        };
        check(&batch(Some(2), None, None), &[], Ok(&[]));
        check(
            &batch(Some(2), None, Some("7")),
            &["1", "2", "3"],
            Ok(&[
                r#"{"BatchInput":7,"Items":[1,2]}"#,
                r#"{"BatchInput":7,"Items":[3]}"#,
            ]),
        );
        // `{"Items":[` and `]}` are 12 bytes.
        check(
            &batch(None, Some(16), None),
            &["10", "2", "3", "4", "5678"],
            Ok(&[
                r#"{"Items":[10,2]}"#,
                r#"{"Items":[3,4]}"#,
                r#"{"Items":[5678]}"#,
            ]),
        );
        check(
            &batch(None, Some(16), None),
            &["1", "23456"],
            Err("The item at index 1 does not fit into a batch of 16 bytes."),
        );
        // The bound of every input holds, too.
        check(
            &batch(None, Some(100), None),
            &["123456789012345678901234567890"],
            Err("The item at index 0 does not fit into a batch of 40 bytes."),
        );
    }
}
