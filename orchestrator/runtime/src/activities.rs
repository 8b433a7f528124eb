//! Activities: tasks that wait for workers, and workers that wait for tasks.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interpreter::failure::{Failure, names};
use interpreter::input::{AttemptId, Input, ScheduledTask, TaskToken};
use store::contract::{Commit, Write};
use store::records::{ActivityRecord, ExecutionId, Tag};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::arn::{ArnResource, StatesArn};
use crate::engine::Engine;
use crate::error::Error;
use crate::views::{ActivityTask, ActivityView};

/// The queues of all activities. A queue holds tokens only; a task's input stays with its execution.
#[derive(Debug, Default)]
pub(crate) struct Activities {
    known: Mutex<BTreeSet<Arc<str>>>,
    queues: Mutex<HashMap<Arc<str>, Arc<Queue>>>,
}

#[derive(Debug, Default)]
struct Queue {
    tasks: Mutex<Tasks>,
    arrived: Notify,
    workers: std::sync::atomic::AtomicUsize,
}

/// Tokens in the order in which workers get them.
#[derive(Debug, Default)]
struct Tasks {
    waiting: VecDeque<TaskToken>,
    /// Attempts that nobody waits for any more; their tokens are skipped.
    cancelled: HashSet<(u64, AttemptId)>,
}

impl Tasks {
    fn pop(&mut self) -> Option<TaskToken> {
        while let Some(token) = self.waiting.pop_front() {
            if !self.cancelled.remove(&(token.execution, token.attempt)) {
                return Some(token);
            }
        }
        None
    }

    fn cancel(&mut self, execution: u64, attempt: AttemptId) {
        self.cancelled.insert((execution, attempt));
        // Now and then the queue is gone through, so that cancelled tasks don't gather where no worker comes.
        if self.cancelled.len() * 2 > self.waiting.len() {
            let Self { waiting, cancelled } = self;
            waiting.retain(|token| !cancelled.contains(&(token.execution, token.attempt)));
            cancelled.clear();
        }
    }
}

impl Activities {
    fn queue(&self, name: &str) -> Arc<Queue> {
        let mut queues = lock(&self.queues);
        if let Some(queue) = queues.get(name) {
            return queue.clone();
        }
        queues.entry(name.into()).or_default().clone()
    }

    pub(crate) fn remember(&self, name: Arc<str>) {
        lock(&self.known).insert(name);
    }

    fn forget(&self, name: &str) {
        lock(&self.known).remove(name);
    }

    fn is_known(&self, name: &str) -> bool {
        lock(&self.known).contains(name)
    }

    fn count(&self) -> usize {
        lock(&self.known).len()
    }
}

impl Engine {
    /// Puts an activity's task into its queue.
    pub(crate) fn queue_activity_task(self: &Arc<Self>, arn: &str, task: &ScheduledTask) {
        let name = activity_name(arn);
        if !self.activities.is_known(name) {
            let failure = Failure::new(names::RUNTIME, format!("Activity Does Not Exist: '{arn}'"));
            let attempt = task.attempt;
            let input = Input::TaskFailed { attempt, failure };
            self.deliver(ExecutionId(task.token.execution), input);
            return;
        }
        let queue = self.activities.queue(name);
        lock(&queue.tasks).waiting.push_back(task.token);
        queue.arrived.notify_one();
    }

    /// Nobody waits for an attempt any more: no worker gets it.
    pub(crate) fn unqueue_activity_task(&self, arn: &str, id: ExecutionId, attempt: AttemptId) {
        let queue = self.activities.queue(activity_name(arn));
        lock(&queue.tasks).cancel(id.0, attempt);
    }

