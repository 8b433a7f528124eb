//! The handle: what the API, the command line and workflows call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use batch::Result;
use batch::environment::Engine;
use batch::job::JobStatus;
use batch::names::{JobId, Site};
use batch::view::JobDetail;
use containers::{LogStore, Runner};
use store::contract::Store;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::counters::Counters;
use crate::messages::{Change, Message, Question, Reply, closed};
use crate::options::Options;
use crate::recovery::{OpenError, open};
use crate::shared::Shared;
use crate::watch::JobChange;

/// Container jobs: everything that AWS Batch does, on this machine. Clones are handles of the same.
#[derive(Clone)]
pub struct Batch {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(crate) to: mpsc::Sender<Message>,
    pub(crate) changes: broadcast::Sender<JobChange>,
    pub(crate) driver: Mutex<Option<JoinHandle<()>>>,
}

impl Batch {
    /// Loads what the store has, takes up the attempts that are under way, and goes on. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the store can't be read or written.
    pub async fn open(
        store: Arc<dyn Store>,
        runners: HashMap<Engine, Arc<dyn Runner>>,
        options: Options,
    ) -> std::result::Result<Self, OpenError> {
        let inner = open(store, runners, options).await?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Stops scheduling and leaves running attempts alone: the next open takes them up. Later calls are refused.
    pub async fn close(&self) {
        let driver = self
            .inner
            .driver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(driver) = driver else { return };
        // One that has stopped already does not hear it.
        let _ = self.inner.to.send(Message::Close).await;
        if let Err(error) = driver.await {
            tracing::error!(%error, "the scheduler of container jobs did not end in order");
        }
    }

    /// Region and account of all ARNs.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.inner.shared.options.site
    }

    /// What attempts print.
    #[must_use]
    pub fn logs(&self) -> &LogStore {
        &self.inner.shared.options.logs
    }

    /// Figures for operators.
    ///
    /// # Errors
    /// When the runtime is closed.
    pub async fn counters(&self) -> Result<Counters> {
        self.question(Question::Counters).await
    }

    /// Changes of jobs' statuses from now on, each after its commit. Who reads slowly misses some and is told so.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<JobChange> {
        self.inner.changes.subscribe()
    }

    /// Waits until the job has ended.
    ///
    /// # Errors
    /// When there is no such job, or the runtime is closed.
    pub async fn wait_end(&self, id: &JobId) -> Result<JobDetail> {
        loop {
            // It is answered at the end, and dropped at once when the job has ended already or never was.
            let asked = self
                .question(|reply| Question::End(id.clone(), reply))
                .await;
            let detail = self.job_detail(id).await?;
            if matches!(detail.status, JobStatus::Succeeded | JobStatus::Failed) {
                return Ok(detail);
            }
            asked?;
        }
    }

    /// The jobs that have not ended and that executions of workflows wait for, with those executions' ARNs.
    ///
    /// # Errors
    /// When the runtime is closed.
    pub async fn awaited(&self) -> Result<Vec<(JobId, Arc<str>)>> {
        self.question(Question::Awaited).await
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    /// Asks the actor.
    pub(crate) async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let sent = self.inner.to.send(message(reply)).await;
        sent.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())
    }

    pub(crate) async fn question<T>(
        &self,
        question: impl FnOnce(Reply<T>) -> Question,
    ) -> Result<T> {
        self.ask(|reply| Message::Ask(question(reply))).await
    }

    /// Writes the changes; they are there when this returns.
    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<()> {
        self.ask(|reply| Message::Change { changes, reply }).await?
    }
}
