//! Submitting, describing and ending jobs, and the front of a queue.

use std::sync::Arc;

use batch::job::{Job, JobStatus, Role};
use batch::names::{JobId, name_of};
use batch::request::{DescribeJobs, EndJob, EndJobs, GetJobQueueSnapshot, SubmitJob};
use batch::view::{
    CapacityUsage, Done, EndJobError, EndedJobs, FairshareUtilization, FrontOfQueue,
    FrontOfQueueJob, JobDetail, JobQueueSnapshot, Jobs, QueueUtilization, ShareUtilization,
    SubmittedJob,
};
use batch::{Error, Result, check};

use crate::handle::Batch;
use crate::messages::{EndHow, Message, Question, Submission};
use crate::rows::jobs;

/// The most jobs that are described at once.
const DESCRIBED: usize = 100;

/// The most jobs that are ended at once.
const ENDED: usize = 50;

impl Batch {
    /// SubmitJob.
    ///
    /// # Errors
    /// When the request breaks a rule, or the runtime is closed.
    pub async fn submit_job(&self, request: SubmitJob) -> Result<SubmittedJob> {
        self.submit(request, Submission::default()).await
    }

    /// SubmitJob for a workflow.
    ///
    /// # Errors
    /// When the request breaks a rule, or the runtime is closed.
    pub async fn submit(&self, request: SubmitJob, submission: Submission) -> Result<SubmittedJob> {
        let request = Box::new(request);
        self.ask(|reply| Message::Submit {
            request,
            submission,
            reply,
        })
        .await?
    }

    /// DescribeJobs. Jobs that are not known are left out.
    ///
    /// # Errors
    /// When there are more than 100, or the store can't be read.
    pub async fn describe_jobs(&self, request: DescribeJobs) -> Result<Jobs> {
        if request.jobs.len() > DESCRIBED {
            return Err(Error::Client(format!(
                "jobs must be at most {DESCRIBED}, not {}",
                request.jobs.len()
            )));
        }
        let ids: Vec<JobId> = request.jobs.iter().map(|id| job_id(id)).collect();
        let mut found = jobs(&*self.shared().store, &ids).await?;
        let texts = self.bring_up_to_date(&mut found).await?;
        let mut details = Vec::with_capacity(found.len());
        for (job, text) in found.iter().zip(texts) {
            let mut detail = self.detail(job).await?;
            detail.status_reason = text.or(detail.status_reason);
            details.push(detail);
        }
        Ok(Jobs { jobs: details })
    }

    /// A job as DescribeJobs shows it.
    pub(crate) async fn job_detail(&self, id: &JobId) -> Result<JobDetail> {
        let jobs = vec![id.to_string()];
        let found = self.describe_jobs(DescribeJobs { jobs }).await?;
        let detail = found.jobs.into_iter().next();
        detail.ok_or_else(|| Error::Client(format!("Job {id} not found")))
    }

    async fn detail(&self, job: &Job) -> Result<JobDetail> {
        let mut detail = JobDetail::of(job, self.site());
        // A child has its parent's tags.
        let tagged = job.parent().unwrap_or(&job.id);
        detail.tags = self.tags_of(&self.site().job(tagged)).await?;
        Ok(detail)
    }

    /// Brings jobs up to date with what changes too often to be kept: counts of children, and why a job has not started or how far its
    /// start is. The texts are answered.
    pub(crate) async fn bring_up_to_date(&self, jobs: &mut [Job]) -> Result<Vec<Option<String>>> {
        let changes = |job: &Job| match job.role {
            Role::ArrayParent { .. } => !job.status.is_terminal(),
            Role::Single
            | Role::ArrayChild { .. }
            | Role::MultiNodeParent { .. }
            | Role::Node { .. } => job.status <= JobStatus::Starting,
        };
        let mut texts = vec![None; jobs.len()];
        let changing: Vec<usize> = (0..jobs.len()).filter(|at| changes(&jobs[*at])).collect();
        if changing.is_empty() {
            return Ok(texts);
        }
        let ids = changing.iter().map(|at| jobs[*at].id.clone()).collect();
        let passing = self.question(|reply| Question::Passing(ids, reply)).await?;
        for (at, passing) in changing.into_iter().zip(passing) {
            if passing.summary.is_some() {
                jobs[at].summary = passing.summary;
            }
            texts[at] = passing.text;
        }
        Ok(texts)
    }

    /// CancelJob. Nothing happens to a job that has started.
    ///
    /// # Errors
    /// When there is no such job, or the reason is too long.
    pub async fn cancel_job(&self, request: EndJob) -> Result<Done> {
        self.end_job(&request.job_id, &request.reason, EndHow::Cancel)
            .await
    }