    /// Waits for a task of an activity.
    pub(crate) async fn take_activity_task(
        self: &Arc<Self>,
        name: &str,
        worker_name: Option<&str>,
    ) -> Result<Option<ActivityTask>, Error> {
        self.refuse_when_closing()?;
        if !self.activities.is_known(name) {
            return Err(Error::ActivityDoesNotExist(
                self.options.partition.activity(name),
            ));
        }
        let queue = self.activities.queue(name);
        let _worker = Worker::enter(&queue, self.options.limits.activity_pollers)
            .ok_or_else(|| Error::ActivityWorkerLimitExceeded(name.to_owned()))?;
        let deadline = Instant::now() + self.options.activity_poll;
        loop {
            let Some(taken) = Taken::next(&queue) else {
                tokio::select! {
                    waited = timeout_at(deadline, queue.arrived.notified()) => {
                        if waited.is_err() {
                            return Ok(None);
                        }
                    }
                    () = self.closing.cancelled() => return Err(Error::ShuttingDown),
                }
                continue;
            };
            let token = taken.token;
            let input = Input::TaskStarted {
                attempt: token.attempt,
                worker_name: worker_name.map(Into::into),
            };
            let id = ExecutionId(token.execution);
            match self.deliver_durably(id, input, Some(token)).await {
                Ok(Some(input)) => {
                    taken.keep();
                    return Ok(Some(ActivityTask {
                        token: token.encode(),
                        input,
                    }));
                }
                // The task ended while it was queued.
                Ok(None)
                | Err(Error::TaskTimedOut | Error::TaskDoesNotExist | Error::Parked { .. }) => {
                    taken.keep();
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) async fn make_activity(
        &self,
        name: &str,
        tags: Vec<Tag>,
    ) -> Result<ActivityView, Error> {
        let _catalogue = self.catalogue.lock().await;
        if let Some(record) = self.store.activity(name).await? {
            self.activities.remember(record.name.clone());
            return Ok(self.activity_view(record));
        }
        let limit = self.options.limits.activities;
        if self.activities.count() >= limit {
            return Err(Error::LimitExceeded {
                what: "activities",
                limit,
            });
        }
        let record = ActivityRecord {
            name: name.into(),
            created_at: self.options.world.now(),
        };
        let mut writes = vec![Write::PutActivity(record.clone())];
        if !tags.is_empty() {
            writes.push(Write::PutTags {
                arn: self.options.partition.activity(name).into(),
                tags,
            });
        }
        self.store.commit(Commit { writes }).await?;
        self.activities.remember(record.name.clone());
        Ok(self.activity_view(record))
    }

    pub(crate) async fn remove_activity(&self, name: &str) -> Result<(), Error> {
        let _catalogue = self.catalogue.lock().await;
        let arn = self.options.partition.activity(name);
        self.store
            .commit(Commit {
                writes: vec![
                    Write::DeleteActivity(name.into()),
                    Write::PutTags {
                        arn: arn.into(),
                        tags: Vec::new(),
                    },
                ],
            })
            .await?;
        self.activities.forget(name);
        Ok(())
    }

    pub(crate) fn activity_view(&self, record: ActivityRecord) -> ActivityView {
        ActivityView {
            arn: self.options.partition.activity(&record.name).into(),
            name: record.name,
            created_at: record.created_at,
        }
    }
}

/// A task that was taken from its queue. Unless it is kept it goes back to where it was: its worker may have gone.
struct Taken {
    token: TaskToken,
    queue: Option<Arc<Queue>>,
}

impl Taken {
    fn next(queue: &Arc<Queue>) -> Option<Self> {
        let token = lock(&queue.tasks).pop()?;
        Some(Self {
            token,
            queue: Some(queue.clone()),
        })
    }

    fn keep(mut self) {
        self.queue = None;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            lock(&queue.tasks).waiting.push_front(self.token);
            queue.arrived.notify_one();
        }
    }
}

/// A worker that polls, counted for as long as it does.
struct Worker(Arc<Queue>);

impl Worker {
    fn enter(queue: &Arc<Queue>, limit: usize) -> Option<Self> {
        use std::sync::atomic::Ordering;
        let before = queue.workers.fetch_add(1, Ordering::Relaxed);
        let worker = Self(queue.clone());
        (before < limit).then_some(worker)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0
            .workers
            .fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }
}

fn activity_name(arn: &str) -> &str {
    match StatesArn::parse(arn).map(|arn| arn.resource) {
        Some(ArnResource::Activity(name)) => name,
        _ => arn,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
