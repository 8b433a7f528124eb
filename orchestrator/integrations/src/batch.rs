//! Container jobs as the tasks of workflows: `arn:aws:states:::batch:submitJob.sync` and what belongs to it.
//!
//! ```text
//!   state ──parameters──► calls ──► Batch (container jobs)
//!                  members │ ▲ members      │ a job with a task token has ended
//!                          ▼ │              ▼
//!                        the state ◄──── tokens
//! ```
//!
//! The attempt's id is the submission's key: an attempt that is handed over again after a crash finds its job. A job that a state waits for
//! is terminated when nobody waits for it any more: at once when the state is cancelled, and at the latest when its execution is over or
//! the server starts again (`leftovers`).
//!
//! Read in this order: `members`, `batch_failures`, `calls`, `leftovers`, `tokens`.

mod batch_failures;
mod calls;
mod leftovers;
mod members;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;

use batch_runtime::Batch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::tokens::JobTokens;

/// The container jobs of workflows. Clones share them.
#[derive(Clone)]
pub struct ContainerJobs {
    batch: Batch,
    closing: CancellationToken,
    /// What ends jobs in the background.
    tracker: TaskTracker,
    /// The executions that jobs are known to be awaited by.
    awaited: Arc<leftovers::Awaited>,
}

impl ContainerJobs {
    /// The jobs of this engine.
    #[must_use]
    pub fn new(batch: Batch) -> Self {
        Self {
            batch,
            closing: CancellationToken::new(),
            tracker: TaskTracker::new(),
            awaited: Arc::default(),
        }
    }

    /// From now on a state that is cancelled only goes away: the next process finds its job again. A state whose job can't be submitted any
    /// more waits for that, too.
    pub fn begin_close(&self) {
        self.closing.cancel();
    }

    /// Waits until the jobs that are being terminated are. Close the jobs' engine after that, and then the runtime.
    pub async fn close(&self) {
        self.begin_close();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
