//! SubmitJob, inside the actor: definition and queue are looked up, and jobs are made, at the moment of the decision.

use std::collections::HashMap;
use std::sync::Arc;

use batch::definition::DefinitionReference;
use batch::job::{DependencyKind, Job, JobStatus, Role};
use batch::names::{JobId, name_of};
use batch::request::SubmitJob;
use batch::scheduler::Input;
use batch::submission::{self, dependencies};
use batch::view::SubmittedJob;
use batch::{Error, Result};
use sha2::{Digest, Sha256};
use store::contract::{JobFilter, JobsAmong, Write};
use uuid::Uuid;

use crate::driver::{Driver, Gathered, after};
use crate::messages::{Reply, Submission};
use crate::operations::stored_tags;
use crate::rows::{jobs, unreadable};

/// How many rows are read at once.
const PAGE: usize = 1000;

impl Driver {
    /// SubmitJob.
    pub(crate) async fn submit(
        &mut self,
        request: SubmitJob,
        submission: Submission,
        reply: Reply<Result<SubmittedJob>>,
        gathered: &mut Gathered,
    ) {
        match self.make(&request, submission, gathered).await {
            Ok(submitted) => gathered.replies.push(after(reply, submitted)),
            Err(error) => {
                // Nobody may be left to hear it.
                let _ = reply.send(Err(error));
            }
        }
    }

    async fn make(
        &mut self,
        request: &SubmitJob,
        submission: Submission,
        gathered: &mut Gathered,
    ) -> Result<SubmittedJob> {
        let site = &self.shared.options.site;
        let id = match &submission.key {
            None => JobId(self.shared.options.world.uuid().to_string().into()),
            Some(key) => {
                let id = id_of(key);
                if let Some(known) = self.find(&id, gathered).await? {
                    return Ok(SubmittedJob::of(&known, site));
                }
                id
            }
        };
        let waited_for = self.waited_for(request, gathered).await?;
        let definition = DefinitionReference::parse("jobDefinition", &request.job_definition)?;
        let revisions = self.catalogue.definitions.get(definition.name.as_str());
        let revisions = revisions
            .into_iter()
            .flat_map(|revisions| revisions.values());
        let queue = name_of(&request.job_queue);
        let with = submission::Submission {
            definition: definition.choose(revisions)?,
            queue: self
                .catalogue
                .queues
                .get(queue)
                .ok_or_else(|| Error::Client(format!("JobQueue {queue} not found")))?,
            id,
            number: self.last_number + 1,
            task_token: submission.task_token,
            awaited_by: submission.awaited_by,
            now: self.shared.options.world.now(),
        };
        let role_of = |id: &JobId| waited_for.get(id).map(|job| job.role.clone());
        let made = submission::submit(request, &with, role_of)?;
        let ended_dependencies = self.ended_dependencies(&made[0], &waited_for).await?;
        let submitted = SubmittedJob::of(&made[0], site);
        if !made[0].spec.tags.is_empty() {
            gathered.writes.push(Write::PutTags {
                arn: submitted.job_arn.as_str().into(),
                tags: stored_tags(&made[0].spec.tags),
            });
        }
        self.counters.submitted += made.len() as u64;
        self.last_number += made.len() as u64;
        let input = Input::Submitted {
            jobs: made,
            ended_dependencies,
        };
        self.step(input, gathered);
        Ok(submitted)
    }

    /// A job as it is now, wherever it is.
    async fn find(&self, id: &JobId, gathered: &Gathered) -> Result<Option<Arc<Job>>> {
        if let Some(job) = gathered.job(id) {
            return Ok(Some(job.clone()));
        }
        if let Some(job) = self.scheduler.job(id) {
            return Ok(Some(job));
        }
        let found = jobs(&*self.shared.store, std::slice::from_ref(id)).await?;
        Ok(found.into_iter().next().map(Arc::new))
    }

    /// The jobs that a submission waits for.
    async fn waited_for(
        &self,
        request: &SubmitJob,
        gathered: &Gathered,
    ) -> Result<HashMap<JobId, Arc<Job>>> {
        let mut found = HashMap::new();
        for id in dependencies(request)? {
            if let Some(job) = self.find(&id, gathered).await? {
                found.insert(id, job);
            }
        }
        Ok(found)
    }

    /// What became of those that the scheduler no longer knows, and of the children of those that are waited for index by index.
    async fn ended_dependencies(
        &self,
        job: &Job,
        waited_for: &HashMap<JobId, Arc<Job>>,
    ) -> Result<Vec<(JobId, bool)>> {
        let mut ended = Vec::new();
        for dependency in &job.spec.depends_on {
            let Some(id) = &dependency.job_id else {
                continue;
            };
            let Some(other) = waited_for.get(id).filter(|job| job.status.is_terminal()) else {
                continue;
            };
            ended.push((id.clone(), other.status == JobStatus::Succeeded));
            let is_array = matches!(other.role, Role::ArrayParent { .. });
            if !is_array || dependency.kind != Some(DependencyKind::NToN) {
                continue;
            }
            let filter = JobFilter::all(JobsAmong::Parent(id.0.clone()));
            let mut before = None;
            loop {
                let rows = self.shared.store.jobs(filter.clone(), before, PAGE).await;
                let rows = rows.map_err(unreadable)?;
                let Some(last) = rows.last() else { break };
                before = Some(last.number);
                ended.extend(rows.iter().map(|row| {
                    let succeeded = row.status == JobStatus::Succeeded.number();
                    (JobId(row.id.clone()), succeeded)
                }));
            }
        }
        Ok(ended)
    }
}

/// The same key gives the same id.
fn id_of(key: &str) -> JobId {
    let hash = Sha256::digest(key.as_bytes());
    let bytes: [u8; 16] = hash[..16]
        .try_into()
        .expect("a SHA-256 has more than 16 bytes");
    let uuid: Uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    JobId(uuid.to_string().into())
}
