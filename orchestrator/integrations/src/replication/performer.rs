//! Who performs replication tasks: the replicator, or whatever a test puts in its place.

use futures_util::future::BoxFuture;
use pgoutput::Lsn;
use replicator::status::Status;
use replicator::task::Task;
use replicator::{Error, Options, Outcome, Replicator};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Performs replication tasks.
pub(crate) trait Performer: Send + Sync + 'static {
    /// Makes a task ready; its future runs it, until it ends or the token asks it to.
    fn begin(&self, task: Task, stop: CancellationToken) -> Begun;

    /// Where the source's WAL ends now.
    fn source_end(&self, task: Task) -> BoxFuture<'static, Result<Lsn, Error>>;

    /// Sets the target's sequences to the source's values.
    fn set_sequences(&self, task: Task) -> BoxFuture<'static, Result<(), Error>>;
}

/// A task that is ready to run.
pub(crate) struct Begun {
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) run: BoxFuture<'static, Result<Outcome, Error>>,
}

/// The replicator.
pub(crate) struct Replicators {
    pub(crate) options: Options,
}

impl Performer for Replicators {
    fn begin(&self, task: Task, stop: CancellationToken) -> Begun {
        let replicator = Replicator::new(task, self.options.clone());
        Begun {
            status: replicator.status(),
            run: Box::pin(replicator.run(stop)),
        }
    }

    fn source_end(&self, task: Task) -> BoxFuture<'static, Result<Lsn, Error>> {
        Box::pin(async move { replicator::catch_up::source_end(&task).await })
    }

    fn set_sequences(&self, task: Task) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move { replicator::sequences::set_now(&task).await.map(|_| ()) })
    }
}
