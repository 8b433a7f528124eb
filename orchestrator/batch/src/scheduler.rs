//! What happens to jobs next: inputs go in, changed jobs and effects come out.

mod messages;

use std::collections::HashMap;
use std::sync::Arc;

use crate::consumable::ConsumableResource;
use crate::container::Resources;
use crate::job::{Job, JobStatus};
use crate::names::{AttemptId, JobId};
use crate::snapshot::{Snapshot, Waiting};

pub use messages::{Effect, Ended, EndedKind, Input, Step};

/// All jobs that have not ended, and what decides about them.
#[derive(Debug, Default)]
pub struct Scheduler {
    jobs: HashMap<JobId, Arc<Job>>,
}

impl Scheduler {
    /// A scheduler without queues, environments and jobs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what happened and decides what follows. `now` is milliseconds since 1970; if it is before an earlier one, the earlier
    /// one counts.
    pub fn step(&mut self, input: Input, _now: i64) -> Step {
        let mut step = Step::default();
        if let Input::Submitted { jobs, .. } | Input::Loaded { jobs } = input {
            for job in jobs {
                let job = Arc::new(job);
                self.jobs.insert(job.id.clone(), job.clone());
                step.changed.push(job);
            }
        }
        step
    }

    /// When the scheduler wants an [`Input::Tick`], if nothing happens before.
    pub fn next_wake(&self) -> Option<i64> {
        None
    }

    /// A job that has not ended; an array's parent with its counts as they are now.
    pub fn job(&self, id: &JobId) -> Option<Arc<Job>> {
        self.jobs.get(id).cloned()
    }

    /// The jobs of a queue that are in one state, oldest first. Looks at all jobs.
    pub fn jobs(&self, queue: &str, status: JobStatus) -> Vec<Arc<Job>> {
        self.jobs
            .values()
            .filter(|job| &*job.queue == queue && job.status == status)
            .cloned()
            .collect()
    }

    /// How many jobs of a queue are in each state, in the order of [`JobStatus::ALL`]. Children count, their parents do too.
    pub fn counts(&self, _queue: &str) -> [u32; 7] {
        [0; 7]
    }

    /// The job whose attempt this is, if the attempt has not ended.
    pub fn attempt(&self, _attempt: &AttemptId) -> Option<JobId> {
        None
    }

    /// A consumable resource, and how much of it running jobs hold.
    pub fn consumable(&self, _name: &str) -> Option<(Arc<ConsumableResource>, i64)> {
        None
    }

    /// What the running jobs of an environment use.
    pub fn used(&self, _environment: &str) -> Option<Resources> {
        None
    }

    /// The front of a queue and what the queue uses.
    pub fn snapshot(&self, _queue: &str, now: i64) -> Option<Snapshot> {
        Some(Snapshot {
            at: now,
            ..Snapshot::default()
        })
    }

    /// Why a job has not started; `None` for jobs that run or are unknown.
    pub fn waiting_reason(&self, _id: &JobId, _now: i64) -> Option<Waiting> {
        None
    }
}
