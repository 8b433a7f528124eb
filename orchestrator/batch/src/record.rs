//! A job as the store keeps it: JSON with a version. What a child has from its parent is not in its row, so that the rows of an
//! array of 10,000 are small.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::container::ContainerProperties;
use crate::job::{Attempt, Job, JobSpec, JobStatus, Role, StatusSummary};
use crate::names::JobId;

/// The version that is written.
const VERSION: u32 = 1;

/// Why a row could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The row is not what this version or an earlier one wrote.
    #[error("cannot read a job's record: {0}")]
    Malformed(String),
    /// A newer binary wrote it.
    #[error(
        "cannot read a job's record of version {0}: this binary knows versions up to {VERSION}"
    )]
    Newer(u32),
    /// The row is a child's, and its parent was not given.
    #[error("cannot read the record of job {0} without that of its parent")]
    NoParent(JobId),
}

/// The row's text.
pub fn encode(job: &Job) -> String {
    let is_child = job.parent().is_some();
    let own = |text: &Arc<str>| (!is_child).then(|| text.clone());
    let record = Record {
        v: VERSION,
        id: job.id.clone(),
        number: job.number,
        name: own(&job.name),
        queue: own(&job.queue),
        role: (!is_child).then(|| job.role.clone()),
        spec: (!is_child).then(|| job.spec.clone()),
        status: job.status,
        status_reason: job.status_reason.clone(),
        created_at: job.created_at,
        started_at: job.started_at,
        stopped_at: job.stopped_at,
        attempts: job.attempts.clone(),
        summary: job.summary.clone(),
        is_cancelled: job.is_cancelled,
        is_terminated: job.is_terminated,
    };
    serde_json::to_string(&record).expect("a record has only text keys and finite numbers")
}

/// The job in a row. A child's or a node's row needs the parent.
///
/// # Errors
/// When the row is malformed or newer than this binary, or the parent is missing.
pub fn decode(text: &str, parent: Option<&Job>) -> Result<Job, Error> {
    job(read(text)?, parent)
}

/// Reads many rows, parents before their children (the order of their numbers), and lets jobs of the same definition share
/// their container again.
#[derive(Debug, Default)]
pub struct Decoder {
    parents: HashMap<JobId, Job>,
    containers: HashMap<String, Arc<ContainerProperties>>,
}

impl Decoder {
    /// A decoder that has read nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The job in a row.
    ///
    /// # Errors
    /// When the row is malformed or newer than this binary, or the parent was not read before.
    pub fn decode(&mut self, text: &str) -> Result<Job, Error> {
        let mut record = read(text)?;
        if let Some(spec) = record.spec.as_mut().map(Arc::make_mut) {
            for part in &mut spec.parts {
                let key =
                    serde_json::to_string(&part.container).expect("a container is plain data");
                part.container = self
                    .containers
                    .entry(key)
                    .or_insert_with(|| part.container.clone())
                    .clone();
            }
        }
        let parent = record
            .id
            .parent()
            .and_then(|parent| self.parents.get(&parent));
        let job = job(record, parent)?;
        if !job.runs() {
            self.parents.insert(job.id.clone(), job.clone());
        }
        Ok(job)
    }
}

/// The row. Children have no name, queue, role and spec.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    v: u32,
    id: JobId,
    number: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec: Option<Arc<JobSpec>>,
    status: JobStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_reason: Option<Arc<str>>,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Attempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<Box<StatusSummary>>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_cancelled: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    is_terminated: bool,
}

/// Whether a flag needs no writing.
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The row as it is, its version checked first, so that a newer row says that it is newer and not which member is strange.
fn read(text: &str) -> Result<Record, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    let malformed = |error: serde_json::Error| Error::Malformed(error.to_string());
    let version = serde_json::from_str::<Versioned>(text)
        .map_err(malformed)?
        .v;
    if version > VERSION {
        return Err(Error::Newer(version));
    }
    let mut record: Record = serde_json::from_str(text).map_err(malformed)?;
    // What a container asks for is read from it again, not kept twice.
    if let Some(spec) = record.spec.as_mut().map(Arc::make_mut) {
        for part in &mut spec.parts {
            part.resources = part.container.resources();
        }
        if spec.parts.is_empty() {
            return Err(Error::Malformed(format!("job {} runs nothing", record.id)));
        }
    }
    Ok(record)
}

/// The job, with what it has from its parent.
fn job(record: Record, parent: Option<&Job>) -> Result<Job, Error> {
    let (name, queue, role, spec) = match (record.name, record.queue, record.role, record.spec) {
        (Some(name), Some(queue), Some(role), Some(spec)) => (name, queue, role, spec),
        _ => {
            let known = record.id.parent();
            let parent = parent.filter(|parent| known.as_ref() == Some(&parent.id));
            let parent = parent.ok_or_else(|| Error::NoParent(record.id.clone()))?;
            let role = child_role(&record.id, parent)?;
            (
                parent.name.clone(),
                parent.queue.clone(),
                role,
                parent.spec.clone(),
            )
        }
    };
    Ok(Job {
        id: record.id,
        number: record.number,
        name,
        queue,
        role,
        spec,
        status: record.status,
        status_reason: record.status_reason,
        created_at: record.created_at,
        started_at: record.started_at,
        stopped_at: record.stopped_at,
        attempts: record.attempts,
        summary: record.summary,
        is_cancelled: record.is_cancelled,
        is_terminated: record.is_terminated,
    })
}

/// What a child is, from its id and its parent.
fn child_role(id: &JobId, parent: &Job) -> Result<Role, Error> {
    let index = id
        .index()
        .ok_or_else(|| Error::Malformed(format!("job id {id} has no index")))?;
    match parent.role {
        Role::ArrayParent { .. } => Ok(Role::ArrayChild {
            parent: parent.id.clone(),
            index,
        }),
        Role::MultiNodeParent { main, .. } => Ok(Role::Node {
            parent: parent.id.clone(),
            index,
            is_main: index == main,
        }),
        Role::Single | Role::ArrayChild { .. } | Role::Node { .. } => Err(Error::Malformed(
            format!("job {} has no children, so {id} cannot be one", parent.id),
        )),
    }
}
