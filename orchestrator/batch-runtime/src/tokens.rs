//! Jobs that a workflow waits for by a task token: their rows stay unfinished until the workflow knows of their ends, so that a restart
//! tells it again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use batch::job::Job;
use batch::names::{JobId, Site};
use batch::view::JobDetail;
use store::contract::Write;
use tokio::sync::mpsc;

use crate::messages::Message;
use crate::options::TokenJobs;
use crate::rows::job_record;

/// Who hears of the ends of jobs with a task token.
pub(crate) struct Tokens {
    hearer: Option<Arc<dyn TokenJobs>>,
    site: Site,
    to: mpsc::Sender<Message>,
    /// Jobs whose ends the hearer does not know yet.
    untold: HashMap<JobId, Arc<Job>>,
}

impl Tokens {
    /// Nobody has to be told of anything yet.
    pub(crate) fn new(
        hearer: Option<Arc<dyn TokenJobs>>,
        site: Site,
        to: mpsc::Sender<Message>,
    ) -> Self {
        Self {
            hearer,
            site,
            to,
            untold: HashMap::new(),
        }
    }

    /// The row of a job.
    pub(crate) fn put_job(&self, job: &Job) -> Write {
        let has_ended = job.status.is_terminal() && self.awaited(job).is_none();
        Write::PutJob(job_record(job, has_ended))
    }

    /// Tells of the end of the job, if anybody waits for it, until it is heard.
    pub(crate) fn tell(
        &mut self,
        job: Arc<Job>,
    ) -> Option<impl Future<Output = ()> + Send + 'static> {
        let (hearer, token) = self.awaited(&job)?;
        self.untold.insert(job.id.clone(), job.clone());
        let detail = JobDetail::of(&job, &self.site);
        let to = self.to.clone();
        Some(async move {
            let pauses = ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(100))
                .with_max_delay(Duration::from_secs(60))
                .without_max_times()
                .build();
            for pause in pauses {
                match hearer.job_ended(token.clone(), detail.clone()).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(job_id = %job.id, %error, "cannot tell a workflow of the end of its job");
                        tokio::time::sleep(pause).await;
                    }
                }
            }
            // The actor is gone when the runtime closes; the next one tells again.
            let _ = to.send(Message::TokenTold(job.id.clone())).await;
        })
    }

    /// The hearer knows: the row of the job that needs nothing more.
    pub(crate) fn told(&mut self, id: &JobId) -> Option<Write> {
        let job = self.untold.remove(id)?;
        Some(Write::PutJob(job_record(&job, true)))
    }

    fn awaited(&self, job: &Job) -> Option<(Arc<dyn TokenJobs>, Arc<str>)> {
        if job.parent().is_some() {
            return None;
        }
        Some((self.hearer.clone()?, job.spec.task_token.clone()?))
    }
}
