//! What operators do to an execution beside stopping it: redrive, pause, resume. Pause and resume, and a redrive with a corrected
//! definition, are beyond AWS.

use axum::Json;
use axum::extract::State;
use runtime::runtime::Runtime;
use runtime::views::Redrive;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::rest::body::{Answer, Any, Body, Part};
use crate::rest::execution_json::Execution;
use crate::rest::names::ExecutionId;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::rest::state_machines::definition_text;

/// Says how an execution goes on.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewRedrive {
    /// A corrected definition, as JSON or as a text with JSON in it; the execution keeps its own when absent.
    definition: Option<Any>,
    /// The same token again, within 15 minutes, stands for the same redrive.
    client_token: Option<String>,
}

/// Redrives an execution
///
/// An execution that failed, timed out or was stopped goes on from the states that did not succeed, with the input that they had;
/// its history goes on, too. With a `definition` it goes on with that one, if the states are still there.
#[utoipa::path(post, path = "/api/v1/executions/{id}/redrive", tag = "executions", operation_id = "redriveExecution",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`")),
    request_body = NewRedrive,
    responses(
        (status = 200, description = "The execution, which goes on", body = Execution),
        (status = 409, description = "It can't be redriven", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The definition is wrong or does not fit", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn redrive(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Body(new): Body<NewRedrive>,
) -> Answer<Execution> {
    let id = ExecutionId::parse(&id)?;
    if let Some(token) = &new.client_token
        && !((1..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        let detail = "clientToken: a token has 1 to 64 printable ASCII characters, without spaces";
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    runtime
        .redrive_execution(Redrive {
            machine: id.machine.clone(),
            name: id.name.clone(),
            client_token: new.client_token,
            definition: new.definition.as_ref().map(definition_text).transpose()?,
        })
        .await?;
    shown(&runtime, &id).await
}

/// Pauses an execution
///
/// No state is entered and no timer goes off until it is resumed; tasks that run go on, and their results are kept.
#[utoipa::path(post, path = "/api/v1/executions/{id}/pause", tag = "executions", operation_id = "pauseExecution",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`")),
    responses(
        (status = 200, description = "The execution", body = Execution),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pause(State(runtime): State<Runtime>, Part(id): Part) -> Answer<Execution> {
    let id = ExecutionId::parse(&id)?;
    runtime.pause_execution(&id.machine, &id.name).await?;
    shown(&runtime, &id).await
}

/// Resumes an execution
///
/// What was left of waits, retries and timeouts when it was paused is left of them now. One that is not paused stays as it is.
#[utoipa::path(post, path = "/api/v1/executions/{id}/resume", tag = "executions", operation_id = "resumeExecution",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`")),
    responses(
        (status = 200, description = "The execution", body = Execution),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn resume(State(runtime): State<Runtime>, Part(id): Part) -> Answer<Execution> {
    let id = ExecutionId::parse(&id)?;
    runtime.resume_execution(&id.machine, &id.name).await?;
    shown(&runtime, &id).await
}

async fn shown(runtime: &Runtime, id: &ExecutionId) -> Answer<Execution> {
    let view = runtime.describe_execution(&id.machine, &id.name).await?;
    Ok(Json(Execution::of(&view)?))
}
