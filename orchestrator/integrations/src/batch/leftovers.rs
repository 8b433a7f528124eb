//! Jobs that nobody waits for any more: of states that were cancelled, and of executions that are over.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use batch::Error;
use batch::names::JobId;
use batch::request::EndJob;
use batch_runtime::Batch;
use runtime::arn::{ArnResource, StatesArn};
use runtime::error::Error as RuntimeError;
use runtime::runtime::Runtime;
use store::records::ExecutionStatus;
use tokio_util::sync::CancellationToken;

use super::ContainerJobs;

/// What a job's reason says.
const REASON: &str = "The workflow that waited for this job no longer does.";

/// How long to wait before an engine that does not answer is asked again.
const PAUSE: Duration = Duration::from_millis(200);

/// The jobs that executions wait for, by executions.
#[derive(Default)]
pub(super) struct Awaited(Mutex<HashMap<Arc<str>, HashSet<JobId>>>);

impl Awaited {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, HashSet<JobId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, execution: Arc<str>, job: JobId) {
        self.lock().entry(execution).or_default().insert(job);
    }

    /// Says whether it was there.
    pub(super) fn remove(&self, execution: &Arc<str>, job: &JobId) -> bool {
        let mut executions = self.lock();
        let Some(jobs) = executions.get_mut(execution) else {
            return false;
        };
        let was_there = jobs.remove(job);
        if jobs.is_empty() {
            executions.remove(execution);
        }
        was_there
    }

    fn take(&self, execution: &Arc<str>) -> HashSet<JobId> {
        self.lock().remove(execution).unwrap_or_default()
    }
}

impl ContainerJobs {
    /// Terminates the jobs whose executions ended while nobody could see to it, and remembers the others. Called once the runtime is open.
    pub async fn resume(&self, runtime: &Runtime) {
        let awaited = match self.batch.awaited().await {
            Ok(awaited) => awaited,
            Err(error) => {
                tracing::warn!(%error, "cannot look for jobs that no workflow waits for any more");
                return;
            }
        };
        for (job, execution) in awaited {
            // First, so that an execution that ends now finds it.
            self.awaited.insert(execution.clone(), job.clone());
            if is_over(runtime, &execution).await && self.awaited.remove(&execution, &job) {
                self.terminate(job);
            }
        }
    }

    /// An execution is over: nobody waits for its jobs.
    pub(crate) fn execution_ended(&self, execution_arn: &Arc<str>) {
        for job in self.awaited.take(execution_arn) {
            self.terminate(job);
        }
    }

    /// Terminates a job in the background.
    pub(super) fn terminate(&self, job: JobId) {
        tracing::info!(job_id = %job, "terminating a job that no workflow waits for any more");
        let (batch, closing) = (self.batch.clone(), self.closing.clone());
        self.tracker
            .spawn(async move { terminate(&batch, &job, &closing).await });
    }
}

/// Terminates a job, and tries again while that can't be done; a process that closes leaves it to the next one.
pub(super) async fn terminate(batch: &Batch, job: &JobId, closing: &CancellationToken) {
    loop {
        let request = EndJob {
            job_id: job.to_string(),
            reason: REASON.to_owned(),
        };
        match batch.terminate_job(request).await {
            // One that is not known has ended long ago.
            Ok(_) | Err(Error::Client(_)) => return,
            Err(Error::Unavailable(_)) if closing.is_cancelled() => return,
            Err(Error::Unavailable(error)) => {
                tracing::warn!(job_id = %job, error, "cannot terminate a job");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether an execution has ended. One that is not known any more ended long ago.
async fn is_over(runtime: &Runtime, execution_arn: &str) -> bool {
    let Some(StatesArn {
        resource: ArnResource::Execution(machine, name),
        ..
    }) = StatesArn::parse(execution_arn)
    else {
        return false;
    };
    match runtime.describe_execution(machine, name).await {
        Ok(view) => view.status != ExecutionStatus::Running,
        Err(error) => matches!(error, RuntimeError::ExecutionDoesNotExist(_)),
    }
}
