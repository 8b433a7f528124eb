//! Jobs that carry a task token: when one ends and nobody has used the token, nobody will, and the task that waits for it fails.

use std::sync::Arc;

use batch::job::JobStatus;
use batch::view::JobDetail;
use batch_runtime::options::TokenJobs;
use futures_util::future::BoxFuture;
use interpreter::failure::{Failure, names};
use runtime::error::Error;
use runtime::runtime::Runtime;
use tokio::sync::watch;

use crate::batch::batch_failures::job_failed;
use crate::failures::failure;

/// The variable by which a container is bound to its token.
pub(super) const VARIABLE: &str = "TaskToken";

/// Fails the tasks of jobs that end without an answer. Jobs are opened before the runtime is, which is told here when it is there.
#[derive(Clone, Default)]
pub struct JobTokens(Arc<watch::Sender<Option<Runtime>>>);

impl JobTokens {
    /// Nothing is told before [`JobTokens::begin`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The runtime whose tasks wait.
    pub fn begin(&self, runtime: &Runtime) {
        self.0.send_replace(Some(runtime.clone()));
    }
}

impl TokenJobs for JobTokens {
    fn job_ended(&self, token: Arc<str>, job: JobDetail) -> BoxFuture<'static, Result<(), String>> {
        let mut begun = self.0.subscribe();
        Box::pin(async move {
            let Some(failure) = failure_of(&token, &job) else {
                return Ok(());
            };
            let runtime = match begun.wait_for(Option::is_some).await {
                Ok(runtime) => runtime.clone(),
                Err(_) => None,
            };
            let runtime = runtime.ok_or_else(|| "there is no runtime".to_owned())?;
            match runtime.send_task_failure(&token, failure).await {
                Ok(())
                // It was used, or the task has ended otherwise.
                | Err(Error::TaskTimedOut | Error::TaskDoesNotExist | Error::InvalidToken) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

/// What the end of a job means to the task that waits for its token.
///
/// On AWS a job may hand its token on and end well, and somebody else answers later. So a job that succeeded means nothing, unless its
/// container was bound to the token by the variable `TaskToken`.
pub(super) fn failure_of(token: &str, job: &JobDetail) -> Option<Failure> {
    if job.status != JobStatus::Succeeded {
        return Some(job_failed(job));
    }
    let container = job.container.as_ref()?;
    let mut variables = container.properties.environment.iter();
    let is_bound = variables
        .any(|pair| pair.name.as_deref() == Some(VARIABLE) && pair.value.as_deref() == Some(token));
    is_bound.then(|| {
        failure(
            names::TASK_FAILED,
            format!(
                "The job {} ({}) ended without an answer: its container was given the task token and exited with {}, but it called neither \
                 SendTaskSuccess nor SendTaskFailure.",
                job.job_id,
                job.job_name,
                container.outcome.exit_code.map_or("no code".to_owned(), |code| code.to_string()),
            ),
        )
    })
}
