//! Removes jobs that ended long ago with their logs, and logs in which nothing was written for long.

use std::sync::Arc;
use std::time::Duration;

use batch::names::AttemptId;
use batch::{Error, Result};
use containers::LogStore;
use store::contract::{Commit, JobFilter, JobsAmong, Store, Write};
use store::records::JobRecord;

use crate::options::Options;
use crate::rows::{read, unreadable};

/// How often it is looked after.
const ROUND: Duration = Duration::from_secs(60 * 60);

/// How many jobs are removed together.
const AT_ONCE: usize = 50;

/// How many rows and streams are read at once.
const PAGE: usize = 1000;

/// Looks after it for ever.
pub(crate) async fn run(store: Arc<dyn Store>, options: Arc<Options>) {
    loop {
        if let Err(error) = round(&*store, &options).await {
            tracing::warn!(%error, "cannot remove container jobs that ended long ago");
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Looks after it once.
pub(crate) async fn round(store: &dyn Store, options: &Options) -> Result<()> {
    let now = options.world.now();
    let ended_before = now.saturating_sub(milliseconds(options.job_retention));
    loop {
        let rows = store.ended_jobs(ended_before, AT_ONCE).await;
        let rows = rows.map_err(unreadable)?;
        if rows.is_empty() {
            break;
        }
        remove(store, options, rows).await?;
    }
    let written_before = now.saturating_sub(milliseconds(options.log_retention));
    remove_old_logs(store, &options.logs, written_before).await
}

/// Logs first: what is left of them after a crash would have no job.
async fn remove(store: &dyn Store, options: &Options, rows: Vec<JobRecord>) -> Result<()> {
    let mut writes = vec![Write::DeleteJobs(
        rows.iter().map(|row| row.id.clone()).collect(),
    )];
    for job in read(store, &rows).await? {
        if !job.spec.tags.is_empty() {
            writes.push(Write::PutTags {
                arn: options.site.job(&job.id).into(),
                tags: Vec::new(),
            });
        }
        remove_logs_of(&options.logs, &job).await;
        if job.runs() {
            continue;
        }
        let filter = JobFilter::all(JobsAmong::Parent(job.id.0.clone()));
        let mut before = None;
        loop {
            let parts = store.jobs(filter.clone(), before, PAGE).await;
            let parts = parts.map_err(unreadable)?;
            let Some(last) = parts.last() else { break };
            before = Some(last.number);
            for part in read(store, &parts).await? {
                remove_logs_of(&options.logs, &part).await;
            }
        }
    }
    store.commit(Commit { writes }).await.map_err(unreadable)
}

async fn remove_logs_of(logs: &LogStore, job: &batch::job::Job) {
    let attempts = job.attempts.iter();
    let streams: Vec<Arc<str>> = attempts
        .filter_map(|attempt| attempt.log_stream.clone())
        .collect();
    if streams.is_empty() {
        return;
    }
    let logs = logs.clone();
    let removed = blocking(move || streams.iter().try_for_each(|stream| logs.remove(stream)));
    if let Err(error) = removed.await {
        tracing::warn!(job_id = %job.id, %error, "cannot remove the log of a job that ended long ago");
    }
}

/// Removes streams whose newest line is older than that, unless the job may still write to them.
async fn remove_old_logs(store: &dyn Store, logs: &LogStore, written_before: i64) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let reader = logs.clone();
        let from = after.take();
        let streams = blocking(move || reader.list("", from.as_deref(), PAGE)).await?;
        let Some(last) = streams.last() else {
            return Ok(());
        };
        after = Some(last.stream.clone());
        for stream in streams {
            let written_at = stream.last.unwrap_or(stream.created_at);
            if written_at < written_before && !is_open(store, &stream.stream).await? {
                let logs = logs.clone();
                blocking(move || logs.remove(&stream.stream)).await?;
            }
        }
    }
}

/// Whether a job that has not ended writes to the stream, whose name ends with the attempt.
async fn is_open(store: &dyn Store, stream: &str) -> Result<bool> {
    let attempt = stream.rsplit('/').next().unwrap_or(stream);
    let Some((job, _)) = AttemptId(attempt.into()).job() else {
        return Ok(false);
    };
    let row = store.job(job.as_str()).await.map_err(unreadable)?;
    Ok(row.is_some_and(|row| row.ended_at.is_none()))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, containers::Error> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| Error::Unavailable(error.to_string()))?;
    done.map_err(|error| Error::Unavailable(error.to_string()))
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
