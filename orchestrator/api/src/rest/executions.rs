//! `/api/v1/executions` and a state machine's executions.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use interpreter::failure::Failure;
use runtime::arn::qualifier_of;
use runtime::error::Error;
use runtime::mock_file::split_test_case;
use runtime::runtime::Runtime;
use runtime::trace::LONGEST_HEADER;
use runtime::views::{InputField, Search, StartExecution};
use serde::Deserialize;
use store::records::{ExecutionStatus, MachineType};
use utoipa::{IntoParams, ToSchema};

use crate::rest::body::{Answer, Any, Body, Page, Parameters, Part, even_null};
use crate::rest::events;
use crate::rest::execution_json::{Execution, ExecutionSummary, Executions, Status};
use crate::rest::names::{self, ExecutionId};
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;
use crate::trace_headers::trace_header;

/// The longest that a start can wait for the end, in seconds.
const LONGEST_WAIT: u64 = 300;

/// Asks for an execution.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewExecution {
    /// Its input, any JSON value; `{}` when absent.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Any, required = false)]
    input: Option<Any>,
    /// Its name; one is made when it is absent. The same name and input again give the same execution while it runs.
    name: Option<String>,
    /// A version's number or an alias; the current definition when absent.
    qualifier: Option<String>,
    /// The test case of the mock configuration file whose responses stand in for tasks.
    test_case: Option<String>,
    /// The trace that it is a part of, as AWS X-Ray writes it: `Root=…;Parent=…;Sampled=1`. A header `X-Amzn-Trace-Id` goes before it, and
    /// a header `traceparent` serves where there is neither.
    #[schema(max_length = 256)]
    trace_header: Option<String>,
}

/// Says why an execution is stopped.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// The error's name.
    error: Option<String>,
    /// What a person should read.
    cause: Option<String>,
}

/// Which executions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParameters {
    /// Only those of this state machine.
    state_machine: Option<String>,
    /// Only those with this status.
    #[param(inline)]
    status: Option<Status>,
    /// Only those whose name begins so.
    name_prefix: Option<String>,
    /// Only those started at this time or later: RFC 3339.
    #[param(format = DateTime)]
    started_after: Option<String>,
    /// Only those started before this time: RFC 3339.
    #[param(format = DateTime)]
    started_before: Option<String>,
    /// Only those with this value in their input: `customer.id=42`. The value is JSON; what is none is a text.
    input: Option<String>,
    /// Only those that are paused, or are not.
    paused: Option<bool>,
    /// Only those that were redriven, or were not.
    redriven: Option<bool>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// Which executions of a state machine.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListOfMachineParameters {
    /// Only those with this status.
    #[param(inline)]
    status: Option<Status>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// How a start is answered.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StartParameters {
    /// Seconds to wait for the execution's end, up to 300.
    wait: Option<u64>,
}

/// What is shown of an execution.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DescribeParameters {
    /// Whether the first page of the history is to be shown.
    #[serde(default)]
    history: bool,
}

