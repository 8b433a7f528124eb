//! `batch:…` and `aws-sdk:batch:…`: what a task state asks of container jobs, and what it is answered.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use asl::resource::{Pattern, ServiceCall};
use batch::container::{ContainerOverrides, KeyValuePair};
use batch::job::JobStatus;
use batch::names::JobId;
use batch::request::SubmitJob;
use batch::view::SubmittedJob;
use batch::{Error, Result as BatchResult};
use batch_runtime::Submission;
use expression::value::Value as StateValue;
use interpreter::failure::{Failure, names};
use interpreter::payload::Payload;
use runtime::tasks::{TaskCall, TaskOutcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::batch::batch_failures::{Dialect, job_failed, refused};
use crate::batch::tokens::VARIABLE;
use crate::batch::{ContainerJobs, leftovers, members};
use crate::failures;

/// How long to wait before an engine that does not answer is asked again.
const PAUSE: Duration = Duration::from_secs(1);

impl ContainerJobs {
    /// Performs one call of a state.
    pub(crate) async fn perform(
        &self,
        service: &ServiceCall,
        call: &TaskCall,
    ) -> Result<TaskOutcome, Failure> {
        match self.attempt(service, call).await {
            // It failed because the process ends: the next one does it again.
            Err(failure)
                if self.closing.is_cancelled()
                    && failure.error.as_deref() == Some("Batch.ServerException") =>
            {
                pending().await
            }
            performed => performed,
        }
    }

    async fn attempt(
        &self,
        service: &ServiceCall,
        call: &TaskCall,
    ) -> Result<TaskOutcome, Failure> {
        let dialect = match &*service.resource_type {
            "batch" => Dialect::Optimised,
            _ => Dialect::Sdk,
        };
        let answer = match (dialect, &*service.action, service.pattern) {
            (Dialect::Optimised, "submitJob", Pattern::Sync) => {
                let submitted = self.submit_and_wait(call).await?;
                return Ok(TaskOutcome::Submitted(response(dialect, submitted)));
            }
            (_, "submitJob", Pattern::RequestResponse | Pattern::WaitForTaskToken) => {
                let (request, submission) = submission(call)?;
                let submitted = self.batch.submit(request, submission).await;
                json!(submitted.map_err(|error| refused(dialect, &error))?)
            }
            (Dialect::Sdk, action, Pattern::RequestResponse) => self.ask(action, call).await?,
            _ => return Err(failures::unsupported(&call.resource)),
        };
        Ok(TaskOutcome::Succeeded(response(dialect, answer)))
    }

    /// Waits for the end of a job that was submitted for a state. Whoever stops waiting terminates it.
    pub(crate) fn follow(
        &self,
        call: &TaskCall,
        response: &Payload,
    ) -> impl Future<Output = Result<Payload, Failure>> + Send + use<> {
        let job = member(response, "JobId").map(|id| JobId::new(&id));
        let guard = job.map(|job| {
            let execution = call.execution_arn.clone();
            self.awaited.insert(execution.clone(), job.clone());
            TerminateWhenDropped {
                jobs: self.clone(),
                execution,
                job,
                is_armed: true,
            }
        });
        async move {
            let Some(mut guard) = guard else {
                return Err(failures::failure(
                    names::RUNTIME,
                    "The response has no JobId",
                ));
            };
            let ended = guard.jobs.end(&guard.job).await;
            guard.is_armed = false;
            guard.jobs.awaited.remove(&guard.execution, &guard.job);
            ended
        }
    }

    async fn end(&self, job: &JobId) -> Result<Payload, Failure> {
        loop {
            match self.batch.wait_end(job).await {
                Ok(job) if job.status == JobStatus::Succeeded => {
                    return Ok(Payload::of(StateValue::from(members::upper(&json!(job)))));
                }
                Ok(job) => return Err(job_failed(&job)),
                Err(error @ Error::Client(_)) => return Err(refused(Dialect::Optimised, &error)),
                // The next process goes on waiting.
                Err(Error::Unavailable(_)) if self.closing.is_cancelled() => pending().await,
                Err(Error::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Submits a job whose end the state waits for.
    async fn submit_and_wait(&self, call: &TaskCall) -> Result<Value, Failure> {
        let (request, submission) = submission(call)?;
        let submission = Submission {
            awaited_by: Some(call.execution_arn.clone()),
            ..submission
        };
        let batch = self.batch.clone();
        // On its own, so that it is known what became of it even if the state is cancelled meanwhile.
        let submitting = tokio::spawn(async move { batch.submit(request, submission).await });
        let mut guard = TerminateWhenSubmitted {
            jobs: self,
            submitting: Some(submitting),
        };
        let submitting = guard.submitting.as_mut();
        let submitted = match submitting {
            Some(submitting) => submitting.await,
            None => pending().await,
        };
        guard.submitting = None;
        let submitted = submitted.map_err(|error| {
            failures::failure(
                names::RUNTIME,
                format!("The job could not be submitted: {error}"),
            )
        })?;
        let submitted = submitted.map_err(|error| refused(Dialect::Optimised, &error))?;
        Ok(json!(submitted))
    }

    /// A call that only asks or tells something.
    async fn ask(&self, action: &str, call: &TaskCall) -> Result<Value, Failure> {
        let batch = &self.batch;
        match action {
            "cancelJob" => {
                let request = read(call, &["JobId", "Reason"])?;
                answer(batch.cancel_job(request).await)
            }
            "deregisterJobDefinition" => {
                let request = read(call, &["JobDefinition"])?;
                answer(batch.deregister_job_definition(request).await)
            }
            "describeComputeEnvironments" => {
                answer(batch.describe_compute_environments(read(call, &[])?).await)
            }
            "describeJobDefinitions" => {
                answer(batch.describe_job_definitions(read(call, &[])?).await)
            }
            "describeJobQueues" => answer(batch.describe_job_queues(read(call, &[])?).await),
            "describeJobs" => answer(batch.describe_jobs(read(call, &["Jobs"])?).await),
            "getJobQueueSnapshot" => {
                let request = read(call, &["JobQueue"])?;
                answer(batch.get_job_queue_snapshot(request).await)
            }
            "listJobs" => answer(batch.list_jobs(read(call, &[])?).await),
            "registerJobDefinition" => {
                let request = read(call, &["JobDefinitionName", "Type"])?;
                answer(batch.register_job_definition(request).await)
            }
            "terminateJob" => {
                let request = read(call, &["JobId", "Reason"])?;
                answer(batch.terminate_job(request).await)
            }
            _ => Err(failures::unsupported(&call.resource)),
        }
    }
}

/// What a state asks to submit, and how.
fn submission(call: &TaskCall) -> Result<(SubmitJob, Submission), Failure> {
    let mut parameters = parameters(call)?;
    let token = parameters
        .as_object_mut()
        .filter(|_| call.token.is_some())
        .and_then(|members| members.remove(VARIABLE));
    let required = ["JobName", "JobQueue", "JobDefinition"];
    let mut request: SubmitJob =
        members::read(&parameters, &required).map_err(|problems| unusable(call, &problems))?;
    if let Some(token) = token {
        if token.as_str() != call.token.as_deref() {
            let problem = "The value for the field \"TaskToken\" must be that of $$.Task.Token";
            return Err(unusable(call, &[problem.to_owned()]));
        }
        bind(&mut request, token.as_str());
    }
    let submission = Submission {
        key: Some(format!("{}@{}", call.attempt_id, call.execution)),
        task_token: call.token.as_deref().map(Arc::from),
        awaited_by: None,
    };
    Ok((request, submission))
}

/// Gives the container its token under the name that binds it. The others get it, too, but it is not seen in what they are.
fn bind(request: &mut SubmitJob, token: Option<&str>) {
    if request.node_overrides.is_some() || request.ecs_properties_override.is_some() {
        return;
    }
    let overrides = request
        .container_overrides
        .get_or_insert_with(ContainerOverrides::default);
    let environment = overrides.environment.get_or_insert_with(Vec::new);
    environment.retain(|pair| pair.name.as_deref() != Some(VARIABLE));
    environment.push(KeyValuePair {
        name: Some(VARIABLE.to_owned()),
        value: token.map(str::to_owned),
    });
}

fn read<T: DeserializeOwned + Serialize>(call: &TaskCall, required: &[&str]) -> Result<T, Failure> {
    members::read(&parameters(call)?, required).map_err(|problems| unusable(call, &problems))
}

fn parameters(call: &TaskCall) -> Result<Value, Failure> {
    serde_json::from_str(call.input.text()).map_err(|error| unusable(call, &[error.to_string()]))
}

fn unusable(call: &TaskCall, problems: &[String]) -> Failure {
    failures::parameters(call.input.text(), problems)
}

fn answer(answered: BatchResult<impl Serialize>) -> Result<Value, Failure> {
    match answered {
        Ok(answer) => Ok(json!(answer)),
        Err(error) => Err(refused(Dialect::Sdk, &error)),
    }
}

/// An answer as states see it: the optimised integration adds what the answer came with.
fn response(dialect: Dialect, answer: Value) -> Payload {
    let mut answer = members::upper(&answer);
    if let (Dialect::Optimised, Value::Object(members)) = (dialect, &mut answer) {
        let id = Uuid::new_v4().to_string();
        let metadata = json!({
            "AllHttpHeaders": { "Content-Type": ["application/json"], "x-amzn-RequestId": [id] },
            "HttpHeaders": { "Content-Type": "application/json", "x-amzn-RequestId": id },
            "HttpStatusCode": 200,
        });
        members.insert("SdkHttpMetadata".to_owned(), metadata);
        members.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": id }));
    }
    Payload::of(StateValue::from(answer))
}

fn member(payload: &Payload, name: &str) -> Option<String> {
    let value = payload.value().get(name)?.as_str()?;
    Some(value.to_owned())
}

/// Terminates a job when the state that waits for it is cancelled: its execution was stopped, or its time is up.
struct TerminateWhenDropped {
    jobs: ContainerJobs,
    execution: Arc<str>,
    job: JobId,
    is_armed: bool,
}

impl Drop for TerminateWhenDropped {
    fn drop(&mut self) {
        if self.is_armed
            && !self.jobs.closing.is_cancelled()
            && self.jobs.awaited.remove(&self.execution, &self.job)
        {
            self.jobs.terminate(self.job.clone());
        }
    }
}

/// The same while it is not known yet whether there will be a job.
struct TerminateWhenSubmitted<'a> {
    jobs: &'a ContainerJobs,
    submitting: Option<JoinHandle<BatchResult<SubmittedJob>>>,
}

impl Drop for TerminateWhenSubmitted<'_> {
    fn drop(&mut self) {
        let Some(submitting) = self.submitting.take() else {
            return;
        };
        if self.jobs.closing.is_cancelled() {
            return;
        }
        let (batch, closing) = (self.jobs.batch.clone(), self.jobs.closing.clone());
        self.jobs.tracker.spawn(async move {
            if let Ok(Ok(submitted)) = submitting.await {
                leftovers::terminate(&batch, &JobId::new(&submitted.job_id), &closing).await;
            }
        });
    }
}
