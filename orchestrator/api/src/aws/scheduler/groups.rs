//! CreateScheduleGroup, GetScheduleGroup, DeleteScheduleGroup, ListScheduleGroups.

use schedule_runtime::schedules::Schedules;
use schedule_runtime::views::GroupView;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::rest_json::Call;
use crate::aws::scheduler::refusals::Refusal;
use crate::aws::scheduler::schedules::{check_token, members, page};
use crate::aws::scheduler::tags::{Tag, put};
use crate::aws::scheduler::{encoded, parameter, seconds};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    client_token: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created<'a> {
    schedule_group_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    arn: &'a str,
    name: &'a str,
    state: &'static str,
    creation_date: f64,
    last_modification_date: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    schedule_groups: Vec<Described<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// CreateScheduleGroup
pub(super) async fn create(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let body: Body = serde_json::from_value(Value::Object(members(call)?))
        .map_err(|error| Refusal::validation(format!("The request can't be read: {error}.")))?;
    check_token(body.client_token.as_deref())?;
    for tag in &body.tags {
        tag.check()?;
    }
    let group = schedules.create_group(name, body.client_token).await?;
    if !body.tags.is_empty() {
        schedules
            .change_tags(name, move |tags| put(tags, body.tags))
            .await?;
    }
    Ok(encoded(&Created {
        schedule_group_arn: &group.arn,
    }))
}

/// GetScheduleGroup
pub(super) async fn get(schedules: &Schedules, name: &str) -> Result<Vec<u8>, Refusal> {
    let group = schedules.get_group(name).await?;
    Ok(encoded(&described(&group)))
}

/// DeleteScheduleGroup
pub(super) async fn delete(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let token = parameter(call, "clientToken");
    schedules.delete_group(name, token).await?;
    Ok(b"{}".to_vec())
}

/// ListScheduleGroups
pub(super) async fn list(schedules: &Schedules, call: &Call) -> Result<Vec<u8>, Refusal> {
    let prefix = parameter(call, "NamePrefix").unwrap_or_default();
    let (after, limit) = page(call)?;
    let page = schedules.list_groups(&prefix, after, limit).await?;
    Ok(encoded(&Listed {
        schedule_groups: page.items.iter().map(described).collect(),
        next_token: page.next,
    }))
}

fn described(group: &GroupView) -> Described<'_> {
    Described {
        arn: &group.arn,
        name: &group.name,
        // A group is deleted at once, so that nobody ever sees one that is being deleted.
        state: "ACTIVE",
        creation_date: seconds(group.created_at),
        last_modification_date: seconds(group.modified_at),
    }
}
