//! CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule, ListSchedules.

use schedule::definition::{Definition, RetryPolicy};
use schedule::expression::Expression;
use schedule::names::{self, ScheduleName};
use schedule::timetable;
use schedule_runtime::requests::{Firing, NewSchedule, ScheduleFilter};
use schedule_runtime::schedules::Schedules;
use schedule_runtime::views::{ScheduleSummary, ScheduleView};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::aws::rest_json::Call;
use crate::aws::scheduler::refusals::Refusal;
use crate::aws::scheduler::{encoded, parameter, seconds};

/// The body of CreateSchedule and UpdateSchedule.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    group_name: Option<String>,
    client_token: Option<String>,
    #[serde(flatten)]
    definition: Definition,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created<'a> {
    schedule_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    arn: &'a str,
    group_name: &'a str,
    name: &'a str,
    creation_date: f64,
    last_modification_date: f64,
    #[serde(flatten)]
    definition: &'a Definition,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    schedules: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    arn: &'a str,
    group_name: &'a str,
    name: &'a str,
    state: &'static str,
    creation_date: f64,
    last_modification_date: f64,
    target: TargetSummary<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetSummary<'a> {
    arn: &'a str,
}

/// CreateSchedule
pub(super) async fn create(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let view = schedules.create(read(call, name)?).await?;
    Ok(created(&view))
}

/// UpdateSchedule
pub(super) async fn update(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let view = schedules.update(read(call, name)?).await?;
    Ok(created(&view))
}

fn created(view: &ScheduleView) -> Vec<u8> {
    encoded(&Created {
        schedule_arn: &view.arn,
    })
}

/// GetSchedule
pub(super) async fn get(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let mut view = schedules.get(&named(call, name)).await?;
    let definition = &mut view.definition;
    // What was left out is shown with the value that holds.
    definition
        .schedule_expression_timezone
        .get_or_insert_with(|| "UTC".to_owned());
    let RetryPolicy {
        maximum_event_age_in_seconds,
        maximum_retry_attempts,
    } = definition.target.retry_policy.unwrap_or_default();
    definition.target.retry_policy = Some(RetryPolicy {
        maximum_event_age_in_seconds: maximum_event_age_in_seconds.or(Some(86_400)),
        maximum_retry_attempts: maximum_retry_attempts.or(Some(185)),
    });
    Ok(encoded(&Described {
        arn: &view.arn,
        group_name: &view.name.group,
        name: &view.name.name,
        creation_date: seconds(view.created_at),
        last_modification_date: seconds(view.modified_at),
        definition: &view.definition,
    }))
}

/// DeleteSchedule
pub(super) async fn delete(
    schedules: &Schedules,
    call: &Call,
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    let token = parameter(call, "clientToken");
    schedules.delete(&named(call, name), token).await?;
    Ok(b"{}".to_vec())
}

/// ListSchedules
pub(super) async fn list(schedules: &Schedules, call: &Call) -> Result<Vec<u8>, Refusal> {
    let filter = ScheduleFilter {
        group: parameter(call, "ScheduleGroup"),
        prefix: parameter(call, "NamePrefix").unwrap_or_default(),
        firing: match parameter(call, "State").as_deref() {
            None => None,
            Some("ENABLED") => Some(Firing::Enabled),
            Some("DISABLED") => Some(Firing::Paused),
            Some(other) => {
                let allowed = "Member must satisfy enum value set: [ENABLED, DISABLED]";
                return Err(Refusal::constraint("State", Some(other), allowed));
            }
        },
    };
    let (after, limit) = page(call)?;
    let page = schedules.list(filter, after, limit).await?;
    Ok(encoded(&Listed {
        schedules: page.items.iter().map(summary).collect(),
        next_token: page.next,
    }))
}

fn summary(item: &ScheduleSummary) -> Summary<'_> {
    Summary {
        arn: &item.arn,
        group_name: &item.name.group,
        name: &item.name.name,
        state: if item.is_paused {
            "DISABLED"
        } else {
            "ENABLED"
        },
        creation_date: seconds(item.created_at),
        last_modification_date: seconds(item.modified_at),
        target: TargetSummary {
            arn: &item.target_arn,
        },
    }
}

