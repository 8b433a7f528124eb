//! `/api/v1/jobs`: submit, look, end.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use batch::definition::DefinitionKind;
use batch::job::JobStatus;
use batch::request::{
    DescribeJobDefinitions, DescribeJobs, EndJob, Filter, ListJobs, RegisterJobDefinition,
};
use batch_runtime::Batch;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::rest::batch::documents::{Job, JobInList, Jobs, Members, Reason};
use crate::rest::batch::{Asked, Engine, request};
use crate::rest::body::{Answer, Body, Parameters, Part};
use crate::rest::names::encoded;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Which jobs.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct ListParameters {
    /// Those of this job queue; `default` when absent.
    queue: Option<String>,
    /// Instead, the children of this array job or the nodes of this multi-node job.
    parent: Option<String>,
    /// Only those with this status, such as `RUNNING`; all when absent.
    status: Option<String>,
    /// Only those of this name; a `*` at its end stands for anything.
    name: Option<String>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<u32>,
}

/// Lists jobs
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", operation_id = "listJobs",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of jobs", body = Jobs),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn list(
    Engine(batch): Engine,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<Jobs> {
    let listed = batch.list_jobs(asked(parameters)?).await?;
    Ok(Json(Jobs {
        jobs: listed.job_summary_list.into_iter().map(JobInList).collect(),
        next: listed.next_token,
    }))
}

/// Submits a job
///
/// The body is that of SubmitJob of AWS Batch. `jobQueue` may be absent, then it is `default`. Instead of `jobDefinition` it may have
/// `containerProperties`: a job definition of the job's name is then registered on the way, unless its newest revision has the same.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", operation_id = "submitJob",
    request_body = Members,
    responses(
        (status = 201, description = "It was submitted", body = Job, headers(("Location" = String, description = "Its path"))),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn submit(
    Engine(batch): Engine,
    Body(Members(mut members)): Body<Members>,
) -> Result<Response, Problem> {
    members
        .entry("jobQueue")
        .or_insert_with(|| Value::from("default"));
    if let Some(container) = members.remove("containerProperties") {
        let definition = definition(&batch, &members, container).await?;
        members.insert("jobDefinition".to_owned(), Value::from(definition));
    }
    let submitted = batch.submit_job(request(members)?).await?;
    let location = format!("/api/v1/jobs/{}", encoded(&submitted.job_id));
    let job = found(&batch, &submitted.job_id).await?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(job)).into_response())
}

