//! `/api/v1/compute-environments`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use batch::request::{DeleteComputeEnvironment, DescribeComputeEnvironments};
use batch_runtime::Batch;

use crate::rest::batch::documents::{ComputeEnvironment, ComputeEnvironments, Members};
use crate::rest::batch::queues::ListParameters;
use crate::rest::batch::{Asked, Engine, request, request_about};
use crate::rest::body::{Answer, Body, Parameters, Part};
use crate::rest::names::encoded;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Lists compute environments
#[utoipa::path(get, path = "/api/v1/compute-environments", tag = "jobs", operation_id = "listComputeEnvironments",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of environments", body = ComputeEnvironments),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn list(
    Engine(batch): Engine,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<ComputeEnvironments> {
    let page = Asked::new(parameters.cursor, parameters.limit, 100)?;
    let listed = batch
        .describe_compute_environments(DescribeComputeEnvironments {
            compute_environments: None,
            max_results: page.max_results,
            next_token: page.next_token,
        })
        .await?;
    let environments = listed.compute_environments.into_iter();
    Ok(Json(ComputeEnvironments {
        compute_environments: environments.map(ComputeEnvironment).collect(),
        next: listed.next_token,
    }))
}

/// Creates a compute environment
///
/// The body is that of CreateComputeEnvironment of AWS Batch: `computeResources.maxvCpus` bounds the vCPUs that its jobs have together, the
/// tag `ratchet:memory` their memory in MiB, and the tag `ratchet:engine` says what runs them, `docker` or `process`.
#[utoipa::path(post, path = "/api/v1/compute-environments", tag = "jobs", operation_id = "createComputeEnvironment",
    request_body = Members,
    responses(
        (status = 201, description = "It was created", body = ComputeEnvironment,
            headers(("Location" = String, description = "Its path"))),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn create(
    Engine(batch): Engine,
    Body(Members(members)): Body<Members>,
) -> Result<Response, Problem> {
    let created = batch.create_compute_environment(request(members)?).await?;
    let name = created.compute_environment_name;
    let location = format!("/api/v1/compute-environments/{}", encoded(&name));
    let environment = found(&batch, &name).await?;
    Ok((
        StatusCode::CREATED,
        [(LOCATION, location)],
        Json(environment),
    )
        .into_response())
}

/// Shows a compute environment
#[utoipa::path(get, path = "/api/v1/compute-environments/{name}", tag = "jobs", operation_id = "getComputeEnvironment",
    params(("name" = String, Path, description = "The environment's name")),
    responses(
        (status = 200, description = "The environment", body = ComputeEnvironment),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn describe(
    Engine(batch): Engine,
    Part(name): Part,
) -> Answer<ComputeEnvironment> {
    Ok(Json(found(&batch, &name).await?))
}

/// Changes a compute environment
///
/// The body has those members of UpdateComputeEnvironment of AWS Batch that change.
#[utoipa::path(patch, path = "/api/v1/compute-environments/{name}", tag = "jobs", operation_id = "updateComputeEnvironment",
    params(("name" = String, Path, description = "The environment's name")),
    request_body = Members,
    responses(
        (status = 200, description = "The environment", body = ComputeEnvironment),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn update(
    Engine(batch): Engine,
    Part(name): Part,
    Body(Members(members)): Body<Members>,
) -> Answer<ComputeEnvironment> {
    found(&batch, &name).await?;
    let request = request_about(members, "computeEnvironment", name.clone())?;
    batch.update_compute_environment(request).await?;
    Ok(Json(found(&batch, &name).await?))
}

/// Deletes a compute environment
///
/// It must be disabled, and no job queue may name it.
#[utoipa::path(delete, path = "/api/v1/compute-environments/{name}", tag = "jobs", operation_id = "deleteComputeEnvironment",
    params(("name" = String, Path, description = "The environment's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn delete(
    Engine(batch): Engine,
    Part(name): Part,
) -> Result<StatusCode, Problem> {
    found(&batch, &name).await?;
    let request = DeleteComputeEnvironment {
        compute_environment: name,
    };
    batch.delete_compute_environment(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(batch: &Batch, name: &str) -> Result<ComputeEnvironment, Problem> {
    let described = batch
        .describe_compute_environments(DescribeComputeEnvironments {
            compute_environments: Some(vec![name.to_owned()]),
            ..DescribeComputeEnvironments::default()
        })
        .await?;
    let environment = described.compute_environments.into_iter().next();
    environment.map(ComputeEnvironment).ok_or_else(|| {
        Problem::new(
            Kind::ComputeEnvironmentNotFound,
            format!("there is no compute environment {name}"),
        )
    })
}
