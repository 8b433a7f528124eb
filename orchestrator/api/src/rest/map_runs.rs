//! `/api/v1/map-runs`: what distributed Maps start, as a whole.

use axum::Json;
use axum::extract::State;
use runtime::map_runs::views::{Counts, MapRunView, UpdateMapRun};
use runtime::runtime::Runtime;
use serde::{Deserialize, Serialize};
use store::map_runs::MapRunStatus;
use utoipa::ToSchema;

use crate::rest::body::{Answer, Body, Parameters, Part, instant};
use crate::rest::names::{ExecutionId, MapRunId};
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::rest::state_machines::PageParameters;

/// A Map Run: the executions that a distributed Map starts for its items.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MapRun {
    /// `STATE_MACHINE:LABEL:UNIQUE`
    id: String,
    /// Its ARN, by which AWS's API knows it.
    arn: String,
    /// The ARN of the execution that it is of.
    execution_arn: String,
    status: Status,
    /// When it started.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    stopped_at: Option<String>,
    /// How many children may run at once; 0 means no bound of its own.
    max_concurrency: u64,
    /// How many items may fail.
    tolerated_failure_count: u64,
    /// Which share of the items may fail, in percent.
    tolerated_failure_percentage: f64,
    /// What became of the items.
    items: MapRunCounts,
    /// What became of the children.
    executions: MapRunCounts,
    /// How often it was redriven, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    redrive_count: Option<u32>,
    /// When it was redriven last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    redriven_at: Option<String>,
}

/// How far a Map Run is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = MapRunStatus)]
enum Status {
    Running,
    Succeeded,
    Failed,
    Aborted,
}

/// How many items, or children, there are of each kind.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MapRunCounts {
    /// Known, and not begun.
    pending: u64,
    running: u64,
    succeeded: u64,
    failed: u64,
    timed_out: u64,
    aborted: u64,
    /// Without success, and waiting for their redrive.
    pending_redrive: u64,
    /// Those without success that no redrive can change.
    failures_not_redrivable: u64,
    /// All of them.
    total: u64,
    /// Stand in what the ResultWriter wrote.
    results_written: u64,
}

/// A page of Map Runs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MapRuns {
    /// The Map Runs, the newest first.
    map_runs: Vec<MapRun>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// New bounds of a Map Run that runs; what is absent stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MapRunChange {
    /// How many children may run at once; 0 means no bound of its own.
    max_concurrency: Option<u64>,
    /// How many items may fail.
    tolerated_failure_count: Option<u64>,
    /// Which share of the items may fail, in percent: from 0 to 100.
    tolerated_failure_percentage: Option<f64>,
}

/// Lists the Map Runs of an execution
#[utoipa::path(get, path = "/api/v1/executions/{id}/map-runs", tag = "executions", operation_id = "listMapRuns",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`"), PageParameters),
    responses(
        (status = 200, description = "A page of Map Runs, the newest first", body = MapRuns),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Parameters(parameters): Parameters<PageParameters>,
) -> Answer<MapRuns> {
    let id = ExecutionId::parse(&id)?;
    let page = parameters.page()?;
    let found = runtime
        .list_map_runs(&id.machine, &id.name, page.cursor, page.limit)
        .await?;
    Ok(Json(MapRuns {
        next: page.next(found.len(), found.last().map(|run| run.number)),
        map_runs: found.iter().map(MapRun::of).collect(),
    }))
}

/// Shows a Map Run
#[utoipa::path(get, path = "/api/v1/map-runs/{id}", tag = "executions", operation_id = "getMapRun",
    params(("id" = String, Path, description = "`STATE_MACHINE:LABEL:UNIQUE`")),
    responses(
        (status = 200, description = "The Map Run", body = MapRun),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn describe(State(runtime): State<Runtime>, Part(id): Part) -> Answer<MapRun> {
    let id = MapRunId::parse(&id)?;
    shown(&runtime, &id).await
}

/// Changes a Map Run that runs
///
/// The children that run go on; the new bounds count from now on.
#[utoipa::path(patch, path = "/api/v1/map-runs/{id}", tag = "executions", operation_id = "updateMapRun",
    params(("id" = String, Path, description = "`STATE_MACHINE:LABEL:UNIQUE`")),
    request_body = MapRunChange,
    responses(
        (status = 200, description = "The Map Run", body = MapRun),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn update(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Body(change): Body<MapRunChange>,
) -> Answer<MapRun> {
    let id = MapRunId::parse(&id)?;
    let update = UpdateMapRun {
        max_concurrency: change.max_concurrency,
        tolerated_count: change.tolerated_failure_count,
        tolerated_percentage: change.tolerated_failure_percentage,
    };
    if update == UpdateMapRun::default() {
        let detail =
            "say maxConcurrency, toleratedFailureCount or toleratedFailurePercentage, or several";
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    if let Some(percentage) = change.tolerated_failure_percentage
        && !(0.0..=100.0).contains(&percentage)
    {
        let detail = format!("toleratedFailurePercentage: {percentage} is not between 0 and 100");
        return Err(Problem::new(Kind::InvalidBody, detail));
    }
    runtime.update_map_run(&id.name(), update).await?;
    shown(&runtime, &id).await
}

async fn shown(runtime: &Runtime, id: &MapRunId) -> Answer<MapRun> {
    let view = runtime.describe_map_run(&id.name()).await?;
    Ok(Json(MapRun::of(&view)))
}

impl MapRun {
    fn of(view: &MapRunView) -> Self {
        let name = view.arn.splitn(7, ':').nth(6).unwrap_or_default();
        Self {
            // A state machine's name has no slash.
            id: name.replacen('/', ":", 1),
            arn: view.arn.to_string(),
            execution_arn: view.execution_arn.to_string(),
            status: match view.status {
                MapRunStatus::Running => Status::Running,
                MapRunStatus::Succeeded => Status::Succeeded,
                MapRunStatus::Failed => Status::Failed,
                MapRunStatus::Aborted => Status::Aborted,
            },
            started_at: instant(view.started_at),
            stopped_at: view.stopped_at.map(instant),
            max_concurrency: view.max_concurrency,
            tolerated_failure_count: view.tolerated_count,
            tolerated_failure_percentage: view.tolerated_percentage,
            items: view.items.into(),
            executions: view.executions.into(),
            redrive_count: Some(view.redrive_count).filter(|count| *count > 0),
            redriven_at: view.redriven_at.map(instant),
        }
    }
}

impl From<Counts> for MapRunCounts {
    fn from(counts: Counts) -> Self {
        Self {
            pending: counts.pending,
            running: counts.running,
            succeeded: counts.succeeded,
            failed: counts.failed,
            timed_out: counts.timed_out,
            aborted: counts.aborted,
            pending_redrive: counts.pending_redrive,
            failures_not_redrivable: counts.not_redrivable,
            total: counts.total,
            results_written: counts.results_written,
        }
    }
}
