//! `/api/v1/job-queues`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use batch::request::{DeleteJobQueue, DescribeJobQueues, GetJobQueueSnapshot};
use batch_runtime::Batch;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::rest::batch::documents::{JobQueue, JobQueues, Members, Snapshot};
use crate::rest::batch::{Asked, Engine, request, request_about};
use crate::rest::body::{Answer, Body, Parameters, Part};
use crate::rest::names::encoded;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Which page of a list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct ListParameters {
    /// The `next` of the page before.
    pub(super) cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    pub(super) limit: Option<u32>,
}

/// Lists job queues
#[utoipa::path(get, path = "/api/v1/job-queues", tag = "jobs", operation_id = "listJobQueues",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of queues", body = JobQueues),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn list(
    Engine(batch): Engine,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<JobQueues> {
    let page = Asked::new(parameters.cursor, parameters.limit, 100)?;
    let listed = batch
        .describe_job_queues(DescribeJobQueues {
            job_queues: None,
            max_results: page.max_results,
            next_token: page.next_token,
        })
        .await?;
    Ok(Json(JobQueues {
        job_queues: listed.job_queues.into_iter().map(JobQueue).collect(),
        next: listed.next_token,
    }))
}

/// Creates a job queue
///
/// The body is that of CreateJobQueue of AWS Batch.
#[utoipa::path(post, path = "/api/v1/job-queues", tag = "jobs", operation_id = "createJobQueue",
    request_body = Members,
    responses(
        (status = 201, description = "It was created", body = JobQueue, headers(("Location" = String, description = "Its path"))),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn create(
    Engine(batch): Engine,
    Body(Members(members)): Body<Members>,
) -> Result<Response, Problem> {
    let created = batch.create_job_queue(request(members)?).await?;
    let location = format!("/api/v1/job-queues/{}", encoded(&created.job_queue_name));
    let queue = found(&batch, &created.job_queue_name).await?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(queue)).into_response())
}

/// Shows a job queue
#[utoipa::path(get, path = "/api/v1/job-queues/{name}", tag = "jobs", operation_id = "getJobQueue",
    params(("name" = String, Path, description = "The queue's name")),
    responses(
        (status = 200, description = "The queue", body = JobQueue),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn describe(Engine(batch): Engine, Part(name): Part) -> Answer<JobQueue> {
    Ok(Json(found(&batch, &name).await?))
}

/// Changes a job queue
///
/// The body has those members of UpdateJobQueue of AWS Batch that change.
#[utoipa::path(patch, path = "/api/v1/job-queues/{name}", tag = "jobs", operation_id = "updateJobQueue",
    params(("name" = String, Path, description = "The queue's name")),
    request_body = Members,
    responses(
        (status = 200, description = "The queue", body = JobQueue),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn update(
    Engine(batch): Engine,
    Part(name): Part,
    Body(Members(members)): Body<Members>,
) -> Answer<JobQueue> {
    found(&batch, &name).await?;
    let request = request_about(members, "jobQueue", name.clone())?;
    batch.update_job_queue(request).await?;
    Ok(Json(found(&batch, &name).await?))
}

/// Deletes a job queue
///
/// It must be disabled. Its jobs are terminated.
#[utoipa::path(delete, path = "/api/v1/job-queues/{name}", tag = "jobs", operation_id = "deleteJobQueue",
    params(("name" = String, Path, description = "The queue's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn delete(
    Engine(batch): Engine,
    Part(name): Part,
) -> Result<StatusCode, Problem> {
    found(&batch, &name).await?;
    let request = DeleteJobQueue { job_queue: name };
    batch.delete_job_queue(request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the jobs that are next
#[utoipa::path(get, path = "/api/v1/job-queues/{name}/snapshot", tag = "jobs", operation_id = "getJobQueueSnapshot",
    params(("name" = String, Path, description = "The queue's name")),
    responses(
        (status = 200, description = "The first hundred that can run, in the order of their turns", body = Snapshot),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn snapshot(Engine(batch): Engine, Part(name): Part) -> Answer<Snapshot> {
    found(&batch, &name).await?;
    let request = GetJobQueueSnapshot { job_queue: name };
    Ok(Json(Snapshot(batch.get_job_queue_snapshot(request).await?)))
}

async fn found(batch: &Batch, name: &str) -> Result<JobQueue, Problem> {
    let described = batch
        .describe_job_queues(DescribeJobQueues {
            job_queues: Some(vec![name.to_owned()]),
            ..DescribeJobQueues::default()
        })
        .await?;
    let queue = described.job_queues.into_iter().next();
    queue.map(JobQueue).ok_or_else(|| {
        Problem::new(
            Kind::JobQueueNotFound,
            format!("there is no job queue {name}"),
        )
    })
}
