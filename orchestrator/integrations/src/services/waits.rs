//! Waiting for jobs, and stopping those that nobody waits for any more.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use asl::resource::ServiceCall;
use aws_client::client::{Answer, Call};
use aws_client::error::Error;
use aws_client::timestamps::Style;
use interpreter::failure::{Failure, names};
use interpreter::payload::Payload;
use runtime::arn::{ArnResource, StatesArn};
use runtime::error::Error as RuntimeError;
use runtime::runtime::Runtime;
use runtime::tasks::{TaskCall, TaskOutcome};
use serde_json::{Value, json};
use store::records::ExecutionStatus;
use tokio::task::JoinHandle;

use crate::failures;

use super::jobs::{Job, Verdict};
use super::optimised::{self, Optimised};
use super::records::{Record, key};
use super::service_failures::{Dialect, failed};
use super::{AwsServices, Shared, parameters, payload};

/// How long to wait before a job is asked after, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often a job that can't be stopped is tried to be.
const STOPS: u32 = 20;

impl AwsServices {
    /// Submits a job whose end the state waits for.
    pub(super) async fn submit(
        &self,
        optimised: &'static Optimised,
        service: &ServiceCall,
        call: &TaskCall,
    ) -> Result<TaskOutcome, Failure> {
        let key = key(call);
        // This very attempt submitted it before a crash.
        if let Some(record) = self.0.records.get(&key) {
            return Ok(TaskOutcome::Submitted(payload(record.response)));
        }
        let (this, call) = (self.clone(), call.clone());
        let action = service.action.clone();
        let submission = {
            let key = key.clone();
            async move {
                this.submit_and_remember(optimised, &action, &call, &key)
                    .await
            }
        };
        // On its own, so that it is known what became of it even if the state is cancelled meanwhile.
        let mut guard = StopWhenSubmitted {
            services: self,
            key,
            submitting: Some(tokio::spawn(submission)),
        };
        let submitted = match guard.submitting.as_mut() {
            Some(submitting) => submitting.await,
            None => pending().await,
        };
        guard.submitting = None;
        let response = submitted.map_err(|error| {
            failures::failure(
                names::RUNTIME,
                format!("The job could not be submitted: {error}"),
            )
        })??;
        Ok(TaskOutcome::Submitted(payload(response)))
    }

    async fn submit_and_remember(
        &self,
        optimised: &'static Optimised,
        action: &str,
        call: &TaskCall,
        key: &str,
    ) -> Result<Value, Failure> {
        let given = parameters(call)?;
        let performed = optimised::perform(self, optimised, action, call).await?;
        let response = performed.value();
        let Some(job) = Job::of(optimised.name, action, &given, &performed.result) else {
            return Err(failures::failure(
                names::TASK_FAILED,
                format!(
                    "The response does not tell what was submitted: {}",
                    performed.result
                ),
            ));
        };
        let record = Record::new(
            call.execution_arn.clone(),
            optimised.name,
            job.clone(),
            response.clone(),
        );
        if let Err(error) = self.0.records.put(key, record).await {
            // Nobody would find it after a crash: better it ends now, and the state may try again.
            self.0.stop(optimised, &job).await;
            return Err(failures::failure(
                names::TASK_FAILED,
                format!(
                    "The job was submitted and stopped again, as it could not be remembered: {error}"
                ),
            ));
        }
        Ok(response)
    }

    /// Waits for the end of a job that was submitted for a state. Whoever stops waiting stops it.
    pub(crate) fn follow(
        &self,
        call: &TaskCall,
    ) -> impl Future<Output = Result<Payload, Failure>> + Send + use<> {
        let key = key(call);
        let guard = StopWhenDropped {
            services: self.clone(),
            key: key.clone(),
            is_armed: true,
        };
        let call = call.clone();
        async move {
            let mut guard = guard;
            let shared = guard.services.0.clone();
            let Some(record) = shared.records.get(&key) else {
                return Err(failures::failure(
                    names::RUNTIME,
                    "The job that was submitted is not known any more",
                ));
            };
            let ended = shared.end(&record, &call).await;
            guard.is_armed = false;
            if shared.records.take(&key).is_some() {
                shared.records.delete(&key).await;
            }
            ended.map(payload)
        }
    }

    /// An execution is over: nobody waits for its jobs.
    pub(crate) fn execution_ended(&self, execution_arn: &Arc<str>) {
        for key in self.0.records.of_execution(execution_arn) {
            self.abandon(&key);
        }
    }

    /// Stops the jobs whose executions ended while nobody could see to it. Called once the runtime is open.
    pub async fn resume(&self, runtime: &Runtime) {
        for (key, record) in self.0.records.all() {
            if is_over(runtime, &record.execution_arn).await {
                self.abandon(&key);
            }
        }
    }

