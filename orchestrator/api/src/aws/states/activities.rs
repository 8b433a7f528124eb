//! The operations on activities, and the one by which workers take their tasks.

use crate::aws::json::{Timestamp, decode, encode};
use crate::aws::states::executions::next_page;
use crate::aws::states::names::check_name;
use crate::aws::states::page_token::Request;
use crate::aws::states::tasks::NOTHING;
use crate::aws::states::{Answer, States, page_size, settings, tags, wire};

/// `CreateActivity`
pub(super) async fn create(states: &States, body: &[u8]) -> Answer {
    let request: wire::CreateActivityInput<'_> = decode(body)?;
    check_name(&request.name)?;
    settings::check_encryption(request.encryption_configuration.as_ref())?;
    let tags = tags::of_request(states, request.tags.as_deref().unwrap_or_default())?;
    let activity = states.runtime.create_activity(&request.name, tags).await?;
    Ok(encode(&wire::CreateActivityOutput {
        activity_arn: &activity.arn,
        creation_date: Timestamp(activity.created_at),
    }))
}

/// `DescribeActivity`
pub(super) async fn describe(states: &States, body: &[u8]) -> Answer {
    let request: wire::DescribeActivityInput<'_> = decode(body)?;
    let name = states.arns().activity(&request.activity_arn)?;
    let activity = states.runtime.describe_activity(name).await?;
    Ok(encode(&wire::DescribeActivityOutput {
        activity_arn: &activity.arn,
        name: &activity.name,
        creation_date: Timestamp(activity.created_at),
        encryption_configuration: None,
    }))
}

/// `ListActivities`
pub(super) async fn list(states: &States, body: &[u8]) -> Answer {
    let request: wire::ListActivitiesInput<'_> = decode(body)?;
    let page = Request {
        operation: wire::Operation::ListActivities,
        filters: &[],
    };
    let after = page.name(request.next_token.as_deref())?;
    let limit = page_size(request.max_results);
    let runtime = &states.runtime;
    let mut items = runtime.list_activities(after.as_deref(), limit + 1).await?;
    let next_token = next_page(&mut items, limit, |item| page.token(item.name.as_bytes()));
    let activities = items
        .iter()
        .map(|item| wire::ActivityListItem {
            activity_arn: &item.arn,
            name: &item.name,
            creation_date: Timestamp(item.created_at),
        })
        .collect();
    Ok(encode(&wire::ListActivitiesOutput {
        activities,
        next_token: next_token.as_deref(),
    }))
}

/// `DeleteActivity`
pub(super) async fn delete(states: &States, body: &[u8]) -> Answer {
    let request: wire::DeleteActivityInput<'_> = decode(body)?;
    let name = states.arns().activity(&request.activity_arn)?;
    states.runtime.delete_activity(name).await?;
    Ok(NOTHING.to_vec())
}

/// `GetActivityTask`; without a task the token is null, as AWS writes it ("a taskToken with a null string").
pub(super) async fn get_task(states: &States, body: &[u8]) -> Answer {
    let request: wire::GetActivityTaskInput<'_> = decode(body)?;
    let name = states.arns().activity(&request.activity_arn)?;
    let worker = request.worker_name.as_deref();
    let Some(task) = states.runtime.get_activity_task(name, worker).await? else {
        return Ok(br#"{"taskToken":null}"#.to_vec());
    };
    Ok(encode(&wire::GetActivityTaskOutput {
        task_token: Some(&task.token),
        input: Some(task.input.text()),
    }))
}
