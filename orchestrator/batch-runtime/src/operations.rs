//! The operations of AWS Batch, one method each.

mod consumables;
mod definitions;
mod environments;
mod jobs;
mod lists;
mod policies;
mod queues;
mod tags;

use std::sync::Arc;

use batch::definition::Map;
use batch::names::name_of;
use batch::{Error, Result};
use store::records::Tag;

use crate::handle::Batch;
use crate::messages::Change;
use crate::rows::unreadable;

impl Batch {
    /// The tags of a resource.
    async fn tags_of(&self, arn: &str) -> Result<Map> {
        let tags = self.shared().store.tags(arn).await.map_err(unreadable)?;
        let pairs = tags.iter();
        Ok(pairs
            .map(|tag| (tag.key.to_string(), tag.value.to_string()))
            .collect())
    }
}

/// Tags as the store has them.
pub(crate) fn stored_tags(tags: &Map) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag {
            key: key.as_str().into(),
            value: value.as_str().into(),
        })
        .collect()
}

/// The change that gives a new resource its tags.
fn put_tags(arn: &str, tags: Option<&Map>) -> Option<Change> {
    let tags = tags.filter(|tags| !tags.is_empty())?;
    Some(Change::PutTags {
        arn: Arc::from(arn),
        tags: stored_tags(tags),
    })
}

/// The change that takes a resource's tags away.
fn remove_tags(arn: &str) -> Change {
    Change::PutTags {
        arn: Arc::from(arn),
        tags: Vec::new(),
    }
}

/// Whether something is among the names and ARNs that the caller gave; all are if none was given.
fn is_named(names: Option<&[String]>, name: &str) -> bool {
    let names = names.unwrap_or_default();
    names.is_empty() || names.iter().any(|named| name_of(named) == name)
}

/// Refuses one more than the limit.
fn refuse_more_than(limit: usize, there_are: usize, what: &str) -> Result<()> {
    if there_are < limit {
        return Ok(());
    }
    Err(Error::Client(format!(
        "there are {limit} {what} already, no more are allowed"
    )))
}

/// How many items a page has at most.
const PAGE: usize = 100;

/// One page of what there is, in the order of names, and where to go on.
fn page<T>(
    items: impl IntoIterator<Item = (String, T)>,
    max_results: Option<i32>,
    next_token: Option<&str>,
) -> Result<(Vec<T>, Option<String>)> {
    let limit = page_size(max_results, PAGE)?;
    let after = next_token.map(read_token).transpose()?;
    let mut items = items
        .into_iter()
        .filter(|(name, _)| after.as_ref().is_none_or(|after| name > after));
    let mut last = None;
    let mut taken = Vec::new();
    for (name, item) in items.by_ref().take(limit) {
        taken.push(item);
        last = Some(name);
    }
    let next = match items.next() {
        Some(_) => last.as_deref().map(write_token),
        None => None,
    };
    Ok((taken, next))
}

/// How many items the caller gets.
fn page_size(max_results: Option<i32>, most: usize) -> Result<usize> {
    match max_results {
        None => Ok(most),
        Some(given) => match usize::try_from(given) {
            Ok(given) if given > 0 => Ok(given.min(most)),
            Ok(_) | Err(_) => Err(Error::Client(format!(
                "maxResults must be from 1 to {most}, not {given}"
            ))),
        },
    }
}

/// A token that callers need not read.
fn write_token(place: &str) -> String {
    use std::fmt::Write;
    place.bytes().fold(String::new(), |mut token, byte| {
        write!(token, "{byte:02x}").expect("a String takes any text");
        token
    })
}

/// The place in a token.
fn read_token(token: &str) -> Result<String> {
    let invalid = || Error::client("nextToken is none that was given out");
    let mut bytes = Vec::with_capacity(token.len() / 2);
    for at in (0..token.len()).step_by(2) {
        let digits = token.get(at..at + 2).ok_or_else(invalid)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| invalid())?);
    }
    String::from_utf8(bytes).map_err(|_| invalid())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{page, read_token, write_token};

    #[test]
    fn pages_follow_each_other() {
        let items = || ["a", "b", "c", "d", "e"].map(|name| (name.to_owned(), name));
        let (first, token) = page(items(), Some(2), None).unwrap();
        assert_eq!(first, ["a", "b"]);
        let (second, token) = page(items(), Some(2), token.as_deref()).unwrap();
        assert_eq!(second, ["c", "d"]);
        let (third, token) = page(items(), Some(2), token.as_deref()).unwrap();
        assert_eq!((third, token), (vec!["e"], None));
        assert!(page(items(), Some(0), None).is_err());
    }

    #[test]
    fn a_token_is_read_back_and_another_text_is_refused() {
        assert_eq!(read_token(&write_token("näme:3")).unwrap(), "näme:3");
        for token in ["x", "zz", "6", "ff", "ä"] {
            assert!(read_token(token).is_err(), "{token}");
        }
    }
}
