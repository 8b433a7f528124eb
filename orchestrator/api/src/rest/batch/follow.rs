//! What a job prints, while it does: the lines of one attempt after the other, and how the job stands in between.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use batch::job::JobStatus;
use batch::view::JobDetail;
use batch_runtime::Batch;
use batch_runtime::logs::{From, Page, Query};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use serde_json::json;

use crate::rest::batch::jobs;
use crate::rest::batch::logs::{Line, attempts, read};
use crate::rest::problem::Problem;

/// How often a job is looked at that prints nothing.
const GLANCE: Duration = Duration::from_millis(300);

/// How many lines are read at once.
const LINES: usize = 500;

/// Where somebody is who reads along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The attempt, from 1.
    pub(super) attempt: usize,
    /// Where its next line begins.
    pub(super) offset: u64,
}

impl Spot {
    /// The spot that a line's id names: the one after it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (attempt, offset) = text.split_once('-')?;
        Some(Self {
            attempt: attempt.parse().ok().filter(|attempt| *attempt > 0)?,
            offset: offset.parse().ok()?,
        })
    }

    fn text(&self) -> String {
        format!("{}-{}", self.attempt, self.offset)
    }
}

/// Whether a job has ended and everything that it printed is before the spot.
///
/// # Errors
/// When the log can't be read.
pub(super) async fn has_nothing_after(
    batch: &Batch,
    job: &JobDetail,
    spot: &Spot,
) -> Result<bool, Problem> {
    let attempts = attempts(job);
    if !has_ended(job) || spot.attempt < attempts.len() {
        return Ok(false);
    }
    match attempts.get(spot.attempt - 1) {
        Some(stream) => Ok(lines(batch, stream, spot.offset).await?.entries.is_empty()),
        None => Ok(true),
    }
}

/// The events from a spot on, to the job's end, or that of the one attempt that is asked for.
pub(super) fn events(
    batch: Batch,
    id: String,
    spot: Spot,
    only: Option<usize>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let follower = Follower {
        batch,
        id,
        spot,
        only,
        said: None,
        ready: VecDeque::new(),
        is_over: false,
    };
    unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    })
}

struct Follower {
    batch: Batch,
    id: String,
    spot: Spot,
    only: Option<usize>,
    /// The status that was told last.
    said: Option<Status>,
    ready: VecDeque<Event>,
    is_over: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    status: JobStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            // An error ends the stream: the client comes back with the last id that it saw.
            self.look().await.ok()?;
        }
    }

    /// Makes events ready, or waits for a while.
    async fn look(&mut self) -> Result<(), Problem> {
        // The job before its lines: what an attempt has printed that has ended is all there then.
        let job = jobs::found(&self.batch, &self.id).await?.0;
        let attempts = attempts(&job);
        let stream = attempts.get(self.spot.attempt - 1);
        if let Some(stream) = stream {
            let page = lines(&self.batch, stream, self.spot.offset).await?;
            if !page.entries.is_empty() {
                self.take(page);
                return Ok(());
            }
        }
        let attempt_has_ended = job.attempts.len() >= self.spot.attempt;
        if attempt_has_ended && self.only.is_none() && attempts.len() > self.spot.attempt {
            self.spot = Spot {
                attempt: self.spot.attempt + 1,
                offset: 0,
            };
            return Ok(());
        }
        self.tell(&job);
        if has_ended(&job) || (attempt_has_ended && self.only.is_some()) {
            self.end(&job);
        } else if self.ready.is_empty() {
            let grown = async {
                match stream {
                    Some(stream) => self.batch.logs().grown(stream, self.spot.offset).await,
                    None => std::future::pending().await,
                }
            };
            let _ = tokio::time::timeout(GLANCE, grown).await;
        }
        Ok(())
    }

    fn take(&mut self, page: Page) {
        let attempt = self.spot.attempt;
        let mut ends: Vec<u64> = page
            .entries
            .iter()
            .skip(1)
            .map(|next| next.offset)
            .collect();
        ends.push(page.next);
        for (entry, offset) in page.entries.into_iter().zip(ends) {
            let id = Spot { attempt, offset }.text();
            let event = event("line", &Line::from(entry)).id(id);
            self.ready.push_back(event);
        }
        self.spot.offset = page.next;
    }

    fn tell(&mut self, job: &JobDetail) {
        let status = Status {
            status: job.status,
            status_reason: job.status_reason.clone(),
        };
        if self.said.as_ref() != Some(&status) {
            self.ready.push_back(event("status", &status));
            self.said = Some(status);
        }
    }

    fn end(&mut self, job: &JobDetail) {
        let container = job.container.as_ref();
        let exit_code = container.and_then(|container| container.outcome.exit_code);
        let data = json!({ "status": job.status, "exitCode": exit_code });
        self.ready.push_back(event("end", &data));
        self.is_over = true;
    }
}

fn event(kind: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).expect("what is told has text for keys");
    Event::default().event(kind).data(data)
}

fn has_ended(job: &JobDetail) -> bool {
    matches!(job.status, JobStatus::Succeeded | JobStatus::Failed)
}

async fn lines(batch: &Batch, stream: &str, offset: u64) -> Result<Page, Problem> {
    let query = Query {
        from: From::Offset(offset),
        limit: LINES,
        ..Query::default()
    };
    read(batch.logs(), stream, query).await
}
