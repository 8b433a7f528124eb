//! GetLogEvents: one stream, in pages, either way.

use batch_runtime::logs::{Direction, Entry, From, Query};
use serde::{Deserialize, Serialize};

use crate::aws::logs::{
    Group, Logs, MOST_EVENTS, PAGE_BYTES, invalid, not_found, page_size, unreadable,
};
use crate::aws::problem::Problem;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    #[serde(flatten)]
    group: Group,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    events: Vec<Event>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

/// Reads a page. At the end of a stream the token that leads on is the one that was sent, which is how clients know.
pub(super) fn get(logs: &Logs, request: Request) -> Result<Answer, Problem> {
    let store = logs.group(&request.group)?;
    let (from, direction) = match request.next_token.as_deref() {
        Some(token) => {
            position(token).ok_or_else(|| invalid("The specified nextToken is invalid."))?
        }
        None if request.start_from_head => (From::Start, Direction::Forward),
        None => (From::End, Direction::Backward),
    };
    let query = Query {
        from,
        direction,
        start_time: request.start_time,
        end_time: request.end_time,
        limit: page_size(request.limit, MOST_EVENTS)?,
        bytes: PAGE_BYTES,
    };
    let page = store
        .read(&request.log_stream_name, &query)
        .map_err(unreadable)?
        .ok_or_else(|| not_found("The specified log stream does not exist."))?;
    Ok(Answer {
        events: page.entries.into_iter().map(event).collect(),
        next_forward_token: token(Direction::Forward, page.next),
        next_backward_token: token(Direction::Backward, page.start),
    })
}

fn event(entry: Entry) -> Event {
    let timestamp = entry.timestamp();
    Event {
        timestamp,
        message: entry.text,
        ingestion_time: timestamp,
    }
}

/// As long as AWS's own, in which callers were seen to look for the first letter.
fn token(direction: Direction, offset: u64) -> String {
    let letter = match direction {
        Direction::Forward => 'f',
        Direction::Backward => 'b',
    };
    format!("{letter}/{offset:056}/s")
}

fn position(token: &str) -> Option<(From, Direction)> {
    let (letter, rest) = token.split_once('/')?;
    let offset = rest.strip_suffix("/s")?.parse().ok()?;
    let direction = match letter {
        "f" => Direction::Forward,
        "b" => Direction::Backward,
        _ => return None,
    };
    Some((From::Offset(offset), direction))
}
