//! Jobs as rows of the store, and back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use batch::job::Job;
use batch::names::JobId;
use batch::record::{decode, encode};
use batch::{Error, Result};
use store::contract::Store;
use store::records::JobRecord;

/// The row of a job; one that has ended needs nothing more.
pub(crate) fn job_record(job: &Job, has_ended: bool) -> JobRecord {
    JobRecord {
        number: job.number,
        id: job.id.0.clone(),
        queue: job.queue.clone(),
        parent: job.parent().map(|parent| parent.0.clone()),
        name: job.name.clone(),
        definition: job.spec.definition.clone(),
        share: job.spec.share.clone(),
        status: job.status.number(),
        created_at: job.created_at,
        ended_at: has_ended.then(|| job.stopped_at.unwrap_or(job.created_at)),
        document: encode(job).into(),
    }
}

/// The jobs with those ids, in the order of the ids; unknown ones are left out.
pub(crate) async fn jobs(store: &dyn Store, ids: &[JobId]) -> Result<Vec<Job>> {
    let texts: Vec<Arc<str>> = ids.iter().map(|id| id.0.clone()).collect();
    let rows = store.jobs_by_id(&texts).await.map_err(unreadable)?;
    let mut jobs: HashMap<JobId, Job> = read(store, &rows)
        .await?
        .into_iter()
        .map(|job| (job.id.clone(), job))
        .collect();
    Ok(ids.iter().filter_map(|id| jobs.remove(id)).collect())
}

/// The jobs in those rows, in the same order.
pub(crate) async fn read(store: &dyn Store, rows: &[JobRecord]) -> Result<Vec<Job>> {
    let parents: HashSet<Arc<str>> = rows.iter().filter_map(|row| row.parent.clone()).collect();
    let parents: Vec<Arc<str>> = parents.into_iter().collect();
    let parents = if parents.is_empty() {
        Vec::new()
    } else {
        store.jobs_by_id(&parents).await.map_err(unreadable)?
    };
    let parents: HashMap<Arc<str>, Job> = parents
        .iter()
        .map(|row| {
            Ok((
                row.id.clone(),
                decode(&row.document, None).map_err(damaged)?,
            ))
        })
        .collect::<Result<_>>()?;
    rows.iter()
        .map(|row| {
            let parent = row.parent.as_ref().and_then(|parent| parents.get(parent));
            decode(&row.document, parent).map_err(damaged)
        })
        .collect()
}

/// What a caller hears when the store can't be read.
pub(crate) fn unreadable(error: store::contract::Error) -> Error {
    Error::Unavailable(error.to_string())
}

fn damaged(error: batch::record::Error) -> Error {
    Error::Unavailable(error.to_string())
}