    /// Stops a job in the background, and forgets it.
    fn abandon(&self, key: &str) {
        let Some(record) = self.0.records.take(key) else {
            return;
        };
        tracing::info!(
            execution_arn = %record.execution_arn,
            service = record.integration,
            "stopping a job that no workflow waits for any more"
        );
        let (shared, key) = (self.0.clone(), key.to_owned());
        self.0.tracker.spawn(async move {
            if let Some(optimised) = optimised::service(&record.integration) {
                shared.stop(optimised, &record.job).await;
            }
            shared.records.delete(&key).await;
        });
    }
}

impl Shared {
    /// Waits until a job has ended.
    async fn end(&self, record: &Record, call: &TaskCall) -> Result<Value, Failure> {
        let Some(optimised) = optimised::service(&record.integration) else {
            return Err(failures::unsupported(&call.resource));
        };
        let (action, given) = &record.job.describe;
        let mut pause = FIRST_PAUSE;
        let mut last = json!({});
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            match self.ask(optimised, action, given).await {
                Ok(answer) => match record.job.kind.judge(&answer.result) {
                    Verdict::Running => last = answer.result,
                    Verdict::Succeeded(result) => return Ok(result),
                    Verdict::Failed(failure) => return Err(failure),
                },
                // Who doesn't know how it is must not say that it failed.
                Err(error) if is_passing(&error) => {
                    tracing::warn!(
                        execution_arn = %record.execution_arn,
                        service = record.integration,
                        %error,
                        "cannot ask after a job"
                    );
                }
                Err(error) if record.job.kind.goes_away() && is_gone(&error) => return Ok(last),
                Err(error) => return Err(failed(Dialect::Optimised(optimised), call, error)),
            }
        }
    }

    /// Stops a job, and tries again while that can't be done.
    async fn stop(&self, optimised: &Optimised, job: &Job) {
        let Some((action, given)) = &job.stop else {
            return;
        };
        for _ in 0..STOPS {
            match self.ask(optimised, action, given).await {
                Err(error) if is_passing(&error) => {
                    tracing::warn!(service = optimised.name, %error, "cannot stop a job");
                    if self.closing.is_cancelled() {
                        return;
                    }
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
                // One that is not known or has ended needs no stop.
                Ok(_) | Err(_) => return,
            }
        }
    }

    async fn ask(
        &self,
        optimised: &Optimised,
        action: &str,
        given: &Value,
    ) -> Result<Answer, Error> {
        let call = Call {
            service: optimised.service,
            action,
            parameters: given,
            token: "",
            style: Style::Milliseconds,
            timeout: None,
            headers: &[],
        };
        self.client.call(call).await
    }
}

/// Whether the same question may be answered later.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::Answer(_) | Error::Credentials => true,
        Error::Refused(error) => {
            error.status >= 500 || error.status == 429 || is_throttled(error.code.as_deref())
        }
        Error::UnknownService(_)
        | Error::UnknownAction { .. }
        | Error::Unsupported { .. }
        | Error::Model { .. }
        | Error::Parameters(_)
        | Error::Endpoint { .. } => false,
    }
}

/// Whether the service knows nothing of what is asked after.
fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Refused(error)
        if error.code.as_deref().is_some_and(|code| code.contains("ResourceNotFound")))
}

fn is_throttled(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        code.contains("Throttl")
            || code.contains("TooManyRequests")
            || code.contains("ExpiredToken")
    })
}

/// Whether an execution has ended. One that is not known any more ended long ago.
async fn is_over(runtime: &Runtime, execution_arn: &str) -> bool {
    let Some(StatesArn {
        resource: ArnResource::Execution(machine, name),
        ..
    }) = StatesArn::parse(execution_arn)
    else {
        return false;
    };
    match runtime.describe_execution(machine, name).await {
        Ok(view) => view.status != ExecutionStatus::Running,
        Err(error) => matches!(error, RuntimeError::ExecutionDoesNotExist(_)),
    }
}

/// Stops a job when the state that waits for it is cancelled: its execution was stopped, or its time is up.
struct StopWhenDropped {
    services: AwsServices,
    key: String,
    is_armed: bool,
}

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        if self.is_armed && !self.services.0.closing.is_cancelled() {
            self.services.abandon(&self.key);
        }
    }
}

/// The same while it is not known yet whether there will be a job.
struct StopWhenSubmitted<'a> {
    services: &'a AwsServices,
    key: String,
    submitting: Option<JoinHandle<Result<Value, Failure>>>,
}

impl Drop for StopWhenSubmitted<'_> {
    fn drop(&mut self) {
        let Some(submitting) = self.submitting.take() else {
            return;
        };
        if self.services.0.closing.is_cancelled() {
            return;
        }
        let (services, key) = (self.services.clone(), self.key.clone());
        self.services.0.tracker.spawn(async move {
            if let Ok(Ok(_)) = submitting.await {
                services.abandon(&key);
            }
        });
    }
}