/// Where a page begins, and how long it is. A token is the last name of the page before.
pub(super) fn page(call: &Call) -> Result<(Option<String>, usize), Refusal> {
    let most = 100;
    let limit = match parameter(call, "MaxResults") {
        None => most,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=100) => limit,
            Ok(_) | Err(_) => {
                let constraint = "Member must be a number from 1 to 100";
                return Err(Refusal::constraint("MaxResults", Some(&text), constraint));
            }
        },
    };
    let token = parameter(call, "NextToken");
    match token {
        Some(token) if token.is_empty() || token.len() > 2048 => {
            Err(Refusal::validation("The NextToken is invalid."))
        }
        token => Ok((token, limit)),
    }
}

fn named(call: &Call, name: &str) -> ScheduleName {
    ScheduleName::new(parameter(call, "groupName").as_deref(), name)
}

fn read(call: &Call, name: &str) -> Result<NewSchedule, Refusal> {
    names::check("Name", name).map_err(|mistake| Refusal::mistake(&mistake))?;
    let members = members(call)?;
    for member in ["ScheduleExpression", "Target", "FlexibleTimeWindow"] {
        required(&members, "", member)?;
    }
    for (outer, inner) in [
        ("Target", "Arn"),
        ("Target", "RoleArn"),
        ("FlexibleTimeWindow", "Mode"),
    ] {
        if let Some(Value::Object(members)) = members.get(outer) {
            required(members, outer, inner)?;
        }
    }
    let body: Body = serde_json::from_value(Value::Object(members))
        .map_err(|error| Refusal::validation(format!("The request can't be read: {error}.")))?;
    check_token(body.client_token.as_deref())?;
    let definition = body.definition;
    let expression = &definition.schedule_expression;
    Expression::parse(expression).map_err(|mistake| {
        Refusal::validation(format!(
            "Invalid Schedule Expression {expression}. {mistake}"
        ))
    })?;
    if let Some(zone) = &definition.schedule_expression_timezone {
        timetable::zone(zone).map_err(|mistake| {
            let why = mistake.why;
            Refusal::validation(format!("Invalid ScheduleExpressionTimezone {zone}: {why}"))
        })?;
    }
    Ok(NewSchedule {
        name: ScheduleName::new(body.group_name.as_deref(), name),
        definition,
        policies: None,
        client_token: body.client_token,
    })
}

/// The members of a body; those that are `null` count as absent.
pub(super) fn members(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let body: &[u8] = if call.body.is_empty() {
        b"{}"
    } else {
        &call.body
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(mut members)) => {
            without_nulls(&mut members);
            Ok(members)
        }
        Ok(_) => Err(Refusal::validation("The request's body is no JSON object.")),
        Err(error) => {
            let message = format!("The request's body is no JSON: {error}.");
            Err(Refusal::validation(message))
        }
    }
}

fn without_nulls(members: &mut Map<String, Value>) {
    members.retain(|_, value| !value.is_null());
    for value in members.values_mut() {
        if let Value::Object(inner) = value {
            without_nulls(inner);
        }
    }
}

/// The rule of every client token.
pub(super) fn check_token(token: Option<&str>) -> Result<(), Refusal> {
    let Some(token) = token else { return Ok(()) };
    let is_token = (1..=64).contains(&token.len())
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_token {
        return Ok(());
    }
    let constraint = "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]+";
    Err(Refusal::constraint("ClientToken", Some(token), constraint))
}

fn required(members: &Map<String, Value>, outer: &str, member: &str) -> Result<(), Refusal> {
    if members.contains_key(member) {
        return Ok(());
    }
    let path = if outer.is_empty() {
        member.to_owned()
    } else {
        format!("{outer}.{member}")
    };
    Err(Refusal::constraint(&path, None, "Member must not be null"))
}