/// Lists executions
///
/// With any of the parameters behind `status` it is a search: executions are looked at one by one, the newest first, up to 10,000 of them
/// and 1,000 inputs at once; then `next` leads on, also from a page that is not full.
#[utoipa::path(get, path = "/api/v1/executions", tag = "executions", operation_id = "listExecutions",
    params(ListParameters),
    responses(
        (status = 200, description = "A page of executions, the newest first", body = Executions),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(runtime): State<Runtime>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Answer<Executions> {
    let page = Page::new(parameters.cursor.as_deref(), parameters.limit)?;
    let search = Search {
        state_machine: parameters.state_machine,
        status: parameters.status.map(ExecutionStatus::from),
        name_prefix: parameters.name_prefix,
        started_after: moment("startedAfter", parameters.started_after.as_deref())?,
        started_before: moment("startedBefore", parameters.started_before.as_deref())?,
        input: input_field(parameters.input.as_deref())?,
        is_redriven: parameters.redriven,
        is_paused: parameters.paused,
    };
    let is_plain = Search {
        state_machine: search.state_machine.clone(),
        status: search.status,
        ..Search::default()
    } == search;
    if is_plain {
        let machine = search.state_machine.as_deref();
        return found(&runtime, machine, parameters.status, page).await;
    }
    let found = runtime
        .search_executions(&search, page.cursor, page.limit)
        .await?;
    Ok(Json(Executions {
        executions: found
            .executions
            .iter()
            .map(ExecutionSummary::from)
            .collect(),
        next: found.next.map(|number| number.to_string()),
    }))
}

/// Lists the executions of a state machine
#[utoipa::path(get, path = "/api/v1/state-machines/{name}/executions", tag = "executions",
    operation_id = "listExecutionsOfStateMachine",
    params(("name" = String, Path, description = "The state machine's name"), ListOfMachineParameters),
    responses(
        (status = 200, description = "A page of executions, the newest first", body = Executions),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_of_machine(
    State(runtime): State<Runtime>,
    Part(name): Part,
    Parameters(parameters): Parameters<ListOfMachineParameters>,
) -> Answer<Executions> {
    let page = Page::new(parameters.cursor.as_deref(), parameters.limit)?;
    found(&runtime, Some(&name), parameters.status, page).await
}

/// Starts an execution
///
/// It is durable when the answer comes. With `wait`, the answer comes when the execution has ended, or when the time is over.
/// For an Express state machine, `wait` gives the result, which is kept nowhere else.
#[utoipa::path(post, path = "/api/v1/state-machines/{name}/executions", tag = "executions", operation_id = "startExecution",
    params(("name" = String, Path, description = "The state machine's name"), StartParameters),
    request_body = NewExecution,
    responses(
        (status = 200, description = "It has ended; only with `wait`", body = Execution),
        (status = 201, description = "It was started", body = ExecutionSummary,
            headers(("Location" = String, description = "Its path"))),
        (status = 202, description = "It still runs; only with `wait`", body = Execution,
            headers(("Location" = String, description = "Its path"))),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn start(
    State(runtime): State<Runtime>,
    Part(machine): Part,
    Parameters(parameters): Parameters<StartParameters>,
    headers: HeaderMap,
    Body(new): Body<NewExecution>,
) -> Result<Response, Problem> {
    if let Some(name) = &new.name {
        names::check(name)?;
    }
    let given = new.trace_header.as_deref();
    if given.is_some_and(|given| !given.is_ascii() || given.len() > LONGEST_HEADER) {
        return Err(Problem::new(
            Kind::InvalidBody,
            format!("traceHeader: it must be ASCII and have at most {LONGEST_HEADER} characters"),
        ));
    }
    let trace_header = trace_header(&headers, given);
    let request = StartExecution {
        state_machine: match new.test_case {
            Some(test_case) => format!("{machine}#{test_case}"),
            None => machine,
        },
        qualifier: new.qualifier.as_deref().map(qualifier_of),
        name: new.name,
        input: new.input.map(|input| input.text().to_owned()),
        trace_header,
    };
    match parameters.wait {
        None => started(&runtime, request).await,
        Some(wait) if wait <= LONGEST_WAIT => {
            ended(&runtime, request, Duration::from_secs(wait)).await
        }
        Some(wait) => Err(Problem::new(
            Kind::InvalidQuery,
            format!("wait: {wait} is more than {LONGEST_WAIT} seconds"),
        )),
    }
}

/// Shows an execution
#[utoipa::path(get, path = "/api/v1/executions/{id}", tag = "executions", operation_id = "getExecution",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`"), DescribeParameters),
    responses(
        (status = 200, description = "The execution", body = Execution),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn describe(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Parameters(parameters): Parameters<DescribeParameters>,
) -> Answer<Execution> {
    let id = ExecutionId::parse(&id)?;
    let view = runtime.describe_execution(&id.machine, &id.name).await?;
    let execution = Execution::of(&view)?;
    if !parameters.history {
        return Ok(Json(execution));
    }
    let first = Page::new(None, None)?;
    let history = events::page(&runtime, &id, first, events::Order::Forward).await?;
    Ok(Json(execution.with_history(history)))
}

/// Stops an execution
///
/// One that has ended stays as it is.
#[utoipa::path(post, path = "/api/v1/executions/{id}/stop", tag = "executions", operation_id = "stopExecution",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`")),
    request_body = Reason,
    responses(
        (status = 200, description = "The execution, which has ended", body = Execution),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn stop(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Body(reason): Body<Reason>,
) -> Answer<Execution> {
    let id = ExecutionId::parse(&id)?;
    let failure = Failure {
        error: reason.error.map(Into::into),
        cause: reason.cause.map(Into::into),
    };
    runtime
        .stop_execution(&id.machine, &id.name, failure)
        .await?;
    let view = runtime.describe_execution(&id.machine, &id.name).await?;
    Ok(Json(Execution::of(&view)?))
}

/// Reads a point in time.
fn moment(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => Ok(Some(time.as_millisecond())),
        Err(_) => Err(Problem::new(
            Kind::InvalidQuery,
            format!("{name}: `{text}` is no time; write 2026-11-22T08:00:00Z"),
        )),
    }
}

fn input_field(text: Option<&str>) -> Result<Vec<InputField>, Problem> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let field = InputField::parse(text).ok_or_else(|| {
        let detail =
            format!("input: `{text}` is no PATH=VALUE; write customer.id=42 or tags.0=new");
        Problem::new(Kind::InvalidQuery, detail)
    })?;
    Ok(vec![field])
}

async fn found(
    runtime: &Runtime,
    machine: Option<&str>,
    status: Option<Status>,
    page: Page,
) -> Answer<Executions> {
    let status = status.map(ExecutionStatus::from);
    let found = runtime
        .list_executions(machine, None, status, page.cursor, page.limit)
        .await?;
    Ok(Json(Executions {
        next: page.next(found.len(), found.last().map(|item| item.number)),
        executions: found.iter().map(ExecutionSummary::from).collect(),
    }))
}

async fn started(runtime: &Runtime, request: StartExecution) -> Result<Response, Problem> {
    let machine = request.state_machine.clone();
    let started = runtime.start_execution(request).await?;
    let id = id_of(&started.arn, &machine);
    let body = Json(ExecutionSummary::of_started(&started, &id));
    Ok((StatusCode::CREATED, [(LOCATION, location(&id))], body).into_response())
}

async fn ended(
    runtime: &Runtime,
    request: StartExecution,
    wait: Duration,
) -> Result<Response, Problem> {
    let (machine, _) = split_test_case(&request.state_machine);
    let machine = runtime.describe_state_machine(machine).await?;
    if machine.machine_type == MachineType::Express {
        let ended = runtime.start_sync_execution(request).await?;
        return Ok(Json(Execution::of(&ended.execution)?).into_response());
    }
    let started = runtime.start_execution(request).await?;
    let id = id_of(&started.arn, &machine.name);
    let is_over = tokio::time::timeout(wait, follow(runtime, &id)).await;
    if let Ok(followed) = is_over {
        followed?;
    }
    let view = runtime.describe_execution(&id.machine, &id.name).await?;
    let body = Json(Execution::of(&view)?);
    if view.status == ExecutionStatus::Running {
        return Ok((StatusCode::ACCEPTED, [(LOCATION, location(&id))], body).into_response());
    }
    Ok(body.into_response())
}

/// Ready when the execution has ended.
async fn follow(runtime: &Runtime, id: &ExecutionId) -> Result<(), Error> {
    let mut events = runtime.follow(&id.machine, &id.name, 1).await?;
    while let Some(event) = events.next().await {
        event?;
    }
    Ok(())
}

fn location(id: &ExecutionId) -> String {
    format!("/api/v1/executions/{}", names::encoded(&id.text()))
}

/// The id in an ARN that the runtime made.
fn id_of(arn: &str, machine: &str) -> ExecutionId {
    ExecutionId::of_arn(arn).unwrap_or_else(|| ExecutionId {
        machine: machine.to_owned(),
        name: arn.to_owned(),
    })
}
