//! What people ask of the scheduler: what is at the front of a queue, and why a job waits.

use std::sync::Arc;

use crate::container::Resources;
use crate::names::JobId;

/// The front of a queue and what the queue uses (`GetJobQueueSnapshot`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The first jobs that are `RUNNABLE`, at most 100, in the order in which they would start.
    pub front: Vec<FrontJob>,
    /// What the queue's jobs that are `STARTING` or `RUNNING` use.
    pub used: Resources,
    /// On a fair-share queue, the shares that use something, the largest use first, at most 20.
    pub shares: Vec<ShareUse>,
    /// How many shares use something.
    pub active_shares: usize,
    /// When that was so: milliseconds since 1970.
    pub at: i64,
}

/// A job at the front of a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontJob {
    /// The job.
    pub id: JobId,
    /// Since when it waits for its turn.
    pub since: i64,
}

/// What a share uses now.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareUse {
    /// The share.
    pub share: Arc<str>,
    /// vCPUs in use.
    pub vcpus: f64,
}

/// Why a job has not started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    /// AWS's code for a job that cannot start, such as `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY`; none if only its turn has not come
    /// or it waits for other jobs.
    pub code: Option<&'static str>,
    /// All of it in words, with numbers; what `statusReason` of a waiting job shows.
    pub text: String,
    /// The environments of its queue, in the order of trying.
    pub environments: Vec<EnvironmentWait>,
    /// The consumable resources that it needs and that are not there.
    pub consumables: Vec<ConsumableWait>,
    /// The jobs that it waits for, at most 20.
    pub jobs: Vec<JobId>,
}

/// Why a job has not started in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentWait {
    /// The environment.
    pub name: Arc<str>,
    /// What the job asks for.
    pub asked: Resources,
    /// What is free there.
    pub free: Resources,
    /// What there is altogether.
    pub limits: Resources,
    /// In words.
    pub why: String,
}

/// A consumable resource of which too little is left.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumableWait {
    /// The resource.
    pub name: Arc<str>,
    /// What the job asks for.
    pub asked: i64,
    /// What is free.
    pub free: i64,
}
