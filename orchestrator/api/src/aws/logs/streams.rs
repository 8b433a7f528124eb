//! DescribeLogStreams and DescribeLogGroups: what there is.

use batch_runtime::logs::{LogStore, Summary};
use serde::{Deserialize, Serialize};

use crate::aws::logs::{GROUP, Group, Logs, invalid, page_size, unreadable};
use crate::aws::problem::Problem;

/// The longest page.
const MOST: usize = 50;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StreamsRequest {
    #[serde(flatten)]
    group: Group,
    log_stream_name_prefix: Option<String>,
    order_by: Order,
    descending: bool,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Order {
    #[default]
    LogStreamName,
    LastEventTime,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Streams {
    log_streams: Vec<Stream>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stream {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    arn: String,
    /// AWS shows nothing else here since 2019.
    stored_bytes: u64,
}

/// Lists streams.
pub(super) fn describe(logs: &Logs, request: StreamsRequest) -> Result<Streams, Problem> {
    let store = logs.group(&request.group)?;
    let limit = page_size(request.limit, MOST)?;
    let prefix = request.log_stream_name_prefix.unwrap_or_default();
    let token = request.next_token;
    let (found, next_token) = match (request.order_by, request.descending) {
        (Order::LogStreamName, false) => {
            let found = store
                .list(&prefix, token.as_deref(), limit)
                .map_err(unreadable)?;
            let next = found.last().filter(|_| found.len() == limit);
            let next = next.map(|last| last.stream.clone());
            (found, next)
        }
        (Order::LastEventTime, _) if !prefix.is_empty() => {
            return Err(invalid(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        (order, descending) => sorted(store, &prefix, order, descending, token, limit)?,
    };
    let group = logs.group_arn();
    let stream = |found: Summary| Stream {
        arn: format!("{group}:log-stream:{}", found.stream),
        log_stream_name: found.stream,
        creation_time: found.created_at,
        first_event_timestamp: found.first,
        last_event_timestamp: found.last,
        last_ingestion_time: found.last,
        stored_bytes: 0,
    };
    Ok(Streams {
        log_streams: found.into_iter().map(stream).collect(),
        next_token,
    })
}

/// A page in an order that the files don't have. Its token counts what was shown.
fn sorted(
    store: &LogStore,
    prefix: &str,
    order: Order,
    is_descending: bool,
    token: Option<String>,
    limit: usize,
) -> Result<(Vec<Summary>, Option<String>), Problem> {
    let shown: usize = match token {
        Some(token) => token
            .parse()
            .map_err(|_| invalid("The specified nextToken is invalid."))?,
        None => 0,
    };
    let mut all = store.list(prefix, None, usize::MAX).map_err(unreadable)?;
    match order {
        Order::LogStreamName => {}
        Order::LastEventTime => all.sort_by_key(|stream| stream.last),
    }
    if is_descending {
        all.reverse();
    }
    let next = shown.saturating_add(limit);
    let next_token = (next < all.len()).then(|| next.to_string());
    let page = all.into_iter().skip(shown).take(limit).collect();
    Ok((page, next_token))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupsRequest {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Groups {
    log_groups: Vec<GroupShown>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupShown {
    log_group_name: &'static str,
    creation_time: i64,
    metric_filter_count: u32,
    arn: String,
    stored_bytes: u64,
    log_group_class: &'static str,
    log_group_arn: String,
}

/// Lists the group, if it is asked for.
pub(super) fn groups(logs: &Logs, request: GroupsRequest) -> Result<Groups, Problem> {
    let prefix = request.log_group_name_prefix.unwrap_or_default();
    let pattern = request.log_group_name_pattern.unwrap_or_default();
    let group_arn = logs.group_arn();
    let is_named = request.log_group_identifiers.is_none_or(|identifiers| {
        identifiers
            .iter()
            .any(|identifier| *identifier == group_arn || identifier == GROUP)
    });
    let Some(store) = logs
        .store
        .as_ref()
        .filter(|_| is_named && GROUP.starts_with(&prefix) && GROUP.contains(&pattern))
    else {
        return Ok(Groups {
            log_groups: Vec::new(),
        });
    };
    let first = store.list("", None, 1).map_err(unreadable)?;
    Ok(Groups {
        log_groups: vec![GroupShown {
            log_group_name: GROUP,
            creation_time: first.first().map_or(0, |stream| stream.created_at),
            metric_filter_count: 0,
            arn: format!("{group_arn}:*"),
            stored_bytes: 0,
            log_group_class: "STANDARD",
            log_group_arn: group_arn,
        }],
    })
}
