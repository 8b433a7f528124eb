//! Schedules: listed, made, shown, replaced, deleted.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use runtime::runtime::Runtime;
use schedule::names::ScheduleName;
use schedule_runtime::error::Error;
use schedule_runtime::requests::{self, Firing, ScheduleFilter};
use schedule_runtime::schedules::Schedules;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rest::body::{Answer, Body, Parameters, Part};
use crate::rest::names::encoded;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::rest::schedules::documents::{NewSchedule, Schedule, ScheduleItem};
use crate::rest::schedules::{Keeper, id, id_of};

/// A page of schedules.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::rest) struct ScheduleList {
    /// The schedules, in the order of group and name.
    schedules: Vec<ScheduleItem>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Which schedules.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct ListParameters {
    /// Only those of this group.
    group: Option<String>,
    /// Only those whose names begin so.
    prefix: Option<String>,
    /// Only those that are paused, or only those that are not.
    paused: Option<bool>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Lists schedules
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", operation_id = "listSchedules",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of schedules", body = ScheduleList),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn list(
    Keeper(schedules): Keeper,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<ScheduleList> {
    let limit = parameters.limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        let detail = format!("limit: {limit} is not between 1 and 1000");
        return Err(Problem::new(Kind::InvalidQuery, detail));
    }
    let filter = ScheduleFilter {
        group: parameters.group,
        prefix: parameters.prefix.unwrap_or_default(),
        firing: parameters.paused.map(|paused| match paused {
            true => Firing::Paused,
            false => Firing::Enabled,
        }),
    };
    let page = schedules.list(filter, parameters.cursor, limit).await?;
    Ok(Json(ScheduleList {
        schedules: page.items.iter().map(ScheduleItem::from).collect(),
        next: page.next,
    }))
}

/// Creates a schedule
#[utoipa::path(post, path = "/api/v1/schedules", tag = "schedules", operation_id = "createSchedule",
    request_body = NewSchedule,
    responses(
        (status = 201, description = "It is there", body = Schedule,
            headers(("Location" = String, description = "Its path"))),
        (status = 409, description = "There is one of that name", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn create(
    Keeper(schedules): Keeper,
    State(runtime): State<Runtime>,
    Body(mut new): Body<NewSchedule>,
) -> Result<Response, Problem> {
    let Some(text) = new.id.take() else {
        let detail = "missing field `id`";
        return Err(Problem::new(Kind::InvalidBody, detail));
    };
    created(&schedules, &runtime, id(&text)?, new).await
}

/// Shows a schedule
#[utoipa::path(get, path = "/api/v1/schedules/{id}", tag = "schedules", operation_id = "getSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    responses(
        (status = 200, description = "The schedule", body = Schedule),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn describe(
    Keeper(schedules): Keeper,
    Part(text): Part,
) -> Answer<Schedule> {
    let view = schedules.get(&id(&text)?).await?;
    Ok(Json(Schedule::from(&view)))
}

/// Replaces a schedule, or creates it
///
/// What the body leaves out gets its default. Runs that began go on.
#[utoipa::path(put, path = "/api/v1/schedules/{id}", tag = "schedules", operation_id = "putSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    request_body = NewSchedule,
    responses(
        (status = 200, description = "It was replaced", body = Schedule),
        (status = 201, description = "It was created", body = Schedule,
            headers(("Location" = String, description = "Its path"))),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn replace(
    Keeper(schedules): Keeper,
    State(runtime): State<Runtime>,
    Part(text): Part,
    Body(new): Body<NewSchedule>,
) -> Result<Response, Problem> {
    let name = id(&text)?;
    if new.id.as_ref().is_some_and(|other| *other != text) {
        let detail = "the body's `id` is not that of the path";
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    match schedules.get(&name).await {
        Ok(_) => {}
        Err(Error::ScheduleDoesNotExist(_)) => {
            return created(&schedules, &runtime, name, new).await;
        }
        Err(error) => return Err(error.into()),
    }
    let view = schedules.update(request(&runtime, name, new)?).await?;
    Ok(Json(Schedule::from(&view)).into_response())
}

/// Deletes a schedule
///
/// Runs that began go on. A schedule that is not there is no problem.
#[utoipa::path(delete, path = "/api/v1/schedules/{id}", tag = "schedules", operation_id = "deleteSchedule",
    params(("id" = String, Path, description = "NAME or GROUP:NAME")),
    responses(
        (status = 204, description = "It is not there any more"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn delete(
    Keeper(schedules): Keeper,
    Part(text): Part,
) -> Result<StatusCode, Problem> {
    match schedules.delete(&id(&text)?, None).await {
        Ok(()) | Err(Error::ScheduleDoesNotExist(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

async fn created(
    schedules: &Schedules,
    runtime: &Runtime,
    name: ScheduleName,
    new: NewSchedule,
) -> Result<Response, Problem> {
    let view = schedules.create(request(runtime, name, new)?).await?;
    let location = format!("/api/v1/schedules/{}", encoded(&id_of(&view.name)));
    let body = Json(Schedule::from(&view));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

fn request(
    runtime: &Runtime,
    name: ScheduleName,
    new: NewSchedule,
) -> Result<requests::NewSchedule, Problem> {
    let (definition, policies) = new.read(&runtime.options().partition)?;
    Ok(requests::NewSchedule {
        name,
        definition,
        policies: Some(policies),
        client_token: None,
    })
}