    /// TerminateJob.
    ///
    /// # Errors
    /// When there is no such job, or the reason is too long.
    pub async fn terminate_job(&self, request: EndJob) -> Result<Done> {
        self.end_job(&request.job_id, &request.reason, EndHow::Terminate)
            .await
    }

    /// CancelJobs.
    ///
    /// # Errors
    /// When there are more than 50 jobs, or the reason is too long.
    pub async fn cancel_jobs(&self, request: EndJobs) -> Result<EndedJobs> {
        self.end_jobs(request, EndHow::Cancel).await
    }

    /// TerminateJobs.
    ///
    /// # Errors
    /// When there are more than 50 jobs, or the reason is too long.
    pub async fn terminate_jobs(&self, request: EndJobs) -> Result<EndedJobs> {
        self.end_jobs(request, EndHow::Terminate).await
    }

    async fn end_jobs(&self, request: EndJobs, how: EndHow) -> Result<EndedJobs> {
        if request.jobs.is_empty() || request.jobs.len() > ENDED {
            return Err(Error::Client(format!(
                "jobs must be 1 to {ENDED}, not {}",
                request.jobs.len()
            )));
        }
        check::reason(&request.reason)?;
        let ends = request.jobs.iter();
        let ends = ends.map(|job| self.end_job(job, &request.reason, how));
        let outcomes = futures_util::future::join_all(ends).await;
        let mut ended = EndedJobs::default();
        for (job, outcome) in request.jobs.into_iter().zip(outcomes) {
            let (code, message) = match outcome {
                Ok(Done {}) => {
                    ended.successful.push(job);
                    continue;
                }
                Err(Error::Client(text)) => ("ClientException", text),
                Err(Error::Unavailable(text)) => ("ServerException", text),
            };
            ended.errors.push(EndJobError {
                job,
                code: code.to_owned(),
                message,
            });
        }
        Ok(ended)
    }

    async fn end_job(&self, id: &str, reason: &str, how: EndHow) -> Result<Done> {
        check::reason(reason)?;
        let id = job_id(id);
        let found = jobs(&*self.shared().store, std::slice::from_ref(&id)).await?;
        if found.is_empty() {
            return Err(Error::Client(format!("Job {id} not found")));
        }
        let reason: Arc<str> = reason.into();
        self.ask(|reply| Message::End {
            id,
            reason,
            how,
            reply,
        })
        .await??;
        Ok(Done {})
    }

    /// GetJobQueueSnapshot.
    ///
    /// # Errors
    /// When there is no such queue, or the runtime is closed.
    pub async fn get_job_queue_snapshot(
        &self,
        request: GetJobQueueSnapshot,
    ) -> Result<JobQueueSnapshot> {
        let queue: Arc<str> = name_of(&request.job_queue).into();
        let name = queue.clone();
        let snapshot = self
            .question(|reply| Question::Snapshot(queue, reply))
            .await?
            .ok_or_else(|| Error::Client(format!("JobQueue {name} not found")))?;
        let catalogue = self.shared().catalogue();
        let is_fair = catalogue
            .queues
            .get(&name)
            .is_some_and(|queue| queue.policy.is_some());
        let usage = |vcpus: f64| {
            vec![CapacityUsage {
                capacity_unit: "VCPU".to_owned(),
                quantity: vcpus,
            }]
        };
        let jobs = snapshot.front.iter().map(|job| FrontOfQueueJob {
            job_arn: self.site().job(&job.id),
            earliest_time_at_position: job.since,
        });
        let shares = snapshot.shares.iter().map(|share| ShareUtilization {
            share_identifier: share.share.to_string(),
            capacity_usage: usage(share.vcpus),
        });
        let thousandths = u32::try_from(snapshot.used.vcpus_milli).unwrap_or(u32::MAX);
        Ok(JobQueueSnapshot {
            front_of_queue: FrontOfQueue {
                jobs: jobs.collect(),
                last_updated_at: snapshot.at,
            },
            queue_utilization: Some(QueueUtilization {
                total_capacity_usage: usage(f64::from(thousandths) / 1000.0),
                fairshare_utilization: is_fair.then(|| FairshareUtilization {
                    active_share_count: snapshot.active_shares as u64,
                    top_capacity_utilization: shares.collect(),
                }),
                last_updated_at: snapshot.at,
            }),
        })
    }
}

/// The job that is meant by an id or an ARN.
pub(super) fn job_id(text: &str) -> JobId {
    JobId::new(name_of(text))
}
