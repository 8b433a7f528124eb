//! `/api/v1/jobs/{id}/logs`: what a job's attempts printed, in pages, and as a stream that goes on while the job does.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use batch::view::JobDetail;
use batch_runtime::logs::{Direction, Entry, From, LogStore, Page, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::rest::batch::follow::{self, Spot};
use crate::rest::batch::{Engine, jobs};
use crate::rest::body::{Answer, Parameters, Part};
use crate::rest::events::KEEP_ALIVE;
use crate::rest::problem::Problem;
use crate::rest::problem_kinds::Kind;

/// Which lines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct LogParameters {
    /// The attempt, from 1; the last when absent.
    attempt: Option<usize>,
    /// Begin with the last so many lines.
    tail: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// How many lines at most, from 1 to 10000; 1000 when absent.
    limit: Option<usize>,
}

/// Which lines to begin with.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct StreamParameters {
    /// Only this attempt, from 1; when absent the last and those that follow.
    attempt: Option<usize>,
    /// Begin with the last so many lines.
    tail: Option<usize>,
}

/// A page of lines.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::rest) struct Lines {
    /// The attempt, from 1; absent when none has started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempt: Option<usize>,
    /// The lines, the oldest first.
    lines: Vec<Line>,
    /// The cursor of what follows; absent when there is nothing yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

/// A line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::rest) struct Line {
    /// When it was printed, in milliseconds since 1970.
    time: i64,
    /// The line without its end.
    text: String,
}

impl std::convert::From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        Self {
            time: entry.timestamp(),
            text: entry.text,
        }
    }
}

/// Shows what a job's attempt printed
#[utoipa::path(get, path = "/api/v1/jobs/{id}/logs", tag = "jobs", operation_id = "getJobLog",
    params(("id" = String, Path, description = "The job's id"), LogParameters),
    responses(
        (status = 200, description = "A page of lines", body = Lines),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn page(
    Engine(batch): Engine,
    Part(id): Part,
    Parameters(parameters): Parameters<LogParameters>,
) -> Answer<Lines> {
    let job = jobs::found(&batch, &id).await?.0;
    let query = query(&parameters)?;
    let attempts = attempts(&job);
    let attempt = match parameters.attempt {
        Some(attempt) => attempt,
        None => attempts.len(),
    };
    let Some(stream) = attempt.checked_sub(1).and_then(|at| attempts.get(at)) else {
        return match parameters.attempt {
            Some(attempt) => Err(Problem::new(
                Kind::JobNotFound,
                format!("job {id} has had no attempt {attempt}"),
            )),
            None => Ok(Json(Lines {
                attempt: None,
                lines: Vec::new(),
                next: None,
            })),
        };
    };
    let page = read(batch.logs(), stream, query).await?;
    Ok(Json(Lines {
        attempt: Some(attempt),
        next: (!page.entries.is_empty()).then(|| page.next.to_string()),
        lines: page.entries.into_iter().map(Line::from).collect(),
    }))
}

/// Streams what a job's attempts print
///
/// Server-sent events: `line` for each line, first those that there are, then each as it is printed; `status` when the job's status or
/// its reason changes, with both as its `data`; and `end` when the job has ended. With `attempt`, the stream ends with that attempt. After an
/// interruption, `Last-Event-ID` says where to go on; when there is nothing more to come, the answer is 204, which ends a browser's
/// `EventSource`.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/logs/stream", tag = "jobs", operation_id = "streamJobLog",
    params(
        ("id" = String, Path, description = "The job's id"),
        StreamParameters,
        ("Last-Event-ID" = Option<String>, Header, description = "The last line that was seen")),
    responses(
        (status = 200, description = "The lines", body = Line, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended and all its lines were seen"),
        (status = "default", description = "A problem", body = Problem, content_type = "application/problem+json")))]
pub(in crate::rest) async fn stream(
    Engine(batch): Engine,
    Part(id): Part,
    Parameters(parameters): Parameters<StreamParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = jobs::found(&batch, &id).await?.0;
    let attempts = attempts(&job);
    let spot = match last_seen(&headers)? {
        Some(spot) if follow::has_nothing_after(&batch, &job, &spot).await? => {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        Some(spot) => spot,
        None => {
            let attempt = parameters.attempt.unwrap_or(attempts.len()).max(1);
            let offset = match (parameters.tail, attempts.get(attempt - 1)) {
                (Some(tail), Some(stream)) => {
                    let query = last_lines(tail);
                    read(batch.logs(), stream, query).await?.start
                }
                (Some(_), None) | (None, _) => 0,
            };
            Spot { attempt, offset }
        }
    };
    let events = follow::events(batch, id, spot, parameters.attempt);
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("alive"))
        .into_response())
}

/// The log streams of a job's attempts, in their order; the one that runs is the last.
pub(super) fn attempts(job: &JobDetail) -> Vec<String> {
    let mut streams: Vec<String> = job
        .attempts
        .iter()
        .map(|attempt| {
            attempt
                .container
                .log_stream_name
                .clone()
                .unwrap_or_default()
        })
        .collect();
    let current = job.container.as_ref();
    let current = current.and_then(|container| container.outcome.log_stream_name.as_ref());
    if let Some(current) = current
        && streams.last() != Some(current)
    {
        streams.push(current.clone());
    }
    streams
}

/// Reads a page of a stream; one that is not there yet is empty.
///
/// # Errors
/// When its files can't be read.
pub(super) async fn read(logs: &LogStore, stream: &str, query: Query) -> Result<Page, Problem> {
    let (logs, stream) = (logs.clone(), stream.to_owned());
    let read = tokio::task::spawn_blocking(move || logs.read(&stream, &query)).await;
    let unreadable = |why: &dyn std::fmt::Display| {
        tracing::error!(%why, "cannot read a job's log");
        Problem::new(Kind::Unavailable, format!("cannot read the log: {why}"))
    };
    match read {
        Ok(Ok(page)) => Ok(page.unwrap_or_default()),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(error) => Err(unreadable(&error)),
    }
}

fn query(parameters: &LogParameters) -> Result<Query, Problem> {
    let limit = parameters.limit.unwrap_or(1000);
    if !(1..=10_000).contains(&limit) {
        let detail = format!("limit: {limit} is not between 1 and 10000");
        return Err(Problem::new(Kind::InvalidQuery, detail));
    }
    let Some(cursor) = &parameters.cursor else {
        return Ok(match parameters.tail {
            Some(tail) => last_lines(tail.min(limit)),
            None => Query {
                limit,
                ..Query::default()
            },
        });
    };
    let offset = cursor.parse().map_err(|_| {
        Problem::new(
            Kind::InvalidQuery,
            format!("cursor: `{cursor}` is none of a page's `next`"),
        )
    })?;
    Ok(Query {
        from: From::Offset(offset),
        limit,
        ..Query::default()
    })
}

fn last_lines(tail: usize) -> Query {
    Query {
        from: From::End,
        direction: Direction::Backward,
        limit: tail,
        ..Query::default()
    }
}

fn last_seen(headers: &HeaderMap) -> Result<Option<Spot>, Problem> {
    let Some(header) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let spot = header.to_str().ok().and_then(Spot::parse);
    let wrong = || Problem::new(Kind::InvalidQuery, "Last-Event-ID: this is no line's id");
    spot.map(Some).ok_or_else(wrong)
}
