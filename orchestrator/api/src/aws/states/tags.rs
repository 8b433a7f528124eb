//! The operations on tags.

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
    let mut tags = current(states, arn).await?;
    merge(&mut tags, &request.tags);
    check_count(states, &tags).map_err(|problem| problem.about(arn))?;
    states.runtime.put_tags(arn, tags).await?;
    Ok(NOTHING.to_vec())
}

/// `UntagResource`; a key that is not there is no mistake.
pub(super) async fn remove(states: &States, body: &[u8]) -> Answer {
    let request: wire::UntagResourceInput<'_> = decode(body)?;
    let arn = &*request.resource_arn;
    let mut tags = current(states, arn).await?;
    tags.retain(|tag| !request.tag_keys.iter().any(|key| **key == *tag.key));
    states.runtime.put_tags(arn, tags).await?;
    Ok(NOTHING.to_vec())
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
    let code = wire::ErrorCode::TooManyTags;
    let message = format!("A resource can have at most {limit} tags");
    Err(Problem::new(code.as_str(), code.status(), message))
}
