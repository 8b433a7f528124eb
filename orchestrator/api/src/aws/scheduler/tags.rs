//! TagResource, UntagResource, ListTagsForResource. Only groups have tags.

use axum::http::Method;
use schedule_runtime::schedules::Schedules;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::records::Tag as StoredTag;

use crate::aws::rest_json::Call;
use crate::aws::scheduler::encoded;
use crate::aws::scheduler::refusals::Refusal;
use crate::aws::scheduler::schedules::members;

/// A tag on the wire.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    tags: Vec<Tag>,
}

impl Tag {
    /// The model's rules.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let Self { key, value } = self;
        let rules = [("Key", key, 1..=128), ("Value", value, 1..=256)];
        for (member, text, lengths) in rules {
            if !lengths.contains(&text.chars().count()) {
                let (least, most) = (lengths.start(), lengths.end());
                let constraint = format!("Member must have length from {least} to {most}");
                let member = format!("Tags.{member}");
                return Err(Refusal::constraint(&member, Some(text), &constraint));
            }
        }
        Ok(())
    }
}

/// Whatever is asked about the tags of a resource.
pub(super) async fn perform(
    schedules: &Schedules,
    call: &Call,
    arn: &str,
) -> Result<Vec<u8>, Refusal> {
    let Some(group) = schedules.group_of_arn(arn) else {
        let message = format!("There is no schedule group {arn}; only schedule groups have tags.");
        return Err(Refusal::not_found(message));
    };
    match call.method {
        Method::GET => {
            let found = schedules.tags(group).await?;
            let tags = found.iter().map(|tag| Tag {
                key: tag.key.to_string(),
                value: tag.value.to_string(),
            });
            Ok(encoded(&Tags {
                tags: tags.collect(),
            }))
        }
        Method::POST => {
            let body: Tags =
                serde_json::from_value(Value::Object(members(call)?)).map_err(|error| {
                    Refusal::validation(format!("The request can't be read: {error}."))
                })?;
            for tag in &body.tags {
                tag.check()?;
            }
            schedules
                .change_tags(group, move |tags| put(tags, body.tags))
                .await?;
            Ok(b"{}".to_vec())
        }
        Method::DELETE => {
            let query = call.query();
            let keys: Vec<String> = query
                .into_iter()
                .filter(|(name, _)| name == "TagKeys")
                .map(|(_, key)| key)
                .collect();
            schedules
                .change_tags(group, move |tags| {
                    tags.retain(|tag| !keys.iter().any(|key| **key == *tag.key));
                })
                .await?;
            Ok(b"{}".to_vec())
        }
        _ => Err(Refusal::unknown_operation(&call.method, call.uri.path())),
    }
}

/// Sets tags; one whose key is there gets the new value.
pub(super) fn put(tags: &mut Vec<StoredTag>, new: Vec<Tag>) {
    for Tag { key, value } in new {
        match tags.iter_mut().find(|tag| *tag.key == *key) {
            Some(tag) => tag.value = value.into(),
            None => tags.push(StoredTag {
                key: key.into(),
                value: value.into(),
            }),
        }
    }
}
