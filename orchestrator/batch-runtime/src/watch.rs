//! What is told to those who watch.

use std::sync::Arc;

use batch::job::{Job, JobStatus};

/// A job has another status. It is told after the commit.
#[derive(Clone, Debug)]
pub struct JobChange {
    /// The job as it is now.
    pub job: Arc<Job>,
    /// The status before; none of a job that was just submitted. What it passed through in between is not told.
    pub before: Option<JobStatus>,
}
