//! Job queues.

use std::sync::Arc;

use batch::names::name_of;
use batch::queue::{JobQueue, State};
use batch::request::{CreateJobQueue, DeleteJobQueue, DescribeJobQueues, UpdateJobQueue};
use batch::view::{Done, JobQueueDetail, JobQueues, NamedJobQueue};
use batch::{Error, Result};

use super::{is_named, page, put_tags, refuse_more_than, remove_tags};
use crate::handle::Batch;
use crate::messages::Change;

impl Batch {
    /// CreateJobQueue.
    ///
    /// # Errors
    /// When there is one of that name, the request breaks a rule, or the runtime is closed.
    pub async fn create_job_queue(&self, request: CreateJobQueue) -> Result<NamedJobQueue> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        if catalogue
            .queues
            .contains_key(request.job_queue_name.as_str())
        {
            return Err(exists("JobQueue", &request.job_queue_name));
        }
        refuse_more_than(50, catalogue.queues.len(), "job queues")?;
        let queue = JobQueue::create(
            &request,
            |name| catalogue.environments.contains_key(name),
            |name| catalogue.policies.contains_key(name),
        )?;
        let named = self.named_queue(&queue);
        let mut changes = vec![Change::PutQueue(Arc::new(queue))];
        changes.extend(put_tags(&named.job_queue_arn, request.tags.as_ref()));
        self.change(changes).await?;
        Ok(named)
    }

    /// UpdateJobQueue.
    ///
    /// # Errors
    /// When there is none of that name, the request breaks a rule, or the runtime is closed.
    pub async fn update_job_queue(&self, request: UpdateJobQueue) -> Result<NamedJobQueue> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let name = name_of(&request.job_queue);
        let queue = catalogue
            .queues
            .get(name)
            .ok_or_else(|| missing("JobQueue", name))?;
        let queue = queue.updated(
            &request,
            |name| catalogue.environments.contains_key(name),
            |name| catalogue.policies.contains_key(name),
        )?;
        let named = self.named_queue(&queue);
        self.change(vec![Change::PutQueue(Arc::new(queue))]).await?;
        Ok(named)
    }

    /// DeleteJobQueue. The queue must be DISABLED; what waits in it is cancelled, what runs is stopped. One that is not there is fine.
    ///
    /// # Errors
    /// When it is ENABLED, or the runtime is closed.
    pub async fn delete_job_queue(&self, request: DeleteJobQueue) -> Result<Done> {
        let _turn = self.shared().turn.lock().await;
        let catalogue = self.shared().catalogue();
        let Some(queue) = catalogue.queues.get(name_of(&request.job_queue)) else {
            return Ok(Done {});
        };
        if queue.state == State::Enabled {
            return Err(Error::Client(format!(
                "cannot delete JobQueue {}: it is ENABLED, disable it first",
                queue.name
            )));
        }
        let tags = remove_tags(&self.site().queue(&queue.name));
        self.change(vec![Change::RemoveQueue(queue.name.clone()), tags])
            .await?;
        Ok(Done {})
    }

    /// DescribeJobQueues.
    ///
    /// # Errors
    /// When the paging is malformed, or the store can't be read.
    pub async fn describe_job_queues(&self, request: DescribeJobQueues) -> Result<JobQueues> {
        let catalogue = self.shared().catalogue();
        let queues = catalogue
            .queues
            .values()
            .filter(|queue| is_named(request.job_queues.as_deref(), &queue.name))
            .map(|queue| (queue.name.to_string(), queue));
        let (queues, next_token) =
            page(queues, request.max_results, request.next_token.as_deref())?;
        let mut details = Vec::with_capacity(queues.len());
        for queue in queues {
            let tags = self.tags_of(&self.site().queue(&queue.name)).await?;
            details.push(JobQueueDetail::of(queue, tags, self.site()));
        }
        Ok(JobQueues {
            job_queues: details,
            next_token,
        })
    }

    fn named_queue(&self, queue: &JobQueue) -> NamedJobQueue {
        NamedJobQueue {
            job_queue_name: queue.name.to_string(),
            job_queue_arn: self.site().queue(&queue.name),
        }
    }
}

/// AWS's text for a name that is taken.
pub(super) fn exists(what: &str, name: &str) -> Error {
    Error::Client(format!("Object already exists: {what} {name}"))
}

/// What a caller hears of something that is not there.
pub(super) fn missing(what: &str, name: &str) -> Error {
    Error::Client(format!("{what} {name} not found"))
}
