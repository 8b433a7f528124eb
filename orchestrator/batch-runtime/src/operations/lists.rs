//! ListJobs.

use batch::job::JobStatus;
use batch::names::name_of;
use batch::request::{Filter, ListJobs};
use batch::view::{JobList, JobSummary};
use batch::{Error, Result};
use store::contract::{JobFilter, JobsAmong, TextMatch};

use super::{page_size, read_token, write_token};
use crate::handle::Batch;
use crate::rows::{read, unreadable};

/// How many jobs a page has at most without a filter.
const PAGE: usize = 1000;

/// And with one.
const FILTERED_PAGE: usize = 100;

impl Batch {
    /// ListJobs. Of one queue, one array or one multi-node job; without status and filter those that are RUNNING.
    ///
    /// # Errors
    /// When the request names not exactly one of these, its filter is malformed, or the store can't be read.
    pub async fn list_jobs(&self, request: ListJobs) -> Result<JobList> {
        let among = self.among(&request)?;
        let mut filter = JobFilter::all(among);
        let filters = request.filters.as_deref().unwrap_or_default();
        let is_filtered = !filters.is_empty();
        let status = request.job_status.unwrap_or(JobStatus::Running);
        match filters {
            [] => filter.status = Some(status.number()),
            [one] => apply(one, request.job_status, &mut filter)?,
            more => {
                return Err(Error::Client(format!(
                    "filters must be one filter, not {}",
                    more.len()
                )));
            }
        }
        let most = if is_filtered { FILTERED_PAGE } else { PAGE };
        let limit = page_size(request.max_results, most)?;
        let before = request.next_token.as_deref().map(place).transpose()?;
        let store = &*self.shared().store;
        let rows = store.jobs(filter, before, limit + 1).await;
        let mut rows = rows.map_err(unreadable)?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| has_more).map(|row| row.number);
        let mut jobs = read(store, &rows).await?;
        let texts = self.bring_up_to_date(&mut jobs).await?;
        let summaries = jobs.iter().zip(texts).map(|(job, text)| {
            let mut summary = JobSummary::of(job, self.site());
            summary.status_reason = text.or(summary.status_reason);
            summary
        });
        Ok(JobList {
            job_summary_list: summaries.collect(),
            next_token: last.map(|number| write_token(&number.to_string())),
        })
    }

    fn among(&self, request: &ListJobs) -> Result<JobsAmong> {
        let parent = |id: &str| JobsAmong::Parent(name_of(id).into());
        match (
            &request.job_queue,
            &request.array_job_id,
            &request.multi_node_job_id,
        ) {
            (Some(queue), None, None) => {
                let name = name_of(queue);
                let catalogue = self.shared().catalogue();
                match catalogue.queues.get(name) {
                    Some(queue) => Ok(JobsAmong::Queue(queue.name.clone())),
                    None => Err(Error::Client(format!("JobQueue {name} not found"))),
                }
            }
            (None, Some(id), None) | (None, None, Some(id)) => Ok(parent(id)),
            _ => Err(Error::client(
                "exactly one of jobQueue, arrayJobId and multiNodeJobId must be given",
            )),
        }
    }
}

/// Narrows the list. A filter lists jobs of every status; the one by share goes together with a status.
fn apply(wanted: &Filter, status: Option<JobStatus>, filter: &mut JobFilter) -> Result<()> {
    let name = wanted.name.as_str();
    let [value] = wanted.values.as_slice() else {
        return Err(Error::Client(format!(
            "filter {name} must have one value, not {}",
            wanted.values.len()
        )));
    };
    match name {
        "JOB_NAME" => filter.name = Some(glob(value)),
        "JOB_DEFINITION" => filter.definition = Some(definition(name_of(value))),
        "BEFORE_CREATED_AT" => filter.created_before = Some(time(name, value)?),
        "AFTER_CREATED_AT" => filter.created_after = Some(time(name, value)?),
        "SHARE_IDENTIFIER" => {
            filter.share = Some(value.as_str().into());
            filter.status = status.map(JobStatus::number);
        }
        _ => {
            return Err(Error::Client(format!(
                "filter {name:?} must be JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT, AFTER_CREATED_AT or SHARE_IDENTIFIER"
            )));
        }
    }
    Ok(())
}

fn glob(value: &str) -> TextMatch {
    match value.strip_suffix('*') {
        Some(beginning) => TextMatch::Prefix(beginning.into()),
        None => TextMatch::Exact(value.into()),
    }
}

/// A name without a revision means all of them.
fn definition(value: &str) -> TextMatch {
    match glob(value) {
        TextMatch::Exact(name) if !name.contains(':') => {
            TextMatch::Prefix(format!("{name}:").into())
        }
        other => other,
    }
}

fn time(name: &str, value: &str) -> Result<i64> {
    value.parse().map_err(|_| {
        Error::Client(format!(
            "filter {name} must be milliseconds since 1970, not {value:?}"
        ))
    })
}

fn place(token: &str) -> Result<u64> {
    let place = read_token(token)?;
    place
        .parse()
        .map_err(|_| Error::client("nextToken is none that was given out"))
}
