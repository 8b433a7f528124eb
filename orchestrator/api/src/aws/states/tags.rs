//! The operations on tags.

use runtime::error::Error;
use store::records::Tag;

use crate::aws::json::{Text, decode, encode};
use crate::aws::problem::Problem;
use crate::aws::states::errors::{Mistake, Refusal};
use crate::aws::states::tasks::NOTHING;
use crate::aws::states::{Answer, States, wire};

/// `TagResource`; a key that is there gets the new value and keeps its place.
pub(super) async fn add(states: &States, body: &[u8]) -> Answer {
    let request: wire::TagResourceInput<'_> = decode(body)?;
    let arn = &*request.resource_arn;
    change(states, arn, |tags| merge(tags, &request.tags)).await
}

/// `UntagResource`; a key that is not there is no mistake.
pub(super) async fn remove(states: &States, body: &[u8]) -> Answer {
    let request: wire::UntagResourceInput<'_> = decode(body)?;
    let arn = &*request.resource_arn;
    change(states, arn, |tags| {
        tags.retain(|tag| !request.tag_keys.iter().any(|key| **key == *tag.key));
    })
    .await
}

/// `ListTagsForResource`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListTagsForResourceInput<'_> = decode(body)?;
    let tags = current(states, &request.resource_arn).await?;
    let tags = tags
        .iter()
        .map(|tag| wire::Tag {
            key: Some(Text((&*tag.key).into())),
            value: Some(Text((&*tag.value).into())),
        })
        .collect();
    Ok(encode(&wire::ListTagsForResourceOutput {
        tags: Some(tags),
    }))
}

/// The tags that a request creates something with.
///
/// # Errors
/// TooManyTags.
pub(super) fn of_request(states: &States, tags: &[wire::Tag<'_>]) -> Result<Vec<Tag>, Refusal> {
    let mut merged = Vec::new();
    merge(&mut merged, tags);
    check_count(states, &merged)?;
    Ok(merged)
}

async fn change(states: &States, arn: &str, change: impl FnOnce(&mut Vec<Tag>) + Send) -> Answer {
    states.arns().taggable(arn)?;
    match states.runtime.change_tags(arn, change).await {
        Ok(true) => Ok(NOTHING.to_vec()),
        Ok(false) => Err(Mistake::Resource(arn.to_owned()).into()),
        Err(Error::LimitExceeded { limit, .. }) => Err(too_many(limit).about(arn).into()),
        Err(error) => Err(error.into()),
    }
}

async fn current(states: &States, arn: &str) -> Result<Vec<Tag>, Refusal> {
    states.arns().taggable(arn)?;
    match states.runtime.tags(arn).await? {
        Some(tags) => Ok(tags),
        None => Err(Mistake::Resource(arn.to_owned()).into()),
    }
}

fn merge(tags: &mut Vec<Tag>, new: &[wire::Tag<'_>]) {
    for tag in new {
        let key = tag.key.as_deref().unwrap_or_default();
        let value = tag.value.as_deref().unwrap_or_default();
        match tags.iter_mut().find(|there| *there.key == *key) {
            Some(there) => there.value = value.into(),
            None => tags.push(Tag {
                key: key.into(),
                value: value.into(),
            }),
        }
    }
}

fn check_count(states: &States, tags: &[Tag]) -> Result<(), Problem> {
    let limit = states.runtime.options().limits.tags;
    if tags.len() <= limit {
        return Ok(());
    }
    Err(too_many(limit))
}

fn too_many(limit: usize) -> Problem {
    let code = wire::ErrorCode::TooManyTags;
    let message = format!("A resource can have at most {limit} tags");
    Problem::new(code.as_str(), code.status(), message)
}
