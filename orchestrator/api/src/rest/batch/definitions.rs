//! `/api/v1/job-definitions`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use batch::request::{DeregisterJobDefinition, DescribeJobDefinitions};
use batch_runtime::Batch;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::rest::batch::documents::{JobDefinition, JobDefinitions, Members};
use crate::rest::batch::{Asked, Engine, request};
use crate::rest::body::{Answer, Body, Parameters, Part};
use crate::rest::names::encoded;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Which job definitions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct ListParameters {
    /// Only the revisions of this name.
    name: Option<String>,
    /// Only those with this status: `ACTIVE` or `INACTIVE`.
    status: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<u32>,
}

/// Lists job definitions
#[utoipa::path(get, path = "/api/v1/job-definitions", tag = "jobs", operation_id = "listJobDefinitions",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of revisions", body = JobDefinitions),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn list(
    Engine(batch): Engine,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<JobDefinitions> {
    let page = Asked::new(parameters.cursor, parameters.limit, 100)?;
    let listed = batch
        .describe_job_definitions(DescribeJobDefinitions {
            job_definitions: None,
            max_results: page.max_results,
            job_definition_name: parameters.name,
            status: parameters.status,
            next_token: page.next_token,
        })
        .await?;
    let definitions = listed.job_definitions.into_iter();
    Ok(Json(JobDefinitions {
        job_definitions: definitions.map(JobDefinition).collect(),
        next: listed.next_token,
    }))
}

/// Registers a job definition
///
/// The body is that of RegisterJobDefinition of AWS Batch. A name that is there gets a new revision.
#[utoipa::path(post, path = "/api/v1/job-definitions", tag = "jobs", operation_id = "registerJobDefinition",
    request_body = Members,
    responses(
        (status = 201, description = "It was registered", body = JobDefinition,
            headers(("Location" = String, description = "Its path"))),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn register(
    Engine(batch): Engine,
    Body(Members(members)): Body<Members>,
) -> Result<Response, Problem> {
    let registered = batch.register_job_definition(request(members)?).await?;
    let id = format!("{}:{}", registered.job_definition_name, registered.revision);
    let location = format!("/api/v1/job-definitions/{}", encoded(&id));
    let definition = found(&batch, &id).await?;
    Ok((
        StatusCode::CREATED,
        [(LOCATION, location)],
        Json(definition),
    )
        .into_response())
}

/// Shows a job definition
#[utoipa::path(get, path = "/api/v1/job-definitions/{id}", tag = "jobs", operation_id = "getJobDefinition",
    params(("id" = String, Path, description = "`NAME:REVISION`, or `NAME` for its newest revision that is active")),
    responses(
        (status = 200, description = "The revision", body = JobDefinition),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn describe(
    Engine(batch): Engine,
    Part(id): Part,
) -> Answer<JobDefinition> {
    Ok(Json(found(&batch, &id).await?))
}

/// Deregisters a revision of a job definition
///
/// It is shown for a while yet, and jobs that were submitted with it go on.
#[utoipa::path(delete, path = "/api/v1/job-definitions/{id}", tag = "jobs", operation_id = "deregisterJobDefinition",
    params(("id" = String, Path, description = "`NAME:REVISION`")),
    responses(
        (status = 204, description = "It is inactive"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn deregister(
    Engine(batch): Engine,
    Part(id): Part,
) -> Result<StatusCode, Problem> {
    found(&batch, &id).await?;
    let request = DeregisterJobDefinition { job_definition: id };
    batch.deregister_job_definition(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn found(batch: &Batch, id: &str) -> Result<JobDefinition, Problem> {
    let request = if id.contains(':') {
        DescribeJobDefinitions {
            job_definitions: Some(vec![id.to_owned()]),
            ..DescribeJobDefinitions::default()
        }
    } else {
        DescribeJobDefinitions {
            job_definition_name: Some(id.to_owned()),
            status: Some("ACTIVE".to_owned()),
            ..DescribeJobDefinitions::default()
        }
    };
    let described = batch.describe_job_definitions(request).await?;
    described
        .job_definitions
        .into_iter()
        .max_by_key(|known| known.definition.revision)
        .map(JobDefinition)
        .ok_or_else(|| {
            Problem::new(
                Kind::JobDefinitionNotFound,
                format!("there is no job definition {id}"),
            )
        })
}
