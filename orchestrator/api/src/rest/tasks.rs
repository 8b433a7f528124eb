//! `/api/v1/tasks`: whoever has a task's token says how it ended.

use axum::extract::State;
use axum::http::StatusCode;
use interpreter::failure::Failure;
use runtime::runtime::Runtime;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::rest::body::{Any, Body, Part, even_null};
use crate::rest::problem::Problem;

/// A task's result.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Success {
    /// The result, any JSON value; `{}` when absent.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Any, required = false)]
    output: Option<Any>,
}

/// Why a task failed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskFailure {
    /// The error's name, which Retry and Catch look at.
    error: Option<String>,
    /// What a person should read.
    cause: Option<String>,
}

/// Ends a task with a result
///
/// It is durable when the answer comes.
#[utoipa::path(post, path = "/api/v1/tasks/{token}/succeed", tag = "tasks", operation_id = "succeedTask",
    params(("token" = String, Path, description = "The task's token, percent-encoded")),
    request_body = Success,
    responses(
        (status = 204, description = "The task has ended"),
        (status = 410, description = "Nobody waits for it any more", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn succeed(
    State(runtime): State<Runtime>,
    Part(token): Part,
    Body(success): Body<Success>,
) -> Result<StatusCode, Problem> {
    let output = success.output.as_ref().map_or("{}", Any::text);
    runtime.send_task_success(&token, output).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a task with a failure
///
/// It is durable when the answer comes.
#[utoipa::path(post, path = "/api/v1/tasks/{token}/fail", tag = "tasks", operation_id = "failTask",
    params(("token" = String, Path, description = "The task's token, percent-encoded")),
    request_body = TaskFailure,
    responses(
        (status = 204, description = "The task has ended"),
        (status = 410, description = "Nobody waits for it any more", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn fail(
    State(runtime): State<Runtime>,
    Part(token): Part,
    Body(failure): Body<TaskFailure>,
) -> Result<StatusCode, Problem> {
    let failure = Failure {
        error: failure.error.map(Into::into),
        cause: failure.cause.map(Into::into),
    };
    runtime.send_task_failure(&token, failure).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a task is alive
#[utoipa::path(post, path = "/api/v1/tasks/{token}/heartbeat", tag = "tasks", operation_id = "heartbeatTask",
    params(("token" = String, Path, description = "The task's token, percent-encoded")),
    responses(
        (status = 204, description = "Its heartbeat's time begins again"),
        (status = 410, description = "Nobody waits for it any more", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn heartbeat(
    State(runtime): State<Runtime>,
    Part(token): Part,
) -> Result<StatusCode, Problem> {
    runtime.send_task_heartbeat(&token).await?;
    Ok(StatusCode::NO_CONTENT)
}
