//! An execution's history: in pages, and as a stream that goes on while the execution does.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use runtime::runtime::Runtime;
use serde::{Deserialize, Serialize};
use store::contract::Direction;
use store::records::ExecutionStatus;
use utoipa::{IntoParams, ToSchema};

use crate::rest::body::{Answer, Page, Parameters, Part};
use crate::rest::event_json::Event;
use crate::rest::names::ExecutionId;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// How often a stream without events shows that it is alive: proxies close what is silent for a minute.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A page of an execution's history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct History {
    /// The events, in the order that was asked for.
    events: Vec<Event>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// Which way a history is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    /// The oldest first.
    #[default]
    Forward,
    /// The newest first.
    Reverse,
}

/// Which page of a history.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParameters {
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many at most, from 1 to 1000; 100 when absent.
    limit: Option<usize>,
    /// `reverse` for the newest first.
    #[serde(default)]
    #[param(inline, required = false)]
    order: Order,
}

/// Shows an execution's history
#[utoipa::path(get, path = "/api/v1/executions/{id}/history", tag = "executions", operation_id = "getExecutionHistory",
    params(("id" = String, Path, description = "`STATE_MACHINE:NAME`"), HistoryParameters),
    responses(
        (status = 200, description = "A page of events", body = History),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn history(
    State(runtime): State<Runtime>,
    Part(id): Part,
    Parameters(parameters): Parameters<HistoryParameters>,
) -> Answer<History> {
    let id = ExecutionId::parse(&id)?;
    let asked = Page::new(parameters.cursor.as_deref(), parameters.limit)?;
    Ok(Json(page(&runtime, &id, asked, parameters.order).await?))
}

/// Streams an execution's history
///
/// Server-sent events: first those that there are, then each as it happens, until the execution's last. Each has the event's
/// number as its `id`, its type as its `event`, and the event as its `data`. After an interruption, `Last-Event-ID` says where to
/// go on; when there is nothing more to come, the answer is 204, which ends a browser's `EventSource`.
#[utoipa::path(get, path = "/api/v1/executions/{id}/events", tag = "executions", operation_id = "streamExecutionEvents",
    params(
        ("id" = String, Path, description = "`STATE_MACHINE:NAME`"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that was seen")),
    responses(
        (status = 200, description = "The events", body = Event, content_type = "text/event-stream"),
        (status = 204, description = "The execution has ended and all its events were seen"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn stream(
    State(runtime): State<Runtime>,
    Part(id): Part,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = ExecutionId::parse(&id)?;
    let from = last_seen(&headers)?.saturating_add(1);
    if from > 1 && !has_more(&runtime, &id, from).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let events = runtime.follow(&id.machine, &id.name, from).await?;
    // An error ends the stream: the client comes back with the last id that it saw.
    let events = events
        .take_while(|event| std::future::ready(event.is_ok()))
        .filter_map(|event| std::future::ready(event.ok()))
        .map(|event| {
            let event = Event::of(&event);
            let data = serde_json::to_string(&event).expect("an event has text for keys");
            Ok::<_, Infallible>(
                sse::Event::default()
                    .id(event.number().to_string())
                    .event(event.kind())
                    .data(data),
            )
        });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("alive"))
        .into_response())
}

/// A page of an execution's history.
///
/// # Errors
/// When there is no such execution.
pub(super) async fn page(
    runtime: &Runtime,
    id: &ExecutionId,
    page: Page,
    order: Order,
) -> Result<History, Problem> {
    let direction = match order {
        Order::Forward => Direction::Forward,
        Order::Reverse => Direction::Reverse,
    };
    let found = runtime
        .history(&id.machine, &id.name, page.cursor, page.limit, direction)
        .await?;
    Ok(History {
        events: found.events.iter().map(Event::of).collect(),
        next: found.next.map(|next| next.to_string()),
    })
}

fn last_seen(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(header) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let number = header.to_str().ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::new(Kind::InvalidQuery, "Last-Event-ID: this is no event's id"))
}

/// Whether an execution has events from that id on, or may still get some.
async fn has_more(runtime: &Runtime, id: &ExecutionId, from: u64) -> Result<bool, Problem> {
    let view = runtime.describe_execution(&id.machine, &id.name).await?;
    if view.status == ExecutionStatus::Running {
        return Ok(true);
    }
    let rest = runtime
        .history(&id.machine, &id.name, Some(from), 1, Direction::Forward)
        .await?;
    Ok(!rest.events.is_empty())
}
