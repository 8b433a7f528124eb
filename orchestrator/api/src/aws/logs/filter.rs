//! FilterLogEvents: the events of several streams in the order of time, those that match a pattern.

use batch_runtime::logs::{Entry, From, LogStore, Query};
use serde::{Deserialize, Serialize};

use crate::aws::logs::pattern::Pattern;
use crate::aws::logs::{Group, Logs, MOST_EVENTS, PAGE_BYTES, invalid, page_size, unreadable};
use crate::aws::problem::Problem;

/// The most streams that a request names, and that one of its pages looks through.
const MOST_STREAMS: usize = 100;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Request {
    #[serde(flatten)]
    group: Group,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    events: Vec<Event>,
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

/// An event's place among all: a page goes on after the last one of the page before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    nanos: i64,
    stream: String,
    offset: u64,
}

/// Looks through the streams for a page.
pub(super) fn filter(logs: &Logs, request: Request) -> Result<Answer, Problem> {
    let store = logs.group(&request.group)?;
    let limit = page_size(request.limit, MOST_EVENTS)?;
    let pattern =
        Pattern::parse(request.filter_pattern.as_deref().unwrap_or_default()).map_err(invalid)?;
    let after = match request.next_token.as_deref() {
        Some(token) => Some(
            Place::parse(token).ok_or_else(|| invalid("The specified nextToken is invalid."))?,
        ),
        None => None,
    };
    let mut search = Search {
        store,
        pattern,
        start_time: request.start_time.max(
            after
                .as_ref()
                .map(|place| place.nanos.div_euclid(1_000_000)),
        ),
        end_time: request.end_time,
        after,
        limit,
        found: Vec::new(),
        is_cut: false,
    };
    match (request.log_stream_names, request.log_stream_name_prefix) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "logStreamNames and logStreamNamePrefix can't be given together.",
            ));
        }
        (Some(names), None) if names.len() > MOST_STREAMS => {
            return Err(invalid(format!(
                "At most {MOST_STREAMS} logStreamNames can be given."
            )));
        }
        (Some(names), None) => {
            for name in names {
                search.stream(&name)?;
            }
        }
        (None, prefix) => search.all(&prefix.unwrap_or_default())?,
    }
    Ok(search.answer())
}

struct Search<'a> {
    store: &'a LogStore,
    pattern: Pattern,
    start_time: Option<i64>,
    end_time: Option<i64>,
    after: Option<Place>,
    limit: usize,
    found: Vec<(Place, String)>,
    is_cut: bool,
}

impl Search<'_> {
    fn all(&mut self, prefix: &str) -> Result<(), Problem> {
        let mut after: Option<String> = None;
        loop {
            let streams = self
                .store
                .list(prefix, after.as_deref(), MOST_STREAMS)
                .map_err(unreadable)?;
            for stream in &streams {
                let is_before = match (self.start_time, stream.last) {
                    (Some(start), Some(last)) => last < start,
                    (_, None) => true,
                    (None, Some(_)) => false,
                };
                if !is_before {
                    self.stream(&stream.stream)?;
                }
            }
            match streams.last() {
                Some(last) if streams.len() == MOST_STREAMS => {
                    after = Some(last.stream.clone());
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// Takes the first events of a stream that match; those that can't be on the page any more are dropped.
    fn stream(&mut self, name: &str) -> Result<(), Problem> {
        let mut query = Query {
            start_time: self.start_time,
            end_time: self.end_time,
            ..Query::default()
        };
        let mut taken = 0;
        loop {
            let page = self.store.read(name, &query).map_err(unreadable)?;
            let Some(page) = page.filter(|page| !page.entries.is_empty()) else {
                break;
            };
            for entry in page.entries {
                taken += usize::from(self.take(name, entry));
            }
            if taken > self.limit || query.from == From::Offset(page.next) {
                break;
            }
            query.from = From::Offset(page.next);
        }
        self.cut();
        Ok(())
    }

    fn take(&mut self, stream: &str, entry: Entry) -> bool {
        let place = Place {
            nanos: entry.nanos,
            stream: stream.to_owned(),
            offset: entry.offset,
        };
        let is_new = self.after.as_ref().is_none_or(|after| place > *after);
        if !is_new || !self.pattern.matches(&entry.text) {
            return false;
        }
        self.found.push((place, entry.text));
        true
    }

    fn cut(&mut self) {
        self.found.sort_by(|one, other| one.0.cmp(&other.0));
        let mut bytes = 0;
        let fitting = self.found.iter().take(self.limit).take_while(|(_, text)| {
            let fits = bytes == 0 || bytes + text.len() <= PAGE_BYTES;
            bytes += text.len();
            fits
        });
        let fitting = fitting.count();
        self.is_cut |= fitting < self.found.len();
        self.found.truncate(fitting);
    }

    fn answer(self) -> Answer {
        let last = self.found.last().filter(|_| self.is_cut);
        Answer {
            next_token: last.map(|(place, _)| place.text()),
            searched_log_streams: [],
            events: self.found.into_iter().map(event).collect(),
        }
    }
}

fn event((place, message): (Place, String)) -> Event {
    let timestamp = place.nanos.div_euclid(1_000_000);
    Event {
        event_id: place.text(),
        log_stream_name: place.stream,
        timestamp,
        message,
        ingestion_time: timestamp,
    }
}

impl Place {
    /// The place as a token and as an event's id, by which clients tell events apart.
    fn text(&self) -> String {
        format!("{:020}.{:020}.{}", self.nanos, self.offset, self.stream)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        Some(Self {
            nanos: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
            stream: parts.next()?.to_owned(),
        })
    }
}