/// Shows a job
///
/// While it waits, `statusReason` says why, with what it asks for and what is free.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", operation_id = "getJob",
    params(("id" = String, Path, description = "The job's id")),
    responses(
        (status = 200, description = "The job", body = Job),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn describe(Engine(batch): Engine, Part(id): Part) -> Answer<Job> {
    Ok(Json(found(&batch, &id).await?))
}

/// Cancels a job
///
/// One that has started goes on.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancelJob",
    params(("id" = String, Path, description = "The job's id")),
    request_body = Reason,
    responses(
        (status = 200, description = "The job", body = Job),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn cancel(
    Engine(batch): Engine,
    Part(id): Part,
    Body(reason): Body<Reason>,
) -> Answer<Job> {
    found(&batch, &id).await?;
    batch.cancel_job(end(&id, reason)).await?;
    Ok(Json(found(&batch, &id).await?))
}

/// Terminates a job
///
/// Its container is asked to stop (SIGTERM) and killed thirty seconds later.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/terminate", tag = "jobs", operation_id = "terminateJob",
    params(("id" = String, Path, description = "The job's id")),
    request_body = Reason,
    responses(
        (status = 200, description = "The job", body = Job),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn terminate(
    Engine(batch): Engine,
    Part(id): Part,
    Body(reason): Body<Reason>,
) -> Answer<Job> {
    found(&batch, &id).await?;
    batch.terminate_job(end(&id, reason)).await?;
    Ok(Json(found(&batch, &id).await?))
}

/// The job with that id.
///
/// # Errors
/// When there is none.
pub(super) async fn found(batch: &Batch, id: &str) -> Result<Job, Problem> {
    let jobs = vec![id.to_owned()];
    let described = batch.describe_jobs(DescribeJobs { jobs }).await?;
    let job = described.jobs.into_iter().next();
    job.map(Job)
        .ok_or_else(|| Problem::new(Kind::JobNotFound, format!("there is no job {id}")))
}

fn end(id: &str, reason: Reason) -> EndJob {
    EndJob {
        job_id: id.to_owned(),
        reason: reason
            .reason
            .unwrap_or_else(|| "asked for over REST".to_owned()),
    }
}

/// Batch's own list needs a status, or a filter that takes all of them.
fn asked(parameters: ListParameters) -> Result<ListJobs, Problem> {
    let job_status = match &parameters.status {
        Some(text) => Some(status(text)?),
        None => None,
    };
    let filter = |name: &str, value: String| Filter {
        name: name.to_owned(),
        values: vec![value],
    };
    let filters = match (parameters.name, job_status) {
        (Some(_), Some(_)) => {
            let detail = "name and status can't be given together";
            return Err(Problem::new(Kind::InvalidQuery, detail));
        }
        (Some(name), None) => Some(vec![filter("JOB_NAME", name)]),
        (None, None) => Some(vec![filter("AFTER_CREATED_AT", "0".to_owned())]),
        (None, Some(_)) => None,
    };
    let most = if filters.is_some() { 100 } else { 1000 };
    let page = Asked::new(parameters.cursor, parameters.limit, most)?;
    let (mut job_queue, mut array_job_id) = (None, None);
    match (parameters.queue, parameters.parent) {
        (Some(_), Some(_)) => {
            let detail = "queue and parent can't be given together";
            return Err(Problem::new(Kind::InvalidQuery, detail));
        }
        (None, Some(parent)) => array_job_id = Some(parent),
        (queue, None) => job_queue = Some(queue.unwrap_or_else(|| "default".to_owned())),
    }
    Ok(ListJobs {
        job_queue,
        array_job_id,
        multi_node_job_id: None,
        job_status,
        max_results: page.max_results,
        next_token: page.next_token,
        filters,
    })
}

fn status(text: &str) -> Result<JobStatus, Problem> {
    serde_json::from_value(Value::from(text)).map_err(|_| {
        Problem::new(
            Kind::InvalidQuery,
            format!("status: `{text}` is no status of a job"),
        )
    })
}

/// The job definition that has that container: the newest revision of the job's name, or a new one.
async fn definition(
    batch: &Batch,
    members: &Map<String, Value>,
    container: Value,
) -> Result<String, Problem> {
    if members.contains_key("jobDefinition") {
        let detail = "jobDefinition and containerProperties can't be given together";
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    let Some(name) = members.get("jobName").and_then(Value::as_str) else {
        return Err(Problem::new(Kind::InvalidBody, "missing field `jobName`"));
    };
    let container = serde_json::from_value(container).map_err(|error| {
        Problem::new(Kind::InvalidBody, format!("containerProperties: {error}"))
    })?;
    let wanted = RegisterJobDefinition {
        job_definition_name: name.to_owned(),
        kind: DefinitionKind::Container,
        parameters: None,
        scheduling_priority: None,
        container_properties: Some(container),
        node_properties: None,
        retry_strategy: None,
        propagate_tags: None,
        timeout: None,
        tags: None,
        platform_capabilities: None,
        eks_properties: None,
        ecs_properties: None,
        consumable_resource_properties: None,
    };
    let known = batch
        .describe_job_definitions(DescribeJobDefinitions {
            job_definition_name: Some(name.to_owned()),
            status: Some("ACTIVE".to_owned()),
            ..DescribeJobDefinitions::default()
        })
        .await?;
    let newest = known
        .job_definitions
        .into_iter()
        .max_by_key(|known| known.definition.revision);
    if let Some(newest) = newest
        && newest.definition.container_properties == wanted.container_properties
        && newest.definition.retry_strategy.is_none()
    {
        return Ok(newest.job_definition_arn);
    }
    let registered = batch.register_job_definition(wanted).await?;
    Ok(registered.job_definition_arn)
}
