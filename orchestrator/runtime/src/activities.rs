//! Activities: tasks that wait for workers, and workers that wait for tasks.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use interpreter::failure::{Failure, names};
use interpreter::input::{Input, ScheduledTask, TaskToken};
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
    tasks: Mutex<VecDeque<TaskToken>>,
    arrived: Notify,
    workers: std::sync::atomic::AtomicUsize,
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
        let name = match StatesArn::parse(arn) {
            Some(StatesArn {
                resource: ArnResource::Activity(name),
                ..
            }) => name,
            _ => arn,
        };
        if !self.activities.is_known(name) {
            let failure = Failure::new(names::RUNTIME, format!("Activity Does Not Exist: '{arn}'"));
            self.fail_attempt(ExecutionId(task.token.execution), task.attempt, failure);
            return;
        }
        let queue = self.activities.queue(name);
        lock(&queue.tasks).push_back(task.token);
        queue.arrived.notify_one();
    }

    /// Waits for a task of an activity.
    pub(crate) async fn take_activity_task(
        self: &Arc<Self>,
        name: &str,
        worker_name: Option<&str>,
    ) -> Result<Option<ActivityTask>, Error> {
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
            let token = lock(&queue.tasks).pop_front();
            let Some(token) = token else {
                tokio::select! {
                    waited = timeout_at(deadline, queue.arrived.notified()) => {
                        if waited.is_err() {
                            return Ok(None);
                        }
                    }
                    () = self.closed.notified() => return Err(Error::ShuttingDown),
                }
                continue;
            };
            let input = Input::TaskStarted {
                attempt: token.attempt,
                worker_name: worker_name.map(Into::into),
            };
            let id = ExecutionId(token.execution);
            match self.deliver_durably(id, input, Some(token)).await {
                Ok(Some(input)) => {
                    return Ok(Some(ActivityTask {
                        token: token.encode(),
                        input,
                    }));
                }
                // The task ended while it was queued.
                Ok(None) | Err(Error::TaskTimedOut | Error::TaskDoesNotExist) => {}
                Err(error) => {
                    // Nobody has it: it goes back to where it was.
                    lock(&queue.tasks).push_front(token);
                    queue.arrived.notify_one();
                    return Err(error);
                }
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
